"""One look of one person at one camera: allowed, written down, shown, and ended.

What comes from the worker is handed on as it comes; the viewer's answers are the brake
(`camerad.live.pacing`), so that nothing is queued here.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

import structlog
from sqlalchemy import Connection

from alarms.errors import StoreBusy
from camerad.errors import NoLive
from camerad.live.desk import LiveFeed
from camerad.live.model import LiveFormat, LiveOver, LivePart, LiveWaits, Waiting
from lianfang_timing import unix_ms
from linkage.looking import facts
from linkage.looking.deciding import Verdict, may_look
from linkage.looking.facts import Reason
from linkage.looking.register import Ended, LookKind, NewLook
from linkage.web import live_words as words
from linkage.web.guard import Caller, still_holds
from linkage.web.ports import Ports

_TICK_S: Final = 0.25
_CHECK_S: Final = 3.0
"""So often it is asked whether they may still look."""
_TOUCH_S: Final = 20.0
_SILENT_S: Final = 15.0
"""A viewer that answers nothing for so long is gone."""
_AGAIN_S: Final = 1.0
_END_TRIES: Final = 3

log = structlog.get_logger()


@dataclass(frozen=True)
class Wire:
    """The viewer's socket. Both raise ConnectionError where it is gone."""

    text: Callable[[str], Awaitable[None]]
    data: Callable[[bytes], Awaitable[None]]


async def verdict_on(
    ports: Ports, caller: Caller, camera_id: str, reason: Reason
) -> Verdict | None:
    """Whether this caller may look now; None: there is no such camera in their places."""
    who = caller.principal

    def read(conn: Connection) -> Verdict | None:
        camera = facts.camera_now(conn, camera_id, who.places)
        return None if camera is None else may_look(camera, facts.asked_by(conn, who, reason))

    return await ports.database.read(read)


class Viewing:
    """From `run` to its end; the other methods are what the viewer says meanwhile."""

    def __init__(self, ports: Ports, caller: Caller, ask: words.Open, wire: Wire) -> None:
        self._ports = ports
        self._caller = caller
        self._ask = ask
        self._reason = Reason(ask.purpose, ask.incident)
        self._wire = wire
        self._film = ask.film
        self._feed: LiveFeed | None = None
        self._ended: Ended | None = None
        self._until_s = 0.0
        self._sent = 0
        self._answered_s = 0.0
        self._under_way = 0
        self._log = log.bind(camera=ask.camera, user=caller.principal.username)

    # -- what the viewer says ------------------------------------------------------------------

    def taken(self, number: int) -> None:
        """The page has everything up to this part."""
        self._answered_s = self._ports.clock.monotonic()
        self._under_way = max(0, self._sent - number)
        if self._feed is not None:
            self._feed.taken(number)

    def pictures(self) -> None:
        """The browser cannot play the film."""
        if self._film:
            self._film = False
            if self._feed is not None:
                self._feed.cut()

    async def go_on(self) -> None:
        """The time begins anew."""
        await self._allow_more()

    def end(self, why: Ended) -> None:
        """It ends at once."""
        self._ended = self._ended or why

    # -- from beginning to end -----------------------------------------------------------------

    async def run(self) -> words.Over:
        """Returns when it is over, with what to say of it. Raises ConnectionError where the socket
        is gone."""
        ask, caller = self._ask, self._caller
        try:
            verdict = await verdict_on(self._ports, caller, ask.camera, self._reason)
        except StoreBusy as busy:
            return self._not_written_down(busy)
        if verdict is None:
            return self._refused("not-found", "没有这台摄像机 / there is no such camera.")
        if verdict.refusal is not None:
            return self._refused(verdict.refusal.value, verdict.refusal.said)
        purpose = ask.purpose.strip()
        look = NewLook(
            LookKind.LIVE, ask.camera, caller.principal, caller.address, purpose, verdict.incident
        )
        why: Ended | None = Ended.LEFT
        try:
            await self._ports.looks.begin(look)
            why = await self._look(look.id)
        except StoreBusy as busy:
            why = None
            return self._not_written_down(busy)
        except asyncio.CancelledError:
            why = self._ended or Ended.LEFT
            raise
        finally:
            # also when the task is cancelled: the register must know how long it was
            if why is not None:
                await asyncio.shield(self._close(look.id, why))
        return words.Over(ask.view, why.value, "", refused=False)

    async def _look(self, look: str) -> Ended:
        self._answered_s = self._ports.clock.monotonic()
        await self._allow_more(look)
        showing = asyncio.create_task(self._show())
        try:
            why = await self._until_over(look, showing)
        finally:
            showing.cancel()
            await asyncio.gather(showing, return_exceptions=True)
        return why

    async def _allow_more(self, look: str = "") -> None:
        lasts_s = float(self._ports.live.lasts)
        clock = self._ports.clock
        self._until_s = clock.monotonic() + lasts_s
        until_ms = unix_ms(clock.now()) + round(lasts_s * 1000)
        begun = words.Begun(self._ask.view, look, lasts_s, until_ms)
        await self._wire.text(words.text_of(begun))

    async def _until_over(self, look: str, showing: asyncio.Task[None]) -> Ended:
        clock = self._ports.clock
        checked_s = touched_s = clock.monotonic()
        while True:
            await asyncio.wait({showing}, timeout=_TICK_S)
            if showing.done():
                showing.result()
            now_s = clock.monotonic()
            if self._ended is not None:
                return self._ended
            if now_s >= self._until_s:
                return Ended.TIME
            if self._under_way and now_s - self._answered_s > _SILENT_S:
                return Ended.SILENT
            if now_s - checked_s >= _CHECK_S:
                checked_s = now_s
                if not await self._still_may():
                    return Ended.NOT_ALLOWED
            if now_s - touched_s >= _TOUCH_S:
                touched_s = now_s
                await self._touch(look)

    async def _still_may(self) -> bool:
        try:
            if not await still_holds(self._ports, self._caller):
                return False
            now = await verdict_on(self._ports, self._caller, self._ask.camera, self._reason)
        except StoreBusy as busy:
            self._log.warning("look_not_checked", reason=str(busy))
            return True
        return now is not None and now.refusal is None

    async def _touch(self, look: str) -> None:
        try:
            await self._ports.looks.touch([look])
        except StoreBusy as busy:
            self._log.warning("look_not_touched", reason=str(busy))

    async def _close(self, look: str, why: Ended) -> None:
        for _ in range(_END_TRIES):
            try:
                await self._ports.looks.end(look, why)
            except StoreBusy as busy:
                self._log.warning("look_not_closed", reason=str(busy))
                await asyncio.sleep(_AGAIN_S)
            else:
                return
        # it stays open in the register, and the next start closes it

    async def _show(self) -> None:
        """Hand on what comes; asked for anew whenever the worker has ended it."""
        while True:
            try:
                with self._ports.eyes.live(self._ask.camera, film=self._film) as feed:
                    self._feed = feed
                    await self._hand_on(feed)
            except NoLive as missing:
                await self._say_waits(Waiting.CAMERA, str(missing))
            finally:
                self._feed = None
            await asyncio.sleep(_AGAIN_S if self._film == self._ask.film else 0.0)

    async def _hand_on(self, feed: LiveFeed) -> None:
        self._sent = self._under_way = 0
        while True:
            match await feed.next():
                case LivePart() as part:
                    if self._under_way == 0:
                        self._answered_s = self._ports.clock.monotonic()
                    self._sent = part.number
                    self._under_way += 1
                    await self._wire.data(words.bytes_of(self._ask.view, part))
                case LiveFormat() as form:
                    said = words.Format(
                        self._ask.view,
                        form.via.value,
                        form.codec,
                        form.width,
                        form.height,
                        form.masked,
                    )
                    await self._wire.text(words.text_of(said))
                case LiveWaits(_, why, detail):
                    await self._say_waits(why, detail)
                case LiveOver():
                    await self._say_waits(Waiting.STARTING, "")
                    return

    async def _say_waits(self, why: Waiting, said: str) -> None:
        await self._wire.text(words.text_of(words.Waits(self._ask.view, why.value, said)))

    def _not_written_down(self, busy: StoreBusy) -> words.Over:
        self._log.warning("look_not_written_down", reason=str(busy))
        return self._refused("store", "暂时无法登记，请重试 / it cannot be written down now.")

    def _refused(self, why: str, said: str) -> words.Over:
        return words.Over(self._ask.view, why, said, refused=True)
