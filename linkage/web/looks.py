"""Which looks were written down a moment ago: a player asks for one film in many pieces."""

from collections import OrderedDict

from aiohttp import web

LOOK_LASTS_S = 600.0
_MOST = 1000


class Looks:
    """Who looked at what, while it is one look. Bound: the oldest is forgotten, which only means
    that it is written down once more."""

    def __init__(self) -> None:
        self._until_s: OrderedDict[tuple[str, str], float] = OrderedDict()

    def is_noted(self, username: str, about: str, now_s: float) -> bool:
        """Whether this look was written down and lasts still."""
        return self._until_s.get((username, about), now_s) > now_s

    def note(self, username: str, about: str, now_s: float) -> None:
        """It was written down just now."""
        self._until_s[username, about] = now_s + LOOK_LASTS_S
        self._until_s.move_to_end((username, about))
        if len(self._until_s) > _MOST:
            self._until_s.popitem(last=False)


LOOKS: web.AppKey[Looks] = web.AppKey("looks", Looks)
