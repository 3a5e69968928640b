"""Any sequence of steps, presses and time at the real desk: no open incident without a clock.

What the timeline says is replayed and held against the rows: nothing that changed an incident is
missing there.
"""

import asyncio
import tempfile
from dataclasses import fields, replace
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
)

from alarms.model import LIFE_SAFETY_KINDS, AlarmKind
from linkage.errors import StepNotAllowed
from linkage.model.action import ActionKind
from linkage.model.event import EventType
from linkage.model.incident import Incident, Outcome, Stage
from linkage.steps.checks import ClosingCheck, possible
from linkage.steps.events import Happened, after
from linkage.steps.moves import Step
from tests.linkage.desk_room import DUTY, LEADER, DeskRoom
from tests.linkage.town import attend, open_town, press, rows

_REPLAYED = [
    f.name
    for f in fields(Incident)
    if f.name.endswith(("_at_ms", "_by"))
    or f.name in ("stage", "outcome", "responders", "dispatched_to", "merged_into", "due_step",
                  "overdue", "suspended_until_ms")
]  # fmt: skip


class Desk(RuleBasedStateMachine):
    """A town with a duty officer and a leader who do anything that is possible, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self._runner = asyncio.Runner()
        self._folder = tempfile.TemporaryDirectory(prefix="lianfang-desk-")
        self._presses = 0
        self.room = self._run(self._open())

    def _run(self, work):
        return self._runner.run(work)

    async def _open(self) -> DeskRoom:
        database = await open_town(Path(self._folder.name))
        room = DeskRoom(database)
        await attend(database, room.clock, "duty", "leader")
        return room

    def teardown(self) -> None:
        self._run(self.room.database.close())
        self._runner.close()
        self._folder.cleanup()

    @initialize()
    def two_press(self):
        self.somebody_presses("b1", AlarmKind.PANIC)
        self.somebody_presses("b5", AlarmKind.FIRE)

    @rule(
        device=st.sampled_from(["b1", "b2", "b5"]),
        kind=st.sampled_from([AlarmKind.PANIC, AlarmKind.MEDICAL, AlarmKind.CANCEL]),
    )
    def somebody_presses(self, device, kind):
        self._presses += 1
        self._run(self.room.happens(press(device, self._presses, kind)))

    @rule(seconds=st.sampled_from([1, 30, 61, 600, 7200]))
    def time_passes(self, seconds):
        self._run(self.room.passes(seconds))

    @rule(data=st.data(), actor=st.sampled_from([DUTY, LEADER]), hours=st.integers(1, 3))
    def somebody_takes_a_step(self, data, actor, hours):
        incidents = self._run(self.room.incidents())
        of = data.draw(st.integers(0, len(incidents) - 1), label="incident")
        steps = possible(incidents[of], actor, ClosingCheck.OTHER_THAN_RESPONDER)
        if Step.ACKNOWLEDGE in steps:
            # else most runs would never come beyond the sign-for
            steps = [Step.ACKNOWLEDGE] * 6 + steps
        step = data.draw(st.sampled_from(steps), label="step")
        others = [one.id for one in incidents if one.id != incidents[of].id]
        alarms = [
            str(r["alarm_id"])
            for r in self._run(rows(self.room.database, "incident_alarms"))
            if r["incident_id"] == incidents[of].id
        ]
        said = {
            Step.DISPATCH: {"to": "leader"},
            Step.CLOSE: {"outcome": Outcome.REAL},
            Step.REASSIGN: {
                "to": "leader",
                "sign_for": data.draw(st.booleans(), label="sign-for"),
            },
            Step.SUSPEND: {"until_ms": self.room.clock.ms + hours * 3_600_000},
            Step.MERGE: {"into": data.draw(st.sampled_from(others), label="into")},
            Step.SPLIT: {"alarms": tuple(alarms[:1])},
        }.get(step, {})
        try:
            self._run(self.room.take(step, actor, of=of, note="说明", reason="原因", **said))
        except StepNotAllowed:
            # what is said does not fit: an only alarm, a closed survivor, an empty chair
            assert step in (Step.REASSIGN, Step.MERGE, Step.SPLIT)

    @invariant()
    def every_open_incident_has_exactly_one_clock(self):
        planned = [
            r
            for r in self._run(rows(self.room.database, "actions"))
            if r["state"] == "planned"
            and r["kind"] in (ActionKind.ESCALATE.value, ActionKind.DUE.value)
        ]
        for incident in self._run(self.room.incidents()):
            clocks = [
                (r["kind"], r["payload"]["step"])
                for r in planned
                if r["incident_id"] == incident.id
            ]
            if not incident.stage.is_open:
                assert clocks == []
            elif incident.acknowledged_by is None:
                assert incident.kind in LIFE_SAFETY_KINDS | {AlarmKind.CANCEL}
                assert [kind for kind, _ in clocks] == ["escalate"]
                assert incident.next_due_at_ms is not None
            elif incident.suspended_until_ms is not None:
                assert clocks == [("due", "resume")]
            else:
                assert clocks == [("due", incident.due_step)]

    @invariant()
    def replaying_the_timeline_gives_every_incident(self):
        told = self._run(rows(self.room.database, "incident_events"))
        for incident in self._run(self.room.incidents()):
            replayed = _as_opened(incident)
            for row in told:
                if row["incident_id"] == incident.id:
                    event = Happened(
                        EventType(row["type"]), row["at_ms"], row["actor"], row["data"]
                    )
                    replayed = after(replayed, event)
            for name in _REPLAYED:
                if name != "next_due_at_ms" or incident.due_step is not None:
                    assert getattr(replayed, name) == getattr(incident, name), name

    @invariant()
    def every_alarm_is_in_an_incident(self):
        linked = self._run(rows(self.room.database, "incident_alarms"))
        assert len(linked) == self._presses


def _as_opened(incident: Incident) -> Incident:
    empty = {f.name: f.default for f in fields(Incident) if f.name in _REPLAYED}
    known = {"stage": Stage.REPORTED, "opened_at_ms": incident.opened_at_ms}
    unset = dict.fromkeys(
        ("acknowledged_by", "acknowledged_at_ms", "closed_at_ms", "outcome", "next_due_at_ms")
    )
    return replace(incident, **{**empty, **unset, **known})


TestDesk = Desk.TestCase
TestDesk.settings = settings(max_examples=12, stateful_step_count=25, deadline=None)
