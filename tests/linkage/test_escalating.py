"""The escalation clock over a real database: rota, ways, confirmations, restarts."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import time
from pathlib import Path

import pytest
from sqlalchemy import select

from alarms.store import Database, SealedBox
from linkage import records
from linkage.duty.model import DayHours
from linkage.errors import StepNotAllowed
from linkage.escalation import confirmations
from linkage.escalation.plans import (
    BUILT_IN,
    CONSOLE,
    Callee,
    MoreThan,
    Plan,
    PlanStep,
    Signing,
    Until,
    Way,
    WayKind,
)
from linkage.model.incident import Outcome
from linkage.model.person import Actor, Role
from linkage.schema import incidents
from linkage.ways.settings import Ways, Webhook
from linkage.web.incident_reading import list_items
from linkage.web.incident_views import Incident
from tests.linkage.escalation_room import DUTY, LEADER, SECOND, EscalationRoom, falls_sick, man
from tests.linkage.town import SHANGHAI, actions_of, attend, loitering, open_town, press, rows

OFFICERS = (Callee(role=Role.DUTY_OFFICER),)
LEADERS = (Callee(role=Role.SHIFT_LEADER),)
ALL = Until(Signing.ALL)
COUNTY = Way(WayKind.WEBHOOK, "county")
WAYS = Ways({"county": Webhook("county", "https://county.example/", b"k" * 32)})


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = await open_town(tmp_path)
    await man(database)
    yield database
    await database.close()


async def room_of(database: Database, plan: Plan = BUILT_IN, **more) -> EscalationRoom:
    room = EscalationRoom(database, plan, **more)
    await room.everyone_sits()
    return room


async def shown_of(room: EscalationRoom) -> Incident:
    """The newest incident as consoles show it."""
    newest = select(incidents).order_by(incidents.c.number.desc()).limit(1)
    [shown] = await room.database.read(
        lambda conn: list_items(conn, conn.execute(newest).all(), SHANGHAI, SealedBox(bytes(32)))
    )
    return shown


async def incident_of(room: EscalationRoom) -> dict:
    return (await rows(room.database, "incidents"))[-1]


# --- the rota ---


async def test_those_on_duty_are_called(database: Database):
    room = await room_of(database)
    await room.happens(press("b1", 1))
    assert await room.called() == ["duty", "duty2"]


async def test_a_sick_first_officer_is_not_called_when_another_is_on_duty(database: Database):
    await falls_sick(database, "duty")
    room = await room_of(database)
    await room.happens(press("b1", 1))
    assert await room.called() == ["duty2"]


async def test_when_all_officers_are_away_the_leader_is_called_at_once_and_it_is_told_why(
    database: Database,
):
    for username in ("duty", "duty2"):
        await falls_sick(database, username)
    room = await room_of(database)
    await room.happens(press("b1", 1))
    assert await room.called() == ["leader"]
    [skipped] = await room.events("unattended_skipped")
    assert (skipped["step"], skipped["reason"]) == (0, "absent")


async def test_the_incident_shows_those_who_are_away_as_absent_not_as_an_empty_chair(
    database: Database,
):
    for username in ("duty", "duty2"):
        await falls_sick(database, username)
    room = await room_of(database)
    await room.happens(press("b1", 1))
    [shown] = await database.read(
        lambda conn: list_items(
            conn, conn.execute(select(incidents)).all(), SHANGHAI, SealedBox(bytes(32))
        )
    )
    assert [(c.username, c.state) for c in shown.called] == [
        ("duty", "absent"),
        ("duty2", "absent"),
        ("leader", "sent"),
    ]


async def test_a_step_calls_who_holds_a_post(database: Database):
    plan = Plan("p", (PlanStep(0.0, (Callee(post="值班台"),)),), 60.0)
    room = await room_of(database, plan)
    await room.happens(press("b1", 1))
    assert await room.called() == ["duty", "duty2"]


# --- ways ---


async def test_a_step_pushes_to_its_webhook_and_sounds_the_siren_of_the_group(database: Database):
    ways = (CONSOLE, COUNTY, Way(WayKind.SIREN), Way(WayKind.LOUDSPEAKER))
    plan = Plan("p", (PlanStep(0.0, OFFICERS, ways=ways),), 60.0)
    room = await room_of(database, plan, ways=WAYS)
    await room.happens(press("b1", 1))
    [pushed] = await actions_of(database, "webhook")
    assert (pushed["target"], pushed["payload"]["event"]) == ("county", "escalated")
    assert {a["target"] for a in await actions_of(database, "siren")} == {"s1"}
    [told] = await room.events("escalated")
    assert told["ways"] == ["webhook:county", "siren", "loudspeaker"]


@pytest.mark.parametrize("alarm", [press("b1", 1, silent=True), loitering("cam-near", 1)])
async def test_no_step_sounds_a_siren_for_what_is_silent_or_loitering(database: Database, alarm):
    plan = Plan("p", (PlanStep(0.0, OFFICERS, ways=(CONSOLE, Way(WayKind.SIREN))),), 60.0)
    room = await room_of(database, plan)
    await room.happens(alarm)
    assert await actions_of(database, "siren") == []
    assert await room.called() == ["duty", "duty2"]


async def test_a_webhook_that_is_gone_since_keeps_nobody_from_being_called(database: Database):
    plan = Plan("p", (PlanStep(0.0, OFFICERS, ways=(CONSOLE, COUNTY)),), 60.0)
    room = await room_of(database, plan)
    await room.happens(press("b1", 1))
    assert await actions_of(database, "webhook") == []
    assert await room.called() == ["duty", "duty2"]


async def test_who_is_informed_gets_a_message_once_and_is_not_called(database: Database):
    plan = Plan("p", (PlanStep(0.0, OFFICERS, inform=(Callee(username="station"),)),), 60.0)
    room = await room_of(database, plan)
    await room.happens(press("b1", 1))
    assert await room.called() == ["duty", "duty2"]
    [told] = await room.events("escalated")
    assert [one["username"] for one in told["informed"]] == ["station"]
    await room.passes(60)
    await room.passes(60)
    assert [one["username"] for one in await room.events("informed")] == ["station"]
    shown = await shown_of(room)
    assert [(c.username, c.state) for c in shown.informed] == [("station", "sent")]
    assert "station" not in [c.username for c in shown.called]
    assert shown.called_count == 6


async def test_who_is_informed_is_told_again_when_it_rings_again(database: Database):
    plan = Plan("p", (PlanStep(0.0, OFFICERS, inform=(Callee(username="station"),)),), 60.0)
    room = await room_of(database, plan)
    incident = await room.happens(press("b1", 1))
    await room.signs(incident)
    await room.happens(press("b2", 1))
    assert [one["username"] for one in await room.events("informed")] == ["station", "station"]


async def test_who_is_informed_is_never_asked_to_confirm(database: Database):
    step = PlanStep(0.0, OFFICERS, inform=(Callee(username="station"),))
    room = await room_of(database, Plan("p", (step,), 60.0, until=ALL))
    incident = await room.happens(press("b1", 1))
    await room.signs(incident)
    assert (await shown_of(room)).asked == ["duty2"]
    await room.passes(60)
    assert (await room.called())[2:] == ["duty2"]


# --- until whom ---


async def test_where_one_is_enough_nobody_is_called_after_the_first_sign_for(database: Database):
    room = await room_of(database)
    incident = await room.happens(press("b1", 1))
    await room.signs(incident)
    await room.passes(3600)
    assert await room.called() == ["duty", "duty2"]
    with pytest.raises(StepNotAllowed):
        await room.signs(incident, SECOND)


async def test_where_all_must_sign_those_who_have_not_are_called_on_until_they_confirm(
    database: Database,
):
    room = await room_of(database, replace(BUILT_IN, until=ALL))
    incident = await room.happens(press("b1", 1))
    version = await room.signs(incident)
    await room.passes(30)
    assert await room.called() == ["duty", "duty2", "duty2"]
    await room.passes(60)
    assert await room.called() == ["duty", "duty2", "duty2", "duty2"]
    assert await room.signs(incident, SECOND) == version
    await room.passes(3600)
    assert len(await room.called()) == 4
    assert (await incident_of(room))["acknowledged_by"] == "duty"
    [confirmed] = await room.events("confirmed")
    assert confirmed["by"] == "孙丽"


async def test_who_must_confirm_is_rung_at_from_the_sign_for_until_they_did(database: Database):
    room = await room_of(database, replace(BUILT_IN, until=ALL))
    incident = await room.happens(press("b1", 1))
    assert (await shown_of(room)).asked == []  # nobody has signed: it rings for everybody
    await room.signs(incident)
    assert (await shown_of(room)).asked == ["duty2"]
    await room.passes(30)
    await room.passes(60)
    assert (await shown_of(room)).asked == ["duty2"]
    await room.signs(incident, SECOND)
    assert (await shown_of(room)).asked == []


async def test_nobody_is_rung_at_to_confirm_where_one_is_enough_or_it_is_closed(database: Database):
    room = await room_of(database)
    incident = await room.happens(press("b1", 1))
    await room.signs(incident)
    assert (await shown_of(room)).asked == []
    room = await room_of(database, replace(BUILT_IN, until=ALL))
    incident = await room.happens(press("b5", 1))
    version = await room.signs(incident)
    assert (await shown_of(room)).asked == ["duty2"]
    version = await room.desk.verify(incident, actor=DUTY, version=version)
    await room.desk.close(incident, actor=DUTY, version=version, outcome=Outcome.ACCIDENTAL)
    assert (await shown_of(room)).asked == []


async def test_a_role_is_rung_at_until_one_of_it_has_confirmed(database: Database):
    plan = replace(BUILT_IN, until=Until(Signing.ROLE, Role.SHIFT_LEADER))
    room = await room_of(database, plan)
    incident = await room.happens(press("b1", 1))
    await room.signs(incident)
    await room.passes(30)
    assert (await shown_of(room)).asked == ["leader"]
    await room.signs(incident, LEADER)
    assert (await shown_of(room)).asked == []


async def test_a_confirmation_counts_once_however_often_it_is_given(database: Database):
    room = await room_of(database, replace(BUILT_IN, until=ALL))
    incident = await room.happens(press("b1", 1))
    await room.signs(incident)
    for _ in range(2):
        await room.signs(incident, SECOND)
    assert len(await room.events("confirmed")) == 1


async def test_who_should_confirm_is_offered_the_sign_for_until_then(database: Database):
    room = await room_of(database, replace(BUILT_IN, until=ALL))
    incident = await room.happens(press("b1", 1))

    async def may(actor: Actor) -> bool:
        def read(conn) -> bool:
            found = records.incident_by_id(conn, incident)
            assert found is not None
            return confirmations.may_confirm(conn, found, actor)

        return await database.read(read)

    assert not await may(SECOND)  # nobody has signed: it is theirs to take
    await room.signs(incident)
    auditor = Actor("audit", "钱进", Role.AUDITOR)
    nameless = Actor("token", "token")
    assert [await may(a) for a in (SECOND, DUTY, auditor, nameless)] == [True, False, False, False]
    await room.signs(incident, SECOND)
    assert not await may(SECOND)


async def test_where_a_role_must_sign_it_is_called_after_the_first_sign_for_until_it_confirms(
    database: Database,
):
    plan = replace(BUILT_IN, until=Until(Signing.ROLE, Role.SHIFT_LEADER))
    room = await room_of(database, plan)
    incident = await room.happens(press("b1", 1))
    await room.signs(incident)
    await room.passes(30)
    assert await room.called() == ["duty", "duty2", "leader"]
    await room.signs(incident, LEADER)
    await room.passes(3600)
    assert len(await room.called()) == 3


async def test_calls_for_confirmation_leave_what_is_due_next_alone(database: Database):
    room = await room_of(database, replace(BUILT_IN, until=ALL))
    incident = await room.happens(press("b1", 1))
    await room.signs(incident)
    before = await incident_of(room)
    await room.passes(30)
    after = await incident_of(room)
    assert {k: after[k] for k in ("next_due_at_ms", "due_step", "ring", "version")} == {
        k: before[k] for k in ("next_due_at_ms", "due_step", "ring", "version")
    }


async def test_a_closed_incident_asks_nobody_to_confirm(database: Database):
    room = await room_of(database, replace(BUILT_IN, until=ALL))
    incident = await room.happens(press("b1", 1))
    await room.signs(incident)
    await room.desk.verify(incident, actor=DUTY, version=2)
    await room.desk.close(incident, actor=DUTY, version=3, outcome=Outcome.ACCIDENTAL)
    await room.passes(3600)
    assert await room.called() == ["duty", "duty2"]


async def test_a_neighbours_press_after_the_sign_for_begins_anew_and_all_must_confirm_again(
    database: Database,
):
    room = await room_of(database, replace(BUILT_IN, until=ALL))
    incident = await room.happens(press("b1", 1))
    await room.signs(incident)
    await room.signs(incident, SECOND)
    await room.happens(press("b2", 1))
    await room.signs(incident)
    await room.passes(60)
    assert (await room.called())[-1] == "duty2"


# --- conditions, hours and limits, for what no life hangs on ---

IF_MANY = replace(
    BUILT_IN,
    steps=(
        BUILT_IN.steps[0],
        PlanStep(30.0, LEADERS, if_more_than=MoreThan(2, 300.0)),
        PlanStep(60.0, LEADERS, if_more_than=MoreThan(2, 300.0)),
    ),
)


async def test_a_camera_alarm_goes_no_further_until_there_are_more_of_them(database: Database):
    room = await room_of(database, IF_MANY)
    await room.happens(loitering("cam-near", 1))
    for wait_s in (30, 30, 60, 60):
        await room.passes(wait_s)
    assert await room.called() == ["duty", "duty2"]
    assert len(await room.events("escalated")) == 1
    assert (await incident_of(room))["ring"] == 1
    await room.happens(loitering("cam-near", 2), loitering("cam-near", 3), loitering("cam-near", 4))
    await room.passes(60)
    assert await room.called() == ["duty", "duty2", "leader"]


async def test_a_press_waits_for_no_count(database: Database):
    room = await room_of(database, IF_MANY)
    await room.happens(press("b1", 1))
    await room.passes(30)
    assert await room.called() == ["duty", "duty2", "leader"]


async def test_a_plan_outside_its_hours_calls_nobody_until_they_begin(database: Database):
    room = await room_of(database, replace(BUILT_IN, hours=DayHours(time(13), time(14))))
    await room.happens(loitering("cam-near", 1))
    await room.passes(3599)
    assert await room.called() == []
    await room.passes(1)
    assert await room.called() == ["duty", "duty2"]


async def test_a_plan_with_a_limit_ends_and_nothing_is_due_any_more(database: Database):
    plan = Plan("p", (PlanStep(0.0, OFFICERS),), 60.0, repeats_at_most=1)
    room = await room_of(database, plan)
    await room.happens(loitering("cam-near", 1))
    for _ in range(5):
        await room.passes(60)
    assert await room.called() == ["duty", "duty2"] * 2
    assert (await incident_of(room))["next_due_at_ms"] is None


# --- restarts ---


async def test_a_restart_fires_what_is_due_once(database: Database):
    room = await room_of(database)
    await room.happens(press("b1", 1))
    again = EscalationRoom(database, clock=room.clock)
    again.clock.forward(600)  # ten repetitions were missed
    await again.everyone_sits()
    await again.timekeeper.begin()
    for _ in range(3):
        await again.outbox.run_once()
    assert await again.called() == ["duty", "duty2", "leader"]
    assert (await incident_of(again))["next_due_at_ms"] == again.clock.ms + 30_000


async def test_every_step_is_taken_once_however_often_the_process_starts_again(
    database: Database,
):
    room = await room_of(database)
    await room.happens(press("b1", 1))
    for _ in range(6):
        room = EscalationRoom(database, clock=room.clock)
        await room.timekeeper.begin()
        await room.passes(10)
    assert await room.called() == ["duty", "duty2", "leader", "station"]


async def test_everybody_missing_still_leaves_a_press_with_a_next_look(database: Database):
    room = EscalationRoom(database)
    await attend(database, room.clock)
    await database.write(lambda conn: conn.exec_driver_sql("update accounts set enabled = false"))
    await room.happens(press("b1", 1))
    assert await room.called() == []
    assert (await incident_of(room))["next_due_at_ms"] == room.clock.ms + 60_000


async def test_rota_confirmations_and_webhooks_hold_on_postgresql_too(
    tmp_path: Path, postgres_url: str
):
    database = await open_town(tmp_path, url=postgres_url)
    await man(database)
    first = PlanStep(0.0, OFFICERS, ways=(CONSOLE, COUNTY), if_more_than=MoreThan(1, 60.0))
    room = await room_of(database, Plan("p", (first,), 60.0, until=ALL), ways=WAYS)
    incident = await room.happens(press("b1", 1))
    await room.signs(incident)
    await room.passes(60)
    await room.signs(incident, SECOND)
    await room.passes(60)
    called, pushed = await room.called(), await actions_of(database, "webhook")
    await database.close()
    assert called == ["duty", "duty2", "duty2"]
    assert len(pushed) == 1
