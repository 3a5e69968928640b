"""A press has clips cut; what cannot be had is said with its reason; nothing else waits for it."""

import errno
import json
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import insert, update

from alarms.store import Database
from linkage.custody.metrics import EvidenceMetrics
from linkage.custody.model import Keeping
from linkage.custody.schema import evidence_holds
from linkage.schema import cameras, evidence
from tests.linkage.custody_room import CustodyRoom
from tests.linkage.town import actions_of, loitering, open_town, press, rows


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = await open_town(tmp_path)
    yield database
    await database.close()


@pytest.fixture
def room(database: Database, tmp_path: Path) -> CustodyRoom:
    return CustodyRoom(database, tmp_path)


async def failures(room: CustodyRoom) -> list[str]:
    events = await rows(room.database, "incident_events")
    return [e["data"]["error"] for e in events if e["type"] == "evidence_failed"]


async def test_a_press_has_a_clip_cut_that_begins_half_a_minute_before_it(room: CustodyRoom):
    await room.happens(press("b1", 1))
    [order] = room.worker.orders
    assert order.camera_id == "cam-near"
    assert (order.press_ms - order.from_ms, order.until_ms - order.press_ms) == (30_000, 60_000)
    kept = {(row["kind"], row["moment"]): row for row in await room.kept()}
    assert set(kept) == {("clip", None), ("snapshot", "before"), ("snapshot", "at")}
    clip = kept["clip", None]
    assert (clip["at_ms"], clip["press_ms"]) == (order.from_ms, order.press_ms)
    assert room.folder.path_of(clip["file"]).stat().st_size == clip["size"] == 20_000
    assert json.loads(clip["detail"])["codec"] == "h264"
    [event] = [
        e for e in await rows(room.database, "incident_events") if e["type"] == "evidence_added"
    ]
    assert event["data"]["kind"] == "clip"
    assert await room.gaps() == []


async def test_ten_neighbours_pressing_at_once_are_one_clip(room: CustodyRoom):
    await room.happens(*(press(f"b{n}", 1) for n in (1, 2, 3)))
    assert len(room.worker.orders) == 1


async def test_carrying_it_again_after_a_crash_keeps_it_once(room: CustodyRoom):
    await room.happens(press("b1", 1))
    kept = await room.kept()
    for action in await actions_of(room.database, "clip_kept"):
        assert action["state"] == "sent"
    assert len({row["id"] for row in kept}) == len(kept) == 3


async def test_a_camera_that_gives_nothing_leaves_a_gap_with_its_reason(room: CustodyRoom):
    room.worker.why_not = "该摄像机未被监看。 / This camera is not watched."
    incident = await room.happens(press("b1", 1))
    [gap] = await room.gaps()
    assert (gap["why"], gap["camera_id"], gap["kind"]) == ("camera-down", "cam-near", "clip")
    assert any("摄像机当时没有画面" in said for said in await failures(room))
    [entry] = await room.entries()
    assert (entry["kind"], entry["incident_id"]) == ("missing", incident["id"])


async def test_the_clip_of_a_worker_that_was_lost_is_taken_as_far_as_it_goes(room: CustodyRoom):
    room.worker.leaves = "part"
    await room.happens(press("b1", 1))
    await make_old(room)
    await keep_asking(room)
    clip = next(row for row in await room.kept() if row["kind"] == "clip")
    assert json.loads(clip["detail"])["cuts"] == ["worker-lost"]
    assert clip["file"].endswith(".mp4")


async def test_a_clip_that_is_being_made_is_asked_for_again(room: CustodyRoom):
    room.worker.leaves = "part"
    await room.happens(press("b1", 1))
    await make_old(room, seconds=1)
    [action] = await actions_of(room.database, "clip_kept")
    assert (action["state"], action["error"]) == ("planned", "the clip is being made still")


async def test_a_clip_that_waits_for_its_turn_is_not_taken_for_lost(room: CustodyRoom):
    room.worker.leaves = "part"
    await room.happens(press("b1", 1))
    [order] = room.worker.orders
    room.worker.running = {order.id}
    await make_old(room)
    await keep_asking(room)
    assert await room.kept() == []
    room.worker.running.clear()
    await keep_asking(room)
    assert "clip" in {row["kind"] for row in await room.kept()}


async def test_pictures_without_a_film_are_kept_and_the_film_is_missing(room: CustodyRoom):
    room.worker.leaves, room.worker.cuts = "pictures", ("disk",)
    room.worker.error = "No space left on device"
    await room.happens(press("b1", 1))
    assert {row["kind"] for row in await room.kept()} == {"snapshot"}
    [gap] = await room.gaps()
    assert gap["why"] == "disk-full"
    assert "No space left" in gap["detail"]


async def test_a_used_up_quota_refuses_routine_evidence_first_and_removes_nothing(
    database: Database, tmp_path: Path
):
    # a clip is expected to take 45 MB
    room = CustodyRoom(database, tmp_path, keeping=Keeping(quota_bytes=46_000_000))
    await room.happens(loitering("cam-far", 1))
    [gap] = await room.gaps()
    assert gap["why"] == "quota"
    incident = await room.happens(press("b1", 1))
    assert incident["kind"] == "panic"
    assert "clip" in {row["kind"] for row in await room.kept()}
    await room.happens(press("b5", 1))
    assert [row["why"] for row in await room.gaps()] == ["quota"]


async def test_a_full_disk_says_so_and_presses_go_on(database: Database, tmp_path: Path):
    room = CustodyRoom(
        database, tmp_path, keeping=Keeping(keep_free_bytes=10**9), free_bytes=lambda f: 10**9
    )
    incident = await room.happens(press("b1", 1))
    assert incident["stage"] == "reported"
    [gap] = await room.gaps()
    assert gap["why"] == "disk-full"
    assert await room.faults() == []


async def test_an_evidence_folder_that_fails_says_so(database: Database, tmp_path: Path):
    def fails(folder: Path) -> int:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    room = CustodyRoom(database, tmp_path, free_bytes=fails)
    await room.happens(press("b1", 1))
    [gap] = await room.gaps()
    assert gap["why"] == "disk-full"
    assert "Input/output" in gap["detail"]


@pytest.mark.parametrize(
    ("changed", "why"), [({"legal_class": "private"}, "household"), ({"enabled": False}, None)]
)
async def test_of_a_households_camera_nothing_is_kept(
    room: CustodyRoom, changed: dict[str, object], why: str | None
):
    statement = update(cameras).where(cameras.c.id == "cam-near").values(**changed)
    await room.database.write(lambda conn: conn.execute(statement))
    await room.happens(press("b1", 1))
    assert [gap["why"] for gap in await room.gaps()] == ([why] if why else [])
    assert room.worker.orders == []


async def make_old(room: CustodyRoom, seconds: float = 600) -> None:
    """Its files were last written so long ago, by the room's clock."""
    at_s = room.clock.ms / 1000 - seconds
    for file in room.folder.path.rglob("*"):
        if file.is_file():
            os.utime(file, (at_s, at_s))


async def keep_asking(room: CustodyRoom) -> None:
    room.clock.forward(30)
    await room.outbox.run_once()
    await room.keeper.run_once()


async def test_a_used_up_quota_refuses_pictures_too_while_presses_go_on(
    database: Database, tmp_path: Path
):
    """The incident opens and says why it has no picture; what is held stands; metrics tell."""
    room = CustodyRoom(database, tmp_path, keeping=Keeping(quota_bytes=60_000_000), pictures=True)
    first = await room.happens(press("b1", 1))
    held = {
        "id": "h1", "incident_id": first["id"], "reason": "案件", "held_by": "leader",
        "held_at_ms": room.clock.ms,
    }  # fmt: skip
    await database.write(lambda conn: conn.execute(insert(evidence_holds), [held]))
    full = update(evidence).values(size=30_000_000)
    await database.write(lambda conn: conn.execute(full))
    kept = await room.kept()
    room.clock.forward(400 * 86_400)
    second = await room.happens(press("b2", 2))
    assert second["id"] != first["id"]
    assert second["stage"] == "reported"
    gaps = {(gap["incident_id"], gap["kind"], gap["why"]) for gap in await room.gaps()}
    assert gaps >= {(second["id"], "clip", "quota"), (second["id"], "snapshot", "quota")}
    assert any("存证空间配额已满" in said for said in await failures(room))
    assert await room.keeper.delete_old() == 0
    assert await room.kept() == kept
    assert await room.faults() == []
    metrics = EvidenceMetrics(room.room, room.clock, is_busy=lambda: False)
    await metrics.run_once()
    told = {
        (sample.name, *sample.labels.values()): sample.value
        for family in metrics.collect()
        for sample in family.samples
    }
    assert told["lianfang_evidence_bytes",] == sum(row["size"] for row in kept)
    assert told["lianfang_evidence_files",] == len(kept) > 0
    assert told["lianfang_evidence_oldest_seconds",] >= 400 * 86_400
    assert told["lianfang_evidence_refused_total", "quota"] >= 2
    assert told["lianfang_clips_total", "quota"] >= 1
