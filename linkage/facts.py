"""What the pipeline's stages look at. Only shapes; `linkage.fact_reading` fetches them."""

from dataclasses import dataclass
from datetime import datetime

from alarms.model import AlarmKind, LoggedAlarm
from linkage.model import NOWHERE, MemberDevice, NearCamera, Place, Sounder
from linkage.rules import Rules
from linkage.ways.settings import USUAL_WAYS, Ways


@dataclass(frozen=True)
class LinkedAlarm:
    """An alarm that an incident already holds; of several that differ in nothing but their time,
    the newest."""

    kind: AlarmKind
    silent: bool
    device: str
    household_id: str | None
    received_at_ms: int

    def differs_in_time_only(self, other: "LinkedAlarm") -> bool:
        mine = (self.kind, self.silent, self.device, self.household_id)
        return mine == (other.kind, other.silent, other.device, other.household_id)

    @property
    def is_quiet(self) -> bool:
        """Whether whoever is at that household must not notice that we know."""
        return self.silent or self.kind in (AlarmKind.DURESS, AlarmKind.CANCEL)


@dataclass(frozen=True)
class OpenIncident:
    """An incident that this alarm might belong to. Alarms are oldest first."""

    id: str
    number: str
    opened_at_ms: int
    kind: AlarmKind
    priority: int
    plan: str
    silent: bool
    ring: int
    cancel_claimed: bool
    acknowledged_by: str | None
    group_id: str | None
    camera_id: str | None
    alarms: tuple[LinkedAlarm, ...]
    camera_ids: frozenset[str]
    pending: tuple[int, int] | None = None
    """(step, due_at_ms) of the escalation clock while it runs."""
    relinks: int | None = None
    """How often people moved alarms in or out."""

    @property
    def newest_alarm_ms(self) -> int:
        return max(a.received_at_ms for a in self.alarms)


@dataclass(frozen=True)
class Facts:
    """All that the decision about one alarm rests on."""

    alarm: LoggedAlarm
    now_ms: int
    local: datetime
    """When the alarm was received, in the site's time zone."""
    rules: Rules
    linked: bool = False
    """The alarm is in an incident already: this is a replay."""
    place: Place = NOWHERE
    incidents: tuple[OpenIncident, ...] = ()
    """Open ones that share household, group, device or camera with it; newest first."""
    cameras: tuple[NearCamera, ...] = ()
    """Nearest first, as wide as the widest rule looks."""
    members: tuple[MemberDevice, ...] = ()
    sounders: tuple[Sounder, ...] = ()
    """Sirens and loudspeakers of the group."""
    ways: Ways = USUAL_WAYS
