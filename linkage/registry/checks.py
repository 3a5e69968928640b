"""Whether an entry can be kept: ids, names, positions, boundaries. Pure.

Everything here raises BadEntry with the field and how to mend it. What depends on other entries
(does the group exist, is it full) is checked where it is written.
"""

import json
from collections.abc import Iterable, Sequence
from itertools import pairwise

from linkage.registry.errors import BadEntry
from linkage.registry.model import Said, is_id
from linkage.registry.personal import Contact

NAME_LIMIT = 100
PHONE_LIMIT = 32
ADDRESS_LIMIT = 200
HEALTH_LIMIT = 200
FURTHER_LIMIT = 10
_RING_LIMIT = 500
_RINGS = 20
_PHONE = frozenset("0123456789+-() ,/*#转")

Point = tuple[float, float]


def check_id(text: str, field: str = "id") -> None:
    if not is_id(text):
        raise BadEntry(
            field,
            Said(
                "编号须为 1 至 64 个字母、数字、点、横线或下划线",
                "an id has 1 to 64 letters, digits, dots, dashes or underscores",
            ),
        )


def check_name(text: str, field: str = "name") -> None:
    """A name, a label: something to read, in one line."""
    if not 1 <= len(text) <= NAME_LIMIT or not text.strip() or _has_controls(text):
        raise BadEntry(
            field,
            Said(
                f"须为一行 1 至 {NAME_LIMIT} 个字",
                f"must be one line of 1 to {NAME_LIMIT} characters",
            ),
        )


def check_total(total: int | None, field: str = "households_total") -> None:
    if total is not None and not 0 <= total <= 100_000:
        raise BadEntry(
            field, Said("总户数须为 0 至 100000", "the number of households is 0 to 100 000")
        )


def check_position(latitude: float | None, longitude: float | None) -> None:
    """Both or neither, WGS-84 degrees."""
    if (latitude is None) != (longitude is None):
        field = "latitude" if latitude is None else "longitude"
        raise BadEntry(
            field, Said("经度和纬度须同时填写", "say latitude and longitude, or neither")
        )
    if latitude is None or longitude is None:
        return
    if not -90 <= latitude <= 90:
        raise BadEntry("latitude", _turned_round("纬度须为 -90 至 90", "latitude is -90 to 90"))
    if not -180 <= longitude <= 180:
        raise BadEntry("longitude", Said("经度须为 -180 至 180", "longitude is -180 to 180"))


def check_contact(contact: Contact) -> None:
    """Lengths, and telephone numbers that can be dialled."""
    _check_line(contact.name, "name", NAME_LIMIT)
    _check_line(contact.address, "address", ADDRESS_LIMIT)
    _check_line(contact.health, "health", HEALTH_LIMIT)
    check_phone(contact.phone, "phone")
    if len(contact.further) > FURTHER_LIMIT:
        raise BadEntry(
            "further",
            Said(f"其他联系人最多 {FURTHER_LIMIT} 位", f"at most {FURTHER_LIMIT} further people"),
        )
    for one in contact.further:
        _check_line(one.name, "further", NAME_LIMIT)
        _check_line(one.relation, "further", NAME_LIMIT)
        check_phone(one.phone, "further")


def check_phone(text: str, field: str) -> None:
    """Empty, or digits with the usual signs between them."""
    if not text:
        return
    digits = sum(c.isdecimal() for c in text)
    if len(text) > PHONE_LIMIT or digits < 3 or not set(text) <= _PHONE:
        raise BadEntry(
            field,
            Said(
                "电话须为数字，可含 + - 空格，例如 13800000000",
                "a telephone number has digits, and + - or spaces: such as 13800000000",
            ),
        )


def boundary_of(given: object, field: str = "boundary") -> str | None:
    """A GeoJSON Polygon as one canonical text; None when nothing was given.

    Rings are closed, have an area, and do not cross themselves; positions are longitude, latitude.
    """
    if given is None:
        return None
    if not isinstance(given, dict) or given.get("type") != "Polygon":
        raise BadEntry(
            field,
            Said("边界须为 GeoJSON 的 Polygon", "a boundary is a GeoJSON object of type Polygon"),
        )
    rings = given.get("coordinates")
    if not isinstance(rings, list) or not 1 <= len(rings) <= _RINGS:
        raise BadEntry(
            field,
            Said(
                f"coordinates 须为 1 至 {_RINGS} 个环",
                f"coordinates has 1 to {_RINGS} rings",
            ),
        )
    checked = [_ring_of(ring, field) for ring in rings]
    return json.dumps({"type": "Polygon", "coordinates": checked}, separators=(",", ":"))


def _ring_of(given: object, field: str) -> list[Point]:
    if not isinstance(given, list) or not 4 <= len(given) <= _RING_LIMIT:
        raise BadEntry(
            field,
            Said(
                f"每个环须有 4 至 {_RING_LIMIT} 个点，首尾相同",
                f"a ring has 4 to {_RING_LIMIT} positions, the last the same as the first",
            ),
        )
    ring = [_point_of(one, field) for one in given]
    if ring[0] != ring[-1]:
        raise BadEntry(
            field, Said("环没有闭合：最后一点须与第一点相同", "a ring must end where it began")
        )
    if _crosses_itself(ring):
        raise BadEntry(field, Said("边界自相交叉", "a boundary must not cross itself"))
    if abs(_doubled_area(ring)) < 1e-12:
        raise BadEntry(field, Said("环没有面积", "a ring must enclose an area"))
    return ring


def _point_of(given: object, field: str) -> Point:
    if (
        not isinstance(given, list)
        or len(given) < 2
        or not all(isinstance(n, (int, float)) and not isinstance(n, bool) for n in given[:2])
    ):
        raise BadEntry(
            field, Said("每个点须为 [经度, 纬度]", "a position is [longitude, latitude]")
        )
    longitude, latitude = float(given[0]), float(given[1])
    if not (-180 <= longitude <= 180 and -90 <= latitude <= 90):
        raise BadEntry(
            field,
            _turned_round(
                f"点 [{longitude}, {latitude}] 不在地球上",
                f"the position [{longitude}, {latitude}] is not on the globe",
            ),
        )
    return longitude, latitude


def _turned_round(zh: str, en: str) -> Said:
    return Said(f"{zh}；经度和纬度是否写反了？", f"{en}; are longitude and latitude turned round?")


def _check_line(text: str, field: str, most: int) -> None:
    if len(text) > most or _has_controls(text):
        raise BadEntry(
            field, Said(f"须为一行，最多 {most} 个字", f"must be one line of at most {most}")
        )


def _has_controls(text: str) -> bool:
    return any(ord(c) < 32 or ord(c) == 127 for c in text)


def _doubled_area(ring: Sequence[Point]) -> float:
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise(ring))


def _crosses_itself(ring: Sequence[Point]) -> bool:
    sides = list(pairwise(ring))
    last = len(sides) - 1
    for i, (a, b) in enumerate(sides):
        low, high = min(a[0], b[0]), max(a[0], b[0])
        for j in _later_sides(i, last):
            c, d = sides[j]
            if max(c[0], d[0]) >= low and min(c[0], d[0]) <= high and _cross(a, b, c, d):
                return True
    return False


def _later_sides(i: int, last: int) -> Iterable[int]:
    """Those that do not share a corner with side `i`: the ring's first and last do."""
    return range(i + 2, last if i == 0 else last + 1)


def _cross(a: Point, b: Point, c: Point, d: Point) -> bool:
    return _side(a, b, c) * _side(a, b, d) < 0 and _side(c, d, a) * _side(c, d, b) < 0


def _side(a: Point, b: Point, c: Point) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
