"""Programs that some tests need: found, or skipped with one loud line; with CI=true, a failure."""

import os
import shutil
from pathlib import Path

import pytest

_PLACES = ("/usr/sbin", "/usr/local/sbin", "/usr/lib/postgresql/15/bin")


def program(name: str, *, package: str) -> str:
    """The path of a program. Skips the test where it is missing, fails it in CI."""
    found = shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), *_PLACES]))
    if found is None:
        found = next((str(p) for p in Path("/usr/lib/postgresql").glob(f"*/bin/{name}")), None)
    if found is not None:
        return found
    sentence = f"{name} is missing: install the Debian package {package}"
    if os.environ.get("CI") == "true":
        pytest.fail(sentence)
    pytest.skip(sentence)


def real_footage(name: str) -> Path:
    """A clip of the shared footage. Skips, in CI too, where that folder is absent: it is not ours
    to publish."""
    path = Path(__file__).resolve().parents[2] / "shared" / "data" / name
    if not path.exists():
        pytest.skip(f"REAL FOOTAGE ABSENT: shared/data/{name} is not beside the checkout")
    return path
