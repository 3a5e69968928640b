"""What the settings say about the steps of an incident."""

from dataclasses import dataclass, field
from datetime import tzinfo
from zoneinfo import ZoneInfo

from linkage.escalation.plans import Plans, built_in_plans
from linkage.rules.model import Rules
from linkage.steps.checks import ClosingCheck
from linkage.steps.due_times import DueTimes
from linkage.ways.settings import USUAL_WAYS, Ways


@dataclass(frozen=True)
class DeskPolicy:
    """Read once, at the start."""

    due: DueTimes = DueTimes()  # noqa: RUF009 - frozen
    closing_check: ClosingCheck = ClosingCheck.OTHER_THAN_RESPONDER
    time_zone: tzinfo = ZoneInfo("Asia/Shanghai")  # noqa: RUF009 - never changes
    """Dates the numbers of incidents that are split off."""
    plans: Plans = field(default_factory=built_in_plans)
    """They say whether one sign-for is enough."""
    rules: Rules = Rules()  # noqa: RUF009 - frozen
    ways: Ways = USUAL_WAYS
    """Of a drill's incident that is made real."""
