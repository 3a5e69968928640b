"""The shapes of an incident in the API, as lists and the stream have it.

What only its own page shows is in `incident_detail_views`.
"""

from msgspec import Struct

from linkage.web.people_views import Person
from linkage.web.station_views import Station


class Place(Struct, frozen=True, kw_only=True):
    """Labels, or ids; None where unknown."""

    village: str | None
    grid: str | None
    group: str | None
    household: str | None


class Acknowledged(Struct, frozen=True, kw_only=True):
    by: str
    username: str
    at: str


class IncidentAlarm(Struct, frozen=True, kw_only=True):
    id: str
    device: str
    kind: str
    received_at: str
    flags: list[str]
    silent: bool
    household: str | None


class IncidentCaller(Struct, frozen=True, kw_only=True):
    """A household that pressed or was reported, or a button of which no household is known."""

    household: str | None
    """Its label."""
    household_id: str | None
    device: str | None
    """Only where no household is known."""
    village: str | None
    group: str | None
    kind: str
    """The most urgent it has sent."""
    silent: bool
    at: str
    """Its newest alarm."""
    alarms: int


class EvidenceItem(Struct, frozen=True, kw_only=True):
    kind: str
    """snapshot, clip or photograph."""
    camera: str
    """Empty of a photograph."""
    url: str
    sha256: str
    at: str
    """Of a clip: its first picture."""
    moment: str | None = None
    """Of a picture that goes with a clip: before, at or after the alarm."""
    until: str | None = None
    """Of a clip: its last picture."""
    press_at: str | None = None
    """The alarm that a clip was cut around."""
    cuts: list[str] = []
    """Why a clip is shorter than it should be, Chinese first."""
    by: str | None = None
    """Who brought a photograph."""


class Next(Struct, frozen=True, kw_only=True):
    """The step of the six that usually comes next. `due_at` is when the clock acts, `due_for` what
    it waits for: that step, or one on the way to it (set-out, arrive), or resume."""

    action: str
    due_at: str | None
    due_for: str | None


class StepTimes(Struct, frozen=True, kw_only=True):
    """When each step was taken; None: not yet, or taken back since."""

    acknowledged: str | None
    verified: str | None
    dispatched: str | None
    set_out: str | None
    arrived: str | None
    responded: str | None
    closed: str | None
    reviewed: str | None


class Responder(Struct, frozen=True, kw_only=True):
    """Who was sent: in the sender's words, and the accounts among them."""

    to: str | None
    people: list[Person]


class Supervised(Struct, frozen=True, kw_only=True):
    """督办; `by` None: overdue twice."""

    by: str | None
    username: str | None
    at: str


class OtherIncident(Struct, frozen=True, kw_only=True):
    id: str
    number: str


class Called(Struct, frozen=True, kw_only=True):
    """A person who was told."""

    step: int
    username: str
    display_name: str
    role: str
    way: str
    at: str
    state: str


class Incident(Struct, frozen=True, kw_only=True):
    id: str
    number: str
    stage: str
    priority: int
    kind: str
    silent: bool
    drill: bool
    drill_id: str | None
    ring_style: str
    """normal, or soft while it is a drill."""
    certainty: str
    """possible, likely or observed."""
    flood: bool
    """It gathers a flood of camera alarms of its village."""
    opened_at: str
    closed_at: str | None
    place: Place
    place_ids: Place
    acknowledged: Acknowledged | None
    alarms: list[IncidentAlarm]
    """The newest, oldest of them first: 20 in lists and the stream, 500 on its own page."""
    alarm_count: int
    """Of all its alarms; so are the next three."""
    alarm_kinds: dict[str, int]
    alarm_households: int
    alarm_flags: list[str]
    callers: list[IncidentCaller]
    """At most 10: the most urgent first, among equals the one at `place`, then the newest."""
    caller_count: int
    cameras: list[str]
    evidence: list[EvidenceItem]
    """The newest, oldest of them first: 20 in lists and the stream, 200 on its own page."""
    evidence_count: int
    next: Next | None
    called: list[Called]
    """Calls of people, the newest, oldest of them first, after those who were skipped: of each 60
    in lists and the stream, 300 on its own page."""
    called_count: int
    """All calls; who was skipped is in the timeline."""
    asked: list[str]
    """User names of those who were called and must confirm that they know, after another signed."""
    informed: list[Called]
    """Those who were told without having to sign."""
    cancel_claimed: bool
    outcome: str | None
    version: int
    ring: int
    times: StepTimes
    overdue: int
    """How often the present `next.due_at` has been put off by passing."""
    responder: Responder | None
    supervised: Supervised | None
    suspended_until: str | None
    merged_into: OtherIncident | None
    station: Station | None
    """None: no station is told of it."""


class IncidentPage(Struct, frozen=True, kw_only=True):
    items: list[Incident]
    next: str | None


class EvidencePage(Struct, frozen=True, kw_only=True):
    items: list[EvidenceItem]
    next: str | None


class CalledPage(Struct, frozen=True, kw_only=True):
    items: list[Called]
    next: str | None
