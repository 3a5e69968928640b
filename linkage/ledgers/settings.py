"""`[ledgers]` of site.toml: how often a button must be tested, and when its leader is reminded."""

from datetime import datetime
from typing import Annotated

import msgspec

from linkage.duty.model import hours_of
from linkage.strict_toml import Duration

TEST_EVERY_S = 31 * 86400.0
"""A month, where the settings say nothing."""

_TIME = r"([01]\d|2[0-3]):[0-5]\d"
Hours = Annotated[str, msgspec.Meta(pattern=rf"\A{_TIME}-{_TIME}\Z")]


class LedgerSettings(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """`[ledgers]`."""

    test_every: Duration = Duration(TEST_EVERY_S)
    """A button whose last test is older has not been tested."""
    remind: bool = True
    """Tell the 联户长 by the device in their home who of the group has not tested."""
    remind_every: Duration = Duration(7 * 86400.0)
    remind_hours: Hours = "09:00-18:00"
    """Local time; nobody is disturbed at night for a test."""

    def may_remind(self, local: datetime) -> bool:
        """Whether leaders may be reminded at this local time."""
        return self.remind and local.time() in hours_of(self.remind_hours)
