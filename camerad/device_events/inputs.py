"""When is a digital input's message a press? Pure.

A camera hands each message over once and forgets it, forgets every subscription when it restarts,
and says how its inputs stand whenever somebody begins to listen. So what was known last decides.
To lose a press is worse than to raise one twice: whatever is in doubt is a press.

Times are milliseconds: `camera_ms` by the camera's clock, `now_ms` by ours.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

DOUBLED_WITHIN_MS: Final = 120_000
"""So long the same edge may be told again: twice as long as a subscription lives unheard. A clock
that stands still tells every edge alike, so it must end."""
_BOUNCE_MS: Final = 300


@dataclass(frozen=True)
class Known:
    """What is remembered of an input, over every restart of ours and of the camera."""

    active: bool | None = None
    """None: never heard."""
    edge_ms: int | None = None
    """The last press by the camera's clock."""
    pressed_ms: int | None = None
    """The last press by ours."""
    presses: int = 0


@dataclass(frozen=True)
class Heard:
    """What is said of it now; active means pressed, however it is wired."""

    active: bool
    initial: bool
    camera_ms: int | None
    now_ms: int


class Verdict(StrEnum):
    """What it was."""

    PRESSED = "pressed"
    MISSED = "missed"
    """Pressed while nobody listened: known released, and found pressed."""
    RELEASED = "released"
    STATE = "state"
    """How it stands, as known or for the first time."""
    DOUBLED = "doubled"
    """The same edge, told again."""

    @property
    def is_press(self) -> bool:
        return self in (Verdict.PRESSED, Verdict.MISSED)


def judged(known: Known, heard: Heard) -> tuple[Known, Verdict]:
    """What is known now, and what was heard."""
    if not heard.active:
        verdict = Verdict.STATE if heard.initial or known.active is not True else Verdict.RELEASED
        return _with(known, active=False), verdict
    if heard.initial:
        # it stood released when it was heard last, and stands pressed: nobody heard the press
        if known.active is False:
            return _pressed(known, heard), Verdict.MISSED
        return _with(known, active=True), Verdict.STATE
    if _is_same_edge(known, heard):
        return _with(known, active=True), Verdict.DOUBLED
    # also where it was pressed before: some firmware never tells of the release
    return _pressed(known, heard), Verdict.PRESSED


def _is_same_edge(known: Known, heard: Heard) -> bool:
    if known.pressed_ms is None:
        return False
    since_ms = heard.now_ms - known.pressed_ms
    if 0 <= since_ms < _BOUNCE_MS:
        return True
    told_again = heard.camera_ms is not None and heard.camera_ms == known.edge_ms
    return told_again and 0 <= since_ms < DOUBLED_WITHIN_MS


def _pressed(known: Known, heard: Heard) -> Known:
    return Known(True, heard.camera_ms, heard.now_ms, known.presses + 1)


def _with(known: Known, *, active: bool) -> Known:
    return Known(active, known.edge_ms, known.pressed_ms, known.presses)
