"""Reading the zones file: strict, and every complaint says how to mend it.

The file is the one of `lianfang analyze --zones`. What a zone means is in `camerad.model`.
"""

import datetime
import difflib
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec

from camerad.errors import BadZones
from camerad.model import ArmedHours, Point, Zone, ZoneKind

_KEYS = ("name", "kind", "polygon", "dwell", "min_height", "armed", "armed_days_off")
_UNITS_S = {"ms": 0.001, "s": 1.0, "min": 60.0, "m": 60.0, "h": 3600.0}
_DURATION = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(ms|s|min|m|h)\s*")
_HOURS = re.compile(r"\s*(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})\s*")
_LEAST_AREA = 1e-5
"""Of the frame; a polygon smaller than this holds nobody's feet."""


class _ZoneEntry(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    kind: ZoneKind
    polygon: list[tuple[float, float]]
    dwell: str | None = None
    min_height: float | None = None
    armed: str | None = None
    armed_days_off: str | None = None


def load_zones(path: Path) -> tuple[Zone, ...]:
    """The zones in a TOML file. Raises BadZones."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise BadZones(f"{path}: no such file; give a TOML file with [[zone]] tables.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise BadZones(f"{path} cannot be read as a text file: {error}.") from error
    return parse_zones(text, source=str(path))


def parse_zones(text: str, *, source: str) -> tuple[Zone, ...]:
    """The zones in TOML `text`; `source` names it in complaints. Raises BadZones."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadZones(f"{source} is not valid TOML: {error}.") from error
    for key in document:
        if key != "zone":
            raise BadZones(f"{source}: unknown key {key!r}{_nearest(key, ['zone'])}.")
    entries = document.get("zone", [])
    if not isinstance(entries, list) or not all(isinstance(e, dict) for e in entries):
        raise BadZones(f"{source}: write each zone as a table [[zone]], with double brackets.")
    if not entries:
        raise BadZones(f"{source} holds no zone; add at least one [[zone]] table.")
    zones: list[Zone] = []
    for number, entry in enumerate(entries, start=1):
        zone = _zone(entry, _place(source, number, entry))
        if any(zone.name == other.name for other in zones):
            raise BadZones(
                f"{_place(source, number, entry)}: key 'name': another zone has this name; "
                "give each zone its own."
            )
        zones.append(zone)
    return tuple(zones)


def parse_duration_s(text: str) -> float:
    """Seconds of `"500ms" "20s" "2min" "1h"`. Raises ValueError that says how to write it."""
    match = _DURATION.fullmatch(text)
    if match is None:
        raise ValueError(f'{text!r} is no duration; write a number with a unit, such as "20s"')
    return float(match[1]) * _UNITS_S[match[2]]


def parse_armed(text: str) -> ArmedHours:
    """Armed hours of `"22:00-06:00"`. Raises ValueError that says how to write them."""
    match = _HOURS.fullmatch(text)
    if match is None:
        raise ValueError(f'{text!r} are no hours; write start and end as "22:00-06:00"')
    return ArmedHours(_time(match[1], match[2]), _time(match[3], match[4]))


def with_days_off(usual: ArmedHours | None, off: ArmedHours | None) -> ArmedHours | None:
    """Hours that are `off` on days off and otherwise `usual`; None means always."""
    if off is None:
        return usual
    return replace(usual or ArmedHours(datetime.time(0), datetime.time(0)), days_off=off)


_WATCHING = frozenset({ZoneKind.MOTION, ZoneKind.LOITER})


@dataclass(frozen=True)
class ZoneWords:
    """What a zone says besides its name and place; None: it leaves it out."""

    kind: ZoneKind
    dwell_s: float | None = None
    min_height: float | None = None
    armed: str | None = None
    armed_days_off: str | None = None

    @property
    def hours(self) -> ArmedHours | None:
        """Raises ValueError."""
        off = None if self.armed_days_off is None else parse_armed(self.armed_days_off)
        return with_days_off(None if self.armed is None else parse_armed(self.armed), off)


@dataclass(frozen=True)
class ZoneDefaults:
    """What holds where a zone does not say otherwise, each key by itself."""

    dwell_s: float = 20.0
    min_height: float | None = None
    armed: str | None = None
    """As `parse_armed` takes it; None: always."""
    armed_days_off: str | None = None
    """None: as `armed`."""

    def filled(self, said: ZoneWords) -> ZoneWords:
        """With what it leaves out; zones in which nothing is looked for leave nothing out."""
        if said.kind not in _WATCHING:
            return said
        is_loiter = said.kind is ZoneKind.LOITER
        return ZoneWords(
            said.kind,
            self.dwell_s if said.dwell_s is None and is_loiter else said.dwell_s,
            self.min_height if said.min_height is None else said.min_height,
            said.armed or self.armed,
            said.armed_days_off or self.armed_days_off,
        )


def check_polygon(polygon: Sequence[Point]) -> None:
    """Raises ValueError, saying what to do, when the polygon cannot serve as a zone."""
    if len(polygon) < 3:
        raise ValueError(f"it has {len(polygon)} corners; a polygon needs at least 3")
    for x, y in polygon:
        if not (0.0 <= x <= 1.0 and 0.0 <= y <= 1.0):
            raise ValueError(
                f"corner [{x:g}, {y:g}] lies outside the picture; corners are fractions of the "
                "frame from 0 to 1, not pixels"
            )
    shifted = [*polygon[1:], polygon[0]]
    doubled = sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in zip(polygon, shifted, strict=True))
    if _crosses_itself(polygon):
        raise ValueError("its sides cross; list the corners in order around the area")
    if abs(doubled) / 2.0 < _LEAST_AREA:
        raise ValueError("its corners lie on one line; it encloses nothing")


def _zone(entry: Mapping[str, Any], place: str) -> Zone:
    for key in entry:
        if key not in _KEYS:
            raise BadZones(f"{place}: unknown key {key!r}{_nearest(key, _KEYS)}.")
    for key in ("name", "kind", "polygon"):
        if key not in entry:
            raise BadZones(f"{place}: key {key!r} is missing; every zone has name, kind, polygon.")
    _check_kind(entry["kind"], place)
    try:
        read = msgspec.convert(dict(entry), _ZoneEntry, strict=True)
    except msgspec.ValidationError as error:
        raise BadZones(f"{place}: {_readable(error)}.") from error
    if not read.name.strip():
        raise BadZones(f"{place}: key 'name' is empty; give the zone a name.")
    try:
        check_polygon(read.polygon)
    except ValueError as error:
        raise BadZones(f"{place}: key 'polygon': {error}.") from error
    return Zone(
        name=read.name,
        kind=read.kind,
        polygon=tuple(read.polygon),
        dwell_s=_dwell_s(read, place),
        min_height=_min_height(read, place),
        armed=_armed(read, place),
    )


def _check_kind(kind: object, place: str) -> None:
    kinds = [str(k) for k in ZoneKind]
    if isinstance(kind, str) and kind not in kinds:
        raise BadZones(
            f"{place}: key 'kind': unknown kind {kind!r}{_nearest(kind, kinds)}; "
            f"kinds are {', '.join(kinds)}."
        )


def _dwell_s(entry: _ZoneEntry, place: str) -> float | None:
    if entry.kind is not ZoneKind.LOITER:
        if entry.dwell is not None:
            raise BadZones(f"{place}: key 'dwell' is only for zones of kind 'loiter'; remove it.")
        return None
    if entry.dwell is None:
        raise BadZones(
            f"{place}: key 'dwell' is missing; a loiter zone needs one, such as \"20s\"."
        )
    try:
        dwell_s = parse_duration_s(entry.dwell)
    except ValueError as error:
        raise BadZones(f"{place}: key 'dwell': {error}.") from error
    if dwell_s <= 0.0:
        raise BadZones(f"{place}: key 'dwell' is zero; nobody passes a zone in no time.")
    return dwell_s


def _min_height(entry: _ZoneEntry, place: str) -> float | None:
    if entry.min_height is not None and not 0.0 < entry.min_height <= 1.0:
        raise BadZones(
            f"{place}: key 'min_height' is {entry.min_height:g}; it is a fraction of the frame's "
            "height, above 0 and at most 1."
        )
    return entry.min_height


def _armed(entry: _ZoneEntry, place: str) -> ArmedHours | None:
    usual, off = _hours(entry.armed, "armed", place), None
    if entry.armed_days_off is not None:
        off = _hours(entry.armed_days_off, "armed_days_off", place)
    return with_days_off(usual, off)


def _hours(text: str | None, key: str, place: str) -> ArmedHours | None:
    if text is None:
        return None
    try:
        return parse_armed(text)
    except ValueError as error:
        raise BadZones(f"{place}: key {key!r}: {error}.") from error


def _time(hour: str, minute: str) -> datetime.time:
    # 24:00 is how people write the end of a day
    if (int(hour), int(minute)) == (24, 0):
        return datetime.time(0, 0)
    if int(hour) > 23 or int(minute) > 59:
        raise ValueError(f"{hour}:{minute} is no time of day; use 00:00 to 24:00")
    return datetime.time(int(hour), int(minute))


def _crosses_itself(polygon: Sequence[Point]) -> bool:
    sides = [(polygon[i], polygon[(i + 1) % len(polygon)]) for i in range(len(polygon))]
    for i, (a, b) in enumerate(sides):
        for j in range(i + 2, len(sides)):
            if i == 0 and j == len(sides) - 1:
                continue  # neighbours around the end of the list
            c, d = sides[j]
            if _turn(a, b, c) * _turn(a, b, d) < 0 and _turn(c, d, a) * _turn(c, d, b) < 0:
                return True
    return False


def _turn(a: Point, b: Point, c: Point) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def _place(source: str, number: int, entry: Mapping[str, Any]) -> str:
    name = entry.get("name")
    return (
        f"{source}: zone {name!r}" if isinstance(name, str) and name else f"{source}: zone {number}"
    )


def _nearest(key: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(key.lower(), known, n=1, cutoff=0.5)
    return f"; did you mean {near[0]!r}?" if near else f"; known: {', '.join(known)}"


def _readable(error: msgspec.ValidationError) -> str:
    """msgspec's own sentence with the key in front, in our form."""
    reason, _, path = str(error).partition(" - at `$.")
    key = re.split(r"[.\[`]", path)[0] if path else ""
    hints = {
        "polygon": "write it as [[x, y], [x, y], ...] with fractions of the frame",
        "dwell": 'write it with a unit in quotes, such as "20s"',
        "armed": 'write it as "22:00-06:00"',
        "armed_days_off": 'write it as "00:00-24:00"',
        "min_height": "write a number such as 0.08",
    }
    mend = f"; {hints[key]}" if key in hints else ""
    return f"key {key!r}: {reason}{mend}" if key else reason
