"""The shapes of cameras in the API."""

from msgspec import Struct

from linkage.web.camera_input_views import Events


class ZoneItem(Struct, frozen=True, kw_only=True):
    name: str
    kind: str
    polygon: list[tuple[float, float]]
    dwell_s: float | None
    armed: str | None
    """Local hours; none: always."""
    armed_days_off: str | None
    """Instead, on weekends and holidays; none: the same."""


class Fault(Struct, frozen=True, kw_only=True):
    incident: str
    number: str


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
    last_picture_at: str | None
    """When the newest picture came, also of a camera that is gone; null where none came since the
    service began."""
    reconnects_per_hour: int
    """How often it came back within the last hour."""
    trouble: str | None
    """What is wrong with its picture: covered, sprayed, turned, defocused, black, washed-out,
    signal-lost or frozen."""
    maintained_until: str | None
    """It, or its place, is worked on until then: no fault of it is raised meanwhile."""
    fault: Fault | None
    """The open incident about what is wrong with it."""
    clock_skew_s: float | None
    """The camera's clock minus ours, as last read; null where it was never told."""
    events: Events | None
    """How it stands with the events of the camera itself; null: nobody listens."""
    dead_buttons: list[str]
    """Buttons wired to it whose press would not be heard."""
    zones: list[ZoneItem]


class CameraList(Struct, frozen=True, kw_only=True):
    items: list[Camera]
