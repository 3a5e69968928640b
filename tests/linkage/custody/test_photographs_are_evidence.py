"""A photograph is in the signed manifest, under the same retention, and refused when there is no
room: as every other evidence."""

import json

import pytest

from linkage.accounts.rights import Places
from linkage.custody.desk import Who
from linkage.custody.errors import NotPossible
from linkage.custody.photographs import PhotographDesk
from tests.linkage.custody_room import DAY_S, CustodyRoom
from tests.linkage.town import open_town, press

PHOTOGRAPH = b"\xff\xd8\xff\xc0\x00\x0b\x08\x00\x03\x00\x04\x01\x01\x11\x00\xff\xd9"
WHO = Who("duty", Places(None), "综治中心")


@pytest.fixture
async def database(tmp_path):
    database = await open_town(tmp_path)
    yield database
    await database.close()


def desk_of(room: CustodyRoom) -> PhotographDesk:
    return PhotographDesk(
        room.database, room.clock, room.changes, room.folder, room.room, writer="main"
    )


async def test_it_stands_in_the_manifest_and_a_changed_byte_is_found(database, tmp_path):
    room = CustodyRoom(database, tmp_path)
    incident = await room.happens(press("b1", 1))
    made = await desk_of(room).keep(WHO, "张值班", incident["id"], PHOTOGRAPH)
    await room.keeper.run_once()
    (entry,) = [e for e in await room.entries() if e["evidence_id"] == made]
    said = json.loads(entry["payload"])["detail"]
    assert (said["what"], said["how"]["by"]) == ("photograph", "duty")
    assert await room.faults() == []
    (row,) = [r for r in await room.kept() if r["id"] == made]
    room.folder.path_of(row["file"]).write_bytes(PHOTOGRAPH + b"?")
    assert any(row["file"] in fault for fault in await room.faults())


async def test_it_goes_when_its_time_is_over(database, tmp_path):
    room = CustodyRoom(database, tmp_path)
    incident = await room.happens(press("b1", 1))
    await desk_of(room).keep(WHO, "张值班", incident["id"], PHOTOGRAPH)
    await room.keeper.run_once()
    await room.close(incident)
    room.clock.forward(31 * DAY_S)
    await room.keeper.delete_old()
    assert await room.kept() == []
    assert await room.faults() == []


async def test_without_room_none_is_kept_and_it_is_said(database, tmp_path):
    room = CustodyRoom(database, tmp_path)
    incident = await room.happens(press("b1", 1))
    (tmp_path / "full").mkdir()
    full = CustodyRoom(database, tmp_path / "full", free_bytes=lambda folder: -1)
    with pytest.raises(NotPossible, match="磁盘已满"):
        await desk_of(full).keep(WHO, "张值班", incident["id"], PHOTOGRAPH)
    assert [r for r in await room.kept() if r["kind"] == "photograph"] == []
