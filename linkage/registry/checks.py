"""Whether an entry can be kept: ids, names, labels, telephones, positions, boundaries. Pure.

What is wrong is decided in `faults`, for a page and a sheet alike; here it raises BadEntry with the
field and how to mend it. What was kept already is not looked at again. What depends on other
entries (does the group exist, is it full) is checked where it is written.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise

from linkage.registry.errors import BadEntry
from linkage.registry.faults import (
    LONGEST_ADDRESS,
    LONGEST_HEALTH,
    LONGEST_NAME,
    MOST_FURTHER,
    Fault,
    id_fault,
    label_fault,
    name_fault,
    phone_fault,
    position_fault,
    text_fault,
    tidy,
    tidy_phone,
    too_many_further,
)
from linkage.registry.model import Said
from linkage.registry.personal import Contact, FurtherContact

_RING_LIMIT = 500
_RINGS = 20

Point = tuple[float, float]


def check_id(text: str, field: str = "id") -> None:
    _refuse(field, id_fault(text))


def tidy_name(text: str, field: str = "name") -> str:
    """A name as it is kept: something to read, in one line."""
    name = tidy(text)
    _refuse(field, name_fault(name))
    return name


def tidy_label(text: str, *, kept: str | None, contact_name: str) -> str:
    """A household's label as it is kept: what neighbours see, never a name."""
    label = tidy(text)
    if label != kept:
        _refuse("label", label_fault(label, contact_name=contact_name))
    return label


def check_total(total: int | None, field: str = "households_total") -> None:
    if total is not None and not 0 <= total <= 100_000:
        raise BadEntry(
            field, Said("总户数须为 0 至 100000", "the number of households is 0 to 100 000")
        )


def check_position(latitude: float | None, longitude: float | None) -> None:
    """Both or neither, WGS-84 degrees, in the country."""
    field = "longitude" if longitude is None and latitude is not None else "latitude"
    _refuse(field, position_fault(latitude, longitude))


def tidy_contact(contact: Contact, kept: Contact | None) -> Contact:
    """The contact as it is kept: lengths, and telephone numbers that can be dialled."""
    was = kept or Contact("", "", "")
    further = contact.further
    if further != was.further:
        if len(further) > MOST_FURTHER:
            _refuse("further", too_many_further())
        further = tuple(_tidy_further(one) for one in further)
    return replace(
        contact,
        name=_tidy_text(contact.name, was.name, "name", LONGEST_NAME),
        phone=tidied_phone(contact.phone, was.phone, "phone"),
        address=_tidy_text(contact.address, was.address, "address", LONGEST_ADDRESS),
        health=_tidy_text(contact.health, was.health, "health", LONGEST_HEALTH),
        further=further,
    )


def tidied_phone(text: str, kept: str | None, field: str) -> str:
    """A telephone number as it is kept; an empty one is right."""
    if text == kept:
        return text
    phone = tidy_phone(text)
    if phone != kept:
        _refuse(field, phone_fault(phone))
    return phone


def _tidy_further(one: FurtherContact) -> FurtherContact:
    return FurtherContact(
        _tidy_text(one.name, None, "further", LONGEST_NAME),
        tidied_phone(one.phone, None, "further"),
        _tidy_text(one.relation, None, "further", LONGEST_NAME),
    )


def _tidy_text(text: str, kept: str | None, field: str, longest: int) -> str:
    if text == kept:
        return text
    tidied = tidy(text)
    _refuse(field, text_fault(tidied, longest=longest))
    return tidied


def _refuse(field: str, fault: Fault | None) -> None:
    if fault is not None:
        raise BadEntry(field, fault.said)


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
