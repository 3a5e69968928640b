"""What comes with evidence: the row of a picture that an alarm brought, the event of any."""

from alarms.model import LoggedAlarm
from linkage.model.event import EventType
from linkage.timeline import NewEvent


def picture_of(incident_id: str, alarm: LoggedAlarm) -> dict[str, object] | None:
    """The picture that a camera's alarm brought along; it lies in the evidence folder already."""
    match alarm.detail.get("picture"):
        case {"file": str(file), "sha256": str(sha256), "size": int(size), "at_ms": int(at_ms)}:
            # one picture an alarm: its id is the alarm's
            return {
                "id": alarm.id,
                "incident_id": incident_id,
                "camera_id": alarm.device,
                "kind": "snapshot",
                "file": file,
                "sha256": sha256,
                "size": size,
                "at_ms": at_ms,
            }
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
