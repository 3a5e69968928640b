"""The carriers of clips: having one begun when an alarm comes, and keeping it when it is whole.

Between the two the camera's worker works alone. A clip that cannot be had is a gap with its
reason; it holds up nothing else of the incident.
"""

import asyncio
import hashlib
from pathlib import Path
from typing import Protocol

import msgspec

from alarms.store.chain import canonical
from camerad.evidence.model import ClipFacts, ClipFile, ClipOrder, Cut
from lianfang_timing import Clock, unix_ms
from linkage.carrier_port import CarryResult
from linkage.custody import clip_files
from linkage.custody.clip_files import Wanted, sha256_of
from linkage.custody.gaps import not_kept
from linkage.custody.model import Why
from linkage.custody.room import Room
from linkage.errors import ClipNotReady, EvidenceNotKept
from linkage.evidence import EvidenceFolder, evidence_row
from linkage.evidence_events import evidence_added
from linkage.model.action import Action

USUAL_BYTES_PER_S = 500_000
"""4 Mbit/s: what a main stream usually brings."""
_AT_MOST = 5
"""Times the usual: beyond it a clip ends early."""
_GIVE_UP_MS = 10 * 60 * 1000


class ClipMaking(Protocol):
    """What is needed of `camerad.fleet.Fleet`."""

    async def begin_clip(self, order: ClipOrder, *, timeout_s: float = 5.0) -> None: ...
    def clip_done(self, clip_id: str) -> ClipFacts | None: ...
    def clip_runs(self, clip_id: str) -> bool: ...


class ClipCarrier:
    """Has a clip begun, where there is room for it."""

    def __init__(self, cameras: ClipMaking, folder: EvidenceFolder, room: Room) -> None:
        self._cameras = cameras
        self._folder = folder
        self._room = room

    async def carry(self, action: Action) -> CarryResult:
        wanted = Wanted.of(action)
        usual = round(wanted.lasts_s * USUAL_BYTES_PER_S)
        refusal = await self._room.refusal(
            action.target, wanted_bytes=usual, is_routine=wanted.is_routine
        )
        if refusal is not None:
            why, detail = refusal
            self._room.clips_missing[why] += 1
            return missing(action, wanted, why, detail)
        await self._cameras.begin_clip(
            ClipOrder(
                id=wanted.clip,
                camera_id=action.target,
                from_ms=wanted.from_ms,
                press_ms=wanted.press_ms,
                until_ms=wanted.until_ms,
                base=str(self._folder.path / wanted.base),
                max_bytes=usual * _AT_MOST,
            )
        )
        return CarryResult()


class ClipKeptCarrier:
    """Takes a clip and its pictures in when they are whole, or says why there are none."""

    def __init__(
        self, cameras: ClipMaking, folder: EvidenceFolder, room: Room, clock: Clock
    ) -> None:
        self._cameras = cameras
        self._folder = folder
        self._room = room
        self._clock = clock

    async def carry(self, action: Action) -> CarryResult:
        wanted = Wanted.of(action)
        if await self._room.has_gap(wanted.clip):
            return CarryResult()
        now_ms = unix_ms(self._clock.now())
        facts = self._cameras.clip_done(wanted.clip)
        begun = True
        # a masked one may wait long for its turn, and looks as if it had been left
        if facts is None and not self._cameras.clip_runs(wanted.clip):
            facts, begun = await self._look(action, wanted, now_ms)
        if facts is None and begun and now_ms < wanted.until_ms + _GIVE_UP_MS:
            raise ClipNotReady("the clip is being made still")
        if facts is None:
            why = Why.TOO_LATE if begun else Why.CAMERA_DOWN
            self._room.clips_missing[why] += 1
            return missing(action, wanted, why, "")
        return await self._keep(action, wanted, facts)

    async def _look(
        self, action: Action, wanted: Wanted, now_ms: int
    ) -> tuple[ClipFacts | None, bool]:
        try:
            found = await asyncio.to_thread(
                clip_files.look, self._folder.path, wanted, action.target, now_s=now_ms / 1000
            )
        except (OSError, msgspec.DecodeError) as error:
            raise EvidenceNotKept(f"the clip cannot be read: {error}") from error
        return found.facts, found.begun

    async def _keep(self, action: Action, wanted: Wanted, facts: ClipFacts) -> CarryResult:
        folder = (self._folder.path / wanted.base).parent
        rows = []
        for file in facts.files:
            try:
                sha256, size = await asyncio.to_thread(sha256_of, folder / file.name)
            except OSError as error:
                raise EvidenceNotKept(f"a file of the clip cannot be read: {error}") from error
            rows.append(_row(action, wanted, facts, file, sha256, size))
        clip = next((row for row in rows if row["kind"] == "clip"), None)
        if clip is not None:
            self._room.clips_kept += 1
            return CarryResult(evidence_added(clip), evidence=rows)
        why = Why.CAMERA_DOWN
        if Cut.NO_ENCODER.value in facts.cuts:
            why = Why.NO_ENCODER
        elif Cut.DISK.value in facts.cuts:
            why = Why.DISK_FULL
        self._room.clips_missing[why] += 1
        told = missing(action, wanted, why, facts.error)
        return CarryResult(told.event, evidence=rows, gap=told.gap)


def missing(action: Action, wanted: Wanted, why: Why, detail: str) -> CarryResult:
    """There is no clip: for the timeline, and for the manifest."""
    times = {"from_ms": wanted.from_ms, "until_ms": wanted.until_ms}
    return not_kept(action, wanted.clip, "clip", wanted.press_ms, why, detail, times)


def _row(
    action: Action, wanted: Wanted, facts: ClipFacts, file: ClipFile, sha256: str, size: int
) -> dict[str, object]:
    is_clip = file.kind == "clip"
    detail: dict[str, object] = {"masked": facts.masked}
    if is_clip:
        detail |= {
            "asked_from_ms": wanted.from_ms,
            "asked_until_ms": wanted.until_ms,
            "codec": facts.codec,
            "encoder": facts.encoder,
            "width": facts.width,
            "height": facts.height,
            "cuts": list(facts.cuts),
            "error": facts.error,
        }
    return evidence_row(
        # from the clip's id and the file's name: one file, one row, however often it is carried
        evidence_id=hashlib.sha256(f"{wanted.clip}|{file.name}".encode()).hexdigest()[:32],
        incident_id=action.incident_id,
        camera_id=action.target,
        kind=file.kind,
        file=str(Path(wanted.base).parent / file.name),
        sha256=sha256,
        size=size,
        at_ms=file.from_ms,
        moment=file.moment or None,
        until_ms=file.until_ms if is_clip else None,
        press_ms=wanted.press_ms,
        detail=canonical(detail),
    )
