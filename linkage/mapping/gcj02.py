"""WGS-84 and GCJ-02, the coordinates that maps published in China must be drawn in: 100 to 700 m
beside where things are. Pure.

For sheets of clerks who read their coordinates off such a map; what is typed on a page is turned in
the page (`console/src/map/gcj02.ts`, the same formula and the same figures in its test). Nothing
that is kept is GCJ-02.

The law's own formula is not public. This is the one that was published as EvilTransform and is
described in Wikipedia's "Restrictions on geographic data in China". The way back is sought step by
step, to well below a centimetre.
"""

from math import cos, degrees, pi, radians, sin, sqrt
from typing import Final

_AXIS_M: Final = 6_378_245.0  # Krasovsky 1940
_ECCENTRICITY_2: Final = 0.00669342162296594323
_WEST, _EAST, _SOUTH, _NORTH = 72.004, 137.8347, 0.8293, 55.8271
_STEPS: Final = 12
_DIGITS: Final = 7
"""Of a place as it is kept: a centimetre."""


def to_gcj02(latitude: float, longitude: float) -> tuple[float, float]:
    """(latitude, longitude) as such a map has the place; abroad they are the same."""
    if not (_WEST <= longitude <= _EAST and _SOUTH <= latitude <= _NORTH):
        return latitude, longitude
    north, east = _shift(latitude, longitude)
    return latitude + north, longitude + east


def to_wgs84(latitude: float, longitude: float) -> tuple[float, float]:
    """(latitude, longitude) of a place of such a map, as it is kept."""
    found = latitude, longitude
    for _ in range(_STEPS):
        there = to_gcj02(*found)
        found = found[0] - there[0] + latitude, found[1] - there[1] + longitude
    return round(found[0], _DIGITS), round(found[1], _DIGITS)


def _shift(latitude: float, longitude: float) -> tuple[float, float]:
    """Degrees north and east."""
    x, y = longitude - 105.0, latitude - 35.0
    both = (20 * _wave(6 * x) + 20 * _wave(2 * x)) * 2 / 3
    north_m = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * sqrt(abs(x)) + both
    north_m += (20 * _wave(y) + 40 * _wave(y / 3)) * 2 / 3
    north_m += (160 * _wave(y / 12) + 320 * _wave(y / 30)) * 2 / 3
    east_m = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * sqrt(abs(x)) + both
    east_m += (20 * _wave(x) + 40 * _wave(x / 3)) * 2 / 3
    east_m += (150 * _wave(x / 12) + 300 * _wave(x / 30)) * 2 / 3
    bend = 1 - _ECCENTRICITY_2 * sin(radians(latitude)) ** 2
    meridian_m = _AXIS_M * (1 - _ECCENTRICITY_2) / bend**1.5
    parallel_m = _AXIS_M / sqrt(bend) * cos(radians(latitude))
    return degrees(north_m / meridian_m), degrees(east_m / parallel_m)


def _wave(turns: float) -> float:
    return sin(turns * pi)
