"""The shapes of motion in the API: evidence, never an alarm."""

from msgspec import Struct

Area = tuple[float, float, float, float]
"""x, y, width, height as fractions of the picture: the box around all that moved."""


class MotionItem(Struct, frozen=True, kw_only=True, rename={"from_": "from"}):
    camera: str
    name: str
    """Of the camera."""
    village: str
    zone: str
    from_: str
    to: str
    """As last written, while it lasts."""
    area: Area | None


class MotionPage(Struct, frozen=True, kw_only=True):
    items: list[MotionItem]
    """The latest begun first."""
    next: str | None


class MotionSpan(Struct, frozen=True, kw_only=True, rename={"from_": "from"}):
    zone: str
    from_: str
    to: str
    area: Area | None


class CameraMotion(Struct, frozen=True, kw_only=True):
    camera: str
    name: str
    distance_m: float | None
    has_motion_zone: bool
    """Where it has none, nothing says whether anything moved."""
    spans: list[MotionSpan]
    """The earliest begun first."""


class IncidentMotion(Struct, frozen=True, kw_only=True, rename={"from_": "from"}):
    from_: str
    to: str
    opened_at: str
    cameras: list[CameraMotion]
    """The incident's, the nearest first."""
    more: bool
    """There is more than is shown: ask `GET /api/v1/motion`."""
