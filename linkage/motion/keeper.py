"""Takes in what cameras say of motion, and writes it when nobody else waits for the database.

`note` only remembers: the event of a camera costs the press path nothing. A look every few seconds
writes one bounded batch in one transaction, prunes what is old in another; while something urgent
waits, it writes nothing, and what cannot wait any longer is dropped and counted
(`linkage.motion.intervals`).
"""

from collections.abc import Callable, Mapping

import structlog

from alarms.errors import StoreBusy
from alarms.store import Database
from camerad.model import CameraEvent, CameraHealth, CameraState, EventName
from lianfang_timing import Backoff, Clock, unix_ms
from linkage.motion import storage
from linkage.motion.intervals import MotionBook
from linkage.watching import Pace, keep_watching

_PACE = Pace(every_s=5.0, after_a_bug_s=30.0, retry=Backoff(first_s=1.0, cap_s=30.0))
_AT_ONCE = 100
"""Rows in one transaction: a press waits no longer than this takes."""
_PRUNED_AT_ONCE = 500
_PRUNED_EVERY_S = 600.0

log = structlog.get_logger()


class MotionKeeper:
    """One a site."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        healths: Callable[[], Mapping[str, CameraHealth]],
        is_busy: Callable[[], bool],
        keep_s: float,
        book: MotionBook | None = None,
    ) -> None:
        """`is_busy`: whether somebody waits for the database now, without waiting."""
        self._database = database
        self._clock = clock
        self._healths = healths
        self._is_busy = is_busy
        self._keep_ms = round(keep_s * 1000)
        self._book = book or MotionBook()
        self._prune_at_s = clock.monotonic()
        self.written = 0
        self.held_back = 0
        """Looks that wrote nothing, because others waited."""

    @property
    def dropped(self) -> int:
        return self._book.dropped

    @property
    def waiting(self) -> int:
        return self._book.waiting

    def note(self, event: CameraEvent) -> None:
        """Remember that motion began or ended; anything else is no matter of this."""
        seen, at_ms = event.detection, unix_ms(event.at)
        if seen.name is EventName.MOTION_STARTED:
            self._book.began(event.camera_id, seen.zone, at_ms, seen.box)
        elif seen.name is EventName.MOTION_ENDED:
            self._book.ended(event.camera_id, seen.zone, at_ms, seen.cells)

    async def run(self) -> None:
        """Look until cancelled, then write what there is."""
        try:
            await keep_watching("motion", self.run_once, self._clock.sleep, _PACE)
        finally:
            await self.write_all()

    async def run_once(self) -> None:
        """Write a batch, prune a batch. Raises StoreBusy."""
        if self._is_busy():
            self.held_back += 1
            return
        now_ms = unix_ms(self._clock.now())
        healths = self._healths()
        self._book.lost(lambda camera: _is_watched(healths.get(camera)), now_ms)
        batch = self._book.due(now_ms, at_most=_AT_ONCE)
        if batch:
            await self._database.write(lambda conn: storage.write(conn, batch))
            self._book.written(batch, now_ms)
            self.written += len(batch)
        if self._clock.monotonic() >= self._prune_at_s:
            await self._prune(now_ms - self._keep_ms)

    async def write_all(self) -> None:
        """Everything, as it stands, when the service stops: it may be a batch or many."""
        now_ms = unix_ms(self._clock.now())
        left = self._book.close(now_ms)
        if not left:
            return
        try:
            await self._database.write(lambda conn: storage.write(conn, left))
        except StoreBusy as error:
            log.warning("motion.not_written", intervals=len(left), detail=str(error))
        else:
            self._book.written(left, now_ms)

    async def _prune(self, before_ms: int) -> None:
        more = await self._database.write(
            lambda conn: storage.prune(conn, before_ms=before_ms, at_once=_PRUNED_AT_ONCE)
        )
        if not more:
            self._prune_at_s = self._clock.monotonic() + _PRUNED_EVERY_S


def _is_watched(health: CameraHealth | None) -> bool:
    return health is not None and health.state is CameraState.WATCHING
