"""The outbox over a real database, with carriers that obey, fail, hang or break."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from alarms.errors import BrokerAway
from alarms.log import AlarmLog
from alarms.store import Database, SealedBox
from camerad.errors import NoSnapshot
from lianfang_timing import Backoff
from linkage.carriers import NoticeCarrier, PageCarrier, ReplyCarrier, SnapshotCarrier
from linkage.changes import Changes
from linkage.custody.model import Keeping
from linkage.custody.room import Room
from linkage.engine import Engine
from linkage.escalation.carrier import EscalateCarrier
from linkage.escalation.plans import built_in_plans
from linkage.evidence import EvidenceFolder
from linkage.lanes import LANES, Lane
from linkage.model.action import ActionKind
from linkage.model.person import Actor
from linkage.outbox import Outbox
from linkage.rules.model import Rules
from linkage.steps.desk import IncidentDesk
from tests.linkage.town import (
    SHANGHAI,
    Crash,
    CrashingDatabase,
    HandClock,
    actions_of,
    attend,
    event_types,
    open_town,
    press,
    rows,
)

DUTY = Actor("duty", "张伟")
JPEG = b"\xff\xd8picture\xff\xd9"


class Publisher:
    """Keeps what was published; `before` may fail or hang first."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, dict]] = []
        self.before: Callable[[str], Awaitable[None]] | None = None

    async def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        assert not retain
        if self.before is not None:
            await self.before(topic)
        self.sent.append((topic, json.loads(payload)))

    def topics(self) -> list[str]:
        return sorted(topic for topic, _ in self.sent)


class Eyes:
    """Gives one picture; `before` may fail or hang first."""

    def __init__(self) -> None:
        self.before: Callable[[str], Awaitable[None]] | None = None

    async def snapshot(self, camera_id: str, *, timeout_s: float) -> bytes:
        if self.before is not None:
            await self.before(camera_id)
        return JPEG


class Site:
    """Engine, outbox and desk on one database and one clock that stands still."""

    def __init__(self, database: Database, folder: Path, clock: HandClock | None = None) -> None:
        self.database = database
        self.clock = clock or HandClock()
        self.changes = Changes()
        self.publisher, self.eyes = Publisher(), Eyes()
        self.folder = EvidenceFolder(folder / "evidence")
        self.room = Room(database, folder, Keeping(), self.clock, free_bytes=lambda folder: 10**12)
        self.log = AlarmLog(database, self.clock, writer="intake")
        self.engine = Engine(
            database,
            self.log,
            self.clock,
            self.changes,
            rules=Rules(),
            time_zone=SHANGHAI,
            writer="linkage",
        )
        self.desk = IncidentDesk(
            database, self.clock, self.changes, box=SealedBox(bytes(32)), writer="linkage"
        )
        self.outbox = self.an_outbox()

    def an_outbox(self, lanes=LANES) -> Outbox:
        escalate = EscalateCarrier(
            self.database, self.clock, self.changes, plans=built_in_plans(), writer="linkage"
        )
        carriers = {
            ActionKind.ESCALATE: escalate,
            ActionKind.PAGE: PageCarrier(),
            ActionKind.REPLY: ReplyCarrier(self.publisher, prefix="lianfang"),
            ActionKind.NOTICE: NoticeCarrier(self.publisher, self.clock, prefix="lianfang"),
            ActionKind.SNAPSHOT: SnapshotCarrier(self.eyes, self.folder, self.room, self.clock),
        }
        return Outbox(
            self.database, self.clock, carriers, self.changes, writer="linkage", lanes=lanes
        )

    async def happens(self, *alarms) -> dict:
        await self.log.append(alarms)
        await self.engine.run_once()
        return (await rows(self.database, "incidents"))[-1]

    async def called(self) -> list[str]:
        events = await rows(self.database, "incident_events")
        return [e["data"]["username"] for e in events if e["type"] == "paged"]


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    database = await open_town(tmp_path)
    site = Site(database, tmp_path)
    await attend(database, site.clock, "duty", "leader", "station")
    yield site
    await database.close()


async def test_notices_reach_the_group_as_the_contract_writes_them(site: Site):
    await site.happens(press("b1", 1))
    await site.outbox.run_once()
    assert site.publisher.topics() == ["lianfang/button/b2/notice", "lianfang/button/b3/notice"]
    payload = site.publisher.sent[0][1]
    assert len(payload.pop("id")) <= 64
    assert payload == {
        "v": 1,
        "state": "active",
        "phrase": "neighbour-needs-help",
        "from": "3组01号",
        "drill": False,
        "until_ms": site.clock.ms + 600_000,
    }


async def test_the_sign_for_reaches_the_button_as_the_contract_writes_it(site: Site):
    incident = await site.happens(press("b1", 1))
    site.clock.forward(5)
    await site.desk.acknowledge(incident["id"], actor=DUTY, version=1)
    await site.outbox.run_once()
    [alarm] = await rows(site.database, "alarms")
    [reply] = [p for topic, p in site.publisher.sent if topic == "lianfang/button/b1/reply"]
    assert reply == {
        "v": 1,
        "boot": 1,
        "seq": 1,
        "state": "acknowledged",
        "alarm": alarm["id"],
        "time_ms": site.clock.ms,
    }


async def test_a_snapshot_becomes_evidence(site: Site):
    await site.happens(press("b1", 1))
    await site.outbox.run_once()
    [event] = [
        e for e in await rows(site.database, "incident_events") if e["type"] == "evidence_added"
    ]
    assert event["data"]["camera"] == "cam-near"
    assert len(list((site.folder.path).rglob("*.jpg"))) == 1


async def test_what_is_sent_does_not_make_a_sign_for_stale(site: Site):
    incident = await site.happens(press("b1", 1))
    await site.outbox.run_once()
    assert await site.desk.acknowledge(incident["id"], actor=DUTY, version=1) == 2


async def test_an_unsigned_press_calls_the_second_officer_after_30_s(site: Site):
    await site.happens(press("b1", 1))
    await site.outbox.run_once()
    assert await site.called() == ["duty"]
    site.clock.forward(29)
    await attend(site.database, site.clock, "duty", "leader", "station")
    await site.outbox.run_once()
    assert await site.called() == ["duty"]
    site.clock.forward(1)
    await site.outbox.run_once()
    assert await site.called() == ["duty", "leader"]
    [incident] = await rows(site.database, "incidents")
    assert (incident["ring"], incident["next_due_at_ms"]) == (2, site.clock.ms + 30_000)


async def test_the_last_step_repeats_until_somebody_signs(site: Site):
    incident = await site.happens(press("b1", 1))
    for wait_s in (0, 30, 30, 60, 60):
        site.clock.forward(wait_s)
        await attend(site.database, site.clock, "duty", "leader", "station")
        await site.outbox.run_once()
    assert await site.called() == ["duty", "leader", "station", "station", "station"]
    await site.desk.acknowledge(incident["id"], actor=DUTY, version=1)
    site.clock.forward(600)
    await site.outbox.run_once()
    assert len(await site.called()) == 5


async def test_an_empty_chair_goes_to_the_next_step_at_once(site: Site):
    await attend(site.database, site.clock, "leader")
    await site.happens(press("b1", 1))
    await site.outbox.run_once()
    assert await site.called() == ["leader"]
    types = await event_types(site.database)
    assert types.index("unattended_skipped") < types.index("escalated")


@pytest.mark.parametrize("silence_s", [31])
async def test_a_console_that_fell_silent_is_an_empty_chair(site: Site, silence_s: int):
    site.clock.forward(silence_s)
    await site.happens(press("b1", 1))
    await site.outbox.run_once()
    assert await site.called() == ["station"]


async def test_a_press_after_the_sign_for_calls_again(site: Site):
    incident = await site.happens(press("b1", 1))
    await site.outbox.run_once()
    await site.desk.acknowledge(incident["id"], actor=DUTY, version=1)
    await site.happens(press("b1", 2))
    await site.outbox.run_once()
    assert await site.called() == ["duty", "duty"]


async def test_neighbours_pressing_on_do_not_put_the_next_officer_off(site: Site):
    await site.happens(press("b1", 1))
    await site.outbox.run_once()
    for device in ("b2", "b3"):
        site.clock.forward(14)
        await site.happens(press(device, 1))
        await site.outbox.run_once()
    site.clock.forward(2)
    await attend(site.database, site.clock, "duty", "leader")
    await site.outbox.run_once()
    assert (await site.called())[-1] == "leader"


async def test_a_broker_that_is_away_is_tried_again_until_it_is_back(site: Site):
    async def away(_topic: str) -> None:
        raise BrokerAway("no answer")

    site.publisher.before = away
    await site.happens(press("b1", 1))
    await site.outbox.run_once()
    [one, _] = await actions_of(site.database, "notice", "planned")
    assert (one["attempts"], one["error"]) == (1, "no answer")
    site.publisher.before = None
    site.clock.forward(20)
    await site.outbox.run_once()
    assert len(await actions_of(site.database, "notice", "sent")) == 2


async def test_a_notice_past_its_time_is_not_sent_and_shown_as_failed(site: Site):
    await site.happens(press("b1", 1))
    site.clock.forward(600)
    await site.outbox.run_once()
    assert [t for t in site.publisher.topics() if t.endswith("notice")] == []
    assert len(await actions_of(site.database, "notice", "expired")) == 2
    assert (await event_types(site.database)).count("notice_failed") == 2


async def test_a_camera_without_a_picture_is_shown_as_failed_at_the_deadline(site: Site):
    async def blind(_camera: str) -> None:
        raise NoSnapshot("the camera does not answer")

    site.eyes.before = blind
    await site.happens(press("b1", 1))
    for _ in range(20):
        site.clock.forward(15)
        await site.outbox.run_once()
    [failed] = [
        e for e in await rows(site.database, "incident_events") if e["type"] == "evidence_failed"
    ]
    assert failed["data"] == {"target": "cam-near", "error": "the camera does not answer"}


async def test_a_broken_carrier_costs_its_own_actions_only(site: Site):
    async def bug(_camera: str) -> None:
        raise ZeroDivisionError

    site.eyes.before = bug
    await site.happens(press("b1", 1))
    await site.outbox.run_once()
    assert len(await actions_of(site.database, "notice", "sent")) == 2
    [snapshot] = await actions_of(site.database, "snapshot")
    assert snapshot["error"] == "internal error: ZeroDivisionError"


async def test_a_hanging_carrier_does_not_stop_others(site: Site):
    async def hang(_camera: str) -> None:
        await asyncio.Event().wait()

    site.eyes.before = hang
    running = asyncio.create_task(site.outbox.run())
    await site.happens(press("b1", 1))
    async with asyncio.timeout(20):
        position = 0
        while len(site.publisher.sent) < 2 or await site.called() != ["duty"]:
            position = await site.changes.wait_beyond(position)
    assert [s["state"] for s in await actions_of(site.database, "snapshot")] == ["planned"]
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_a_carrier_that_never_answers_is_given_up_and_tried_again(site: Site):
    async def hang(_camera: str) -> None:
        await asyncio.Event().wait()

    site.eyes.before = hang
    await site.happens(press("b1", 1))
    quick = {**LANES, ActionKind.SNAPSHOT: Lane(1, 0.01, Backoff())}
    await site.an_outbox(quick).run_once()
    [snapshot] = await actions_of(site.database, "snapshot", "planned")
    assert (snapshot["attempts"], snapshot["error"]) == (1, "no answer in time")


async def test_a_crash_between_decision_and_sending_sends_it_once_after_the_restart(
    tmp_path: Path,
):
    database = await open_town(tmp_path)
    await Site(database, tmp_path).happens(press("b1", 1))
    after_restart = Site(database, tmp_path)
    await after_restart.engine.run_once()
    await after_restart.outbox.run_once()
    await after_restart.outbox.run_once()
    sent = after_restart.publisher.topics()
    await database.close()
    assert sent == ["lianfang/button/b2/notice", "lianfang/button/b3/notice"]


async def test_a_crash_between_sending_and_marking_repeats_the_same_id(tmp_path: Path):
    database = await open_town(tmp_path, CrashingDatabase)
    site = Site(database, tmp_path)
    notices_only = Outbox(
        database,
        site.clock,
        {ActionKind.NOTICE: NoticeCarrier(site.publisher, site.clock, prefix="lianfang")},
        site.changes,
        writer="linkage",
    )
    await site.happens(press("b1", 1))
    database.crashes = ["inside"]
    with pytest.raises(Crash):
        await notices_only.run_once()
    await notices_only.run_once()
    ids = [p["id"] for _, p in site.publisher.sent]
    sent = await actions_of(database, "notice", "sent")
    timeline = await event_types(database)
    await database.close()
    assert len(set(ids)) == 2 == len(sent)
    assert timeline.count("notice_sent") == 2


async def test_a_look_of_the_clock_that_crashed_happens_once(tmp_path: Path):
    database = await open_town(tmp_path, CrashingDatabase)
    site = Site(database, tmp_path)
    await attend(database, site.clock, "duty")
    await site.happens(press("b1", 1))
    database.crashes = ["after"]
    await site.outbox.run_once()
    await Site(database, tmp_path, site.clock).outbox.run_once()
    called, escalated = await site.called(), (await event_types(database)).count("escalated")
    await database.close()
    assert (called, escalated) == (["duty"], 1)


async def test_a_store_that_is_busy_while_marking_loses_nothing(tmp_path: Path):
    database = await open_town(tmp_path, CrashingDatabase)
    site = Site(database, tmp_path)
    await attend(database, site.clock, "duty")
    await site.happens(press("b1", 1))
    database.crashes = ["busy", "busy", "busy"]
    running = asyncio.create_task(site.outbox.run())
    async with asyncio.timeout(20):
        position = site.changes.position
        while len(await actions_of(database, "notice", "sent")) < 2:
            position = await site.changes.wait_beyond(position)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    sent = site.publisher.topics()
    await database.close()
    assert sent == ["lianfang/button/b2/notice", "lianfang/button/b3/notice"]


async def test_the_whole_way_holds_on_postgresql_too(tmp_path: Path, postgres_url: str):
    database = await open_town(tmp_path, url=postgres_url)
    site = Site(database, tmp_path)
    await attend(database, site.clock, "duty")
    incident = await site.happens(press("b1", 1), press("b2", 1), press("b1", 2))
    await site.outbox.run_once()
    await site.desk.acknowledge(incident["id"], actor=DUTY, version=incident["version"])
    await site.outbox.run_once()
    types = await event_types(database)
    await database.close()
    assert {"opened", "rang_again", "paged", "evidence_added", "acknowledged"} <= set(types)
    assert types.count("reply_sent") == 3
