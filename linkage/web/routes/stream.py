"""The event stream: what is new, as server-sent events that resume where they broke off.

Each stream follows the store from its own position, so it has no queue that could overflow: a slow
console gets the newest state of each incident instead of every state in between. One that takes
nothing for a while is cut (and counted); its browser comes back with the last position it saw.
One that is too far behind is told to fetch everything again.
"""

import asyncio
import math
from dataclasses import dataclass, field

import msgspec
import structlog
from aiohttp import web

from alarms.errors import StoreBusy
from linkage.accounts.rights import Permission
from linkage.web import camera_views, system_views
from linkage.web.board import BOARD, Board
from linkage.web.changed_incidents import AT_ONCE, ChangedIncident, ChangedIncidents
from linkage.web.counting import COUNTERS, Counters
from linkage.web.guard import PORTS, Caller, caller_of, still_holds
from linkage.web.hiding import hidden
from linkage.web.incident_rows import newest_position
from linkage.web.ports import Ports
from linkage.web.problems import Problem
from linkage.web.reading import position_of
from linkage.web.routing import Parameter, Route

log = structlog.get_logger()

_REFRESH_S = 1.0
_COALESCE_S = 0.03
_LONGEST_PAUSE_S = 0.5
_CHECK_RIGHTS_S = 2.0
_PING_S = 15.0


@dataclass(frozen=True)
class StreamLimits:
    """Where a stream is cut short."""

    furthest_behind: int = 500
    """Changed incidents; beyond it fetching the pages again is cheaper for both sides."""
    slowest_write_s: float = 10.0
    """A console that takes nothing for this long is cut."""
    most_streams: int = 200


class Streams:
    """How many streams there are, and that they are to end; one per application."""

    def __init__(self, ports: Ports, limits: StreamLimits) -> None:
        self.limits = limits
        self.changed = ChangedIncidents(ports.database, ports.site.zone, ports.box)
        self.open = 0
        self.closing = asyncio.Event()
        self.rights_changed = 0
        """How often somebody's session or rights changed; each stream then looks at its own."""

    def look_at_rights(self) -> None:
        """A session was ended or locked, or an account changed: whose it was is told at once."""
        self.rights_changed += 1


STREAMS: web.AppKey[Streams] = web.AppKey("streams", Streams)


async def end_streams(app: web.Application) -> None:
    """Let every stream end by itself; the server waits for them."""
    app[STREAMS].closing.set()


async def stream(request: web.Request) -> web.StreamResponse:
    streams, counters = request.app[STREAMS], request.app[COUNTERS]
    if streams.open >= streams.limits.most_streams:
        raise Problem(
            503, "控制台连接过多 / too many consoles follow the events.", retry_after_s=30
        )
    resume = request.headers.get("Last-Event-ID") or request.query.get("last_event_id")
    after = position_of(resume, "last_event_id") if resume else None
    response = web.StreamResponse(
        headers={
            "Content-Type": "text/event-stream; charset=utf-8",
            "Cache-Control": "no-store",
            "X-Accel-Buffering": "no",
        }
    )
    follower = _Follower(request, response, caller_of(request))
    await follower.begin(after)
    await response.prepare(request)
    streams.open += 1
    counters.streams.set(streams.open)
    try:
        await follower.follow(streams)
    except _TooSlowError:
        counters.streams_dropped.inc()
        log.warning("stream_dropped_slow_console", user=follower.user)
        if request.transport is not None:
            request.transport.abort()
    except ConnectionError:
        log.debug("stream_left", user=follower.user)
    except Exception:  # bulkhead: the answer has begun, so no problem document can follow it
        log.exception("stream_failed", user=follower.user)
    finally:
        streams.open -= 1
        counters.streams.set(streams.open)
    return response


class _TooSlowError(Exception):
    """The other side takes nothing."""


@dataclass
class _Sent:
    """What this console has been shown."""

    system: system_views.System | None = None
    cameras: dict[str, camera_views.Camera] = field(default_factory=dict)


class _Follower:
    """One console's stream. `position` is the last event position it has everything up to."""

    def __init__(self, request: web.Request, response: web.StreamResponse, caller: Caller) -> None:
        self._ports: Ports = request.app[PORTS]
        self._board: Board = request.app[BOARD]
        self._counters: Counters = request.app[COUNTERS]
        self._limits = request.app[STREAMS].limits
        self._changed = request.app[STREAMS].changed
        self._response = response
        self._caller = caller
        self._position = 0
        self._resync = False
        self._sent = _Sent()
        self._last_written_s = -math.inf
        self._board_sent_s = -math.inf

    @property
    def user(self) -> str:
        return self._caller.principal.username

    async def begin(self, after: int | None) -> None:
        """Find the place to go on from. Raises StoreBusy: then the browser comes again."""
        await self._board.refresh()
        newest = await self._ports.database.read(newest_position)
        self._position = newest if after is None else after
        # a position from before a restored backup: what it stood for is gone
        self._resync = self._position > newest
        if self._resync:
            self._position = newest

    async def follow(self, streams: Streams) -> None:
        """Send until the rights end or the program does. Raises _TooSlowError, ConnectionError."""
        clock = self._ports.clock
        await self._write(b"retry: 2000\n\n")
        if self._resync:
            await self._tell_to_resync()
        rights_checked_s, rights_seen = clock.monotonic(), streams.rights_changed
        while not streams.closing.is_set():
            try:
                if clock.monotonic() - self._board_sent_s >= _REFRESH_S:
                    await self._send_board()
                    self._board_sent_s = clock.monotonic()
                looked_at_s = clock.monotonic()
                await self._send_incidents()
                took_s = clock.monotonic() - looked_at_s
                is_old = clock.monotonic() - rights_checked_s >= _CHECK_RIGHTS_S
                if is_old or rights_seen != streams.rights_changed:
                    rights_checked_s, rights_seen = clock.monotonic(), streams.rights_changed
                    if not await still_holds(self._ports, self._caller):
                        log.info("stream_ended_rights_gone", user=self.user)
                        # the page asks who it is now, and says so, without waiting for a retry
                        await self._write(b"event: ended\ndata: {}\n\n")
                        return
            except StoreBusy as busy:
                # the stream stays: it is how the console learns that the store is down
                log.warning("stream_waits_for_store", reason=str(busy))
                await asyncio.sleep(_REFRESH_S)
                continue
            if clock.monotonic() - self._last_written_s >= _PING_S:
                await self._write(b": ping\n\n")
            # in a storm, several changes then go out in one look at the store; and consoles leave
            # at least half of the machine's time to the presses
            await asyncio.sleep(min(max(took_s, _COALESCE_S), _LONGEST_PAUSE_S))
            await self._wait()

    async def _wait(self) -> None:
        """Until something changes; other processes' changes and the board are seen in a second."""
        try:
            async with asyncio.timeout(_REFRESH_S):
                await self._ports.changes.wait_beyond(self._position)
        except TimeoutError:
            return

    async def _send_incidents(self) -> None:
        """All that changed beyond our position, or that it is too much."""
        places, furthest = self._caller.principal.places, self._limits.furthest_behind
        while True:
            changed = await self._changed.after(self._position, count_to=furthest + 1)
            if changed.behind > furthest:
                self._position = await self._ports.database.read(newest_position)
                await self._tell_to_resync()
                return
            for incident in changed.incidents:
                if places.covers(incident.village_id):
                    await self._event("incident", self._shown(incident), incident.position)
                self._position = incident.position
            if changed.behind <= AT_ONCE:
                return

    def _shown(self, incident: ChangedIncident) -> bytes:
        if self._caller.is_locked:
            return msgspec.json.encode(hidden(incident.view, self.user))
        return incident.data

    async def _send_board(self) -> None:
        system = self._board.system(self._caller.principal.places)
        news = msgspec.structs.replace(system, sse_position=0)
        if news != self._sent.system:
            # who leaves before any incident changed has a place to come back to
            begins_at = self._position if self._sent.system is None else None
            self._sent.system = news
            await self._event("system", msgspec.json.encode(system), begins_at)
        if self._caller.is_locked or not self._caller.principal.may(Permission.CAMERA_READ):
            return
        for camera_id, card in self._board.cameras().items():
            if not self._caller.principal.places.covers(card.village_id):
                continue
            if self._sent.cameras.get(camera_id) != card.news:
                self._sent.cameras[camera_id] = card.news
                await self._event("camera", msgspec.json.encode(card.view))
        for camera_id in self._sent.cameras.keys() - self._board.cameras().keys():
            # taken out of service: whoever goes on showing it shows what nobody watches
            del self._sent.cameras[camera_id]
            await self._event("camera_gone", msgspec.json.encode({"id": camera_id}))

    async def _tell_to_resync(self) -> None:
        self._counters.resyncs.inc()
        await self._write(f"event: resync\nid: {self._position}\ndata: {{}}\n\n".encode())

    async def _event(self, name: str, data: bytes, position: int | None = None) -> None:
        """`data` holds no line break."""
        number = b"" if position is None else f"id: {position}\n".encode()
        await self._write(b"event: %b\n%bdata: %b\n\n" % (name.encode(), number, data))

    async def _write(self, data: bytes) -> None:
        try:
            async with asyncio.timeout(self._limits.slowest_write_s):
                await self._response.write(data)
        except TimeoutError as slow:
            raise _TooSlowError from slow
        self._last_written_s = self._ports.clock.monotonic()


_RESUMES = "the last event position seen; each incident changed since comes once, as it is now"

ROUTES = (
    Route(
        "GET",
        "/api/v1/stream",
        stream,
        Permission.INCIDENT_READ,
        "Server-sent events: incident, camera, camera_gone, system, resync, ended",
        parameters=(
            Parameter("Last-Event-ID", "header", description=_RESUMES),
            Parameter("last_event_id", "query", description="the same, for a first connection"),
        ),
        answers={200: "text/event-stream"},
        endless=True,
        while_locked=True,
    ),
)
