"""Writing what the pipeline decided: incidents, their alarms, cameras, events and actions.

Runs inside the engine's transaction. What to write is decided before it comes here.
"""

import uuid
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, insert, update

from alarms.model import LoggedAlarm
from linkage.bulk import execute_many
from linkage.cells import cell_of
from linkage.custody.gaps import missing_picture_of
from linkage.custody.schema import evidence_gaps
from linkage.evidence_events import evidence_added, picture_of
from linkage.facts import Facts, OpenIncident
from linkage.joining import extended, extension, linked_alarm, next_look, what_came
from linkage.model.action import ActionKind, ActionState, PlannedAction
from linkage.model.event import EventType
from linkage.model.incident import Stage
from linkage.quiet.turning_real import real_notices
from linkage.records import Fresh, Numbers, cancel_all, plan_rows, planned_rows
from linkage.schema import evidence, incident_alarms, incident_cameras, incidents
from linkage.stages import Draft
from linkage.timeline import Entry, NewEvent, record_all

# Built once: making and hashing a statement costs more than running it.
_OPEN = insert(incidents)
_EXTEND = update(incidents).where(incidents.c.id == bindparam("incident"))
_RESTART = update(incidents).where(incidents.c.id == bindparam("incident"))
_MOVE = update(incidents).where(incidents.c.id == bindparam("incident"))
_LINK_ALARM = insert(incident_alarms)
_LINK_CAMERA = insert(incident_cameras)
_KEEP_EVIDENCE = insert(evidence)
_NOTE_GAP = insert(evidence_gaps)


class Linking:
    """What one transaction of the engine changes: gathered alarm by alarm, written at once."""

    def __init__(self, conn: Connection, *, now_ms: int) -> None:
        self._conn = conn
        self._now_ms = now_ms
        self._numbers = Numbers(conn)
        self._opened: dict[str, dict[str, object]] = {}
        self._extended: dict[str, OpenIncident] = {}
        self._restarted: set[str] = set()
        self._moved: set[str] = set()
        self._alarms: list[dict[str, object]] = []
        self._cameras: list[dict[str, object]] = []
        self._actions: list[dict[str, object]] = []
        self._looks: dict[str, list[dict[str, object]]] = defaultdict(list)
        self._evidence: list[dict[str, object]] = []
        self._gaps: list[dict[str, object]] = []
        self._entries: list[Entry] = []
        self._fresh: list[tuple[Fresh, dict[str, object]]] = []
        self.fresh_is_all = True
        """What is due at once is all in `fresh`."""

    def add(self, draft: Draft, facts: Facts) -> OpenIncident | None:
        """Note the draft; the incident as it is with it, None when there is nothing to write."""
        if draft.finished:
            return None
        if draft.extends is None:
            incident = self._open(draft, facts)
            events = [NewEvent(EventType.OPENED, what_came(draft, facts.alarm))]
        else:
            incident = extended(draft, facts, draft.extends)
            events = extension(draft, facts, draft.extends)
        before = frozenset() if draft.extends is None else draft.extends.camera_ids
        if incident.id in self._opened:
            self._opened[incident.id] |= _columns(incident) | _whereabouts(incident)
        else:
            self._extended[incident.id] = incident
            if draft.extends is not None and _whereabouts(draft.extends) != _whereabouts(incident):
                self._moved.add(incident.id)
        if draft.restarts and draft.extends is not None:
            self._restart(incident.id)
        self._link(incident.id, draft, facts.alarm, before)
        told_it_is_real = self._told_it_is_real(draft, facts)
        actions = [*draft.actions, *told_it_is_real]
        planned = planned_rows(actions, incident.id, self._now_ms, ring=incident.ring)
        self._actions += planned
        if told_it_is_real or (draft.restarts and draft.extends is not None):
            # may have been planned before, or is cancelled with what the same batch planned
            self.fresh_is_all = False
        else:
            self._note_fresh(draft, incident.id, planned)
        self._looks[incident.id] += [r for r in planned if r["kind"] == ActionKind.ESCALATE.value]
        missing = missing_picture_of(incident.id, facts.alarm)
        if missing is not None:
            gap, told = missing
            self._gaps.append(gap)
            events.append(told)
        picture = picture_of(incident.id, facts.alarm)
        if picture is not None:
            self._evidence.append(picture)
            events.append(evidence_added(picture))
        self._entries.append(Entry(incident.id, events, new_version=True))
        return incident

    def _note_fresh(
        self, draft: Draft, incident_id: str, rows: Sequence[dict[str, object]]
    ) -> None:
        # ids are made of the alarm's, which is linked here and never again: nobody planned them
        self._fresh += [
            (Fresh(action, incident_id, turn), row)
            for action, row in zip(draft.actions, rows, strict=True)
            if action.due_at_ms <= self._now_ms and isinstance(turn := row["turn"], int)
        ]

    @property
    def fresh(self) -> list[Fresh]:
        """What was planned for the first time and is due at once."""
        planned = ActionState.PLANNED.value
        return [fresh for fresh, row in self._fresh if row["state"] == planned]

    def write(self, *, writer: str) -> int:
        """Write all of it; the position of its last event, 0 when there is none."""
        conn = self._conn
        restarted = [self._restart_row(i) for i in self._restarted if i in self._extended]
        moved = [self._extended[i] for i in self._moved]
        for statement, rows in (
            (_OPEN, list(self._opened.values())),
            (_EXTEND, [{"incident": i.id, **_columns(i)} for i in self._extended.values()]),
            (_MOVE, [{"incident": i.id, **_whereabouts(i)} for i in moved]),
            (_RESTART, restarted),
            (_LINK_ALARM, self._alarms),
            (_LINK_CAMERA, self._cameras),
            (_KEEP_EVIDENCE, self._evidence),
            (_NOTE_GAP, self._gaps),
        ):
            if rows:
                execute_many(conn, statement, rows)
        if restarted:
            ids = [str(row["incident"]) for row in restarted]
            # a siren that was to end by the first alarm sounds on with this one
            over = [ActionKind.ESCALATE, ActionKind.DUE, ActionKind.SIREN]
            cancel_all(conn, ids, over, now_ms=self._now_ms)
        plan_rows(conn, self._actions)
        return record_all(conn, self._entries, writer=writer, at_ms=self._now_ms)

    def _open(self, draft: Draft, facts: Facts) -> OpenIncident:
        incident = OpenIncident(
            id=uuid.uuid4().hex,
            number=self._numbers.next(_local_date(facts.local)),
            opened_at_ms=facts.alarm.received_at_ms,
            kind=draft.kind,
            priority=draft.priority,
            plan=draft.plan,
            silent=draft.silent,
            ring=1 if draft.rings else 0,
            cancel_claimed=draft.cancel_claimed,
            acknowledged_by=None,
            group_id=draft.place.group_id,
            # a flood is nobody's own: its cameras are among those that are linked
            camera_id=draft.place.camera_id if draft.flood_village is None else None,
            alarms=(linked_alarm(draft, facts.alarm),),
            camera_ids=frozenset(c.camera_id for c in draft.cameras),
            pending=next_look(draft),
            village_id=draft.place.village_id,
            grid_id=draft.place.grid_id,
            household_id=draft.place.household_id,
            latitude=draft.place.latitude,
            longitude=draft.place.longitude,
            certainty=draft.certainty,
            drill_id=None if draft.drill is None else draft.drill.id,
            is_drill=draft.is_drill,
            flood_village=draft.flood_village,
        )
        self._opened[incident.id] = {
            "id": incident.id,
            "number": incident.number,
            "stage": Stage.REPORTED.value,
            "opened_at_ms": incident.opened_at_ms,
            "camera_id": incident.camera_id,
            "flood_village": incident.flood_village,
            # nobody is called for what is muted: nothing is due
            "next_due_at_ms": self._now_ms if draft.restarts else None,
            "version": 0,
            "changed_position": 0,
        }
        return incident

    def _told_it_is_real(self, draft: Draft, facts: Facts) -> list[PlannedAction]:
        """Those who were told of a drill are told that it is none; this alarm's own are planned."""
        # what a duress causes must be seen nowhere near it
        if draft.made_real is None or draft.extends is None or draft.silent:
            return []
        linked = draft.extends.alarms
        quiet = {a.household_id for a in linked if a.is_quiet}
        pressed = {a.household_id for a in linked} - quiet - {draft.place.household_id}
        return real_notices(
            self._conn, pressed, spared=quiet, cause=facts.alarm.id, now_ms=self._now_ms
        )

    def _restart(self, incident_id: str) -> None:
        """The clock begins anew: what it had planned is cancelled, here and in the store."""
        self._restarted.add(incident_id)
        for row in self._looks[incident_id]:
            row |= {"state": ActionState.CANCELLED.value, "done_at_ms": self._now_ms}

    def _restart_row(self, incident_id: str) -> dict[str, object]:
        return {
            "incident": incident_id,
            "acknowledged_by": None,
            "acknowledged_at_ms": None,
            "next_due_at_ms": self._now_ms,
            # nobody has it any more: nothing is suspended, and a sign-for is waited for first
            "suspended_until_ms": None,
            "due_step": None,
            "overdue": None,
        }

    def _link(
        self, incident_id: str, draft: Draft, alarm: LoggedAlarm, cameras: frozenset[str]
    ) -> None:
        self._alarms.append(
            {
                "alarm_id": alarm.id,
                "incident_id": incident_id,
                "position": alarm.position,
                "device": alarm.device,
                "kind": alarm.kind.value,
                "silent": alarm.silent,
                "received_at_ms": alarm.received_at_ms,
                "flags": " ".join(sorted(alarm.flags)),
                "household_id": draft.place.household_id,
            }
        )
        self._cameras += [
            {"incident_id": incident_id, "camera_id": c.camera_id, "distance_m": c.distance_m}
            for c in draft.cameras
            if c.camera_id not in cameras
        ]


def _columns(incident: OpenIncident) -> dict[str, object]:
    """What an alarm may change of an incident."""
    return {
        "kind": incident.kind.value,
        "priority": incident.priority,
        "plan": incident.plan,
        "silent": incident.silent,
        "ring": incident.ring,
        "cancel_claimed": incident.cancel_claimed,
        "certainty": incident.certainty.value,
        "drill": incident.is_drill,
        "drill_id": incident.drill_id,
    }


def _whereabouts(incident: OpenIncident) -> dict[str, object]:
    """What changes only when the incident becomes another household's."""
    return {
        "village_id": incident.village_id,
        "grid_id": incident.grid_id,
        "group_id": incident.group_id,
        "household_id": incident.household_id,
        "latitude": incident.latitude,
        "longitude": incident.longitude,
        "cell": cell_of(incident.latitude, incident.longitude),
    }


def _local_date(local: datetime) -> str:
    # with `%Y%m%d` it takes five times as long, for every incident
    return f"{local.year:04}{local.month:02}{local.day:02}"
