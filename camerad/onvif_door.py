"""The one door to ONVIF: asks a camera what it is and where its streams are.

onvif-zeep is old and has manners of its own: it blocks, sets logging up when imported, and its
camera class talks to the network in its constructor and takes one of the camera's few pull points
unasked. So it is imported late, in the thread that uses it and by `onvif_soap` alone, which holds
the blocking conversation; and everything runs under time limits.
"""

import asyncio
import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from camerad.errors import CameraTalksNonsense, CameraUnreachable
from camerad.model import CameraDescription, StreamProfile
from camerad.web_address import is_web_address
from lianfang_timing import Clock, SystemClock

_LOW: Final = 360
_LATE_S: Final = 2.0


async def describe(
    xaddr: str,
    username: str | None,
    password: str | None,
    *,
    timeout_s: float = 10.0,
    clock: Clock | None = None,
) -> CameraDescription:
    """What the camera whose device service is at `xaddr` says about itself.

    Raises CameraUnreachable, CameraRefused (with a hint for a person), CameraTalksNonsense.
    """
    if not is_web_address(xaddr):
        raise CameraTalksNonsense(
            "摄像机的 ONVIF 地址应写作 http://主机/路径。 / "
            "The camera's ONVIF address is not of the form http://host/path."
        )
    our_clock = clock or SystemClock()

    def ask() -> CameraDescription:
        return _converse(xaddr, username, password, timeout_s, our_clock)

    # a thread of its own: the default pool is for quick things, and a dead camera is slow
    threads = ThreadPoolExecutor(max_workers=1, thread_name_prefix="onvif")
    try:
        # the thread ends by its own deadline; this one is for what that cannot see
        async with asyncio.timeout(timeout_s + _LATE_S):
            return await asyncio.get_running_loop().run_in_executor(threads, ask)
    except TimeoutError:
        raise CameraUnreachable(
            f"摄像机在 {timeout_s:g} 秒内没有应答。 / "
            f"The camera did not answer within {timeout_s:g} s."
        ) from None
    finally:
        threads.shutdown(wait=False)


def largest(profiles: Sequence[StreamProfile]) -> StreamProfile | None:
    """The stream with the most pixels, for evidence; None when there is none with an address."""
    return max(_playable(profiles), key=_pixels, default=None)


def smallest_fit(profiles: Sequence[StreamProfile]) -> StreamProfile | None:
    """The stream for detection: the smallest at least 360 high, else the largest of the low ones.

    None when there is none with an address.
    """
    playable = _playable(profiles)
    high_enough = [profile for profile in playable if profile.height >= _LOW]
    return min(high_enough, key=_pixels) if high_enough else largest(playable)


def _playable(profiles: Sequence[StreamProfile]) -> list[StreamProfile]:
    return [profile for profile in profiles if profile.stream_uri]


def _pixels(profile: StreamProfile) -> int:
    return profile.width * profile.height


def _converse(
    xaddr: str, username: str | None, password: str | None, timeout_s: float, clock: Clock
) -> CameraDescription:
    """Blocking; loads the library at the first call."""
    # with any handler there, the library's logging.basicConfig leaves our logging as it is
    guard = logging.NullHandler()
    logging.getLogger().addHandler(guard)
    try:
        from camerad.onvif_soap import Conversation
    finally:
        logging.getLogger().removeHandler(guard)
    return Conversation(xaddr, username, password, timeout_s, clock).describe()
