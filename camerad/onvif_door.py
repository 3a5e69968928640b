"""The one door to ONVIF: asks a camera what it is and where its streams are.

onvif-zeep is old and has manners of its own: it blocks, sets logging up when imported, and its
camera class talks to the network in its constructor and takes one of the camera's few pull points
unasked. So it is imported late, in the thread that uses it and by `onvif_soap` alone, which holds
the blocking conversation; and everything runs under time limits.
"""

import asyncio
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final, TypeVar

from camerad.device_events.reading import Pulled
from camerad.errors import CameraTalksNonsense, CameraUnreachable
from camerad.model import CameraDescription, Position, Preset, RelayOutput
from camerad.web_address import is_web_address
from lianfang_timing import Clock, SystemClock

if TYPE_CHECKING:
    from camerad.onvif_events_soap import EventsConversation
    from camerad.onvif_ptz_soap import PtzConversation
    from camerad.onvif_relay_soap import RelayConversation
    from camerad.onvif_soap import Conversation

_LATE_S: Final = 2.0

Answer = TypeVar("Answer")


async def describe(
    xaddr: str,
    username: str | None,
    password: str | None,
    *,
    timeout_s: float = 10.0,
    clock: Clock | None = None,
) -> CameraDescription:
    """What the camera whose device service is at `xaddr` says about itself.

    A recorder with many channels needs a longer `timeout_s` than a camera: it is asked for the
    address of every stream. Raises CameraUnreachable, CameraRefused (with a hint for a person),
    CameraTalksNonsense.
    """
    return await _in_thread(
        lambda talk: talk.describe(), xaddr, (username, password), timeout_s, clock
    )


async def clock_skew_s(
    xaddr: str, *, timeout_s: float = 5.0, clock: Clock | None = None
) -> float | None:
    """The camera's clock minus ours, seconds, asked without a login; None when it does not tell.

    Raises CameraUnreachable, CameraTalksNonsense.
    """
    return await _in_thread(lambda talk: talk.skew(), xaddr, (None, None), timeout_s, clock)


Login = tuple[str | None, str | None]


async def relay_outputs(
    xaddr: str, login: Login, *, timeout_s: float = 5.0, clock: Clock | None = None
) -> tuple[RelayOutput, ...]:
    """The camera's relays. Raises CameraUnreachable, CameraRefused, CameraTalksNonsense."""
    return await _with_relays(lambda talk: talk.outputs(), xaddr, login, timeout_s, clock)


async def pulse_relay(
    xaddr: str,
    login: Login,
    token: str,
    *,
    for_s: float,
    timeout_s: float = 5.0,
    clock: Clock | None = None,
) -> None:
    """On now, off by itself after `for_s` seconds. Raises RelayRefused where it would stay on, and
    as `relay_outputs`."""
    await _with_relays(lambda talk: talk.pulse(token, for_s), xaddr, login, timeout_s, clock)


async def release_relay(
    xaddr: str, login: Login, token: str, *, timeout_s: float = 5.0, clock: Clock | None = None
) -> None:
    """Off now. Raises as `relay_outputs`."""
    await _with_relays(lambda talk: talk.release(token), xaddr, login, timeout_s, clock)


class CameraHead:
    """What turns a camera. All raise CameraUnreachable, CameraRefused, CameraTalksNonsense: the
    last also where it cannot turn."""

    def __init__(
        self,
        xaddr: str,
        login: Login,
        *,
        source: str | None = None,
        timeout_s: float = 6.0,
        clock: Clock | None = None,
    ) -> None:
        """`source`: which channel of a recorder."""
        self._xaddr = xaddr
        self._login = login
        self._source = source
        self._timeout_s = timeout_s
        self._clock = clock or SystemClock()

    async def presets(self) -> tuple[Preset, ...]:
        """Where it can be turned to."""
        return await self._ask(lambda talk: talk.presets())

    async def position(self) -> Position:
        """Where it looks."""
        return await self._ask(lambda talk: talk.position())

    async def turn(self, preset: str | None) -> None:
        """To this preset; None: to its home position."""
        await self._ask(lambda talk: talk.turn(preset))

    async def _ask(self, ask: "Callable[[PtzConversation], Answer]") -> Answer:
        _check_address(self._xaddr)

        def converse() -> Answer:
            with _logging_as_it_is():
                from camerad.onvif_ptz_soap import PtzConversation
            talk = PtzConversation(self._xaddr, *self._login, self._timeout_s, self._clock)
            talk.source = self._source
            return ask(talk)

        return await _in_time(converse, self._timeout_s)


class PullPoint:
    """One pull point of one camera: its events, pulled. One call at a time, but for `close`.

    Nothing is asked before `open`. All raise CameraUnreachable, CameraRefused, CameraTalksNonsense.
    """

    def __init__(
        self,
        xaddr: str,
        username: str | None,
        password: str | None,
        *,
        timeout_s: float = 10.0,
        clock: Clock | None = None,
    ) -> None:
        self._where = (xaddr, username, password)
        self._timeout_s = timeout_s
        self._clock = clock or SystemClock()
        self._talk: EventsConversation | None = None

    async def open(self) -> float | None:
        """Create it: how long it lasts, seconds, where the camera says so. Raises NoPullPoint."""
        _check_address(self._where[0])
        return await self._ask(lambda talk: talk.open(), self._timeout_s)

    async def pull(self, wait_s: int) -> Pulled:
        """What waits, or what comes within `wait_s` seconds. Raises PullPointGone."""
        return await self._ask(lambda talk: talk.pull(wait_s), wait_s + self._timeout_s)

    async def renew(self) -> float | None:
        """Keep it: how long it lasts now. Raises PullPointGone."""
        return await self._ask(lambda talk: talk.renew(), self._timeout_s)

    async def close(self) -> None:
        """Give it back. Raises PullPointGone."""
        await self._ask(lambda talk: talk.close(), self._timeout_s)

    async def _ask(self, ask: "Callable[[EventsConversation], Answer]", timeout_s: float) -> Answer:
        def converse() -> Answer:
            if self._talk is None:
                self._talk = _events_conversation(*self._where, timeout_s, self._clock)
            self._talk.within(timeout_s)
            return ask(self._talk)

        return await _in_time(converse, timeout_s)


async def _with_relays(
    ask: "Callable[[RelayConversation], Answer]",
    xaddr: str,
    login: Login,
    timeout_s: float,
    clock: Clock | None,
) -> Answer:
    _check_address(xaddr)
    our_clock = clock or SystemClock()
    return await _in_time(
        lambda: ask(_relay_conversation(xaddr, *login, timeout_s, our_clock)), timeout_s
    )


async def _in_thread(
    ask: "Callable[[Conversation], Answer]",
    xaddr: str,
    login: tuple[str | None, str | None],
    timeout_s: float,
    clock: Clock | None,
) -> Answer:
    """One conversation in a thread of its own, given up at its time limit."""
    _check_address(xaddr)
    our_clock = clock or SystemClock()
    return await _in_time(
        lambda: ask(_conversation(xaddr, *login, timeout_s, our_clock)), timeout_s
    )


def _check_address(xaddr: str) -> None:
    if not is_web_address(xaddr):
        raise CameraTalksNonsense(
            "摄像机的 ONVIF 地址应写作 http://主机/路径。 / "
            "The camera's ONVIF address is not of the form http://host/path."
        )


async def _in_time(converse: Callable[[], Answer], timeout_s: float) -> Answer:
    """In a thread of its own: a pool is for quick things, and a dead camera is slow. The thread
    ends by its own deadline; the one here is for what that cannot see."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[Answer] = loop.create_future()

    def tell(said: Answer | None, error: Exception | None) -> None:
        if answer.done():
            return
        if error is not None:
            answer.set_exception(error)
        else:
            answer.set_result(said)  # type: ignore[arg-type]

    def work() -> None:
        said, error = None, None
        try:
            said = converse()
        except Exception as raised:  # noqa: BLE001 - bulkhead: handed on to whoever asked
            error = raised
        with suppress(RuntimeError):  # the loop has ended, and nobody waits any more
            loop.call_soon_threadsafe(tell, said, error)

    # a daemon: the service does not wait at its end for a camera that keeps us waiting
    threading.Thread(target=work, name="onvif", daemon=True).start()
    try:
        async with asyncio.timeout(timeout_s + _LATE_S):
            return await answer
    except TimeoutError:
        raise CameraUnreachable(
            f"摄像机在 {timeout_s:g} 秒内没有应答。 / "
            f"The camera did not answer within {timeout_s:g} s."
        ) from None


def _conversation(
    xaddr: str, username: str | None, password: str | None, timeout_s: float, clock: Clock
) -> "Conversation":
    """Loads the library at the first call."""
    with _logging_as_it_is():
        from camerad.onvif_soap import Conversation
    return Conversation(xaddr, username, password, timeout_s, clock)


def _events_conversation(
    xaddr: str, username: str | None, password: str | None, timeout_s: float, clock: Clock
) -> "EventsConversation":
    with _logging_as_it_is():
        from camerad.onvif_events_soap import EventsConversation
    return EventsConversation(xaddr, username, password, timeout_s, clock)


def _relay_conversation(
    xaddr: str, username: str | None, password: str | None, timeout_s: float, clock: Clock
) -> "RelayConversation":
    with _logging_as_it_is():
        from camerad.onvif_relay_soap import RelayConversation
    return RelayConversation(xaddr, username, password, timeout_s, clock)


@contextmanager
def _logging_as_it_is() -> Iterator[None]:
    """With any handler there, the library's logging.basicConfig leaves our logging as it is."""
    guard = logging.NullHandler()
    logging.getLogger().addHandler(guard)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(guard)
