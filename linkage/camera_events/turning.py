"""When a camera is turned to its preset for an incident, and when it is given back. Pure.

A camera has one preset for alarms. Whoever else uses it comes first: one that moves is not turned,
and one that looks elsewhere than where we left it is not given back. Of quiet incidents nothing is
turned: whoever is in the house may see the camera move. Times are Unix milliseconds.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from camerad.model import Position

FRESH_MS: Final = 120_000
"""For an incident that is older nothing is turned any more: after a restart of ours, say."""
_GIVE_UP_MS: Final = 20_000
"""So long it is waited for that whoever moves it lets go, or that it answers."""
_SAME: Final = 0.02
"""Of a camera's own numbers, which go from -1 to 1: it looks where it looked."""


@dataclass(frozen=True)
class Wanted:
    """What a person has set for a camera."""

    camera_id: str
    preset: str
    home: str | None
    """The preset it is given back to; None: its home position."""
    back_after_s: int
    """It is given back at the latest then, also where the incident is still open."""


@dataclass(frozen=True)
class Turned:
    """Where it stands with a camera."""

    incident: str | None = None
    """For which it was turned, or was to be; None: for none yet."""
    since_ms: int = 0
    """When it was turned, or first was to be."""
    away: bool = False
    """It was turned by us, and not given back."""
    left: Position | None = None
    """Where it looked when it had arrived; None: it did not say."""


@dataclass(frozen=True)
class Scene:
    """An open incident that the camera is linked to."""

    id: str
    opened_at_ms: int


class No(StrEnum):
    """Why a person may not turn a camera, or sound its siren, for an incident."""

    CLOSED = "closed"
    QUIET = "quiet"
    DRILL = "drill"
    OTHER_KIND = "other-kind"
    OUT_OF_SERVICE = "out-of-service"
    PRIVATE = "private"
    VEILED = "veiled"
    TAKEN = "taken"

    @property
    def label(self) -> tuple[str, str]:
        """In Chinese and in English."""
        return _NO_LABELS[self]


_NO_LABELS: Final = {
    No.CLOSED: ("警情已结", "the incident is closed"),
    No.QUIET: ("须保持安静的警情，不转动、不鸣响", "a quiet incident: nothing moves or sounds"),
    No.DRILL: ("演练不转动、不鸣响", "a drill: nothing moves or sounds"),
    No.OTHER_KIND: ("只用于求助警情", "for calls for help only"),
    No.OUT_OF_SERVICE: ("摄像机已停用或未找到", "the camera is out of service or was never found"),
    No.PRIVATE: ("住户摄像机不转动", "a household's camera is not turned"),
    No.VEILED: ("有隐私遮挡区的摄像机不转动", "a camera with a privacy zone is not turned"),
    No.TAKEN: ("正为另一起警情转动", "it is turned for another incident"),
}


@dataclass(frozen=True)
class ByHand:
    """What decides whether a person may use a camera's head or siren for an incident."""

    is_open: bool = True
    is_quiet: bool = False
    is_drill: bool = False
    is_of_help: bool = True
    """Somebody called for help: it is no loitering and nothing technical."""
    is_in_service: bool = True
    is_private: bool = False
    is_veiled: bool = False
    is_taken: bool = False
    """It is turned for another incident."""


class Doing(StrEnum):
    """What is to be done with a camera now."""

    NOTHING = "nothing"
    TURN = "turn"
    BACK = "back"


def to_do(wanted: Wanted, turned: Turned, scenes: Sequence[Scene], now_ms: int) -> Doing:
    """`scenes`: open, loud, no practice; the newest first."""
    if turned.away:
        is_over = all(scene.id != turned.incident for scene in scenes)
        is_late = now_ms - turned.since_ms >= wanted.back_after_s * 1000
        return Doing.BACK if is_over or is_late else Doing.NOTHING
    return Doing.TURN if scene_for(turned, scenes, now_ms) is not None else Doing.NOTHING


def scene_for(turned: Turned, scenes: Sequence[Scene], now_ms: int) -> Scene | None:
    """The incident it is to be turned for, once for each."""
    return next(
        (
            scene
            for scene in scenes
            if (
                # what is being tried may have been asked for by a person, however old it is
                is_trying(turned, now_ms)
                if scene.id == turned.incident
                else now_ms - scene.opened_at_ms < FRESH_MS
            )
        ),
        None,
    )


def no_sounding(found: ByHand) -> No | None:
    """Why its siren must not sound for the incident; None: it may."""
    for is_so, no in (
        (not found.is_open, No.CLOSED),
        (found.is_quiet, No.QUIET),
        (found.is_drill, No.DRILL),
        (not found.is_of_help, No.OTHER_KIND),
        (not found.is_in_service, No.OUT_OF_SERVICE),
    ):
        if is_so:
            return no
    return None


def no_turning(found: ByHand) -> No | None:
    """Why it must not be turned for the incident; None: it may."""
    if no := no_sounding(found):
        return no
    for is_so, no in (
        (found.is_private, No.PRIVATE),
        (found.is_veiled, No.VEILED),
        (found.is_taken, No.TAKEN),
    ):
        if is_so:
            return no
    return None


def gives_up(turned: Turned, now_ms: int) -> bool:
    """Whether it was tried for long enough."""
    return now_ms - turned.since_ms >= _GIVE_UP_MS


def is_where_we_left_it(left: Position | None, now: Position) -> bool:
    """Whether nobody has turned it since. One that does not say where it looks is taken at its
    word that it does not move."""
    if now.moving:
        return False
    if left is None:
        return True
    return all(
        before is None or after is None or abs(before - after) <= _SAME
        for before, after in (
            (left.pan, now.pan),
            (left.tilt, now.tilt),
            (left.zoom, now.zoom),
        )
    )


def is_trying(turned: Turned, now_ms: int) -> bool:
    """Whether it is to be turned and has not been yet."""
    return turned.left is None and not turned.away and not gives_up(turned, now_ms)
