"""`[accounts]` of `site.toml`: who must have a second factor, and when a screen locks itself."""

from collections.abc import Iterator
from enum import StrEnum

import msgspec

from linkage.strict_toml import Duration

_SHORTEST_S, _LONGEST_S = 60.0, 12 * 3600.0


class SecondFactorPolicy(StrEnum):
    OFFERED = "offered"
    """Whoever wants one has one."""
    REQUIRED = "required"
    """Without one nobody configures or takes data out; alarms are handled all the same."""


class AccountSettings(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """`[accounts]`."""

    second_factor: SecondFactorPolicy = SecondFactorPolicy.OFFERED
    lock_after: Duration = Duration(0.0)
    """A console that nobody touched for so long locks itself; 0: only by its button."""


def mistakes_in(settings: AccountSettings) -> Iterator[tuple[str, str, str]]:
    """(key, Chinese, English) of each value that is not allowed."""
    if settings.lock_after > 0 and not _SHORTEST_S <= settings.lock_after <= _LONGEST_S:
        yield (
            "lock_after",
            "应为 1 分钟至 12 小时，或 0s（不自动锁屏）",
            'between one minute and 12 hours, such as "15m", or "0s": never by itself',
        )
