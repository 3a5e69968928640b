"""Incidents in a store, with the events that their timelines would have."""

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import insert

from lianfang_timing import from_unix_ms, unix_ms
from linkage import schema as s
from linkage.model.event import EventType as E
from linkage.timeline import NewEvent, record

ZONE = ZoneInfo("Asia/Shanghai")
USUAL = (
    (E.ACKNOWLEDGED, 20, {}),
    (E.VERIFIED, 40, {}),
    (E.DISPATCHED, 60, {}),
    (E.SET_OUT, 180, {}),
    (E.ARRIVED, 660, {}),
    (E.RESPONDED, 2460, {}),
)
"""Seconds after the alarm."""


def local(*moment):
    return unix_ms(datetime(*moment, tzinfo=ZONE))


def tell(conn, number, opened_at_ms, events=USUAL, *, presses=1, **facts):
    """A closed panic press of household dongcun-017 with these events; the incident's id."""
    day = f"{from_unix_ms(opened_at_ms).astimezone(ZONE):%Y%m%d}"
    incident = f"i-{day}-{number}"
    home = facts.get("household_id", "dongcun-017")
    kind = facts.get("kind", "panic")
    row = {
        "id": incident,
        "number": f"{day}-{number:04d}",
        "stage": "closed",
        "priority": 1,
        "kind": kind,
        "silent": False,
        "drill": False,
        "plan": "default",
        "opened_at_ms": opened_at_ms,
        "closed_at_ms": opened_at_ms + 3_600_000,
        "village_id": "dongcun",
        "household_id": home,
        "cancel_claimed": False,
        "outcome": "real",
        "ring": 1,
        "version": 0,
        "changed_position": 0,
        **facts,
    }
    conn.execute(insert(s.incidents).values(**row))
    for press in range(presses):
        conn.execute(
            insert(s.incident_alarms).values(
                alarm_id=f"{incident}-a{press}",
                incident_id=incident,
                position=opened_at_ms * 10 + press,
                device=facts.get("camera_id") or f"{home}-1",
                kind=kind,
                silent=False,
                received_at_ms=opened_at_ms + press * 1000,
                flags="",
                household_id=home,
            )
        )
    for event, after_s, data in events:
        at_ms = opened_at_ms + after_s * 1000
        told = [NewEvent(event, data, actor="duty")]
        record(conn, incident, told, writer="test", at_ms=at_ms, new_version=True)
    return incident
