"""The carriers of the outbox: what it means to carry out a notice, a reply, a snapshot, a call.

Each knows one kind of action and one port. The escalation's look has a room of its own.
"""

import json
from typing import Protocol

from lianfang_timing import Clock, unix_ms
from linkage.carrier_port import CarryResult
from linkage.custody.gaps import not_kept
from linkage.custody.model import Why
from linkage.escalation.telling import INFORM
from linkage.evidence import EvidenceFolder, evidence_row
from linkage.evidence_events import evidence_added
from linkage.model.action import Action
from linkage.model.event import EventType
from linkage.timeline import NewEvent
from linkage.ways.carrying import WayCarrier
from linkage.ways.devices import DevicePublisher, NoticeWay
from linkage.ways.port import Receipt

SNAPSHOT_LIMIT_S = 10.0
USUAL_PICTURE_BYTES = 300_000


class CameraEyes(Protocol):
    """The way to a camera's picture of now."""

    async def snapshot(self, camera_id: str, *, timeout_s: float) -> bytes:
        """A JPEG. Raises NoSnapshot."""
        ...


class EvidenceRoom(Protocol):
    """`linkage.custody.room.Room`."""

    async def refusal(
        self, camera_id: str, *, wanted_bytes: int, is_routine: bool
    ) -> tuple[Why, str] | None:
        """Why nothing may be kept of this camera now. Raises StoreBusy."""
        ...


class NoticeCarrier(WayCarrier):
    """Tells a member's device that a neighbour needs help (contract §3, `…/notice`)."""

    def __init__(self, publisher: DevicePublisher, clock: Clock, *, prefix: str) -> None:
        super().__init__(NoticeWay(publisher, prefix=prefix), clock)

    def event(self, action: Action, receipt: Receipt) -> NewEvent | None:
        if "over" in action.payload:
            return None
        return NewEvent(EventType.NOTICE_SENT, {"device": action.target})


class ReplyCarrier:
    """Tells a button how its press fares (contract §3, `…/reply`)."""

    def __init__(self, publisher: DevicePublisher, *, prefix: str) -> None:
        self._publisher = publisher
        self._prefix = prefix

    async def carry(self, action: Action) -> CarryResult:
        told = action.payload
        payload = {"v": 1, **{k: told[k] for k in ("boot", "seq", "state", "alarm", "time_ms")}}
        await self._publisher.publish(
            f"{self._prefix}/button/{action.target}/reply", _json(payload)
        )
        said = {"device": action.target, "state": told["state"], "alarm": told["alarm"]}
        return CarryResult(NewEvent(EventType.REPLY_SENT, said))


class SnapshotCarrier:
    """Asks a camera for its picture of now and keeps it as evidence."""

    def __init__(
        self, eyes: CameraEyes, folder: EvidenceFolder, room: EvidenceRoom, clock: Clock
    ) -> None:
        self._eyes = eyes
        self._folder = folder
        self._room = room
        self._clock = clock

    async def carry(self, action: Action) -> CarryResult:
        # the id makes it one row, however often it is carried
        evidence_id = action.id.rpartition("-")[2]
        refusal = await self._room.refusal(
            action.target, wanted_bytes=USUAL_PICTURE_BYTES, is_routine=False
        )
        if refusal is not None:
            why, detail = refusal
            now_ms = unix_ms(self._clock.now())
            # a clip of the same camera and cause has the same end of its id
            gap_id = f"snapshot-{evidence_id}"
            return not_kept(action, gap_id, "snapshot", now_ms, why, detail)
        jpeg = await self._eyes.snapshot(action.target, timeout_s=SNAPSHOT_LIMIT_S)
        kept = await self._folder.put(jpeg, self._clock.now())
        row = evidence_row(
            evidence_id=evidence_id,
            incident_id=action.incident_id,
            camera_id=action.target,
            kind="snapshot",
            file=kept.file,
            sha256=kept.sha256,
            size=kept.size,
            at_ms=kept.at_ms,
        )
        return CarryResult(evidence_added(row), evidence=[row])


class PageCarrier:
    """Calls a person on the console: the incident's own ring is the sound, this is the record."""

    async def carry(self, action: Action) -> CarryResult:
        is_informed = action.payload.get("why") == INFORM
        told = EventType.INFORMED if is_informed else EventType.PAGED
        return CarryResult(NewEvent(told, dict(action.payload)))


def _json(payload: dict[str, object]) -> bytes:
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
