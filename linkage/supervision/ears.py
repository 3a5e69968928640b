"""How long we have listened to the devices: counted on while we hear, and not while we were deaf.

Deaf is: before our start, while the link to the broker was down, while our commits fail, and where
the wall clock was set (a machine that slept shows so and not otherwise).
"""

from collections.abc import Callable, Hashable
from datetime import timedelta

from lianfang_timing import Clock, SteadyClock
from linkage.supervision.deciding import Listening

Hearing = Callable[[], Hashable | None]
"""None while nothing can be heard; else something that changes whenever it was so meanwhile."""

_JUMP_S = 5.0


class Ears:
    """Asked whenever something was heard or is to be decided."""

    def __init__(self, clock: Clock, hearing: Hearing, *, listened_ms: int = 0) -> None:
        self._clock = clock
        self._hearing = hearing
        self._steady = SteadyClock(clock, tolerance_s=_JUMP_S)
        self._at_s = clock.monotonic()
        self._stretch: Hashable | None = None
        self._listened_s = listened_ms / 1000
        self._since_s = self._listened_s
        self._jumped = timedelta()

    @property
    def hears(self) -> bool:
        return self._stretch is not None

    def listening(self) -> Listening:
        """As it is at this moment."""
        at_s, stretch, jump = self._clock.monotonic(), self._hearing(), self._steady.jump()
        if jump:
            self._jumped += jump
        self._steady.follow()
        if stretch is not None and stretch == self._stretch and not jump:
            self._listened_s += at_s - self._at_s
        else:
            # what passed since the last time was heard in part at best
            self._since_s = self._listened_s
        self._at_s, self._stretch = at_s, stretch
        return Listening(now=round(self._listened_s * 1000), since=round(self._since_s * 1000))

    def jumped(self) -> timedelta:
        """How far the wall clock was set on since this was asked last."""
        jumped, self._jumped = self._jumped, timedelta()
        return jumped
