"""The words of live view, as they go between the main process and a worker.

Plain picklable values; no decisions, no I/O.
"""

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Final

WINDOW: Final = 8
"""Parts that may be under way to a viewer without an answer; the bound of everything in between."""


class Via(StrEnum):
    """How pictures come to a viewer."""

    FILM = "fmp4"
    """Fragmented MP4 of H.264, for Media Source Extensions."""
    PICTURES = "jpeg"


class PartKind(IntEnum):
    """What a part is."""

    INIT = 1
    """What a player must know before any fragment; a new one begins everything anew."""
    FRAGMENT = 2
    PICTURE = 3


class Waiting(StrEnum):
    """Why there is no new picture now; it is tried on."""

    STARTING = "starting"
    CAMERA = "camera"
    """The camera sends nothing."""


class Over(StrEnum):
    """Why the worker has ended a view; asking again is sensible for all of them."""

    NOT_WATCHED = "not-watched"
    CHANGED = "changed"
    """The camera's settings changed: another address, another privacy zone."""
    WORKER = "worker"
    BROKEN = "broken"
    TOO_MANY = "too-many"


@dataclass(frozen=True)
class OpenLive:
    """Down: show a camera to a viewer from now on."""

    view: int
    camera_id: str
    film: bool
    """Whether the viewer can play one; otherwise pictures."""


@dataclass(frozen=True)
class LiveTaken:
    """Down: the viewer has everything up to this part."""

    view: int
    number: int


@dataclass(frozen=True)
class CloseLive:
    """Down: nobody looks any more."""

    view: int


@dataclass(frozen=True)
class LiveFormat:
    """Up: what comes from here on."""

    view: int
    via: Via
    codec: str
    """As RFC 6381 has it, `avc1.42C01E`; empty for pictures."""
    width: int
    height: int
    masked: bool
    """Whether a privacy zone was blackened before it left the worker."""


@dataclass(frozen=True)
class LivePart:
    """Up: a piece of film, or a picture."""

    view: int
    number: int
    """Counts the parts of a view from 1."""
    kind: PartKind
    data: bytes
    at_ms: int
    """When its newest picture arrived from the camera: Unix milliseconds of the server's clock."""
    media_ms: int
    """And where that picture stands in the film; 0 for pictures."""
    left_out: bool = False
    """Whether pictures before it were left out, because the viewer was too slow."""


@dataclass(frozen=True)
class LiveWaits:
    """Up: no picture comes now."""

    view: int
    why: Waiting
    detail: str
    """One sentence for a person."""


@dataclass(frozen=True)
class LiveOver:
    """Up: the last word of a view."""

    view: int
    why: Over


LiveOrder = OpenLive | LiveTaken | CloseLive
LiveMessage = LiveFormat | LivePart | LiveWaits | LiveOver
