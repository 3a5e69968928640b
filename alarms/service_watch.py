"""When a device must tell its people that nobody hears it (contract §3, `service/status`). Pure.

What says so: the service's own last word, a line that stays down, or a service that has not said
for too long that it is there. The last two need no message: who dies with the broker sends none.
"""

from dataclasses import dataclass, field

import msgspec

from lianfang_timing import Backoff

_EVERY_MOST_S = 300.0
"""Who says that it speaks more seldom is not believed: so long would its death stay unseen."""


class ServiceStatus(msgspec.Struct, frozen=True):
    """What `service/status` says."""

    online: bool
    every_s: float = 30.0


@dataclass(frozen=True)
class DeviceTiming:
    """How long a device waits; shorter waits make a test quick."""

    reconnect: Backoff = field(default_factory=lambda: Backoff(first_s=0.5, cap_s=5.0))
    link_down_for_s: float = 30.0
    """A router's restart; longer, and its people are told."""
    service_grace_s: float = 15.0
    """On top of two of the service's own intervals without a word."""


class ServiceWatch:
    """What one device knows of the service. Times are monotonic seconds."""

    def __init__(self, timing: DeviceTiming, *, now_s: float) -> None:
        self._timing = timing
        self._every_s = ServiceStatus(online=True).every_s
        self._sign_s = now_s
        self._down_since_s: float | None = now_s
        self._online: bool | None = None

    @property
    def online(self) -> bool | None:
        """The service's last word; None before any."""
        return self._online

    def link(self, *, up: bool, now_s: float) -> None:
        """The line to the broker came up or went down."""
        if up:
            self._down_since_s = None
        elif self._down_since_s is None:
            self._down_since_s = now_s

    def heard(self, status: ServiceStatus, *, now_s: float) -> None:
        """The service said something, or the broker kept it for us, or speaks as its last will."""
        self._online = status.online
        self._every_s = min(max(status.every_s, 0.0), _EVERY_MOST_S)
        self._sign_s = now_s

    def gone_at_s(self) -> float:
        """From when on it counts as gone if nothing happens."""
        silent = self._sign_s + 2 * self._every_s + self._timing.service_grace_s
        if self._down_since_s is None:
            return silent
        return min(silent, self._down_since_s + self._timing.link_down_for_s)

    def gone(self, *, now_s: float) -> bool:
        """Whether to tell people to ring 110."""
        return self._online is False or now_s >= self.gone_at_s()
