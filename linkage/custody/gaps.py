"""What is said where a picture or clip is not kept: in the timeline, and for the manifest."""

from collections.abc import Mapping

from alarms.model import LoggedAlarm
from alarms.store.chain import canonical
from linkage.carrier_port import CarryResult
from linkage.custody.model import Why
from linkage.model.action import Action
from linkage.model.event import EventType
from linkage.timeline import NewEvent

MISSING = "picture_missing"
"""In a camera's alarm: why the picture of its moment was not kept."""
_NOTHING_MORE: Mapping[str, object] = {}
_KNOWN = frozenset(why.value for why in Why)


def not_kept(
    action: Action,
    gap_id: str,
    kind: str,
    at_ms: int,
    why: Why,
    detail: str,
    more: Mapping[str, object] = _NOTHING_MORE,
) -> CarryResult:
    """`at_ms`: the moment that it would show; `detail`: the reason's numbers."""
    gap = _gap(
        gap_id, action.incident_id, action.target, kind, at_ms, why, {**more, "said": detail}
    )
    return CarryResult(_told(action.target, why, detail), gap=gap)


def refused_picture(why: Why, said: str, at_ms: int) -> dict[str, object]:
    """For `detail[MISSING]` of a camera's alarm."""
    return {"why": why.value, "said": said, "at_ms": at_ms}


def missing_picture_of(
    incident_id: str, alarm: LoggedAlarm
) -> tuple[dict[str, object], NewEvent] | None:
    """The gap that a camera's alarm brings along, and what the timeline says of it; None where it
    brings its picture, or never had one."""
    match alarm.detail.get(MISSING):
        case {"why": str(word), "said": str(said), "at_ms": int(at_ms)} if word in _KNOWN:
            why = Why(word)
            # one picture an alarm, and so one gap
            gap_id = f"picture-{alarm.id}"
            gap = _gap(gap_id, incident_id, alarm.device, "snapshot", at_ms, why, {"said": said})
            return gap, _told(alarm.device, why, said)
        case _:
            return None


def _gap(
    gap_id: str,
    incident_id: str,
    camera_id: str,
    kind: str,
    at_ms: int,
    why: Why,
    detail: dict[str, object],
) -> dict[str, object]:
    """A row of `evidence_gaps`."""
    return {
        "id": gap_id,
        "incident_id": incident_id,
        "camera_id": camera_id,
        "kind": kind,
        "at_ms": at_ms,
        "why": why.value,
        "detail": canonical(detail),
        "unlink": None,
    }


def _told(camera_id: str, why: Why, said: str) -> NewEvent:
    zh, en = why.label
    error = f"{zh} / {en}" + (f" ({said})" if said else "")
    return NewEvent(EventType.EVIDENCE_FAILED, {"target": camera_id, "error": error})
