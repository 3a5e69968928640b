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
            if now_ms - scene.opened_at_ms < FRESH_MS
            and (scene.id != turned.incident or _is_trying(turned, now_ms))
        ),
        None,
    )


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


def _is_trying(turned: Turned, now_ms: int) -> bool:
    return turned.left is None and not turned.away and not gives_up(turned, now_ms)
