"""How long to wait before a camera that was lost is tried again. Pure: what lasted is an argument.

Each camera has a keeper of its own and they know nothing of each other: what keeps a street that
went dark together from coming back in step is the share of each wait that is drawn at random.
"""

from camerad.rtsp_probe import Outage
from camerad.wire import Limits
from lianfang_timing import Backoff


class Retries:
    """One camera's, from its first connection on."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._failures = 0

    def after(self, outage: Outage, lived_s: float, *, draw: float | None = None) -> float:
        """Seconds to wait, after a connection that lasted `lived_s` and ended so; `draw` in 0..1
        replaces the random number."""
        if lived_s >= self._limits.good_life_s:
            self._failures = 0
        wait_s = self._backoff(outage).delay_s(self._failures, draw=draw)
        self._failures += 1
        return wait_s

    def _backoff(self, outage: Outage) -> Backoff:
        if outage.login_refused:
            return self._limits.retry_login
        return self._limits.retry_stalled if outage.stalled else self._limits.retry
