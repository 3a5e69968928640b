"""The desk: which step is possible when, and what each leaves behind."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from alarms.log import AlarmLog
from alarms.model import AlarmKind, SeenNotice
from alarms.store import SealedBox
from linkage.changes import Changes
from linkage.engine import Engine
from linkage.errors import NoSuchIncident, StaleVersion, StepNotAllowed
from linkage.model.incident import Outcome, Stage
from linkage.model.person import Actor
from linkage.registry.texts import TextOpener
from linkage.rules.model import Rules
from linkage.steps.desk import IncidentDesk
from linkage.steps.moves import MOVES, Step, next_step
from tests.linkage.town import SHANGHAI, HandClock, actions_of, event_types, open_town, press, rows

DUTY = Actor("duty", "张伟")
LEADER = Actor("leader", "李强")


class Room:
    """A desk with one open incident of h1, in a database."""

    def __init__(self, database) -> None:
        self.database = database
        self.clock = HandClock()
        self.changes = Changes()
        self.desk = IncidentDesk(
            database, self.clock, self.changes, box=SealedBox(bytes(32)), writer="linkage"
        )
        self._log = AlarmLog(database, self.clock, writer="intake")
        self._engine = Engine(
            database,
            self._log,
            self.clock,
            self.changes,
            rules=Rules(),
            time_zone=SHANGHAI,
            writer="linkage",
        )

    async def happens(self, *alarms) -> None:
        await self._log.append(alarms)
        await self._engine.run_once()

    async def incident(self) -> dict:
        [row] = await rows(self.database, "incidents")
        return row

    async def take(self, step: Step, actor: Actor = DUTY, **said) -> int:
        row = await self.incident()
        method = getattr(self.desk, step.value)
        return await method(row["id"], actor=actor, version=row["version"], **said)


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    database = await open_town(tmp_path)
    room = Room(database)
    await room.happens(press("b1", 1))
    yield room
    await database.close()


WAY = [
    (Step.ACKNOWLEDGE, {}),
    (Step.VERIFY, {"note": "已通话"}),
    (Step.DISPATCH, {"to": "巡防队"}),
    (Step.RESPOND, {"note": "已到场"}),
    (Step.CLOSE, {"outcome": Outcome.REAL}),
    (Step.REVIEW, {}),
]


async def test_the_six_steps_in_their_order(room: Room):
    for step, said in WAY:
        await room.take(step, **said)
    incident = await room.incident()
    assert (incident["stage"], incident["outcome"]) == ("reviewed", "real")
    assert incident["closed_at_ms"] == room.clock.ms
    assert await event_types(room.database) == [
        "opened", "acknowledged", "verified", "dispatched", "responded", "closed", "reviewed",
    ]  # fmt: skip


async def test_the_timeline_says_who_and_when(room: Room):
    room.clock.forward(12)
    await room.take(Step.ACKNOWLEDGE, note="马上联系")
    event = (await rows(room.database, "incident_events"))[-1]
    box = SealedBox(bytes(32))
    said = await room.database.read(lambda conn: TextOpener(conn, box).open_all(event["data"]))
    assert (event["actor"], event["at_ms"]) == ("duty", room.clock.ms)
    due = {"step": "verify", "at_ms": room.clock.ms + 60_000}
    assert said == {"by": "张伟", "note": "马上联系", "due": due}
    assert event["data"]["note"] != said["note"], "what is said of a household is sealed"


async def test_a_sign_for_stops_the_clock_and_tells_the_button(room: Room):
    version = await room.take(Step.ACKNOWLEDGE)
    incident = await room.incident()
    assert (incident["version"], version) == (2, 2)
    assert incident["acknowledged_by"] == "duty"
    assert (incident["due_step"], incident["next_due_at_ms"]) == ("verify", room.clock.ms + 60_000)
    assert await actions_of(room.database, "escalate", "planned") == []
    [reply] = await actions_of(room.database, "reply")
    assert (reply["target"], reply["payload"]["state"]) == ("b1", "acknowledged")
    assert (reply["payload"]["boot"], reply["payload"]["seq"]) == (1, 1)


async def test_replies_go_to_the_presses_not_to_who_cancelled(room: Room):
    await room.happens(press("b2", 1), press("b2", 2, AlarmKind.CANCEL))
    await room.take(Step.ACKNOWLEDGE)
    assert [r["target"] for r in await actions_of(room.database, "reply")] == ["b1"]


async def test_dispatch_and_close_tell_the_button_too(room: Room):
    for step, said in WAY[:5]:
        await room.take(step, **said)
    states = {r["payload"]["state"] for r in await actions_of(room.database, "reply")}
    assert states == {"acknowledged", "dispatched", "closed"}


async def test_a_stale_version_is_refused_with_the_one_now(room: Room):
    incident = await room.incident()
    await room.happens(press("b2", 1))
    with pytest.raises(StaleVersion) as raised:
        await room.desk.acknowledge(incident["id"], actor=DUTY, version=incident["version"])
    assert raised.value.current == 2
    assert (await room.incident())["acknowledged_by"] is None


async def test_a_second_sign_for_names_who_has_it(room: Room):
    await room.take(Step.ACKNOWLEDGE)
    with pytest.raises(StepNotAllowed, match="张伟"):
        await room.take(Step.ACKNOWLEDGE, LEADER)


async def test_the_same_person_signing_twice_changes_nothing(room: Room):
    incident = await room.incident()
    for _ in range(2):
        assert await room.desk.acknowledge(incident["id"], actor=DUTY, version=1) == 2
    assert (await event_types(room.database)).count("acknowledged") == 1


@pytest.mark.parametrize("step", [Step.VERIFY, Step.DISPATCH, Step.RESPOND, Step.CLOSE])
async def test_nothing_goes_on_without_a_sign_for(room: Room, step: Step):
    with pytest.raises(StepNotAllowed):
        await room.take(step, outcome=Outcome.REAL)


async def test_closing_needs_an_outcome(room: Room):
    for step, said in WAY[:4]:
        await room.take(step, **said)
    with pytest.raises(StepNotAllowed, match="结论"):
        await room.take(Step.CLOSE)


async def test_a_step_out_of_order_is_refused_and_leaves_nothing(room: Room):
    await room.take(Step.ACKNOWLEDGE)
    with pytest.raises(StepNotAllowed):
        await room.take(Step.RESPOND)
    assert await event_types(room.database) == ["opened", "acknowledged"]


async def test_a_note_is_possible_at_any_time_but_not_empty(room: Room):
    await room.take(Step.NOTE, note="邻居来电")
    with pytest.raises(StepNotAllowed):
        await room.take(Step.NOTE, note="  ")
    assert (await event_types(room.database))[-1] == "noted"


async def test_an_unknown_incident_is_said_so(room: Room):
    with pytest.raises(NoSuchIncident):
        await room.desk.note("gone", actor=DUTY, version=1, note="x")


async def test_a_step_wakes_the_console(room: Room):
    before = room.changes.position
    await room.take(Step.ACKNOWLEDGE)
    assert room.changes.position == before + 1


async def test_closing_calls_back_notices_that_were_not_sent(room: Room):
    await room.take(Step.ACKNOWLEDGE)
    await room.take(Step.VERIFY)
    await room.take(Step.CLOSE, outcome=Outcome.ACCIDENTAL)
    assert {n["state"] for n in await actions_of(room.database, "notice")} == {"cancelled"}


async def test_what_a_member_says_to_a_notice_is_kept(room: Room):
    notice = (await actions_of(room.database, "notice"))[0]
    for state in ("delivered", "coming", "coming", "delivered"):
        assert await room.desk.seen([SeenNotice(notice["target"], notice["id"], state)]) == [True]
    assert (await event_types(room.database)).count("notice_seen") == 2
    [kept] = [n for n in await actions_of(room.database, "notice") if n["id"] == notice["id"]]
    assert kept["payload"]["seen"] == "coming"


async def test_a_member_cannot_answer_for_another(room: Room):
    notice = (await actions_of(room.database, "notice"))[0]
    others = SeenNotice("b5", notice["id"], "coming")
    unknown = SeenNotice(notice["target"], notice["id"], "dancing")
    assert await room.desk.seen([others, unknown]) == [False, False]
    assert "notice_seen" not in await event_types(room.database)


def test_every_step_has_its_place_in_the_table():
    assert set(MOVES) == set(Step)


def test_the_usual_way_through_the_table_is_possible():
    stage, taken = Stage.REPORTED, []
    while (step := next_step(stage, acknowledged=True)) is not None:
        assert stage in MOVES[step].allowed
        stage = MOVES[step].leads_to or stage
        taken.append(step)
    assert stage is Stage.REVIEWED
    assert next_step(Stage.DISPATCHED, acknowledged=False) is Step.ACKNOWLEDGE


async def test_what_many_devices_say_of_notices_is_kept_together(room: Room):
    first, second = await actions_of(room.database, "notice")
    said = [
        SeenNotice(first["target"], first["id"], "delivered"),
        SeenNotice(second["target"], second["id"], "delivered"),
        SeenNotice(first["target"], second["id"], "coming"),
        SeenNotice(first["target"], first["id"], "coming"),
        SeenNotice(first["target"], "\0\ud800", "read"),
    ]
    assert await room.desk.seen(said) == [True, True, False, True, False]
    kept = {a["id"]: a["payload"]["seen"] for a in await actions_of(room.database, "notice")}
    assert kept == {first["id"]: "coming", second["id"]: "delivered"}
    assert (await event_types(room.database)).count("notice_seen") == 3
