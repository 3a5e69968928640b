"""Writing what the pipeline decided: the incident, its alarms, cameras, events and actions.

Runs inside the engine's transaction. What to write is decided before it comes here.
"""

import uuid
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from alarms.model import AlarmKind, LoggedAlarm
from linkage import records
from linkage.facts import Facts, OpenIncident
from linkage.model import ActionKind, EventType, Stage
from linkage.schema import evidence, incident_alarms, incident_cameras, incidents
from linkage.stages import Draft
from linkage.timeline import NewEvent, record


def write(conn: Connection, draft: Draft, facts: Facts, *, writer: str) -> int | None:
    """Write the draft; the position of its last event, None when there is nothing to write."""
    if draft.finished:
        return None
    if draft.extends is None:
        incident_id = _open(conn, draft, facts)
        events = [NewEvent(EventType.OPENED, _what_came(draft, facts.alarm))]
    else:
        incident_id = draft.extends.id
        events = _extend(conn, draft, facts, draft.extends)
    _link_alarm(conn, incident_id, draft, facts.alarm)
    _link_cameras(conn, incident_id, draft)
    records.plan(conn, incident_id, draft.actions, now_ms=facts.now_ms)
    picture = _keep_picture(conn, incident_id, facts.alarm)
    if picture is not None:
        events.append(picture)
    return record(conn, incident_id, events, writer=writer, at_ms=facts.now_ms, new_version=True)


def _open(conn: Connection, draft: Draft, facts: Facts) -> str:
    incident_id = uuid.uuid4().hex
    conn.execute(
        insert(incidents).values(
            id=incident_id,
            number=records.next_number(conn, _local_date(facts.local)),
            stage=Stage.REPORTED.value,
            priority=draft.priority,
            kind=draft.kind.value,
            silent=draft.silent,
            drill=False,
            plan=draft.plan,
            opened_at_ms=facts.alarm.received_at_ms,
            village_id=draft.place.village_id,
            grid_id=draft.place.grid_id,
            group_id=draft.place.group_id,
            household_id=draft.place.household_id,
            camera_id=draft.place.camera_id,
            cancel_claimed=draft.cancel_claimed,
            ring=1,
            next_due_at_ms=facts.now_ms,
            version=0,
            changed_position=0,
        )
    )
    return incident_id


def _extend(conn: Connection, draft: Draft, facts: Facts, found: OpenIncident) -> list[NewEvent]:
    changed: dict[str, object] = {
        "kind": draft.kind.value,
        "priority": draft.priority,
        "plan": draft.plan,
        "silent": draft.silent,
        "cancel_claimed": draft.cancel_claimed,
    }
    events = [NewEvent(EventType.ALARM_ADDED, _what_came(draft, facts.alarm))]
    who: dict[str, object] = {
        "alarm": facts.alarm.id,
        "household": draft.place.household_id,
        "label": draft.place.label,
    }
    if facts.alarm.kind is AlarmKind.CANCEL:
        events.append(NewEvent(EventType.CANCEL_CLAIMED, who))
    if draft.rings:
        changed["ring"] = found.ring + 1
        why = next(d.reason for d in draft.decisions if d.stage == "ring")
        events.append(
            NewEvent(
                EventType.RANG_AGAIN,
                {
                    **who,
                    "kind": facts.alarm.kind.value,
                    "reason": why,
                    "was_acknowledged_by": found.acknowledged_by if draft.restarts else None,
                },
            )
        )
    if draft.restarts:
        changed |= {
            "acknowledged_by": None,
            "acknowledged_at_ms": None,
            "next_due_at_ms": facts.now_ms,
        }
        records.cancel(conn, found.id, [ActionKind.ESCALATE], now_ms=facts.now_ms)
    conn.execute(update(incidents).where(incidents.c.id == found.id).values(**changed))
    return events


def _what_came(draft: Draft, alarm: LoggedAlarm) -> dict[str, object]:
    return {
        "alarm": alarm.id,
        "kind": alarm.kind.value,
        "silent": alarm.silent,
        "source": alarm.source.value,
        "device": alarm.device,
        "household": draft.place.household_id,
        "label": draft.place.label,
        "cameras": [camera.camera_id for camera in draft.cameras],
        "decisions": [asdict(decision) for decision in draft.decisions],
    }


def _link_alarm(conn: Connection, incident_id: str, draft: Draft, alarm: LoggedAlarm) -> None:
    conn.execute(
        insert(incident_alarms).values(
            alarm_id=alarm.id,
            incident_id=incident_id,
            position=alarm.position,
            device=alarm.device,
            kind=alarm.kind.value,
            silent=alarm.silent,
            received_at_ms=alarm.received_at_ms,
            flags=" ".join(sorted(alarm.flags)),
            household_id=draft.place.household_id,
        )
    )


def _link_cameras(conn: Connection, incident_id: str, draft: Draft) -> None:
    linked = set(
        conn.scalars(
            select(incident_cameras.c.camera_id).where(
                incident_cameras.c.incident_id == incident_id
            )
        )
    )
    fresh = [
        {"incident_id": incident_id, "camera_id": c.camera_id, "distance_m": c.distance_m}
        for c in draft.cameras
        if c.camera_id not in linked
    ]
    if fresh:
        conn.execute(insert(incident_cameras), fresh)


def _keep_picture(conn: Connection, incident_id: str, alarm: LoggedAlarm) -> NewEvent | None:
    """The picture that a camera's alarm brought along; it lies in the evidence folder already."""
    match alarm.detail.get("picture"):
        case {"file": str(file), "sha256": str(sha256), "size": int(size), "at_ms": int(at_ms)}:
            # one picture an alarm: its id is the alarm's
            row: dict[str, object] = {
                "id": alarm.id,
                "incident_id": incident_id,
                "camera_id": alarm.device,
                "kind": "snapshot",
                "file": file,
                "sha256": sha256,
                "size": size,
                "at_ms": at_ms,
            }
            conn.execute(insert(evidence).values(**row))
            return evidence_added(row)
        case _:
            return None


def evidence_added(row: dict[str, object]) -> NewEvent:
    """The event for a row of `evidence`; the file's name is nobody's business on the console."""
    told = {
        "evidence": row["id"],
        "camera": row["camera_id"],
        "kind": row["kind"],
        "sha256": row["sha256"],
        "at_ms": row["at_ms"],
    }
    return NewEvent(EventType.EVIDENCE_ADDED, told)


def _local_date(local: datetime) -> str:
    return f"{local:%Y%m%d}"
