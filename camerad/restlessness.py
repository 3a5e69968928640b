"""What outlives a camera's connections and its worker: how often it came back within the last hour,
and when its last picture came. Pure: the time is an argument.
"""

from collections import deque
from dataclasses import dataclass, field, replace

from camerad.model import CameraHealth, CameraState

_WINDOW_S = 3600.0
_MOST = 1000
"""Returns kept of one camera; beyond that it is restless enough."""


@dataclass
class _Past:
    was_watched: bool = False
    is_watched: bool = False
    returns_s: deque[float] = field(default_factory=lambda: deque(maxlen=_MOST))
    picture_s: float | None = None


class Restlessness:
    """Of all cameras of a fleet; the times are the clock's monotonic seconds."""

    def __init__(self) -> None:
        self._of: dict[str, _Past] = {}

    def note(self, health: CameraHealth, now_s: float) -> None:
        """Take in how a camera is now."""
        past = self._of.setdefault(health.camera_id, _Past())
        is_watched = health.state is CameraState.WATCHING
        if is_watched and not past.is_watched and past.was_watched:
            past.returns_s.append(now_s)
        past.is_watched = is_watched
        past.was_watched |= is_watched
        if is_watched and health.newest_frame_age_s is not None:
            past.picture_s = now_s - health.newest_frame_age_s

    def expect(self, camera_id: str) -> None:
        """It is connected anew because we want it so: that is no unrest of its own."""
        if camera_id in self._of:
            self._of[camera_id].was_watched = False

    def forget(self, camera_id: str) -> None:
        self._of.pop(camera_id, None)

    def told(self, health: CameraHealth, now_s: float) -> CameraHealth:
        """`health` with what is known from before."""
        past = self._of.get(health.camera_id, _Past())
        while past.returns_s and past.returns_s[0] <= now_s - _WINDOW_S:
            past.returns_s.popleft()
        age_s = health.newest_frame_age_s
        if health.state is not CameraState.WATCHING and past.picture_s is not None:
            age_s = now_s - past.picture_s
        return replace(health, reconnects_per_hour=len(past.returns_s), newest_frame_age_s=age_s)
