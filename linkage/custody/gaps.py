"""What is said where a picture or clip is not kept: in the timeline, and for the manifest."""

from collections.abc import Mapping

from alarms.store.chain import canonical
from linkage.carrier_port import CarryResult
from linkage.custody.model import Why
from linkage.model.action import Action
from linkage.model.event import EventType
from linkage.timeline import NewEvent

_NOTHING_MORE: Mapping[str, object] = {}


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
    zh, en = why.label
    said = f"{zh} / {en}" + (f" ({detail})" if detail else "")
    gap = {
        "id": gap_id,
        "incident_id": action.incident_id,
        "camera_id": action.target,
        "kind": kind,
        "at_ms": at_ms,
        "why": why.value,
        "detail": canonical({**more, "said": detail}),
        "unlink": None,
    }
    event = NewEvent(EventType.EVIDENCE_FAILED, {"target": action.target, "error": said})
    return CarryResult(event, gap=gap)
