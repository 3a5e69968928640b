"""Where something is, and what of ours is near it."""

from dataclasses import dataclass

from linkage.model.action import ActionKind


@dataclass(frozen=True)
class Place:
    """As much as is known of where something is; None where unknown. `label` is what neighbours
    may see of the household."""

    village_id: str | None = None
    grid_id: str | None = None
    group_id: str | None = None
    household_id: str | None = None
    camera_id: str | None = None
    label: str | None = None
    layer: str | None = None
    latitude: float | None = None
    longitude: float | None = None


NOWHERE = Place()


@dataclass(frozen=True)
class NearCamera:
    """A camera and how far it is; `distance_m` None where one of the two was not surveyed."""

    camera_id: str
    distance_m: float | None


@dataclass(frozen=True)
class MemberDevice:
    """A button of a household of the group."""

    device: str
    household_id: str
    wants_notices: bool
    """On this button: false as well where it wants to be telephoned only."""


@dataclass(frozen=True)
class Sounder:
    """A siren or a loudspeaker of the group; `kind` is the one of its actions."""

    device: str
    kind: ActionKind
