"""What each step leaves behind in the store: rows, clocks, calls, replies; on both engines where
the statements are the point."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import fields
from pathlib import Path

import pytest

from alarms.model import AlarmKind
from alarms.store import Database
from linkage.errors import StaleVersion, StepNotAllowed
from linkage.model.event import EventType
from linkage.model.incident import Incident, Outcome, Stage
from linkage.model.person import Actor, Role
from linkage.steps.checks import Ask, ClosingCheck
from linkage.steps.moves import Step
from linkage.steps.overdue import is_still_due, to_call
from linkage.steps.policy import DeskPolicy
from linkage.timeline import NewEvent, record
from tests.linkage import town
from tests.linkage.cases import DISPATCHED, OTHER_DUTY, PATROL_ACCOUNT
from tests.linkage.desk_room import DUTY, LEADER, DeskRoom
from tests.linkage.town import actions_of, attend, loitering, open_town, press, rows

MINUTE = 60
WAY = (Step.ACKNOWLEDGE, Step.VERIFY, Step.DISPATCH)


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[DeskRoom]:
    """One open incident of h1, on SQLite."""
    database = await open_town(tmp_path)
    room = DeskRoom(database)
    await room.happens(press("b1", 1))
    yield room
    await database.close()


@pytest.fixture
async def either_room(either_database: Database) -> DeskRoom:
    """Two open incidents, of h1 (g3) and h5 (g4), on both engines."""
    await either_database.write(town._seed)
    room = DeskRoom(either_database)
    await room.happens(press("b1", 1), press("b5", 1))
    return room


async def clocks(room: DeskRoom, incident: Incident) -> list[tuple[str, object]]:
    """The clocks that run for the incident: kind, and the step that is waited for."""
    planned = [r for r in await rows(room.database, "actions") if r["state"] == "planned"]
    here = [r for r in planned if r["incident_id"] == incident.id]
    return sorted(
        (r["kind"], r["payload"]["step"]) for r in here if r["kind"] in ("due", "escalate")
    )


# --- two at once ----------------------------------------------------------------------------------


async def test_of_two_officers_who_sign_at_once_one_is_told(either_room: DeskRoom):
    room = either_room
    incident = (await room.incidents())[0]
    asks = [Ask(Step.ACKNOWLEDGE, who, incident.version) for who in (DUTY, LEADER)]
    said = await asyncio.gather(
        *(room.desk.take(incident.id, ask) for ask in asks), return_exceptions=True
    )
    lost = [one for one in said if isinstance(one, StaleVersion)]
    assert len(lost) == 1
    after = (await room.incidents())[0]
    assert lost[0].current == after.version
    assert (await room.told(after)).count("acknowledged") == 1
    won = DUTY if isinstance(said[1], StaleVersion) else LEADER
    assert after.acknowledged_by == won.username


async def test_a_press_between_looking_and_signing_makes_the_sign_for_stale(room: DeskRoom):
    seen = (await room.incidents())[0]
    await room.happens(press("b2", 1))
    with pytest.raises(StaleVersion):
        await room.desk.take(seen.id, Ask(Step.ACKNOWLEDGE, DUTY, seen.version))


async def test_what_is_late_makes_nobodys_step_stale(room: DeskRoom):
    seen = await room.take(Step.ACKNOWLEDGE)
    await room.passes(MINUTE)
    assert "overdue" in await room.told(seen)
    await room.desk.take(seen.id, Ask(Step.VERIFY, DUTY, seen.version))


# --- due times ------------------------------------------------------------------------------------


async def test_exactly_one_clock_runs_for_an_open_incident(room: DeskRoom):
    incident = (await room.incidents())[0]
    assert await clocks(room, incident) == [("escalate", 0)]
    for step, waited_for in (
        (Step.ACKNOWLEDGE, "verify"),
        (Step.VERIFY, "dispatch"),
        (Step.DISPATCH, "set-out"),
        (Step.SET_OUT, "arrive"),
        (Step.ARRIVE, "respond"),
        (Step.RESPOND, "close"),
    ):
        await room.take(step)
        assert await clocks(room, incident) == [("due", waited_for)]
    await room.take(Step.CLOSE, outcome=Outcome.REAL)
    assert await clocks(room, incident) == []


async def test_a_due_time_that_passes_rings_and_calls_leader_and_officer(room: DeskRoom):
    await attend(room.database, room.clock, "duty")
    before = await room.take(Step.ACKNOWLEDGE)
    await room.passes(MINUTE - 1)
    assert (await room.incidents())[0] == before
    await room.passes(1)
    late = (await room.incidents())[0]
    assert (late.ring, late.overdue, late.due_step) == (before.ring + 1, 1, "verify")
    calls = await actions_of(room.database, "page", "sent")
    assert {c["target"]: c["payload"]["attended"] for c in calls} == {
        "leader": False,
        "duty": False,
    }
    assert {c["payload"]["why"] for c in calls} == {"overdue"}


async def test_the_second_time_it_is_supervised(room: DeskRoom):
    incident = await room.take(Step.ACKNOWLEDGE)
    await room.passes(MINUTE)
    await room.passes(2 * MINUTE)
    late = (await room.incidents())[0]
    assert (late.overdue, late.supervised_by) == (2, None)
    assert late.supervised_at_ms == room.clock.ms
    assert (await room.told(incident)).count("overdue") == 2
    assert len(await actions_of(room.database, "page", "sent")) == 4


async def test_a_step_taken_in_time_stops_its_clock(room: DeskRoom):
    incident = await room.go(*WAY)
    await room.passes(2 * MINUTE)
    assert "overdue" not in await room.told(incident)


async def test_a_press_after_the_sign_for_stops_the_due_time_and_escalates_anew(room: DeskRoom):
    incident = await room.take(Step.ACKNOWLEDGE)
    await room.happens(press("b1", 2))
    assert await clocks(room, incident) == [("escalate", 0)]
    assert (await room.incidents())[0].due_step is None
    await room.passes(2 * MINUTE)
    assert "overdue" not in await room.told(incident)
    await room.take(Step.ACKNOWLEDGE)
    assert await clocks(room, incident) == [("due", "verify")]


async def test_a_due_time_of_before_is_not_acted_upon(room: DeskRoom):
    await room.take(Step.ACKNOWLEDGE)
    [due] = await actions_of(room.database, "due", "planned")
    verified = await room.take(Step.VERIFY)
    old = {"step": "verify", "due_at_ms": due["due_at_ms"]}

    class Old:
        payload = old

    assert not is_still_due(verified, Old())
    Old.payload = {"step": "dispatch", "due_at_ms": verified.next_due_at_ms}
    assert is_still_due(verified, Old())


def test_without_a_leader_for_the_place_any_leader_is_called_and_the_officer_once():
    far = town_person("far", "xicun")
    here = town_person("here", "dongcun")
    assert to_call(DISPATCHED, [far, here], leader_too=True) == [here]
    assert to_call(DISPATCHED, [far], leader_too=True) == [far]
    has_it = town_person("duty", "*")
    assert to_call(DISPATCHED, [has_it, OTHER_DUTY], leader_too=True) == [has_it]
    assert to_call(DISPATCHED, [has_it, here], leader_too=False) == [has_it]
    assert to_call(DISPATCHED, [PATROL_ACCOUNT], leader_too=True) == []


def town_person(username, place):
    return type(OTHER_DUTY)(username, username, Role.SHIFT_LEADER, frozenset({place}))


# --- suspend, return, reassign, supervise ---------------------------------------------------------


async def test_a_suspended_incident_comes_back_by_itself_and_calls_who_has_it(room: DeskRoom):
    await room.go(*WAY)
    until_ms = room.clock.ms + 3_600_000
    incident = await room.take(Step.SUSPEND, reason="等家属", until_ms=until_ms)
    assert await clocks(room, incident) == [("due", "resume")]
    await room.passes(3600)
    back = (await room.incidents())[0]
    assert (back.suspended_until_ms, back.due_step) == (None, "set-out")
    assert back.version == incident.version + 1
    assert [c["target"] for c in await actions_of(room.database, "page", "sent")] == ["duty"]


async def test_a_press_ends_a_suspension(room: DeskRoom):
    await room.go(*WAY)
    await room.take(Step.SUSPEND, reason="等家属", until_ms=room.clock.ms + 3_600_000)
    await room.happens(press("b1", 2))
    incident = (await room.incidents())[0]
    assert (incident.suspended_until_ms, incident.acknowledged_by) == (None, None)
    assert await clocks(room, incident) == [("escalate", 0)]


async def test_whoever_is_sent_by_user_name_is_called_and_may_not_close(room: DeskRoom):
    await room.go(Step.ACKNOWLEDGE, Step.VERIFY)
    sent = await room.take(Step.DISPATCH, to="leader")
    assert sent.responders == ("leader",)
    await room.passes(0)
    [call] = await actions_of(room.database, "page", "sent")
    assert (call["target"], call["payload"]["why"]) == ("leader", "dispatch")
    await room.take(Step.RESPOND)
    with pytest.raises(StepNotAllowed, match="处置人"):
        await room.take(Step.CLOSE, LEADER, outcome=Outcome.REAL)


async def test_nobody_is_called_by_words_or_by_themselves(room: DeskRoom):
    await room.go(Step.ACKNOWLEDGE, Step.VERIFY)
    await room.take(Step.DISPATCH, to="巡防一组")
    await room.take(Step.DISPATCH, to="duty")
    assert await actions_of(room.database, "page", "planned") == []


async def test_the_closing_check_is_a_setting(tmp_path: Path):
    database = await open_town(tmp_path)
    room = DeskRoom(database, DeskPolicy(closing_check=ClosingCheck.OTHER_PERSON))
    await room.happens(press("b1", 1))
    await room.go(*WAY, Step.RESPOND)
    with pytest.raises(StepNotAllowed, match="反馈人"):
        await room.take(Step.CLOSE, outcome=Outcome.REAL)
    await room.take(Step.CLOSE, LEADER, outcome=Outcome.REAL)
    await database.close()


async def test_the_sign_for_goes_to_an_attended_console_only(room: DeskRoom):
    await room.take(Step.ACKNOWLEDGE)
    over = {"reason": "交班", "to": "leader", "sign_for": True}
    with pytest.raises(StepNotAllowed, match="值班台"):
        await room.take(Step.REASSIGN, **over)
    await attend(room.database, room.clock, "leader")
    assert (await room.take(Step.REASSIGN, **over)).acknowledged_by == "leader"


async def test_supervising_calls_whoever_has_the_incident(room: DeskRoom):
    await room.take(Step.ACKNOWLEDGE)
    await room.take(Step.SUPERVISE, LEADER, note="尽快")
    [call] = await actions_of(room.database, "page", "planned")
    assert (call["target"], call["payload"]["why"]) == ("duty", "supervise")


# --- reopen ---------------------------------------------------------------------------------------


async def test_a_reopened_incident_escalates_until_somebody_signs(room: DeskRoom):
    await room.go(Step.ACKNOWLEDGE, Step.VERIFY)
    await room.take(Step.CLOSE, outcome=Outcome.ACCIDENTAL)
    incident = await room.take(Step.REOPEN, LEADER, reason="又来电")
    assert (incident.stage, incident.acknowledged_by) == (Stage.VERIFIED, None)
    assert await clocks(room, incident) == [("escalate", 0)]
    await room.passes(0)
    called = [c["target"] for c in await actions_of(room.database, "page", "sent")]
    assert called, "the escalation has begun"
    await room.take(Step.ACKNOWLEDGE)
    assert await clocks(room, incident) == [("due", "dispatch")]


# --- merge and split ------------------------------------------------------------------------------


async def test_after_a_merge_alarms_pictures_and_replies_are_with_the_survivor(
    either_room: DeskRoom,
):
    room = either_room
    picture = {"file": "2026/p.jpg", "sha256": "0" * 64, "size": 3, "at_ms": 1}
    await room.happens(loitering("cam-near", 1, picture))  # joins the incident of h1
    await room.go(*WAY, of=0)
    await room.go(*WAY, of=1)
    first, second = await room.incidents()
    merged = await room.take(Step.MERGE, of=0, reason="同一件事", into=second.id)
    survivor = (await room.incidents())[1]
    assert (merged.stage, merged.outcome) == (Stage.CLOSED, Outcome.DUPLICATE)
    assert merged.merged_into == survivor.id
    assert await room.alarms_of(merged) == []
    assert await room.alarms_of(survivor) == ["b1", "b5", "cam-near"]
    assert await clocks(room, merged) == []
    assert await clocks(room, survivor) == [("due", "set-out")]
    assert (await room.told(merged))[-1] == "merged"
    assert (await room.told(survivor))[-1] == "absorbed"
    kinds = {
        r["kind"] for r in await rows(room.database, "actions") if r["incident_id"] == first.id
    }
    assert not kinds & {"reply", "notice", "snapshot"}
    await room.take(Step.RESPOND, of=1)
    await room.take(Step.CLOSE, of=1, outcome=Outcome.REAL)
    closed = [
        r["target"]
        for r in await actions_of(room.database, "reply")
        if r["payload"]["state"] == "closed"
    ]
    assert closed == ["b1", "b5"]


async def test_presses_that_are_merged_in_hear_how_the_survivor_fares(either_room: DeskRoom):
    room = either_room
    await room.go(*WAY, of=1)
    await room.take(Step.ACKNOWLEDGE, of=0)
    await room.take(Step.MERGE, of=0, reason="同一件事", into=(await room.incidents())[1].id)
    heard = [
        r["payload"]["state"]
        for r in await actions_of(room.database, "reply")
        if r["target"] == "b1"
    ]
    assert sorted(heard) == ["acknowledged", "dispatched"]


async def test_a_merge_into_an_unsigned_incident_leaves_its_escalation_running(
    either_room: DeskRoom,
):
    room = either_room
    await room.take(Step.ACKNOWLEDGE, of=0)
    await room.take(Step.MERGE, of=0, reason="同一件事", into=(await room.incidents())[1].id)
    assert await clocks(room, (await room.incidents())[1]) == [("escalate", 0)]


async def test_a_later_press_of_a_merged_household_joins_the_survivor(either_room: DeskRoom):
    room = either_room
    await room.take(Step.ACKNOWLEDGE, of=0)
    survivor = (await room.incidents())[1]
    await room.take(Step.MERGE, of=0, reason="同一件事", into=survivor.id)
    await room.happens(press("b1", 2))
    assert len(await room.incidents()) == 2
    assert await room.alarms_of(survivor) == ["b1", "b5", "b1"]


async def test_split_alarms_are_an_incident_of_their_own_that_must_be_signed_for(
    either_room: DeskRoom,
):
    room = either_room
    await room.happens(press("b2", 1, AlarmKind.FIRE))  # folded into the incident of h1
    await room.take(Step.ACKNOWLEDGE, of=0)
    fire = next(
        str(r["alarm_id"])
        for r in await rows(room.database, "incident_alarms")
        if r["device"] == "b2"
    )
    kept = await room.take(Step.SPLIT, of=0, reason="两件事", alarms=(fire,))
    split = (await room.incidents())[2]
    assert (split.kind, split.household_id, split.group_id) == (AlarmKind.FIRE, "h2", "g3")
    assert (split.number[-4:], split.stage, split.acknowledged_by) == ("0003", Stage.REPORTED, None)
    assert (await room.alarms_of(kept), await room.alarms_of(split)) == (["b1"], ["b2"])
    assert await clocks(room, split) == [("escalate", 0)]
    assert await clocks(room, kept) == [("due", "verify")]
    assert await room.told(split) == ["opened"]
    await room.happens(press("b2", 2, AlarmKind.FIRE))
    assert await room.alarms_of(split) == ["b2", "b2"]


async def test_what_is_split_off_has_nothing_of_the_steps_taken_before(room: DeskRoom):
    await room.happens(press("b2", 1))
    await room.go(*WAY, Step.SET_OUT)
    await room.take(Step.SUPERVISE, LEADER)
    [_, second] = [str(r["alarm_id"]) for r in await rows(room.database, "incident_alarms")]
    kept = await room.take(Step.SPLIT, reason="两件事", alarms=(second,))
    split = (await room.incidents())[1]
    begun = {
        f.name
        for f in fields(Incident)
        if f.name.endswith(("_at_ms", "_by", "_to")) and getattr(split, f.name) is not None
    }
    assert begun == {"opened_at_ms", "next_due_at_ms"}
    assert (split.ring, split.version, split.responders, split.due_step) == (1, 1, (), None)
    assert (kept.set_out_at_ms, kept.due_step) == (room.clock.ms, "arrive")


async def put(room: DeskRoom, incident: Incident, kind: str, **payload) -> None:
    """An action that was carried out for the incident."""
    row = {
        "id": f"{kind}-{incident.id}",
        "incident_id": incident.id,
        "kind": kind,
        "target": "one",
        "payload": json.dumps(payload),
        "state": "sent",
        "attempts": 1,
        "planned_at_ms": room.clock.ms,
        "due_at_ms": room.clock.ms,
        "done_at_ms": room.clock.ms,
    }
    await room.database.write(lambda conn: conn.execute(town.actions.insert().values(**row)))


async def merge_first_into_second(room: DeskRoom) -> Incident:
    second = (await room.incidents())[1]
    await room.take(Step.MERGE, of=0, reason="同一件事", into=second.id)
    return second


async def test_sirens_of_a_merged_incident_are_switched_off_with_the_survivor(room: DeskRoom):
    await room.happens(press("b5", 1))
    first = await room.take(Step.ACKNOWLEDGE)
    await put(room, first, "siren", on=True, until_ms=room.clock.ms + 180_000)
    await merge_first_into_second(room)
    await room.go(Step.ACKNOWLEDGE, Step.VERIFY, of=1)
    await room.take(Step.CLOSE, of=1, outcome=Outcome.REAL)
    [off] = await actions_of(room.database, "siren", "planned")
    assert (off["target"], off["payload"]["on"]) == ("one", False)


@pytest.mark.parametrize("confirmed", [False, True])
async def test_what_the_station_has_not_confirmed_is_asked_after_in_the_survivor(
    room: DeskRoom, confirmed: bool
):
    await room.happens(press("b5", 1))
    first = await room.take(Step.ACKNOWLEDGE)
    await put(room, first, "webhook", use="station", event="opened")
    if confirmed:
        said = NewEvent(EventType.STATION_CONFIRMED, {"name": "one"}, "station")
        await room.database.write(
            lambda conn: record(
                conn, first.id, [said], writer="t", at_ms=room.clock.ms, new_version=False
            )
        )
    second = await merge_first_into_second(room)
    message, closed = sorted(
        await actions_of(room.database, "webhook"),
        key=lambda one: one["payload"]["event"] == "closed",
    )
    assert message["incident_id"] == (first.id if confirmed else second.id)
    assert (closed["incident_id"], closed["payload"]["into"]) == (first.id, second.number)


async def test_a_camera_that_is_split_off_stands_where_it_stands(room: DeskRoom):
    await room.happens(loitering("cam-near", 1))
    await room.take(Step.ACKNOWLEDGE)
    seen = next(
        r["alarm_id"]
        for r in await rows(room.database, "incident_alarms")
        if r["device"] == "cam-near"
    )
    await room.take(Step.SPLIT, reason="无关", alarms=(seen,))
    split = (await room.incidents())[1]
    assert (split.camera_id, split.household_id, split.kind) == (
        "cam-near", None, AlarmKind.LOITERING,
    )  # fmt: skip


async def test_an_alarm_from_nowhere_is_split_off_into_the_village(room: DeskRoom):
    await room.take(Step.ACKNOWLEDGE)
    await room.happens(press("b2", 1))
    await room.database.write(
        lambda conn: conn.execute(town.incident_alarms.update().values(household_id=None))
    )
    await room.take(Step.ACKNOWLEDGE)
    alarms = [r["alarm_id"] for r in await rows(room.database, "incident_alarms")]
    await room.take(Step.SPLIT, reason="无关", alarms=tuple(alarms[1:]))
    split = (await room.incidents())[1]
    assert (split.village_id, split.household_id) == ("dongcun", None)


async def test_what_is_refused_leaves_nothing_behind(room: DeskRoom):
    await room.take(Step.ACKNOWLEDGE)
    before = (await room.incidents())[0]
    for step, said in (
        (Step.SPLIT, {"reason": "x", "alarms": ("nothing",)}),
        (Step.MERGE, {"reason": "x", "into": "nowhere"}),
        (Step.MERGE, {"reason": "x"}),
    ):
        with pytest.raises(StepNotAllowed):
            await room.take(step, **said)
    assert await room.incidents() == [before]


async def test_a_machine_is_no_person_who_calls_a_report_malicious(room: DeskRoom):
    await room.go(Step.ACKNOWLEDGE, Step.VERIFY)
    platform = Actor("12345", "平台", Role.DUTY_OFFICER, machine=True)
    with pytest.raises(StepNotAllowed, match="谎报"):
        await room.take(Step.CLOSE, platform, outcome=Outcome.MALICIOUS, note="系统判定")
