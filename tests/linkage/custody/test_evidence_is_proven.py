"""`evidence verify`: one changed byte, one removed file, one reordered manifest; and deleting."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import insert, update

from alarms.store.sealing import publicly_signed
from lianfang_timing import unix_ms
from linkage.custody import ledger
from linkage.custody.model import EntryKind, Keeping, NewEntry
from linkage.custody.schema import evidence_entries, evidence_holds
from linkage.schema import cameras, evidence
from tests.linkage.custody_room import BOX, DAY_S, CustodyRoom
from tests.linkage.town import open_town, press


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[CustodyRoom]:
    database = await open_town(tmp_path)
    room = CustodyRoom(database, tmp_path, keeping=Keeping(public_s=30 * DAY_S))
    room.incident = await room.happens(press("b1", 1))
    yield room
    await database.close()


def manifest_of(room: CustodyRoom) -> Path:
    return room.folder.path / "manifests" / f"{room.incident['number']}.jsonl"


async def clip_of(room: CustodyRoom) -> Path:
    return room.folder.path / next(r["file"] for r in await room.kept() if r["kind"] == "clip")


async def one_more_entry(room: CustodyRoom) -> None:
    """As a hold enters it, in a transaction of its own."""
    id_ = room.incident["id"]
    held = NewEntry(id_, EntryKind.HELD, None, {"reason": "复核"})
    await room.database.write(
        lambda conn: ledger.enter(conn, BOX, "linkage", [held], at_ms=unix_ms(room.clock.now()))
    )
    room.keeper.touch(id_)
    await room.keeper.run_once()


async def test_what_was_left_alone_is_intact(room: CustodyRoom):
    assert await room.faults() == []
    assert len(await room.entries()) == 3
    assert len(manifest_of(room).read_text().splitlines()) == 3


async def test_one_changed_byte_is_found_and_the_file_named(room: CustodyRoom):
    clip = await clip_of(room)
    data = bytearray(clip.read_bytes())
    data[10_000] ^= 1
    clip.write_bytes(data)
    [fault] = await room.faults()
    assert clip.name in fault
    assert "was changed" in fault


async def test_one_removed_file_is_found_and_named(room: CustodyRoom):
    clip = await clip_of(room)
    clip.unlink()
    [fault] = await room.faults(room.incident["number"])
    assert fault.endswith(f"{clip.name} is missing")


async def test_a_reordered_manifest_is_found(room: CustodyRoom):
    lines = manifest_of(room).read_text().splitlines(keepends=True)
    manifest_of(room).write_text("".join([lines[1], lines[0], lines[2]]))
    faults = await room.faults()
    assert [f.partition(", ")[2] for f in faults] == [
        "line 1 was line 2: reordered",
        "line 2 was line 1: reordered",
    ]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda lines: lines[:-1], "1 lines are missing at the end"),
        (lambda lines: [*lines, lines[0]], "1 lines are too many"),
        (lambda lines: ["{}\n", *lines[1:]], "line 1 was changed"),
        (
            lambda lines: [lines[0].replace("cam-near", "cam-near2"), *lines[1:]],
            "line 1 was changed",
        ),
    ],
    ids=["cut", "longer", "unreadable", "edited"],
)
async def test_a_manifest_that_was_touched_is_found(room: CustodyRoom, change, said: str):
    lines = manifest_of(room).read_text().splitlines(keepends=True)
    manifest_of(room).write_text("".join(change(lines)))
    assert [f.partition(", ")[2] for f in await room.faults()] == [said]


async def test_a_manifest_goes_on_growing_and_heals_no_line_that_was_edited(room: CustodyRoom):
    edited = manifest_of(room).read_text().replace("cam-near", "cam-fear", 1)
    manifest_of(room).write_text(edited)
    await one_more_entry(room)
    assert len(manifest_of(room).read_text().splitlines()) == len(await room.entries()) > 3
    [fault] = await room.faults()
    assert fault.endswith("line 1 was changed")


async def test_a_manifest_whose_end_was_cut_is_whole_again_when_it_grows(room: CustodyRoom):
    lines = manifest_of(room).read_text().splitlines(keepends=True)
    manifest_of(room).write_text("".join(lines[:-1]))
    await one_more_entry(room)
    assert await room.faults() == []


async def test_a_removed_manifest_is_found(room: CustodyRoom):
    manifest_of(room).unlink()
    [fault] = await room.faults()
    assert "is missing" in fault


async def test_an_entry_changed_in_the_store_is_found(room: CustodyRoom):
    [first, *_] = await room.entries()
    payload = first["payload"].replace("cam-near", "cam-far")
    statement = (
        update(evidence_entries)
        .where(evidence_entries.c.position == first["position"])
        .values(payload=payload)
    )
    await room.database.write(lambda conn: conn.execute(statement))
    faults = await room.faults()
    assert any("evidence_entries" in fault and "was changed" in fault for fault in faults)
    assert any("line 1 was changed: it is not what was signed" in fault for fault in faults)


async def test_a_digest_changed_in_the_store_is_found(room: CustodyRoom):
    statement = update(evidence).values(sha256="0" * 64)
    await room.database.write(lambda conn: conn.execute(statement))
    assert len([f for f in await room.faults() if "is not the manifest's" in f]) == 3


async def test_the_signature_is_proven_with_the_public_key_alone():
    signature = BOX.sign_publicly("text")
    assert publicly_signed(BOX.public_key, "text", signature)
    assert not publicly_signed(BOX.public_key, "other", signature)
    assert not publicly_signed("00" * 32, "text", signature)
    assert not publicly_signed(BOX.public_key, "text", "no hex")


# -- deleting -------------------------------------------------------------------------------------


async def test_nothing_goes_before_thirty_days_nor_while_the_incident_is_open(room: CustodyRoom):
    room.clock.forward(31 * DAY_S)
    assert await room.keeper.delete_old() == 0
    await room.close(room.incident)
    room.clock.forward(-2 * DAY_S)
    assert await room.keeper.delete_old() == 0
    assert len(await room.kept()) == 3


async def test_what_is_old_is_deleted_and_the_deletion_written_down(room: CustodyRoom):
    clip = await clip_of(room)
    await room.close(room.incident)
    room.clock.forward(31 * DAY_S)
    assert await room.keeper.delete_old() == 3
    assert not clip.exists()
    assert not clip.with_suffix(".json").exists()
    assert await room.kept() == []
    assert {e["kind"] for e in await room.entries()} == {"kept", "deleted"}
    assert all(gap["unlink"] is None for gap in await room.gaps())
    assert await room.faults() == []


async def test_a_crash_between_writing_down_and_removing_is_made_good(room: CustodyRoom):
    clip = await clip_of(room)
    await room.close(room.incident)
    room.clock.forward(31 * DAY_S)
    # a folder in the file's place: it cannot be removed now
    data = clip.read_bytes()
    clip.unlink()
    clip.mkdir()
    await room.keeper.delete_old()
    assert [gap["unlink"] for gap in await room.gaps() if gap["unlink"]]
    clip.rmdir()
    clip.write_bytes(data)
    await room.keeper.delete_old()
    assert not clip.exists()
    assert [gap["unlink"] for gap in await room.gaps() if gap["unlink"]] == []


async def test_what_is_held_is_never_deleted(room: CustodyRoom):
    await room.close(room.incident)
    hold = {
        "id": "h1", "incident_id": room.incident["id"], "reason": "案件", "held_by": "leader",
        "held_at_ms": room.clock.ms,
    }  # fmt: skip
    await room.database.write(lambda conn: conn.execute(insert(evidence_holds), [hold]))
    room.clock.forward(400 * DAY_S)
    assert await room.keeper.delete_old() == 0
    statement = update(evidence_holds).values(released_by="leader", released_at_ms=room.clock.ms)
    await room.database.write(lambda conn: conn.execute(statement))
    assert await room.keeper.delete_old() == 3


async def file_as(room: CustodyRoom, legal_class: str) -> None:
    statement = update(cameras).where(cameras.c.id == "cam-near").values(legal_class=legal_class)
    await room.database.write(lambda conn: conn.execute(statement))


async def test_a_camera_that_is_filed_otherwise_later_changes_nothing_for_what_was_kept(
    tmp_path: Path,
):
    database = await open_town(tmp_path)
    keeping = Keeping(public_s=30 * DAY_S, other_public_s=DAY_S)
    room = CustodyRoom(database, tmp_path, keeping=keeping)
    incident = await room.happens(press("b1", 1))
    await room.close(incident)
    await file_as(room, "other_public")
    room.clock.forward(2 * DAY_S)
    assert await room.keeper.delete_old() == 0
    later = await room.happens(press("b1", 2))
    await room.close(later)
    assert {(r["incident_id"], r["legal_class"]) for r in await room.kept()} == {
        (incident["id"], "public"),
        (later["id"], "other_public"),
    }
    said = {json.loads(e["payload"])["detail"]["legal_class"] for e in await room.entries()}
    assert said == {"public", "other_public"}
    await file_as(room, "public")
    room.clock.forward(2 * DAY_S)
    assert await room.keeper.delete_old() == 3
    assert {r["incident_id"] for r in await room.kept()} == {incident["id"]}
    assert await room.faults() == []
    await database.close()


async def test_a_class_changed_in_the_store_is_found(room: CustodyRoom):
    statement = update(evidence).values(legal_class="private")
    await room.database.write(lambda conn: conn.execute(statement))
    assert len([f for f in await room.faults() if "legal class" in f]) == 3
