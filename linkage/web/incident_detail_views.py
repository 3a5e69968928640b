"""The shapes of an incident on its own page: its timeline, its households, what was decided."""

from typing import Any

from msgspec import Struct

from linkage.web.incident_views import Incident, OtherIncident, Place
from linkage.web.people_views import Person
from linkage.web.plan_views import IncidentPlan


class MergedIncident(OtherIncident, frozen=True, kw_only=True):
    """One that became a part of the incident, with where it was."""

    kind: str
    place: Place


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
