"""What the pipeline's stages look at. Only shapes; `linkage.fact_reading` fetches them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from alarms.model import AlarmKind, AlarmSource, LoggedAlarm
from linkage.custody.model import ClipPolicy
from linkage.model.certainty import Certainty
from linkage.model.place import NOWHERE, MemberDevice, NearCamera, Place, Sounder
from linkage.quiet.model import Drill, QuietWindow
from linkage.rules.model import Rules, SourceState
from linkage.ways.settings import USUAL_WAYS, Ways

MEANT_FOR = "meant_for"
"""In the detail of an alarm of the system's own: the one open incident that it is meant for."""


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
    village_id: str | None = None
    grid_id: str | None = None
    household_id: str | None = None
    """Whose it is; None where no household is known."""
    latitude: float | None = None
    longitude: float | None = None
    """Where it began."""
    certainty: Certainty = Certainty.POSSIBLE
    drill_id: str | None = None
    is_drill: bool = False
    """It is practice still."""
    flood_village: str | None = None
    """It gathers a flood of camera alarms of this village (`*`: of nowhere known)."""

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
    members: tuple[MemberDevice, ...] | None = ()
    """The buttons of the group. None: nobody has looked, it is a burst."""
    sounders: tuple[Sounder, ...] = ()
    """Sirens and loudspeakers of the group."""
    ways: Ways = USUAL_WAYS
    windows: tuple[QuietWindow, ...] = ()
    """Silences and maintenance windows that were not over when the batch was read."""
    drills: tuple[Drill, ...] = ()
    clips: ClipPolicy | None = None
    """How clips are cut around an alarm; None: this site cuts none."""
    camera_states: Mapping[str, tuple[SourceState, int]] = field(default_factory=dict)
    """How each camera is, and since when."""
    camera_alarms_ms: tuple[int, ...] = ()
    """When camera alarms came lately, up to this one, oldest first; of a camera's alarm only."""

    @property
    def camera_state(self) -> SourceState | None:
        """How the camera was that raised the alarm; a state that is newer says nothing of it."""
        if self.alarm.source is not AlarmSource.CAMERA or self.alarm.device not in (
            self.camera_states
        ):
            return None
        state, since_ms = self.camera_states[self.alarm.device]
        return state if since_ms <= self.alarm.received_at_ms else SourceState.WATCHING
