"""The one door to ONVIF: asks a camera what it is and where its streams are.

onvif-zeep is old and has manners of its own: it blocks, sets logging up when imported, and its
camera class talks to the network in its constructor and takes one of the camera's few pull points
unasked. So it is imported late, in the thread that uses it and by `onvif_soap` alone, which holds
the blocking conversation; and everything runs under time limits.
"""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final, TypeVar

from camerad.errors import CameraTalksNonsense, CameraUnreachable
from camerad.model import CameraDescription
from camerad.web_address import is_web_address
from lianfang_timing import Clock, SystemClock

if TYPE_CHECKING:
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


async def _in_thread(
    ask: "Callable[[Conversation], Answer]",
    xaddr: str,
    login: tuple[str | None, str | None],
    timeout_s: float,
    clock: Clock | None,
) -> Answer:
    """One conversation in a thread of its own, given up at its time limit."""
    if not is_web_address(xaddr):
        raise CameraTalksNonsense(
            "摄像机的 ONVIF 地址应写作 http://主机/路径。 / "
            "The camera's ONVIF address is not of the form http://host/path."
        )
    our_clock = clock or SystemClock()

    def converse() -> Answer:
        return ask(_conversation(xaddr, *login, timeout_s, our_clock))

    # a thread of its own: the default pool is for quick things, and a dead camera is slow
    threads = ThreadPoolExecutor(max_workers=1, thread_name_prefix="onvif")
    try:
        # the thread ends by its own deadline; this one is for what that cannot see
        async with asyncio.timeout(timeout_s + _LATE_S):
            return await asyncio.get_running_loop().run_in_executor(threads, converse)
    except TimeoutError:
        raise CameraUnreachable(
            f"摄像机在 {timeout_s:g} 秒内没有应答。 / "
            f"The camera did not answer within {timeout_s:g} s."
        ) from None
    finally:
        threads.shutdown(wait=False)


def _conversation(
    xaddr: str, username: str | None, password: str | None, timeout_s: float, clock: Clock
) -> "Conversation":
    """Loads the library at the first call."""
    # with any handler there, the library's logging.basicConfig leaves our logging as it is
    guard = logging.NullHandler()
    logging.getLogger().addHandler(guard)
    try:
        from camerad.onvif_soap import Conversation
    finally:
        logging.getLogger().removeHandler(guard)
    return Conversation(xaddr, username, password, timeout_s, clock)
