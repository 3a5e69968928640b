"""The file of a manifest grows by what is new, or not at all."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from linkage.custody.manifest_folder import ManifestFolder
from linkage.errors import EvidenceNotKept


@contextmanager
def no_file_longer_than(size: int) -> Iterator[None]:
    """As on a disk that is full: what goes beyond is refused, after what still had room."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_it_grows_by_what_is_new(tmp_path: Path):
    folder = ManifestFolder(tmp_path)
    folder.write("7", "one\n")
    assert folder.grow("7", 4, "two\n")
    assert folder.read("7") == "one\ntwo\n"


@pytest.mark.parametrize("found", [None, "on\n", "one\nmore\n"], ids=["gone", "cut", "longer"])
def test_it_does_not_grow_where_it_is_not_the_file_we_know(tmp_path: Path, found: str | None):
    folder = ManifestFolder(tmp_path)
    if found is not None:
        folder.write("7", found)
    assert not folder.grow("7", 4, "two\n")
    assert folder.read("7") == found


def test_without_room_it_keeps_what_it_had(tmp_path: Path):
    folder = ManifestFolder(tmp_path)
    folder.write("7", "one\n")
    with no_file_longer_than(6), pytest.raises(EvidenceNotKept, match="cannot be kept"):
        folder.grow("7", 4, "two\n")
    assert folder.read("7") == "one\n"
