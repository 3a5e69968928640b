"""`lianfang tune`: what other settings of a zone would have raised on a clip."""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from tqdm import tqdm

from camerad.errors import BadZones
from camerad.model import Zone, ZoneKind
from camerad.tuning import (
    Span,
    Variant,
    Verdict,
    spans_of,
    suggested,
    try_out,
    usual_dwells,
    usual_heights,
    variants,
)
from camerad.zone_entries import parse_duration_s
from camerad.zones import load_zones
from linkage.commands.analyze import settings_for, width_px
from linkage.commands.common import Subparsers

_SIZES = (0.85, 1.0, 1.15)


def add(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser(
        "tune",
        help="试算防区设置 / what other settings of a zone would have raised",
        description="给出录像和应当报警的时段，列出各种停留时间、最小身高、防区大小会报什么 / "
        "given a clip and the times at which somebody stays who should be told: what each dwell, "
        "min_height and size of the zone would have raised. The clip is looked at once.",
    )
    parser.add_argument("source", metavar="CLIP", help="录像文件 / a video file")
    parser.add_argument("--zones", type=Path, required=True, metavar="FILE", help="zones.toml")
    parser.add_argument(
        "--stay",
        type=_span,
        action="append",
        default=[],
        metavar="FROM-TO",
        help='应当报警的停留，可多次给出，如 "12-40" / a stay that matters, in seconds or '
        "minutes:seconds of the clip; may be given again; none: nothing should be told",
    )
    parser.add_argument("--zone", metavar="NAME", help="只试此防区 / only this zone")
    parser.add_argument(
        "--dwell", type=_dwells, metavar="5s,10s,20s", help="停留时间 / dwells to try"
    )
    parser.add_argument(
        "--min-height", type=_heights, metavar="0.05,0.1", help="最小身高 / min_heights to try"
    )
    parser.add_argument("--width", type=width_px, metavar="PX", help="见 analyze / see analyze")
    parser.add_argument("--json", action="store_true", help="每行一个 JSON / one object a line")
    parser.set_defaults(function=main)


def main(arguments: argparse.Namespace) -> int:
    zones = load_zones(arguments.zones)
    asked = _asked(zones, arguments)
    with tqdm(unit="帧", disable=None, leave=False, file=sys.stderr) as bar:

        def progress(done: int, expected: int | None) -> None:
            bar.total = expected
            bar.update(done - bar.n)

        verdicts = try_out(
            arguments.source,
            zones,
            asked,
            arguments.stay,
            progress=progress,
            settings=settings_for(arguments.width),
        )
    lines = _as_json(verdicts) if arguments.json else _as_table(verdicts)
    for line in lines:
        print(line)
    return 0


def _asked(zones: Sequence[Zone], arguments: argparse.Namespace) -> list[Variant]:
    """Raises BadZones when there is no such zone."""
    loiter = [zone for zone in zones if zone.kind is ZoneKind.LOITER]
    chosen = [zone for zone in loiter if arguments.zone in (None, zone.name)]
    if not chosen:
        names = "、".join(zone.name for zone in loiter) or "–"
        raise BadZones(
            f"{arguments.zones}: 没有徘徊防区 {arguments.zone or ''}（有：{names}） / "
            f"there is no such zone of kind 'loiter'; there are: {names}"
        )
    return [
        variant
        for zone in chosen
        for variant in variants(
            zone,
            arguments.dwell or usual_dwells(zone),
            arguments.min_height or usual_heights(zone),
            _SIZES,
        )
    ]


def _as_table(verdicts: Sequence[Verdict]) -> Iterator[str]:
    by_zone: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        by_zone.setdefault(verdict.variant.zone.name, []).append(verdict)
    for name, found in by_zone.items():
        yield f"防区 / zone {name}"
        yield "      dwell  min_height      size  missed  extra  told at / 报警时刻 (s)"
        best = suggested(found)
        for same in _alike(found):
            verdict, zone = same[0], same[0].variant.zone
            mark = "=>" if best in same else "ok" if verdict.is_right else "  "
            heights = [one.variant.zone.min_height for one in same]
            height = " ".join("-" if one is None else f"{one:g}" for one in heights)
            told = " ".join(f"{t_s:.1f}" for t_s in verdict.alerts) or "-"
            yield (
                f"  {mark} {zone.dwell_s or 0:5.1f}s  {height:<14}  {verdict.variant.size:4.2f}  "
                f"{len(verdict.missed):6}  {len(verdict.extra):5}  {told}"
            )
        yield (
            "  没有一种设置完全符合：请重画防区，脚要落在区内 / none is right: draw the zone anew, "
            "around where the feet are"
            if best is None
            else "  => 建议 / suggested: 中间值，换个晚上也稳妥 / the middle of what works"
        )


def _alike(verdicts: Sequence[Verdict]) -> list[list[Verdict]]:
    """Those that differ in nothing but min_height and said the same, together; the best first."""
    found: dict[object, list[Verdict]] = {}
    for verdict in verdicts:
        said = (verdict.variant.zone.dwell_s, verdict.variant.size, verdict.alerts)
        found.setdefault(said, []).append(verdict)
    return sorted(found.values(), key=lambda same: len(same[0].missed) + len(same[0].extra))


def _as_json(verdicts: Sequence[Verdict]) -> Iterator[str]:
    names = {verdict.variant.zone.name for verdict in verdicts}
    best = [suggested([v for v in verdicts if v.variant.zone.name == name]) for name in names]
    for verdict in verdicts:
        zone = verdict.variant.zone
        yield json.dumps(
            {
                "zone": zone.name,
                "dwell_s": zone.dwell_s,
                "min_height": zone.min_height,
                "size": verdict.variant.size,
                "polygon": [[round(x, 4), round(y, 4)] for x, y in zone.polygon],
                "told": list(verdict.alerts),
                "missed": [[span.from_s, span.to_s] for span in verdict.missed],
                "extra": list(verdict.extra),
                "suggested": any(verdict is one for one in best),
            },
            ensure_ascii=False,
        )


def _span(text: str) -> Span:
    try:
        (span,) = spans_of([text])
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return span


def _dwells(text: str) -> list[float]:
    try:
        return [parse_duration_s(one.strip()) for one in text.split(",")]
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _heights(text: str) -> list[float]:
    heights = [float(one) for one in text.split(",")]
    if not all(0.0 < height <= 1.0 for height in heights):
        raise argparse.ArgumentTypeError("应在 0 和 1 之间 / above 0, at most 1")
    return heights
