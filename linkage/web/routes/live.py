"""Live view: one WebSocket for all tiles of a page (`linkage.web.live_words` has its framing).

Each view is a task; they share the socket and nothing else. Who leaves the page ends them all.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any
from urllib.parse import urlsplit

import structlog
from aiohttp import WSMsgType, web

from linkage.accounts.rights import Permission
from linkage.looking.register import Ended
from linkage.web import live_words as words
from linkage.web.counting import COUNTERS
from linkage.web.guard import PORTS, caller_of
from linkage.web.live_viewing import Viewing, Wire
from linkage.web.problems import Problem
from linkage.web.routing import Route

log = structlog.get_logger()

_MOST_TEXT = 4096
_HEARTBEAT_S = 15.0
_SLOWEST_WRITE_S = 10.0


class LiveRoom:
    """How many look now, and that they are to end; one per application."""

    def __init__(self) -> None:
        self.views = 0
        self.sockets: set[web.WebSocketResponse] = set()
        self.is_closing = False


LIVE_ROOM: web.AppKey[LiveRoom] = web.AppKey("live_room", LiveRoom)


async def end_live(app: web.Application) -> None:
    """Close every socket; their views are written down as ended by the service."""
    room = app[LIVE_ROOM]
    room.is_closing = True
    # together: a page that does not answer takes its two seconds once, not once a page
    farewells = [s.close(code=1001, message=b"the service stops") for s in room.sockets]
    await asyncio.gather(*farewells, return_exceptions=True)


async def live(request: web.Request) -> web.StreamResponse:
    _require_own_page(request)
    room = request.app[LIVE_ROOM]
    socket = web.WebSocketResponse(
        heartbeat=_HEARTBEAT_S, max_msg_size=_MOST_TEXT, compress=False, timeout=2.0
    )
    if room.is_closing or not socket.can_prepare(request).ok:
        raise Problem(400, "此地址用于 WebSocket / this address speaks WebSocket only.")
    await socket.prepare(request)
    room.sockets.add(socket)
    try:
        await _Page(request, socket).serve()
    except ConnectionError:
        log.debug("live_left", user=caller_of(request).principal.username)
    finally:
        room.sockets.discard(socket)
    return socket


def _require_own_page(request: web.Request) -> None:
    """A browser lets any site's page open a socket to us, with the cookie: its origin decides."""
    origin = request.headers.get("Origin")
    if origin is None or urlsplit(origin).netloc.lower() != request.host.lower():
        raise Problem(403, "请求来自其他网站的页面 / this call came from another site's page.")


class _Page:
    """One socket with its views."""

    def __init__(self, request: web.Request, socket: web.WebSocketResponse) -> None:
        self._ports = request.app[PORTS]
        self._room = request.app[LIVE_ROOM]
        self._counters = request.app[COUNTERS]
        self._caller = caller_of(request)
        self._socket = socket
        self._wire = Wire(self._send_text, self._send_data)
        self._views: dict[int, Viewing] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def serve(self) -> None:
        """Until the page leaves or the service stops."""
        try:
            async for message in self._socket:
                if message.type is not WSMsgType.TEXT:
                    break
                try:
                    await self._obey(words.ask_of(message.data))
                except words.NotAnAskError as wrong:
                    await self._refuse(0, "bad", f"消息有误 / not understood: {wrong}")
        finally:
            why = Ended.SERVICE if self._room.is_closing else Ended.LEFT
            for view in self._views.values():
                view.end(why)
            for task in self._tasks:
                task.cancel()
            # each still writes down that it ended
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _obey(self, ask: words.Ask) -> None:
        if isinstance(ask, words.Open):
            await self._open(ask)
            return
        view = self._views.get(ask.view)
        if view is None:
            return  # it ended meanwhile
        match ask:
            case words.Taken(number=number):
                view.taken(number)
            case words.Close():
                view.end(Ended.CLOSED)
            case words.Continue():
                await view.go_on()
            case words.Pictures():
                view.pictures()

    async def _open(self, ask: words.Open) -> None:
        if ask.view in self._views or len(self._views) >= words.MOST_VIEWS:
            said = f"一页最多 {words.MOST_VIEWS} 路 / {words.MOST_VIEWS} views a page at most."
            await self._refuse(ask.view, "bad", said)
            return
        most = self._ports.live.most(of_incident=ask.incident is not None)
        if self._room.views >= most:
            self._counters.live_refused.inc()
            said = f"同时查看已达上限（{most} 路），请稍后 / {most} views are open: try later."
            await self._refuse(ask.view, "too-many", said)
            return
        view = self._views[ask.view] = Viewing(self._ports, self._caller, ask, self._wire)
        self._count(+1)
        task = asyncio.create_task(self._run(ask.view, view))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self, number: int, view: Viewing) -> None:
        try:
            try:
                over = await view.run()
            finally:
                # before the page hears of it: it may open another at once
                self._views.pop(number, None)
                self._count(-1)
            await self._send_text(words.text_of(over))
        except ConnectionError:
            log.debug("live_view_left", user=self._caller.principal.username)
        except Exception:  # bulkhead: one view hurts no other of the page
            log.exception("live_view_failed", user=self._caller.principal.username)
            await self._socket.close(code=1011)

    def _count(self, more: int) -> None:
        self._room.views += more
        self._counters.live_views.set(self._room.views)

    async def _refuse(self, view: int, why: str, said: str) -> None:
        await self._send_text(words.text_of(words.Over(view, why, said, refused=True)))

    async def _send_text(self, text: str) -> None:
        await self._within(self._socket.send_str(text))

    async def _send_data(self, data: bytes) -> None:
        await self._within(self._socket.send_bytes(data))

    async def _within(self, sending: Coroutine[Any, Any, None]) -> None:
        try:
            async with asyncio.timeout(_SLOWEST_WRITE_S):
                await sending
        except TimeoutError:
            raise ConnectionError("the page takes nothing") from None


ROUTES = (
    Route(
        "GET",
        "/api/v1/live",
        live,
        Permission.CAMERA_LOOK,
        "A WebSocket of live pictures, for our own pages; every look is recorded",
        answers={101: None},
        endless=True,
    ),
)
