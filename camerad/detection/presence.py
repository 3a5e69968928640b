"""What detection says of one followed thing at one moment, and one thing's time in one zone.

Only what they are made of; what is done with them is in `stays` and `inheritance`.
"""

from dataclasses import dataclass, field

from camerad.detection.passages import Passage
from camerad.model import Box, Point

_UPRIGHT_SHARE = 0.6
"""Of a stay: a person is upright most of the time."""


@dataclass(frozen=True)
class Presence:
    """A confirmed track at one moment, in fractions of the frame."""

    track: int
    box: Box
    feet: Point
    travelled: bool
    """It came walking, or split off something that did."""
    upright: bool
    """Higher than wide."""
    lively: bool
    """It has moved lately enough to be alive."""
    born_s: float
    entered: bool
    """It came into the picture over the frame's edge."""
    alone: bool = True
    """It came into view by itself, not out of another body."""
    came_at: Point | None = None
    """Where its feet were when it came into view, if that is known."""
    came_with: tuple[int, ...] = ()
    """The tracks that may have been this body and another as one, until they parted."""


@dataclass
class Stay:
    """One track's time in one zone. Owned by `Stays`."""

    zone: int
    track: int
    dwell_s: float
    seen_s: float
    """When the feet were last in the zone."""
    outside: bool
    box: Box
    feet: Point
    place: Point
    """Where the feet have been on the whole."""
    walked_in: bool = False
    """This track, or the broken one it replaces, came walking."""
    brought: bool = False
    """What it replaces came walking."""
    upright_s: float = 0.0
    """The part of the dwell during which it was higher than wide."""
    still_s: float = 0.0
    """Time in the zone since the last motion that is not counted yet."""
    still_upright_s: float = 0.0
    sure_s: float = 0.0
    """From when on it is sure that who was hidden is who stands here now."""
    stepped_out: bool = False
    """Whoever was hidden for long must come walking again."""
    started: bool = False
    way: Passage = field(default_factory=Passage)
    """How the feet came to where they are since they came into the zone."""

    @property
    def by_a_person(self) -> bool:
        """Whether who stays has been upright for most of it; a heap of cars is now and then."""
        return self.upright_s >= _UPRIGHT_SHARE * self.dwell_s
