"""What users install: the three packages, the console, the shipped settings, and nothing else."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=300)
    return next(folder.glob("lianfang-*.whl"))


def names(wheel: Path) -> set[str]:
    return set(zipfile.ZipFile(wheel).namelist())


@pytest.mark.timeout(400)
def test_wheel_holds_what_is_needed_and_no_tests(wheel: Path) -> None:
    held = names(wheel)
    for needed in (
        "alarms/store/migrations/versions/r0001_first_schema.py",
        "camerad/detection/detector.py",
        "linkage/web/static/index.html",
        "linkage/demo/button_page.html",
        "lianfang_timing.py",
    ):
        assert needed in held
    tops = {name.split("/")[0] for name in held if ".dist-info" not in name and ".data" not in name}
    assert tops == {"alarms", "camerad", "linkage", "lianfang_timing.py"}
    assert any(name.endswith("share/lianfang/config/site.toml") for name in held)
    assert any(name.endswith("share/lianfang/systemd/lianfang.service") for name in held)


@pytest.mark.timeout(400)
def test_unpacked_wheel_runs_without_the_checkout(wheel: Path, tmp_path: Path) -> None:
    place = tmp_path / "installed"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(place)
    program = "import linkage.cli; print(linkage.cli.__file__); linkage.cli.main(['--version'])"
    told = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(place)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    where, version = told.stdout.splitlines()
    assert Path(where).is_relative_to(place)
    assert version.startswith("lianfang ")
