"""Logins that a device refused to several of its channels: the others need not try it too.

A recorder whose password was changed has thirty channels with the same login, and locks its account
after a handful of wrong ones. Shared by the threads of one worker; times are the clock's monotonic
seconds.
"""

import threading
from dataclasses import dataclass, field

from camerad.model import Camera
from camerad.stream_address import host_and_port

_SURE = 2
"""So many channels, because one alone may merely not be allowed to this user."""
_HOLDS_S = 18.0
"""Shorter than the shortest wait after a refused login, so that somebody tries each time."""

_Login = tuple[tuple[str, int], str | None, str | None]


@dataclass
class _Refused:
    cameras: set[str] = field(default_factory=set)
    at_s: float = 0.0


class Refusals:
    """Of one worker; any thread may call."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._of: dict[_Login, _Refused] = {}

    def note(self, camera: Camera, now_s: float, *, is_refused: bool) -> None:
        """What came of trying the login of `camera`, whose address has been checked."""
        with self._lock:
            if not is_refused:
                self._of.pop(_login(camera), None)
                return
            known = self._of.setdefault(_login(camera), _Refused())
            known.cameras.add(camera.id)
            known.at_s = now_s

    def stands(self, camera: Camera, now_s: float, *, seen_s: float | None) -> bool:
        """Whether others were refused the same login just now; `seen_s`: when the last frame of
        `camera` came, for what was refused before is no matter of one that was let in since."""
        with self._lock:
            known = self._of.get(_login(camera))
            return (
                known is not None
                and len(known.cameras - {camera.id}) >= _SURE
                and now_s - known.at_s < _HOLDS_S
                and (seen_s is None or seen_s < known.at_s)
            )


def _login(camera: Camera) -> _Login:
    return host_and_port(camera.stream_uri), camera.username, camera.password
