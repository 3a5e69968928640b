"""One zone, as the zones file and the console say it: the only place that judges it.

Where it came from, a file's line or a form's field, is the matter of whoever asks. Pure.
"""

import datetime
import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import msgspec

from camerad.errors import BadZone
from camerad.model import ArmedHours, Point, Zone, ZoneKind

KEYS = ("name", "kind", "polygon", "dwell", "min_height", "armed", "armed_days_off")
_UNITS_S = {"ms": 0.001, "s": 1.0, "min": 60.0, "m": 60.0, "h": 3600.0}
_DURATION = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(ms|s|min|m|h)\s*")
_HOURS = re.compile(r"\s*(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})\s*")
_LEAST_AREA = 1e-5
"""Of the frame; a polygon smaller than this holds nobody's feet."""
_HINTS = {
    "polygon": (
        "写作 [[x, y], [x, y], ...]，为画面的比例",
        "write it as [[x, y], [x, y], ...] with fractions of the frame",
    ),
    "dwell": ('要带单位，如 "20s"', 'write it with a unit in quotes, such as "20s"'),
    "armed": ('写作 "22:00-06:00"', 'write it as "22:00-06:00"'),
    "armed_days_off": ('写作 "00:00-24:00"', 'write it as "00:00-24:00"'),
    "min_height": ("写一个数，如 0.08", "write a number such as 0.08"),
}


class _Entry(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    kind: ZoneKind
    polygon: list[tuple[float, float]]
    dwell: str | None = None
    min_height: float | None = None
    armed: str | None = None
    armed_days_off: str | None = None


def zone_of(entry: Mapping[str, Any], *, needs_dwell: bool = True) -> Zone:
    """The zone that an entry says. Raises BadZone.

    `needs_dwell`: whether a loiter zone must say its own; else a default holds elsewhere.
    """
    for key in entry:
        if key not in KEYS:
            near = nearest(key, KEYS)
            raise BadZone(key, f"没有 {key!r} 这一项{near}", f"unknown key {key!r}{near}")
    for key in ("name", "kind", "polygon"):
        if key not in entry:
            raise BadZone(
                key,
                f"缺少 {key!r}：每个防区都要有名称、类别和范围",
                f"key {key!r} is missing; every zone has name, kind, polygon",
            )
    _check_kind(entry["kind"])
    try:
        read = msgspec.convert(dict(entry), _Entry, strict=True)
    except msgspec.ValidationError as error:
        raise _readable(error) from error
    if not read.name.strip():
        raise BadZone("name", "请给防区起名", "key 'name' is empty; give the zone a name")
    check_polygon(read.polygon)
    return Zone(
        name=read.name,
        kind=read.kind,
        polygon=tuple(read.polygon),
        dwell_s=_dwell_s(read, needed=needs_dwell),
        min_height=_min_height(read),
        armed=_armed(read),
    )


def zones_of(entries: Sequence[Mapping[str, Any]], *, needs_dwell: bool = True) -> list[Zone]:
    """All of a camera. Raises BadZone with `number` of the one that is wrong, counted from 0."""
    zones: list[Zone] = []
    for number, entry in enumerate(entries):
        try:
            zone = zone_of(entry, needs_dwell=needs_dwell)
            if any(zone.name == other.name for other in zones):
                raise BadZone(
                    "name",
                    "已有同名防区，请换个名称",
                    "key 'name': another zone has this name; give each zone its own",
                )
        except BadZone as wrong:
            raise wrong.of(number) from wrong
        zones.append(zone)
    return zones


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


def check_polygon(polygon: Sequence[Point]) -> None:
    """Raises BadZone when the polygon cannot serve as a zone."""
    if len(polygon) < 3:
        raise _bad_polygon(
            f"只有 {len(polygon)} 个角，至少要 3 个",
            f"it has {len(polygon)} corners; a polygon needs at least 3",
        )
    for x, y in polygon:
        if not (0.0 <= x <= 1.0 and 0.0 <= y <= 1.0):
            raise _bad_polygon(
                f"角点 [{x:g}, {y:g}] 在画面之外；写画面的比例 0 到 1，不是像素",
                f"corner [{x:g}, {y:g}] lies outside the picture; corners are fractions of the "
                "frame from 0 to 1, not pixels",
            )
    if _crosses_itself(polygon):
        raise _bad_polygon(
            "边线交叉了，请沿边缘依次画",
            "its sides cross; list the corners in order around the area",
        )
    shifted = [*polygon[1:], polygon[0]]
    doubled = sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in zip(polygon, shifted, strict=True))
    if abs(doubled) / 2.0 < _LEAST_AREA:
        raise _bad_polygon(
            "太小，或各角在一条线上：围不住任何地方",
            "its corners lie on one line; it encloses nothing",
        )


def nearest(key: str, known: Sequence[str]) -> str:
    """What may have been meant, to be put behind a complaint."""
    near = difflib.get_close_matches(key.lower(), known, n=1, cutoff=0.5)
    return f"; did you mean {near[0]!r}?" if near else f"; known: {', '.join(known)}"


def _bad_polygon(zh: str, en: str) -> BadZone:
    return BadZone("polygon", zh, f"key 'polygon': {en}")


def _check_kind(kind: object) -> None:
    kinds = [str(k) for k in ZoneKind]
    if isinstance(kind, str) and kind not in kinds:
        raise BadZone(
            "kind",
            f"没有 {kind!r} 这一类；有 {', '.join(kinds)}",
            f"key 'kind': unknown kind {kind!r}{nearest(kind, kinds)}; "
            f"kinds are {', '.join(kinds)}",
        )


def _dwell_s(entry: _Entry, *, needed: bool) -> float | None:
    if entry.kind is not ZoneKind.LOITER:
        if entry.dwell is not None:
            raise BadZone(
                "dwell",
                "只有徘徊防区有停留时间，请去掉",
                "key 'dwell' is only for zones of kind 'loiter'; remove it",
            )
        return None
    if entry.dwell is None:
        if not needed:
            return None
        raise BadZone(
            "dwell",
            '徘徊防区要写停留时间，如 "20s"',
            "key 'dwell' is missing; a loiter zone needs one, such as \"20s\"",
        )
    try:
        dwell_s = parse_duration_s(entry.dwell)
    except ValueError as error:
        raise BadZone(
            "dwell", f"停留时间 {entry.dwell!r} 要带单位，如 20s", f"key 'dwell': {error}"
        ) from error
    if dwell_s <= 0.0:
        raise BadZone(
            "dwell",
            "停留时间为零，没有人能一瞬间走过",
            "key 'dwell' is zero; nobody passes a zone in no time",
        )
    return dwell_s


def _min_height(entry: _Entry) -> float | None:
    if entry.min_height is not None and not 0.0 < entry.min_height <= 1.0:
        raise BadZone(
            "min_height",
            f"最小高度 {entry.min_height:g} 应大于 0、不超过 1，为画面高度的比例",
            f"key 'min_height' is {entry.min_height:g}; it is a fraction of the frame's "
            "height, above 0 and at most 1",
        )
    return entry.min_height


def _armed(entry: _Entry) -> ArmedHours | None:
    return with_days_off(
        _hours(entry.armed, "armed"), _hours(entry.armed_days_off, "armed_days_off")
    )


def _hours(text: str | None, key: str) -> ArmedHours | None:
    if text is None:
        return None
    try:
        return parse_armed(text)
    except ValueError as error:
        raise BadZone(
            key, f"布防时段 {text!r} 应写作 22:00-06:00", f"key {key!r}: {error}"
        ) from error


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


def _readable(error: msgspec.ValidationError) -> BadZone:
    """msgspec's own sentence with the key in front, in our form."""
    reason, _, path = str(error).partition(" - at `$.")
    key = re.split(r"[.\[`]", path)[0] if path else ""
    zh, en = _HINTS.get(key, ("", ""))
    said = f"key {key!r}: {reason}" if key else reason
    return BadZone(key, f"{key}：{zh or reason}", f"{said}; {en}" if en else said)
