"""The evidence folder: whole pictures or none, and no way out of the folder."""

import hashlib
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from linkage.errors import EvidenceNotKept, NoSuchPicture
from linkage.evidence import EvidenceFolder

AT = datetime(2026, 11, 21, 4, 5, 6, tzinfo=UTC)
JPEG = b"\xff\xd8picture\xff\xd9"


async def test_a_picture_is_kept_with_its_digest(tmp_path: Path):
    folder = EvidenceFolder(tmp_path)
    kept = await folder.put(JPEG, AT)
    assert kept.file.startswith("2026/11/21/040506-")
    assert (kept.sha256, kept.size) == (hashlib.sha256(JPEG).hexdigest(), len(JPEG))
    assert folder.path_of(kept.file).read_bytes() == JPEG
    assert await folder.read(kept.file) == JPEG


async def test_days_are_utc_whatever_the_moments_zone(tmp_path: Path):
    local = AT.astimezone(timezone(timedelta(hours=-8)))
    assert (await EvidenceFolder(tmp_path).put(JPEG, local)).file.startswith("2026/11/21/")


async def test_two_equal_pictures_are_two_files(tmp_path: Path):
    folder = EvidenceFolder(tmp_path)
    assert (await folder.put(JPEG, AT)).file != (await folder.put(JPEG, AT)).file


async def test_nothing_unfinished_is_left_behind(tmp_path: Path):
    await EvidenceFolder(tmp_path).put(JPEG, AT)
    assert list(tmp_path.rglob("*.part")) == []


async def test_a_folder_that_cannot_be_written_says_so(tmp_path: Path):
    blocked = tmp_path / "blocked"
    blocked.write_text("a file where the folder should be")
    with pytest.raises(EvidenceNotKept, match="cannot be kept"):
        await EvidenceFolder(blocked).put(JPEG, AT)


@pytest.mark.parametrize(
    "name",
    [
        "../secret.jpg",
        "/etc/passwd",
        "2026/11/21/../../../../etc/passwd",
        "2026/11/21/040506-00000000-0000000000000000.part",
        "",
        "2026/11/21/040506-00000000-0000000000000000.jpg\n",
    ],
)
def test_a_name_that_is_no_pictures_is_refused(tmp_path: Path, name: str):
    with pytest.raises(NoSuchPicture):
        EvidenceFolder(tmp_path).path_of(name)


async def test_a_picture_that_is_gone_is_said_so(tmp_path: Path):
    folder = EvidenceFolder(tmp_path)
    kept = await folder.put(JPEG, AT)
    folder.path_of(kept.file).unlink()
    with pytest.raises(NoSuchPicture):
        await folder.read(kept.file)
