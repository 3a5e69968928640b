"""The console's build hook: when it builds, with what, and what it says when it cannot."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.console.hook import SCRIPT, load_hook

hook: Any = load_hook()


class Checkout:
    """A small checkout with console sources, and a PATH with a `node` and an `npm` of our own."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "checkout"
        self.console = self.root / "console"
        self.static = self.root / "linkage" / "web" / "static"
        self.bin = folder / "bin"
        self.calls = folder / "calls"
        self.said: list[str] = []
        (self.console / "src").mkdir(parents=True)
        (self.console / "package.json").write_text("{}")
        (self.console / "src" / "main.ts").write_text("export {}")
        self.static.mkdir(parents=True)
        self.bin.mkdir()
        self.have_node("v22.12.0")
        self.have_npm(f"mkdir -p {self.static} && echo built > {self.static}/index.html")

    def program(self, name: str, script: str) -> None:
        file = self.bin / name
        file.write_text(f"#!/bin/sh\n{script}\n")
        file.chmod(0o755)

    def have_node(self, version: str) -> None:
        self.program("node", f"echo {version}")

    def have_npm(self, on_build: str) -> None:
        self.program(
            "npm", f'echo "$@" >> {self.calls}\nif [ "$1" = run ]; then\n{on_build}\nfi\nexit $?'
        )

    @property
    def environ(self) -> dict[str, str]:
        return {"PATH": f"{self.bin}:/usr/bin:/bin"}

    def build(self, from_wheel: Callable[[], Any] = lambda: None) -> bool:
        built: bool = hook.build(self.root, self.environ, self.said.append, from_wheel)
        return built

    @property
    def npm_calls(self) -> list[str]:
        return self.calls.read_text().splitlines() if self.calls.exists() else []


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def test_a_first_build_fetches_the_locked_packages_and_then_builds(checkout: Checkout) -> None:
    assert checkout.build()
    assert checkout.npm_calls == ["ci --no-audit --no-fund", "run build"]
    assert checkout.said[-1] == "console: built"


def test_a_second_build_of_the_same_sources_is_skipped(checkout: Checkout) -> None:
    checkout.build()
    checkout.calls.unlink()
    assert not checkout.build()
    assert checkout.npm_calls == []


@pytest.mark.parametrize("changed", ["src/main.ts", "package.json", "src/new.ts", ".npmrc"])
def test_a_changed_source_is_built_again(checkout: Checkout, changed: str) -> None:
    checkout.build()
    (checkout.console / changed).write_text("changed")
    assert checkout.build()


@pytest.mark.parametrize("changed", ["node_modules/a/index.js", "tests/a.test.ts"])
def test_what_the_build_does_not_read_changes_nothing(checkout: Checkout, changed: str) -> None:
    checkout.build()
    file = checkout.console / changed
    file.parent.mkdir(parents=True)
    file.write_text("changed")
    assert not checkout.build()


def test_a_renamed_source_is_a_change(checkout: Checkout) -> None:
    before = hook.sources_digest(checkout.console)
    (checkout.console / "src" / "main.ts").rename(checkout.console / "src" / "other.ts")
    assert hook.sources_digest(checkout.console) != before


def test_built_files_that_were_deleted_are_built_again(checkout: Checkout) -> None:
    checkout.build()
    (checkout.static / "index.html").unlink()
    assert checkout.build()


def test_a_failed_build_says_what_npm_said_and_does_not_pass_for_built(checkout: Checkout) -> None:
    checkout.build()
    (checkout.console / "src" / "main.ts").write_text("broken")
    checkout.have_npm("echo main.ts is broken; false")
    with pytest.raises(hook.ConsoleNotBuilt, match=r"main\.ts is broken"):
        checkout.build()
    assert not hook.is_current(checkout.console, checkout.static)


def test_a_build_that_leaves_nothing_is_a_failure(checkout: Checkout) -> None:
    checkout.have_npm("true")
    with pytest.raises(hook.ConsoleNotBuilt, match=r"left no .*index\.html"):
        checkout.build()


def test_npms_scripts_find_the_chosen_node_first(checkout: Checkout, tmp_path: Path) -> None:
    chosen = tmp_path / "wheel"
    chosen.mkdir()
    (chosen / "node").write_text("#!/bin/sh\necho the node of the wheel\n")
    (chosen / "node").chmod(0o755)
    checkout.have_node("v18.0.0")
    checkout.have_npm(f"node > {checkout.static}/index.html")
    tools = hook.Toolchain((str(checkout.bin / "npm"),), chosen, "wheel")
    checkout.build(lambda: tools)
    assert (checkout.static / "index.html").read_text() == "the node of the wheel\n"


def test_without_any_node_the_error_says_how_to_get_one(checkout: Checkout) -> None:
    checkout.have_node("v18.20.0")
    with pytest.raises(hook.ConsoleNotBuilt, match=r"pip install -r requirements/node\.txt"):
        checkout.build()


@pytest.mark.parametrize(
    ("version", "enough"),
    [
        ("v18.20.4", False),
        ("v20.18.9", False),
        ("v20.19.0", True),
        ("v21.7.0", False),
        ("v22.11.0", False),
        ("v22.12.0", True),
        ("v24.1.0\n", True),
        ("nonsense", False),
    ],
)
def test_a_node_is_taken_when_vite_can_run_on_it(version: str, enough: bool) -> None:
    assert hook.node_is_new_enough(version) is enough


def test_an_archive_without_sources_is_taken_as_it_was_built(checkout: Checkout) -> None:
    (checkout.console / "package.json").unlink()
    (checkout.static / "index.html").write_text("built elsewhere")
    assert not checkout.build()


def test_an_archive_with_neither_sources_nor_built_files_is_refused(checkout: Checkout) -> None:
    (checkout.console / "package.json").unlink()
    with pytest.raises(hook.ConsoleNotBuilt, match="neither"):
        checkout.build()


def make_hook(checkout: Checkout, target: str) -> Any:
    pytest.importorskip("hatchling")
    return hook.ConsoleBuildHook(
        str(checkout.root), {}, None, None, str(checkout.root / "dist"), target
    )


def test_the_hook_builds_for_wheels(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", checkout.environ)
    make_hook(checkout, "wheel").initialize("standard", {})
    assert (checkout.static / "index.html").is_file()


def test_an_editable_install_leaves_the_build_to_make(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkout.have_node("v18.20.0")
    monkeypatch.setattr(os, "environ", checkout.environ)
    make_hook(checkout, "wheel").initialize("editable", {})
    assert checkout.npm_calls == []


def test_an_isolated_build_asks_for_node_from_pypi_only_when_it_needs_it(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "environ", checkout.environ)
    plugin = make_hook(checkout, "wheel")
    assert plugin.dependencies() == []
    checkout.have_node("v18.20.0")
    assert plugin.dependencies() == [hook.NODE_WHEEL]
    checkout.have_node("v22.12.0")
    checkout.build()
    checkout.have_node("v18.20.0")
    assert plugin.dependencies() == []


def test_the_committed_lock_names_no_registry_and_pins_every_package() -> None:
    lock = (SCRIPT.parent / "package-lock.json").read_text()
    assert '"resolved"' not in lock
    entries = lock.count('"node_modules/')
    assert lock.count('"integrity": "sha512-') == entries
