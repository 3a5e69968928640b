"""Whether there is room for more evidence: the quota, the disk and the camera's own standing."""

import asyncio
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, exists, func, select

from alarms.store import Database
from lianfang_timing import Clock
from linkage import schema as s
from linkage.consent.judging import PRIVATE
from linkage.consent.reading import keeps
from linkage.custody.admission import refused
from linkage.custody.model import Keeping, Why
from linkage.custody.schema import evidence_gaps
from linkage.parts import Disk

_COUNTED_EVERY_S = 20.0

FreeBytes = Callable[[Path], int]


def free_bytes_of(folder: Path) -> int:
    """What the disk under `folder` has left for us. Raises OSError."""
    return shutil.disk_usage(folder).free


@dataclass(frozen=True)
class Tally:
    """What is kept at a moment."""

    used_bytes: int
    files: int
    oldest_ms: int | None
    free_bytes: int
    quota_bytes: int
    """0: none but the disk."""


class Room:
    """Asked before anything large is kept."""

    def __init__(
        self,
        database: Database,
        folder: Path,
        keeping: Keeping,
        clock: Clock,
        *,
        free_bytes: FreeBytes = free_bytes_of,
    ) -> None:
        self._database = database
        self._folder = folder
        self._keeping = keeping
        self._clock = clock
        self._free_bytes = free_bytes
        self._used = 0
        self._promised = 0
        self.refused: Counter[Why] = Counter()
        """Since the start, by why."""
        self.clips_kept = 0
        self.clips_missing: Counter[Why] = Counter()
        self._count_at_s = clock.monotonic()

    async def refusal(
        self, camera_id: str, *, wanted_bytes: int, is_routine: bool
    ) -> tuple[Why, str] | None:
        """Why nothing may be kept of this camera now; None when it may. Raises StoreBusy."""
        refusal = await self._refusal(camera_id, wanted_bytes=wanted_bytes, is_routine=is_routine)
        if refusal is not None:
            self.refused[refusal[0]] += 1
        return refusal

    def disk(self) -> Disk | None:
        """What the disk has left; None when it cannot be looked at. May take a moment."""
        try:
            usage = shutil.disk_usage(
                self._folder if self._folder.exists() else self._folder.parent
            )
        except OSError:
            return None
        return Disk(usage.free, usage.total, self._keeping.keep_free_bytes)

    async def has_gap(self, clip: str) -> bool:
        """Whether it was said already that there is no such clip. Raises StoreBusy."""
        asked = select(exists().where(evidence_gaps.c.id == clip))
        return bool(await self._database.read(lambda conn: conn.scalar(asked)))

    async def tally(self) -> Tally:
        """What is kept now. Raises StoreBusy and OSError."""
        e = s.evidence.c
        asked = select(func.coalesce(func.sum(e.size), 0), func.count(), func.min(e.at_ms))
        used, files, oldest_ms = await self._database.read(
            lambda conn: tuple(conn.execute(asked).one())
        )
        free = await asyncio.to_thread(self._free_bytes, self._folder)
        return Tally(int(used), files, oldest_ms, free, self._keeping.quota_bytes)

    async def space_refusal(self, *, wanted_bytes: int, is_routine: bool) -> tuple[Why, str] | None:
        """As `refusal`, of what comes from no camera of ours."""
        refusal = await self._space_refusal(wanted_bytes, is_routine=is_routine)
        if refusal is not None:
            self.refused[refusal[0]] += 1
        return refusal

    async def _refusal(
        self, camera_id: str, *, wanted_bytes: int, is_routine: bool
    ) -> tuple[Why, str] | None:
        camera = await self._database.read(lambda conn: _camera(conn, camera_id))
        if camera is None:
            return Why.WITHDRAWN, ""
        if camera.legal_class == PRIVATE and not camera.household_keeps:
            return Why.HOUSEHOLD, ""
        return await self._space_refusal(wanted_bytes, is_routine=is_routine)

    async def _space_refusal(
        self, wanted_bytes: int, *, is_routine: bool
    ) -> tuple[Why, str] | None:
        await self._count()
        try:
            free = await asyncio.to_thread(self._free_bytes, self._folder)
        except OSError as error:
            return Why.DISK_FULL, error.strerror or "the folder cannot be read"
        refusal = refused(
            self._keeping,
            # clips under way are on the disk in part at most
            used_bytes=self._used + self._promised,
            free_bytes=free - self._promised,
            wanted_bytes=wanted_bytes,
            is_routine=is_routine,
        )
        if refusal is None:
            self._promised += wanted_bytes
        return refusal

    async def _count(self) -> None:
        if self._clock.monotonic() < self._count_at_s:
            return
        self._used = await self._database.read(_used)
        self._promised = 0
        self._count_at_s = self._clock.monotonic() + _COUNTED_EVERY_S


@dataclass(frozen=True)
class _Camera:
    legal_class: str
    household_keeps: bool
    """Its household agreed that pictures of an incident are kept."""


def _camera(conn: Connection, camera_id: str) -> _Camera | None:
    """A camera that is in use."""
    c = s.cameras.c
    found = conn.scalar(select(c.legal_class).where(c.id == camera_id, c.enabled.is_(True)))
    if found is None:
        return None
    return _Camera(found, found == PRIVATE and keeps(conn, camera_id))


def _used(conn: Connection) -> int:
    return int(conn.scalar(select(func.coalesce(func.sum(s.evidence.c.size), 0))) or 0)
