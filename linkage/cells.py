"""Distances, and cells of the map by which an index finds what is near. Pure; WGS-84 degrees.

A cell is a word: two places in one cell are at most some 250 m apart, and all that is within some
metres of a place lies in the cells that `cells_around` names.
"""

from math import asin, cos, degrees, floor, radians, sin, sqrt

EARTH_M = 6_371_000.0
CELL_DEGREES = 0.0015
"""About 167 m from south to north, at the latitude of Zhejiang 145 m from west to east."""


def distance_m(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Metres between two (latitude, longitude) in degrees, along the great circle."""
    (lat_a, lon_a), (lat_b, lon_b) = a, b
    half_lat = sin(radians(lat_b - lat_a) / 2)
    half_lon = sin(radians(lon_b - lon_a) / 2)
    h = half_lat**2 + cos(radians(lat_a)) * cos(radians(lat_b)) * half_lon**2
    return 2 * EARTH_M * asin(min(1.0, sqrt(h)))


def cell_of(latitude: float | None, longitude: float | None) -> str | None:
    """The cell of a place; None where it was not surveyed."""
    if latitude is None or longitude is None:
        return None
    return _name(_index(latitude), _index(longitude))


def cells_around(latitude: float | None, longitude: float | None, within_m: float) -> list[str]:
    """Every cell that anything within the distance lies in; none for a place not surveyed."""
    if latitude is None or longitude is None or within_m <= 0:
        return []
    north = degrees(within_m / EARTH_M)
    # a degree of longitude is shorter towards the poles
    east = north / max(cos(radians(min(89.0, abs(latitude) + north))), 0.01)
    rows = range(_index(latitude - north), _index(latitude + north) + 1)
    columns = range(_index(longitude - east), _index(longitude + east) + 1)
    return [_name(row, column) for row in rows for column in columns]


def _index(value: float) -> int:
    return floor(value / CELL_DEGREES)


def _name(row: int, column: int) -> str:
    return f"{row}:{column}"
