"""Which cameras see what: fields of view, households in sight, blind spots. Pure; WGS-84 degrees.

A camera of which nobody wrote down where it looks is near, and sees nothing here: a blind spot must
not hide behind a camera that looks the other way.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import atan2, cos, degrees, radians

from linkage.cells import cell_of, cells_around, distance_m

WIDEST_DEG = 360.0
FARTHEST_M = 1000.0
USUAL_RANGE_M = 60.0
"""How far a camera is taken to see of which nobody said so, where the settings say nothing."""
AT_ITS_FOOT_M = 3.0
"""So close, whoever surveyed it was not that exact: no direction is asked for."""


class Sight(StrEnum):
    """How a place stands to the cameras; the best first."""

    SEEN = "seen"
    """In the field of view of one at least."""
    NEAR = "near"
    """Within reach of one whose direction nobody wrote down."""
    BLIND = "blind"


_BEST_FIRST = {Sight.SEEN: 0, Sight.NEAR: 1, Sight.BLIND: 2}


@dataclass(frozen=True)
class FieldOfView:
    """Where a camera looks, how wide and how far."""

    bearing_deg: float
    """Of its middle: 0 is north, 90 east."""
    angle_deg: float
    """From side to side; 360: all round."""
    range_m: float


@dataclass(frozen=True)
class Eye:
    """A camera that was surveyed; `view` None where nobody wrote down where it looks."""

    id: str
    latitude: float
    longitude: float
    view: FieldOfView | None = None


@dataclass(frozen=True)
class Seen:
    """How a place stands to the cameras, and which ones make it so, the nearest first."""

    sight: Sight
    by: tuple[str, ...] = ()


UNSEEN = Seen(Sight.BLIND)


def sight_of(
    eye: Eye, latitude: float, longitude: float, *, usual_range_m: float = USUAL_RANGE_M
) -> Sight:
    """Whether this camera sees this place."""
    return _judged(eye, latitude, longitude, usual_range_m)[0]


def looked_at(
    spots: Mapping[str, tuple[float, float]],
    eyes: Iterable[Eye],
    *,
    usual_range_m: float = USUAL_RANGE_M,
) -> dict[str, Seen]:
    """Every spot, (latitude, longitude) by id, with the cameras that see it; else with those that
    are near. Time grows with spots and cameras, not with their product."""
    around: dict[str, list[Eye]] = defaultdict(list)
    for eye in eyes:
        for cell in cells_around(eye.latitude, eye.longitude, _reach_m(eye, usual_range_m)):
            around[cell].append(eye)
    found = {}
    for id_, (latitude, longitude) in spots.items():
        judged = [
            (*_judged(eye, latitude, longitude, usual_range_m), eye.id)
            for eye in around.get(cell_of(latitude, longitude) or "", ())
        ]
        found[id_] = _best([one for one in judged if one[0] is not Sight.BLIND])
    return found


@dataclass(frozen=True)
class GroupSight:
    """How many households of a group are seen, only near to a camera, blind; and how many nobody
    has surveyed, so that nobody knows."""

    seen: int = 0
    near: int = 0
    blind: int = 0
    unplaced: int = 0


def by_group(homes: Iterable[tuple[str, Sight | None]]) -> dict[str, GroupSight]:
    """Counted from (group, sight) of each household; None: it was not surveyed."""
    counted: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for group, sight in homes:
        counted[group]["unplaced" if sight is None else sight.value] += 1
    return {group: GroupSight(**counts) for group, counts in counted.items()}


def _reach_m(eye: Eye, usual_range_m: float) -> float:
    return usual_range_m if eye.view is None else eye.view.range_m


def _judged(
    eye: Eye, latitude: float, longitude: float, usual_range_m: float
) -> tuple[Sight, float]:
    """The sight, and how far it is."""
    away_m = distance_m((eye.latitude, eye.longitude), (latitude, longitude))
    if away_m > _reach_m(eye, usual_range_m):
        return Sight.BLIND, away_m
    if eye.view is None:
        return Sight.NEAR, away_m
    if eye.view.angle_deg >= WIDEST_DEG or away_m <= AT_ITS_FOOT_M:
        return Sight.SEEN, away_m
    off_deg = (_bearing_deg(eye, latitude, longitude) - eye.view.bearing_deg + 180) % 360 - 180
    inside = abs(off_deg) <= eye.view.angle_deg / 2
    return Sight.SEEN if inside else Sight.BLIND, away_m


def _bearing_deg(eye: Eye, latitude: float, longitude: float) -> float:
    """As on a flat sheet: within the reach of a camera the globe is none."""
    east = (longitude - eye.longitude) * cos(radians(eye.latitude))
    return degrees(atan2(east, latitude - eye.latitude))


def _best(judged: list[tuple[Sight, float, str]]) -> Seen:
    if not judged:
        return UNSEEN
    sight = min((one[0] for one in judged), key=_BEST_FIRST.__getitem__)
    nearest = sorted((away_m, id_) for one, away_m, id_ in judged if one is sight)
    return Seen(sight, tuple(id_ for _, id_ in nearest))
