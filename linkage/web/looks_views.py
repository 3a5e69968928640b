"""The shapes of the register of looks in the API."""

from msgspec import Struct


class Look(Struct, frozen=True, kw_only=True):
    id: str
    kind: str
    """`live`, `snapshot` (a picture of now), `clip` or `picture` (kept of an incident)."""
    camera: str
    name: str
    """Of the camera, as it is called now."""
    incident: str | None
    """The reason; where there is none, `purpose` says it."""
    incident_number: str | None
    purpose: str | None
    username: str
    display_name: str
    unit: str
    role: str
    began: str
    seen_until: str
    """It lasted at least so long."""
    ended: str | None
    """None: it goes on. After `unknown` it ended some time between `seen_until` and this."""
    why_ended: str | None
    seconds: float
    """How long it is known to have lasted."""


class LookPage(Struct, frozen=True, kw_only=True):
    items: list[Look]
    """The latest begun first."""
    next: str | None
