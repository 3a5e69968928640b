"""`[live]` of `site.toml`: how long a look lasts and how many there may be."""

from collections.abc import Iterator
from typing import Annotated

import msgspec

from linkage.strict_toml import Duration

_SHORTEST_S, _LONGEST_S = 30.0, 3600.0
_FOR_INCIDENTS = 4


class LiveSettings(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """`[live]`."""

    views: Annotated[int, msgspec.Meta(ge=0, le=200)] = 20
    """Of all consoles at once; 0: nobody looks live."""
    lasts: Duration = Duration(300.0)
    """Then it ends by itself, unless the viewer asks for more time."""

    def most(self, *, of_incident: bool) -> int:
        """How many may be open before one more: the last few are for incidents, so that a wall of
        sixteen is in nobody's way who handles one."""
        if of_incident or self.views < 2 * _FOR_INCIDENTS:
            return self.views
        return self.views - _FOR_INCIDENTS


def mistakes_in(settings: LiveSettings) -> Iterator[tuple[str, str, str]]:
    """(key, Chinese, English) of each value that is not allowed."""
    if not _SHORTEST_S <= settings.lasts <= _LONGEST_S:
        yield "lasts", "应为 30 秒至 1 小时", 'between 30 seconds and one hour, such as "5m"'
