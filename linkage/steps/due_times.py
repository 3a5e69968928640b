"""By when each step should be taken, by priority: the table (`[due]` in escalation.toml) and what
follows from it.

Pure. What happens when a due time passes is in `linkage.steps.events` and `linkage.steps.overdue`.
"""

from dataclasses import dataclass

import msgspec

from linkage.model.incident import Incident, Stage
from linkage.steps.moves import Step
from linkage.strict_toml import Duration

PerPriority = tuple[Duration, Duration, Duration, Duration]
"""For priority 1, 2, 3 and 4."""


def _s(*seconds: float) -> PerPriority:
    first, second, third, fourth = (Duration(one) for one in seconds)
    return first, second, third, fourth


_MINUTE, _HOUR, _DAY = 60.0, 3600.0, 86400.0


class DueTimes(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """How long each step may take, counted from the step before it, in seconds."""

    verify: PerPriority = _s(_MINUTE, 2 * _MINUTE, 10 * _MINUTE, 30 * _MINUTE)
    dispatch: PerPriority = _s(_MINUTE, 5 * _MINUTE, 30 * _MINUTE, 2 * _HOUR)
    set_out: PerPriority = _s(5 * _MINUTE, 10 * _MINUTE, 30 * _MINUTE, 2 * _HOUR)
    """Zero: not waited for; likewise `arrive`."""
    arrive: PerPriority = _s(10 * _MINUTE, 20 * _MINUTE, _HOUR, 4 * _HOUR)
    respond: PerPriority = _s(30 * _MINUTE, _HOUR, 4 * _HOUR, _DAY)
    close: PerPriority = _s(4 * _HOUR, 8 * _HOUR, _DAY, 3 * _DAY)
    again: PerPriority = _s(2 * _MINUTE, 10 * _MINUTE, _HOUR, 4 * _HOUR)
    """After a due time has passed: until it is called overdue once more."""
    suspend_at_most: PerPriority = _s(4 * _HOUR, _DAY, 3 * _DAY, 7 * _DAY)

    def mistake(self) -> tuple[str, str, str] | None:
        """What is wrong with the table: the key, and why in Chinese and in English; None when
        nothing is."""
        for name in self.__struct_fields__:
            least_s = 0.0 if name in ("set_out", "arrive") else 1.0
            if min(getattr(self, name)) < least_s:
                return (
                    f"due.{name}",
                    '每个等级至少 "1s"',
                    'expected at least "1s" for every priority',
                )
        return None

    def allowance_ms(self, step: Step, priority: int) -> int:
        """How long the step may take; zero for what nobody waits for."""
        table = {
            Step.VERIFY: self.verify,
            Step.DISPATCH: self.dispatch,
            Step.SET_OUT: self.set_out,
            Step.ARRIVE: self.arrive,
            Step.RESPOND: self.respond,
            Step.CLOSE: self.close,
        }
        return _ms(table[step], priority)

    def again_ms(self, priority: int) -> int:
        return _ms(self.again, priority)

    def suspend_at_most_ms(self, priority: int) -> int:
        return _ms(self.suspend_at_most, priority)


def _ms(row: PerPriority, priority: int) -> int:
    # a priority outside 1…4 is none that rules can give; the nearest is taken
    return round(row[min(max(priority, 1), 4) - 1] * 1000)


@dataclass(frozen=True)
class Due:
    """Which step is waited for, and until when."""

    step: Step
    at_ms: int


def awaited(incident: Incident, table: DueTimes) -> Step | None:
    """The step that the incident waits for; None while nobody has signed (then the escalation
    clock runs) and once it is closed."""
    if not incident.stage.is_open or incident.acknowledged_by is None:
        return None
    if incident.suspended_until_ms is not None:
        return Step.RESUME
    match incident.stage:
        case Stage.REPORTED:
            return Step.VERIFY
        case Stage.VERIFIED:
            return Step.DISPATCH
        case Stage.DISPATCHED:
            return _on_the_way(incident, table)
        case _:
            return Step.CLOSE


def _on_the_way(incident: Incident, table: DueTimes) -> Step:
    if incident.arrived_at_ms is None:
        left = incident.set_out_at_ms is not None
        if not left and table.allowance_ms(Step.SET_OUT, incident.priority):
            return Step.SET_OUT
        if table.allowance_ms(Step.ARRIVE, incident.priority):
            return Step.ARRIVE
    return Step.RESPOND


def due_from(incident: Incident, at_ms: int, table: DueTimes) -> Due | None:
    """What is due next, counted from now; None where nothing is."""
    step = awaited(incident, table)
    if step is None:
        return None
    if step is Step.RESUME:
        until_ms = incident.suspended_until_ms
        assert until_ms is not None, "only what is suspended waits to be resumed"
        return Due(step, until_ms)
    return Due(step, at_ms + table.allowance_ms(step, incident.priority))
