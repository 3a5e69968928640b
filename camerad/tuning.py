"""What other settings of a zone would have raised on a clip: the work of `lianfang tune`.

All variants of a zone are zones of one detector, so that the clip is looked at once. No command
line, no files of zones here.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product

from camerad.analyze import analyze
from camerad.detection import DetectionSettings
from camerad.model import EventName, Point, Zone, ZoneKind

LATE_S = 1.0
"""An alert this long after the end of a stay is still of it."""


@dataclass(frozen=True)
class Span:
    """A stretch of the clip in which somebody stays who should be told."""

    from_s: float
    to_s: float


@dataclass(frozen=True)
class Variant:
    """A zone otherwise set."""

    zone: Zone
    """Of the original's name."""
    size: float
    """Of the polygon: 1 is as drawn."""

    @property
    def changes(self) -> int:
        """Kept small by a suggestion: a zone as drawn is better than one that is not."""
        return int(self.size != 1.0)


@dataclass(frozen=True)
class Verdict:
    """What a variant would have raised. Seconds of the clip."""

    variant: Variant
    alerts: tuple[float, ...]
    found: tuple[Span, ...]
    missed: tuple[Span, ...]
    extra: tuple[float, ...]
    """Alerts of none of the stays that matter."""

    @property
    def is_right(self) -> bool:
        return not self.missed and not self.extra


def variants(
    zone: Zone, dwells_s: Sequence[float], heights: Sequence[float | None], sizes: Sequence[float]
) -> list[Variant]:
    """Every combination, for a loiter zone."""
    return [
        Variant(
            replace(zone, polygon=_grown(zone.polygon, size), dwell_s=dwell_s, min_height=height),
            size,
        )
        for size, height, dwell_s in product(sizes, heights, dwells_s)
    ]


def usual_dwells(zone: Zone) -> tuple[float, ...]:
    """Around the zone's own."""
    own = zone.dwell_s or 10.0
    return tuple(round(own * share, 1) for share in (0.5, 0.75, 1.0, 1.5, 2.0))


def usual_heights(zone: Zone) -> tuple[float | None, ...]:
    """Around the zone's own; where it has none, what is above detection's own least."""
    own = zone.min_height
    if own is None:
        return (None, 0.1, 0.2)
    return tuple(sorted({round(own * share, 3) for share in (0.5, 1.0)} | {min(1.0, own * 1.5)}))


def try_out(
    source: str,
    zones: Sequence[Zone],
    asked: Sequence[Variant],
    spans: Sequence[Span],
    *,
    progress: Callable[[int, int | None], None] | None = None,
    settings: DetectionSettings = DetectionSettings(),  # noqa: B008 - frozen
) -> list[Verdict]:
    """Look at the clip once for all variants; `zones` says what is ignored or hidden.

    Raises what `analyze` does.
    """
    others = [z for z in zones if z.kind in (ZoneKind.IGNORE, ZoneKind.PRIVACY)]
    named = {f"{number}": variant for number, variant in enumerate(asked)}
    tried = [replace(variant.zone, name=name) for name, variant in named.items()]
    alerts: dict[str, list[float]] = {name: [] for name in named}

    def note(line: dict[str, object]) -> None:
        t_s = line.get("t")
        if line["event"] == EventName.LOITERING_STARTED.value and isinstance(t_s, float):
            alerts[str(line["zone"])].append(t_s)

    analyze(source, [*tried, *others], emit=note, progress=progress, settings=settings)
    return [judged(variant, alerts[name], spans) for name, variant in named.items()]


def judged(variant: Variant, alerts: Sequence[float], spans: Sequence[Span]) -> Verdict:
    """Hold the alerts against the stays that matter."""
    found = [span for span in spans if any(_is_of(t_s, span) for t_s in alerts)]
    extra = [t_s for t_s in alerts if not any(_is_of(t_s, span) for span in spans)]
    missed = [span for span in spans if span not in found]
    return Verdict(variant, tuple(alerts), tuple(found), tuple(missed), tuple(extra))


def suggested(verdicts: Sequence[Verdict]) -> Verdict | None:
    """Of those that are right the middle one of what works, with the zone as drawn if it can be.

    The middle, because at either end the next evening is different. None when none is right.
    """
    right = [verdict for verdict in verdicts if verdict.is_right]
    if not right:
        return None
    least = min(verdict.variant.changes for verdict in right)
    plain = sorted(
        (verdict for verdict in right if verdict.variant.changes == least),
        key=lambda verdict: (
            verdict.variant.zone.min_height or 0.0,
            verdict.variant.zone.dwell_s or 0.0,
        ),
    )
    lowest = plain[0].variant.zone.min_height
    same = [verdict for verdict in plain if verdict.variant.zone.min_height == lowest]
    return same[len(same) // 2]


def spans_of(texts: Sequence[str]) -> Iterator[Span]:
    """Of "12-40" or "1:05-1:30". Raises ValueError that says how to write them."""
    for text in texts:
        begin, dash, end = text.partition("-")
        try:
            span = Span(_seconds(begin), _seconds(end))
        except ValueError:
            dash = ""
        if not dash or span.to_s <= span.from_s:
            raise ValueError(
                f'{text!r}: 应写作 "12-40" 或 "1:05-1:30" / write it as "12-40" or "1:05-1:30"'
            )
        yield span


def _seconds(text: str) -> float:
    minutes, colon, seconds = text.rpartition(":")
    return float(seconds) + (60.0 * float(minutes) if colon else 0.0)


def _is_of(t_s: float, span: Span) -> bool:
    return span.from_s <= t_s <= span.to_s + LATE_S


def _grown(polygon: Sequence[Point], size: float) -> tuple[Point, ...]:
    """About the middle of its corners, inside the picture."""
    if size == 1.0:
        return tuple(polygon)
    middle_x = sum(x for x, _ in polygon) / len(polygon)
    middle_y = sum(y for _, y in polygon) / len(polygon)

    def held(value: float) -> float:
        return min(1.0, max(0.0, value))

    return tuple(
        (held(middle_x + size * (x - middle_x)), held(middle_y + size * (y - middle_y)))
        for x, y in polygon
    )
