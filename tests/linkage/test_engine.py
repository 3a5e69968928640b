"""The engine over a real database: the story of presses, and what a crash leaves."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from alarms.log import AlarmLog
from alarms.model import LIFE_SAFETY_KINDS, PRESS_KINDS, AlarmKind, NewAlarm
from alarms.store import Database, SealedBox, chain
from alarms.store.tables import cursors
from linkage.changes import Changes
from linkage.engine import BATCH_LEAST, BATCH_MOST, HOLD_S, Engine, next_batch
from linkage.model.incident import Outcome
from linkage.model.person import Actor
from linkage.rules.model import Rules
from linkage.schema import incident_events
from linkage.steps.desk import IncidentDesk
from tests.linkage.town import (
    SHANGHAI,
    Crash,
    CrashingDatabase,
    HandClock,
    actions_of,
    event_types,
    loitering,
    open_town,
    press,
    rows,
)

OFFICER = Actor("duty", "张伟")


class Town:
    """A database, its log, an engine and a desk on one clock."""

    def __init__(self, database: Database, clock: HandClock | None = None) -> None:
        self.database = database
        self.clock = clock or HandClock()
        self.changes = Changes()
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

    async def happens(self, *alarms: NewAlarm) -> list[dict]:
        """These alarms come in and are handled; the incidents after it."""
        await self.log.append(alarms)
        while await self.engine.run_once():
            pass
        return await rows(self.database, "incidents")


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    database = await open_town(tmp_path)
    yield Town(database)
    await database.close()


async def test_a_press_opens_an_incident_with_its_place_and_number(town: Town):
    [incident] = await town.happens(press("b1", 1))
    assert incident["number"] == "20261121-0001"
    assert (incident["stage"], incident["priority"], incident["kind"]) == ("reported", 1, "panic")
    places = [incident[k] for k in ("village_id", "grid_id", "group_id", "household_id")]
    assert places == ["dongcun", "grid2", "g3", "h1"]
    assert (incident["ring"], incident["version"]) == (1, 1)


async def test_a_press_plans_notices_a_snapshot_and_the_clock(town: Town):
    await town.happens(press("b1", 1))
    assert {a["target"] for a in await actions_of(town.database, "notice")} == {"b2", "b3"}
    assert [a["target"] for a in await actions_of(town.database, "snapshot")] == ["cam-near"]
    assert len(await actions_of(town.database, "escalate")) == 1


async def test_the_second_press_of_a_household_extends_without_ringing(town: Town):
    [incident] = await town.happens(press("b1", 1), press("b1", 2))
    assert incident["ring"] == 1
    assert await event_types(town.database) == ["opened", "alarm_added"]


async def test_a_neighbours_press_rings_again_in_the_same_incident(town: Town):
    await town.happens(press("b1", 1), press("b1", 2))
    [incident] = await town.happens(press("b2", 1))
    assert incident["ring"] == 2
    [rang] = [e for e in await rows(town.database, "incident_events") if e["type"] == "rang_again"]
    assert rang["data"]["household"] == "h2"


@pytest.mark.parametrize(
    ("first", "worse"),
    [(AlarmKind.MISSING, AlarmKind.DURESS), (AlarmKind.MEDICAL, AlarmKind.FIRE)],
)
async def test_an_incident_is_where_its_worst_alarm_came_from(
    town: Town, first: AlarmKind, worse: AlarmKind
):
    await town.happens(press("b1", 1, first))
    [incident] = await town.happens(press("b2", 1, worse))
    assert (incident["kind"], incident["household_id"]) == (worse.value, "h2")
    [incident] = await town.happens(press("b1", 2, first))
    assert (incident["kind"], incident["household_id"]) == (worse.value, "h2")


async def test_an_incident_stays_where_it_began_when_a_neighbour_presses_alike(town: Town):
    await town.happens(press("b1", 1))
    [incident] = await town.happens(press("b2", 1))
    assert incident["household_id"] == "h1"


async def test_the_worst_alarm_of_one_batch_has_the_place_too(town: Town):
    missing, duress = press("b1", 1, AlarmKind.MISSING), press("b2", 1, AlarmKind.DURESS)
    [incident] = await town.happens(missing, duress)
    assert (incident["kind"], incident["household_id"]) == ("duress", "h2")


async def test_presses_of_two_groups_are_two_incidents(town: Town):
    incidents = await town.happens(press("b1", 1), press("b5", 1))
    assert [i["number"] for i in incidents] == ["20261121-0001", "20261121-0002"]


async def test_a_press_after_the_sign_for_rings_again_and_needs_another(town: Town):
    [incident] = await town.happens(press("b1", 1))
    await town.desk.acknowledge(incident["id"], actor=OFFICER, version=1)
    assert await actions_of(town.database, "escalate", "planned") == []
    [incident] = await town.happens(press("b1", 2))
    assert (incident["ring"], incident["acknowledged_by"]) == (2, None)
    assert len(await actions_of(town.database, "escalate", "planned")) == 1


async def test_a_press_after_the_close_is_a_new_incident(town: Town):
    [incident] = await town.happens(press("b1", 1))
    version = await town.desk.acknowledge(incident["id"], actor=OFFICER, version=1)
    version = await town.desk.verify(incident["id"], actor=OFFICER, version=version)
    await town.desk.close(
        incident["id"], actor=OFFICER, version=version, outcome=Outcome.ACCIDENTAL
    )
    assert len(await town.happens(press("b1", 2))) == 2


async def test_duress_sends_no_notice_and_no_later_reply(town: Town):
    [incident] = await town.happens(press("b1", 1, AlarmKind.DURESS))
    await town.desk.acknowledge(incident["id"], actor=OFFICER, version=1)
    assert (incident["kind"], incident["priority"], incident["silent"]) == ("duress", 1, True)
    assert await actions_of(town.database, "notice") == []
    assert await actions_of(town.database, "reply") == []


async def test_duress_and_cancel_look_the_same_to_the_button_and_all_near_it(tmp_path: Path):
    seen = []
    for kind in (AlarmKind.DURESS, AlarmKind.CANCEL):
        folder = tmp_path / kind.value
        folder.mkdir()
        database = await open_town(folder)
        town = Town(database)
        [incident] = await town.happens(press("b1", 1), press("b1", 2, kind))
        await town.desk.acknowledge(incident["id"], actor=OFFICER, version=incident["version"])
        await town.happens(press("b2", 1))
        out = await actions_of(database, "notice") + await actions_of(database, "reply")
        seen.append(sorted((a["kind"], a["target"]) for a in out))
        await database.close()
    assert seen[0] == seen[1]
    assert ("reply", "b1") not in seen[0]


async def test_a_cancel_is_a_claim_and_closes_nothing(town: Town):
    await town.happens(press("b1", 1))
    [incident] = await town.happens(press("b1", 2, AlarmKind.CANCEL))
    assert (incident["stage"], incident["kind"]) == ("reported", "panic")
    assert (incident["cancel_claimed"], incident["ring"]) == (True, 2)
    assert "cancel_claimed" in await event_types(town.database)
    assert len(await actions_of(town.database, "escalate", "planned")) == 1


async def test_a_cancel_leaves_the_sign_for_with_who_has_it(town: Town):
    [incident] = await town.happens(press("b1", 1))
    await town.desk.acknowledge(incident["id"], actor=OFFICER, version=1)
    [incident] = await town.happens(press("b1", 2, AlarmKind.CANCEL))
    assert (incident["acknowledged_by"], incident["ring"]) == ("duty", 2)


async def test_a_test_press_stays_in_the_log_only(town: Town):
    assert await town.happens(press("b1", 1, AlarmKind.TEST)) == []
    assert len(await rows(town.database, "alarms")) == 1


async def test_loitering_brings_its_picture_as_evidence(town: Town):
    picture = {"file": "2026/11/21/x.jpg", "sha256": "ab", "size": 3, "at_ms": 5}
    [incident] = await town.happens(loitering("cam-near", 1, picture))
    assert (incident["priority"], incident["camera_id"]) == (3, "cam-near")
    assert await event_types(town.database) == ["opened", "evidence_added"]
    assert await actions_of(town.database, "snapshot") == []


async def test_loitering_near_a_press_joins_it(town: Town):
    [incident] = await town.happens(press("b1", 1), loitering("cam-near", 1))
    assert (incident["priority"], incident["kind"], incident["ring"]) == (1, "panic", 1)


async def test_an_alarm_from_a_device_without_a_place_opens_an_incident(town: Town):
    [incident] = await town.happens(press("stranger", 1))
    assert incident["village_id"] is None
    assert len(await actions_of(town.database, "escalate")) == 1


async def test_the_decisions_stand_in_the_timeline(town: Town):
    await town.happens(press("b1", 1))
    [opened] = await rows(town.database, "incident_events")
    stages = [d["stage"] for d in opened["data"]["decisions"]]
    assert stages[0] == "dedupe"
    assert stages[-1] == "plan_actions"


async def test_the_timeline_is_an_intact_chain(town: Town):
    await town.happens(press("b1", 1), press("b2", 1), press("b1", 2, AlarmKind.CANCEL))
    faults = await town.database.read(lambda conn: list(chain.faults(conn, incident_events)))
    assert faults == []


async def test_the_console_is_told_the_newest_position(town: Town):
    await town.happens(press("b1", 1), press("b5", 1))
    events = await rows(town.database, "incident_events")
    assert town.changes.position == events[-1]["position"]


async def test_numbers_follow_the_sites_own_day(town: Town):
    town.clock.forward(11 * 3600 + 59 * 60)
    await town.happens(press("b1", 1))
    town.clock.forward(120)
    incidents = await town.happens(press("b5", 1))
    assert [i["number"] for i in incidents] == ["20261121-0001", "20261122-0001"]


@pytest.mark.parametrize("point", ["before", "inside", "after"])
async def test_a_crash_anywhere_and_a_replay_give_one_incident(tmp_path: Path, point: str):
    database = await open_town(tmp_path, CrashingDatabase)
    town = Town(database)
    await town.log.append([press("b1", 1), press("b2", 1), press("b5", 1)])
    database.crashes = [point]
    with pytest.raises(Crash):
        await town.engine.run_once()
    again = Town(database)
    incidents = await again.happens()
    linked = await rows(database, "incident_alarms")
    await database.close()
    assert len(incidents) == 2
    assert len(linked) == 3


async def test_a_cursor_that_was_lost_changes_nothing(town: Town):
    before = await town.happens(press("b1", 1), press("b2", 1))
    await town.database.write(lambda conn: conn.execute(delete(cursors)).rowcount)
    assert await town.happens() == before


@pytest.mark.parametrize(
    ("limit", "handled", "took_s", "expected"),
    [
        (90, 90, HOLD_S, 90),  # just right
        (90, 90, HOLD_S / 10, 180),  # quick: at most twice as many
        (160, 160, HOLD_S * 1.25, 128),  # slow
        (160, 160, HOLD_S * 100, BATCH_LEAST),
        (BATCH_MOST, BATCH_MOST, HOLD_S / 10, BATCH_MOST),
        (100, 1, 0.001, 100),  # one press at night says nothing about a storm
        (100, 10, HOLD_S * 2, BATCH_LEAST),
    ],
)
def test_a_transaction_holds_what_fits_its_time(limit, handled, took_s, expected):
    assert next_batch(limit, handled, took_s) == expected


async def test_it_is_counted_how_long_linking_took(town: Town):
    await town.log.append([press("b1", 1)])
    town.clock.forward(3)
    await town.engine.run_once()
    assert town.engine.linked.total_s == 3
    assert town.engine.linked.cumulative()[-1][1] == 1


async def test_what_was_not_committed_is_not_remembered(tmp_path: Path):
    database = await open_town(tmp_path, CrashingDatabase)
    town = Town(database)
    await town.happens(press("b1", 1))
    await town.log.append([press("b2", 1)])
    database.crashes = ["inside"]
    with pytest.raises(Crash):
        await town.engine.run_once()
    [incident] = await town.happens()
    assert (incident["ring"], len(await rows(database, "incident_alarms"))) == (2, 2)
    await database.close()


async def test_the_running_engine_waits_for_a_busy_store_and_wakes_at_an_alarm(tmp_path: Path):
    database = await open_town(tmp_path, CrashingDatabase)
    town = Town(database)
    running = asyncio.create_task(town.engine.run())
    await town.log.append([press("b1", 1)])
    database.crashes = ["busy"]
    async with asyncio.timeout(10):
        await town.changes.wait_beyond(0)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    incidents = await rows(database, "incidents")
    await database.close()
    assert len(incidents) == 1


async def test_a_bug_in_the_spine_ends_it(tmp_path: Path):
    database = await open_town(tmp_path, CrashingDatabase)
    town = Town(database)
    await town.log.append([press("b1", 1)])
    database.crashes = ["before"]
    with pytest.raises(Crash):
        await town.engine.run()
    await database.close()


A_PRESS = st.tuples(
    st.sampled_from(["b1", "b2", "b4", "b5", "stranger"]),
    st.sampled_from(sorted(PRESS_KINDS)),
    st.booleans(),
    st.integers(0, 900),
)


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(story=st.lists(A_PRESS, max_size=12), sign_at=st.integers(0, 12))
async def test_every_alarm_is_in_one_incident_and_every_cry_for_help_has_a_clock(
    tmp_path_factory: pytest.TempPathFactory, story, sign_at
):
    database = await open_town(tmp_path_factory.mktemp("town"))
    town = Town(database)
    for seq, (device, kind, silent, wait_s) in enumerate(story):
        town.clock.forward(wait_s)
        incidents = await town.happens(press(device, seq, kind, silent=silent))
        if seq == sign_at and incidents:
            newest = incidents[-1]
            await town.desk.acknowledge(newest["id"], actor=OFFICER, version=newest["version"])
    linked = [r["alarm_id"] for r in await rows(database, "incident_alarms")]
    expected = [r["id"] for r in await rows(database, "alarms") if r["kind"] != "test"]
    assert sorted(linked) == sorted(expected)
    open_now = {i["id"]: i for i in await rows(database, "incidents")}
    clocks = {a["incident_id"] for a in await actions_of(database, "escalate", "planned")}
    for row in await rows(database, "incident_alarms"):
        incident = open_now[row["incident_id"]]
        if row["kind"] in LIFE_SAFETY_KINDS and incident["acknowledged_by"] is None:
            assert incident["id"] in clocks
    await database.close()


class OneByOne(Town):
    """The same town, but each alarm is handled in a transaction of its own."""

    async def happens(self, *alarms: NewAlarm) -> list[dict]:
        for alarm in alarms:
            await super().happens(alarm)
        return await rows(self.database, "incidents")


async def _what_stands(town: Town) -> dict[str, list[dict]]:
    """Every row of linkage, with the names that are drawn at random replaced by their order."""
    tables = ("alarms", "incidents", "incident_alarms", "incident_events", "actions")
    found = {table: await rows(town.database, table) for table in tables}
    names = [str(r["id"]) for table in ("alarms", "incidents") for r in found[table]]
    told = json.dumps(found, default=str, sort_keys=True)
    for order, name in enumerate(names):
        told = told.replace(name, f"#{order}")
    plain = json.loads(told)
    del plain["alarms"]
    for row in plain["incident_events"]:
        for link in ("payload", "digest", "link"):
            del row[link]
    plain["actions"] = sorted(
        (
            (a["incident_id"], a["kind"], a["target"], a["state"], json.dumps(a["payload"]))
            for a in plain["actions"]
        ),
        key=str,
    )
    return plain


MIXED = st.one_of(
    st.tuples(
        st.sampled_from(["b1", "b2", "b4", "b5", "stranger"]),
        st.sampled_from(sorted(PRESS_KINDS)),
        st.booleans(),
    ),
    st.tuples(
        st.sampled_from(["cam-near", "cam-far"]), st.just(AlarmKind.LOITERING), st.just(False)
    ),
)


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(before=st.lists(MIXED, max_size=4), story=st.lists(MIXED, min_size=1, max_size=10))
async def test_alarms_handled_together_end_as_if_handled_one_by_one(
    tmp_path_factory: pytest.TempPathFactory, before, story
):
    ended = []
    for kind in (Town, OneByOne):
        database = await open_town(tmp_path_factory.mktemp("town"))
        town = kind(database)
        for incident in await town.happens(*_alarms(before, 0)):
            await town.desk.acknowledge(incident["id"], actor=OFFICER, version=incident["version"])
        town.clock.forward(700)
        await town.happens(*_alarms(story, 100))
        assert await database.read(lambda c: list(chain.faults(c, incident_events))) == []
        ended.append(await _what_stands(town))
        await database.close()
    assert ended[0] == ended[1]


def _alarms(story, first: int) -> list[NewAlarm]:
    return [
        loitering(device, seq)
        if kind is AlarmKind.LOITERING
        else press(device, seq, kind, silent=silent)
        for seq, (device, kind, silent) in enumerate(story, first)
    ]
