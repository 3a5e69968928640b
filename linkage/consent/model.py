"""The words of consent: what a household agrees to, and how that stands."""

from dataclasses import dataclass
from enum import StrEnum


class Standing(StrEnum):
    """Whether a household's camera may be used."""

    NONE = "none"
    """Nobody has agreed yet: it is not watched."""
    AGREED = "agreed"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True)
class Agreement:
    """What somebody of the household agreed to, in writing."""

    household_id: str
    agreed_by: str
    """The name under the paper."""
    agreed_on: str
    """The day on the paper, YYYY-MM-DD."""
    purpose: str
    """What the camera may be used for."""
    reference: str
    """Where the paper lies."""
    keeps: bool
    """Whether clips and pictures of an incident may be kept here; else it is looked at only."""


@dataclass(frozen=True)
class Consent:
    """An agreement as it was recorded, its texts opened."""

    id: str
    agreement: Agreement
    recorded_by: str
    recorded_at_ms: int
    withdrawn_at_ms: int | None
    withdrawn_by: str | None
    withdrawn_said: str | None


@dataclass(frozen=True)
class HouseholdCamera:
    """A camera of a household, and how its consent stands: the newest, where there was one."""

    id: str
    name: str
    village_id: str
    village_name: str
    household_label: str | None
    standing: Standing
    consent: Consent | None


@dataclass(frozen=True)
class OwnLook:
    """A look through the camera, as its owner is told."""

    kind: str
    began_at_ms: int
    seconds: float
    goes_on: bool
    display_name: str
    unit: str
    incident: str | None
    """The number of the incident it was for."""


@dataclass(frozen=True)
class OwnFile:
    """A picture or clip of the camera that is kept."""

    kind: str
    at_ms: int
    incident: str
    is_held: bool


@dataclass(frozen=True)
class OwnerLog:
    """What became of the camera since the household agreed; newest first."""

    camera: HouseholdCamera
    looks: tuple[OwnLook, ...]
    files: tuple[OwnFile, ...]
    more: bool
    """Older ones are not listed."""
