"""The words of quiet: what is held back, for how long, and what a drill covers.

Only shapes and what they say of themselves; deciding is in `linkage.quiet.deciding`. Times are
Unix milliseconds UTC.
"""

from dataclasses import dataclass
from enum import StrEnum

from alarms.model import AlarmKind
from linkage.model.place import Place

MAY_BE_HELD = frozenset({AlarmKind.LOITERING})
"""The only kinds that silences, maintenance windows and floods touch: no life hangs on them."""

LONGEST_WINDOW_MS = 7 * 24 * 3600 * 1000
LONGEST_DRILL_MS = 24 * 3600 * 1000


class WindowSort(StrEnum):
    SILENCE = "silence"
    MAINTENANCE = "maintenance"

    @property
    def label(self) -> tuple[str, str]:
        """The sort in Chinese and in English."""
        return _SORT_LABELS[self]


_SORT_LABELS = {
    WindowSort.SILENCE: ("静默", "silence"),
    WindowSort.MAINTENANCE: ("维护", "maintenance"),
}


@dataclass(frozen=True)
class QuietWindow:
    """A silence or a maintenance window. What is empty asks nothing; at least one is not."""

    id: str
    sort: WindowSort
    reason: str
    author: str
    made_at_ms: int
    begin_ms: int
    end_ms: int
    cameras: frozenset[str] = frozenset()
    villages: frozenset[str] = frozenset()
    layers: frozenset[str] = frozenset()
    devices: frozenset[str] = frozenset()
    """Of maintenance only; what they press is an alarm all the same."""
    kinds: frozenset[AlarmKind] = MAY_BE_HELD
    ended_by: str | None = None
    """Who ended it before its time."""

    def holds_at(self, at_ms: int) -> bool:
        return self.begin_ms <= at_ms < self.end_ms

    def covers(self, place: Place, device: str) -> bool:
        """Whether it speaks of this place and device."""
        names = self.cameras | self.devices
        return (
            bool(names or self.villages or self.layers)
            and (not names or device in names)
            and (not self.villages or place.village_id in self.villages)
            and (not self.layers or place.layer in self.layers)
        )


class DrillState(StrEnum):
    PLANNED = "planned"
    RUNNING = "running"
    ENDED = "ended"


@dataclass(frozen=True)
class Drill:
    """演练: presses inside its scope are practice until something says that they are not."""

    id: str
    name: str
    begin_ms: int
    end_ms: int
    made_by: str
    made_at_ms: int
    villages: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    devices: frozenset[str] = frozenset()
    notice_to: str = ""
    """报备: who was told of it beforehand."""
    noticed_at_ms: int | None = None
    note: str = ""
    started_by: str | None = None
    started_at_ms: int | None = None
    ended_by: str | None = None
    ended_at_ms: int | None = None

    def state_at(self, at_ms: int) -> DrillState:
        if self.ended_at_ms is not None or at_ms >= self.end_ms:
            return DrillState.ENDED
        return DrillState.PLANNED if self.started_at_ms is None else DrillState.RUNNING

    def runs_at(self, at_ms: int) -> bool:
        """Whether it was running at this moment, be it over since."""
        if self.started_at_ms is None or at_ms < max(self.started_at_ms, self.begin_ms):
            return False
        over_ms = self.end_ms if self.ended_at_ms is None else min(self.ended_at_ms, self.end_ms)
        return at_ms < over_ms

    def covers(self, place: Place, device: str) -> bool:
        """Whether a button there takes part."""
        return (
            device in self.devices
            or place.group_id in self.groups
            or place.village_id in self.villages
        )


@dataclass(frozen=True)
class FloodPolicy:
    """`[flood]` of rules.toml: so many camera alarms in this time are one flood."""

    alarms: int = 10
    within_s: float = 600.0


@dataclass(frozen=True)
class Flood:
    """A flood of camera alarms that lasts."""

    since_ms: int
    alarms: int
    """In the last `within_s`."""
