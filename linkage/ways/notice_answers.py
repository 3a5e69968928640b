"""What members' devices say to notices they were sent, kept with the notice and in the timeline.

Runs inside the desk's transaction.
"""

from collections.abc import Sequence

from sqlalchemy import Connection

from alarms.model import SeenNotice
from linkage import records
from linkage.model.event import EventType
from linkage.timeline import Entry, NewEvent, record_all

_SEEN_ORDER = ("delivered", "read", "coming", "cannot")


def keep(
    conn: Connection, said: Sequence[SeenNotice], *, writer: str, now_ms: int
) -> tuple[list[bool], int]:
    """For each whether there is such a notice to this device; and the last event's position."""
    # devices may send any text; not every database takes any
    asked = [one.notice_id for one in said if one.notice_id.isascii()]
    notices = records.notices(conn, [i for i in asked if i.isprintable()])
    known: list[bool] = []
    entries: list[Entry] = []
    changed: dict[str, dict[str, object]] = {}
    for one in said:
        notice = notices.get(one.notice_id)
        if one.state not in _SEEN_ORDER or notice is None or notice.target != one.device:
            known.append(False)
            continue
        known.append(True)
        payload = changed.get(notice.id, notice.payload)
        if not _is_news(payload.get("seen"), one.state):
            continue
        changed[notice.id] = {**payload, "seen": one.state}
        event = NewEvent(EventType.NOTICE_SEEN, {"device": one.device, "state": one.state})
        entries.append(Entry(notice.incident_id, [event], new_version=False))
    records.keep_payloads(conn, changed)
    return known, record_all(conn, entries, writer=writer, at_ms=now_ms)


def _is_news(before: object, state: str) -> bool:
    """Messages may come twice and out of order; coming and cannot may change into each other."""
    return not (
        before == state
        or (before in ("coming", "cannot") and state in ("delivered", "read"))
        or (before == "read" and state == "delivered")
    )
