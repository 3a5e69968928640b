"""The console's own unit tests (vitest) pass: the store's merge rules, urgency, both languages."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.console.hook import load_hook

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.timeout(300)
def test_vitest_passes() -> None:
    hook = load_hook()
    tools = hook.find_toolchain(os.environ)
    console = ROOT / "console"
    if not (console / "node_modules").is_dir():
        # the build was skipped because it is current; its packages are then not there
        hook.run_npm(tools, ["ci", "--no-audit", "--no-fund"], console, os.environ)
    path = os.pathsep.join([str(tools.node_folder), os.environ.get("PATH", "")])
    done = subprocess.run(
        [*tools.npm, "test"],
        cwd=console,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    assert "Tests" in done.stdout
