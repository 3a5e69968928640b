"""What a browser fetches before the first page stands, as it goes over the line: at most 300 kB.

The pages that are fetched when they are opened do not count, nor do they have to be small.
"""

import re
from pathlib import Path

import pytest

from linkage.web.app import BUILT_CONSOLE

BUDGET_BYTES = 300_000
_ASKED_FOR = re.compile(r'(?:src|href)="/([^"]+)"')


@pytest.fixture
def built() -> Path:
    if not (BUILT_CONSOLE / "index.html").is_file():
        pytest.fail("the console is not built: run “make console”")
    return BUILT_CONSOLE


def sent_bytes(file: Path) -> int:
    """In gzip, which every browser takes also without TLS; small files have no compressed one."""
    compressed = file.with_name(file.name + ".gz")
    return (compressed if compressed.is_file() else file).stat().st_size


def test_first_page_is_at_most_300_kb(built: Path) -> None:
    index = built / "index.html"
    asked_for = [built / name for name in _ASKED_FOR.findall(index.read_text(encoding="utf-8"))]
    assert {".js", ".css"} <= {file.suffix for file in asked_for}
    sizes = {file.name: sent_bytes(file) for file in (index, *asked_for)}
    assert sum(sizes.values()) <= BUDGET_BYTES, sizes


def test_every_large_file_has_a_smaller_self_beside_it(built: Path) -> None:
    for file in built.rglob("*"):
        if file.suffix in {".js", ".css"}:
            for end in (".br", ".gz"):
                beside = file.with_name(file.name + end)
                assert beside.is_file() or file.stat().st_size < 600, f"{file.name} has no {end}"


def test_pages_that_an_alarm_does_not_need_are_fetched_later(built: Path) -> None:
    index = (built / "index.html").read_text(encoding="utf-8")
    assets = {file.name for file in (built / "assets").glob("*.js")}
    at_once = {name.removeprefix("assets/") for name in _ASKED_FOR.findall(index)} & assets
    assert len(at_once) < len(assets) / 2
