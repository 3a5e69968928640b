"""The shapes the API answers with. Only shapes: where they come from is in `incident_reading`."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from aiohttp import web
from msgspec import Struct


def answer(view: Struct, status: int = 200) -> web.Response:
    """The JSON answer of a shape."""
    return web.Response(
        body=msgspec.json.encode(view), status=status, content_type="application/json"
    )


def moment(ms: int, zone: ZoneInfo) -> str:
    """RFC 3339 with offset, milliseconds, in the site's own time."""
    at = datetime.fromtimestamp(ms / 1000, UTC).astimezone(zone)
    return at.isoformat(timespec="milliseconds")


def moment_or_none(ms: int | None, zone: ZoneInfo) -> str | None:
    return None if ms is None else moment(ms, zone)


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
    camera: str
    url: str
    sha256: str
    at: str


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


class Person(Struct, frozen=True, kw_only=True):
    username: str
    display_name: str


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


class MergedIncident(OtherIncident, frozen=True, kw_only=True):
    """One that became a part of the incident, with where it was."""

    kind: str
    place: Place


class Called(Struct, frozen=True, kw_only=True):
    """A person who was told."""

    step: int
    username: str
    display_name: str
    role: str
    way: str
    at: str
    state: str


class Station(Struct, frozen=True, kw_only=True):
    """How the police station is told of an incident."""

    name: str
    state: str
    """planned, delivered, confirmed, unconfirmed, failed or telephoned."""
    at: str
    telephone: bool
    """An officer must telephone the station now."""
    number: str | None
    error: str | None


class Confirmation(Struct, frozen=True, kw_only=True):
    incident: str
    station: Station


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


class TimelineItem(Struct, frozen=True, kw_only=True):
    seq: int
    at: str
    """When; of several that differ only in time, the last."""
    first_at: str
    """The first of them."""
    count: int
    """How many it stands for."""
    type: str
    actor: Person | None
    data: dict[str, Any]


class Household(Struct, frozen=True, kw_only=True):
    """Masked unless the caller may see it in the clear."""

    id: str
    label: str
    address: str | None
    contact_name: str | None
    contact_phone: str | None


class GroupHousehold(Struct, frozen=True, kw_only=True):
    id: str
    label: str
    is_source: bool
    device: str | None
    notice: str | None
    told_by: str | None
    """button, phone or both, as it asked for; null: it wants not to be told."""
    telephone: bool
    """An officer telephones this household: it asked for that."""


class Group(Struct, frozen=True, kw_only=True):
    id: str
    name: str
    households: list[GroupHousehold]


class NearCamera(Struct, frozen=True, kw_only=True):
    id: str
    name: str
    state: str
    reason: str
    distance_m: float | None


class PlannedAction(Struct, frozen=True, kw_only=True):
    id: str
    kind: str
    target: str
    state: str
    attempts: int
    due_at: str
    done_at: str | None
    error: str | None


class DecisionItem(Struct, frozen=True, kw_only=True):
    stage: str
    matched: bool
    reason: str


class PlanContact(Struct, frozen=True, kw_only=True):
    name: str
    phone: str


class Ticked(Struct, frozen=True, kw_only=True):
    by: Person
    at: str


class TickableItem(Struct, frozen=True, kw_only=True):
    id: str
    text: str
    ticked: Ticked | None


class IncidentPlan(Struct, frozen=True, kw_only=True):
    """The response plan of one incident, with what is ticked off."""

    id: str
    version: int
    name: str
    items: list[TickableItem]
    contacts: list[PlanContact]


class Told(Struct, frozen=True, kw_only=True):
    """A recipient, and how far the newest message to it is known to have come."""

    kind: str
    """member, siren, loudspeaker, webhook or person."""
    target: str
    way: str
    state: str
    """planned, sent, delivered, read, answered, failed, cancelled or unattended."""
    at: str
    error: str | None


class IncidentDetail(Incident, frozen=True, kw_only=True):
    timeline: list[TimelineItem]
    """How it began, and the newest 400 items."""
    timeline_count: int
    """All its events, each by itself."""
    household: Household | None
    """The first of `households`."""
    households: list[Household]
    """Of the callers, in their order."""
    group: Group | None
    cameras_near: list[NearCamera]
    actions: list[PlannedAction]
    """The newest 300, oldest of them first."""
    action_count: int
    decisions: list[DecisionItem]
    """Of the alarms that opened it or rang, and of the newest 20."""
    allowed: list[str]
    """The steps that the caller may take now."""
    merged_from: list[MergedIncident]
    response_plan: IncidentPlan
    told: list[Told]


class IncidentPage(Struct, frozen=True, kw_only=True):
    items: list[Incident]
    next: str | None


class EvidencePage(Struct, frozen=True, kw_only=True):
    items: list[EvidenceItem]
    next: str | None


class CalledPage(Struct, frozen=True, kw_only=True):
    items: list[Called]
    next: str | None


class Alarm(Struct, frozen=True, kw_only=True):
    position: int
    """Its place in the log; what `after` and `next` count."""
    id: str
    device: str
    boot: int
    seq: int
    """The press's own counter, as at the device."""
    kind: str
    received_at: str
    flags: list[str]
    silent: bool
    source: str


class AlarmPage(Struct, frozen=True, kw_only=True):
    items: list[Alarm]
    next: str | None


class ZoneItem(Struct, frozen=True, kw_only=True):
    name: str
    kind: str
    polygon: list[tuple[float, float]]
    dwell_s: float | None
    armed: str | None


class Camera(Struct, frozen=True, kw_only=True):
    id: str
    name: str
    village: str
    state: str
    reason: str
    detail: str
    since: str | None
    frames_per_s: float
    analysed_per_s: float
    shedding: bool
    newest_frame_age_s: float | None
    zones: list[ZoneItem]


class CameraList(Struct, frozen=True, kw_only=True):
    items: list[Camera]


class Part(Struct, frozen=True, kw_only=True):
    state: str
    since: str
    detail: str


class Broker(Struct, frozen=True, kw_only=True):
    kind: str


class CameraCounts(Struct, frozen=True, kw_only=True):
    watching: int
    down: int
    connecting: int


class ConsoleState(Struct, frozen=True, kw_only=True):
    attended: bool
    officers: int


class Flood(Struct, frozen=True, kw_only=True):
    """Cameras raise so much that it is gathered."""

    since: str
    alarms: int


class Maintenance(Struct, frozen=True, kw_only=True):
    """How many devices' maintenance orders somebody must see to; never an alarm."""

    open: int
    overdue: int
    """Handed up to the shift leader."""
    unowned: int
    """Nobody could be found to see to them."""


class System(Struct, frozen=True, kw_only=True):
    intake: Part
    store: Part
    broker: Broker
    cameras: CameraCounts
    console: ConsoleState
    flood: Flood | None
    maintenance: Maintenance
    sse_position: int


class Site(Struct, frozen=True, kw_only=True):
    name_zh: str
    name_en: str
    time_zone: str


class Demo(Struct, frozen=True, kw_only=True):
    button_page: str


class Me(Struct, frozen=True, kw_only=True):
    username: str
    display_name: str
    role: str
    places: list[str]
    permissions: list[str]
    site: Site
    demo: Demo | None
    version: str


class Reported(Struct, frozen=True, kw_only=True):
    alarm: str


class Alive(Struct, frozen=True, kw_only=True):
    alive: bool


class Ready(Struct, frozen=True, kw_only=True):
    ready: bool
    reasons: list[str]
