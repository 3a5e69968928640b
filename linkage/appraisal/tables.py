"""An appraised period as tables of text: for sheets to keep and a page to print. Pure.

Headings and cells are Chinese first. Times are h:mm:ss, which both languages read.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo

from lianfang_timing import from_unix_ms
from linkage.appraisal.appraising import Appraised
from linkage.appraisal.figures import Spread
from linkage.appraisal.grouping import By
from linkage.appraisal.load import BEARABLE_PER_HOUR, FLOOD_PER_BIN, Load
from linkage.appraisal.model import FEW, Case, Measure, Part
from linkage.appraisal.sources import SourceSort, Tally, Visit
from linkage.model.incident import Outcome

_NONE = "—"
_ALL = "全部 All"


@dataclass(frozen=True)
class Table:
    """`tab` is short enough for a sheet; every line has as many texts as there are headings."""

    tab: str
    title: str
    headings: Sequence[str]
    lines: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Labels:
    """What sources are called; ids where nothing is known."""

    households: Mapping[str, str]
    cameras: Mapping[str, str]

    def of(self, tally: Tally) -> str:
        source = tally.source
        if source.sort is SourceSort.HOUSEHOLD:
            return self.households.get(source.id, source.id)
        if source.sort is SourceSort.DEVICE:
            return source.id
        name = self.cameras.get(source.id, source.id)
        return name if source.zone is None else f"{name} · {source.zone}"


def duration(ms: int | None) -> str:
    """h:mm:ss, the hours left out where there are none."""
    if ms is None:
        return _NONE
    minutes, seconds = divmod(ms // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def summary(now: Appraised, before: Appraised) -> Table:
    """How the period adds up, beside the one before."""
    lines: list[tuple[str, str, str]] = [
        _both("警情总数 Incidents", now.counts.total, before.counts.total)
    ]
    for part in Part:
        label = " ".join(part.label)
        lines.append(_both(f"　{label}", now.counts.parts[part], before.counts.parts[part]))
        if part is Part.COUNTED:
            lines += _outcomes(now, before)
    lines.append(_both("督办 Urged", now.counts.supervised, before.counts.supervised))
    lines.append(_both("重开 Opened again", now.counts.reopened, before.counts.reopened))
    return Table("总览", "总览 Overview", ("项目 Item", "本期 This", "上期 Before"), lines)


def spreads(now: Appraised, before: Appraised) -> list[Table]:
    """A table a measure: its buckets, median and p90, beside the period before."""
    pairs = zip(now.spreads, before.spreads, strict=True)
    return [_spread(one, other) for one, other in pairs]


def groups(appraised: Appraised, by: By, *, narrow: bool = False) -> Table:
    """A line a group: how many, and median and p90 of each measure; `narrow`: in one cell."""
    what = ("中位数 / P90（件数）",) if narrow else ("件数", "中位数", "P90")
    heads = [f"{measure.label[0]} {one}" for measure in Measure for one in what]
    lines: list[list[str]] = [
        [" ".join(dict.fromkeys((group.name.zh, group.name.en))), str(group.count)]
        + [text for spread in group.spreads for text in _short(spread, narrow=narrow)]
        for group in appraised.groups[by]
    ]
    zh, en = by.label
    return Table(
        f"按{zh[:8]}", f"按{zh} By {en.lower()}", (f"{zh} {en}", "件数 Count", *heads), lines
    )


def load(found: Load, zone: tzinfo) -> list[Table]:
    """The duty room's load, in all and by the hour of the day."""
    rate = found.per_officer_hour
    at_ms = found.busiest_at_ms
    busiest = _NONE if at_ms is None else f"{found.busiest}（{_local(at_ms, zone)}）"
    facts = [
        *(
            (f"警报 {zh} {en}", str(found.sorts[sort]))
            for sort in found.sorts
            for zh, en in [sort.label]
        ),
        ("值班员小时 Officer-hours", f"{found.officer_hours:.1f}"),
        ("其中排班无人的小时 Hours nobody's by the rota", f"{found.unmanned_hours:.1f}"),
        (
            f"每人每小时警报 Alarms per officer and hour（≤ {BEARABLE_PER_HOUR}）",
            _NONE if rate is None else f"{rate:.2f}",
        ),
        ("每人超过1条的十分钟 Ten minutes with more than one an officer", str(found.busy_bins)),
        (f"每人≥{FLOOD_PER_BIN}条的十分钟（警报潮）Floods", str(found.flood_bins)),
        ("最忙的十分钟 Busiest ten minutes", busiest),
    ]
    hours = [
        (
            f"{one.hour:02}:00–{one.hour:02}:59",
            str(one.alarms),
            f"{one.officer_hours:.1f}",
            _NONE if one.per_officer_hour is None else f"{one.per_officer_hour:.2f}",
        )
        for one in found.hours
    ]
    return [
        Table("值守负荷", "值守负荷 Load", ("项目 Item", "数值 Value"), facts),
        Table(
            "分时负荷",
            "分时负荷 By the hour",
            ("时段 Hour", "警报 Alarms", "值班员小时 Officer-hours", "每人每小时 Rate"),
            hours,
        ),
    ]


def sources(found: Sequence[Tally], sort: SourceSort, labels: Labels) -> Table:
    """What became of the incidents of each source."""
    tab, title = _SOURCES[sort]
    return Table(
        tab,
        title,
        (
            "来源 Source",
            "已办结 Ended",
            *(" ".join(outcome.label) for outcome in _TOLD),
            "误报占比 Without need",
        ),
        [
            (
                labels.of(tally),
                str(tally.judged),
                *(str(tally.outcomes[outcome]) for outcome in _TOLD),
                "数量少 few" if tally.share is None else f"{tally.share:.0%}",
            )
            for tally in found
        ],
    )


def visits(found: Sequence[Visit], labels: Labels) -> Table:
    """Whom a visit would help, and what to look at first."""
    return Table(
        "建议回访",
        "建议回访的住户 Households to visit",
        ("住户 Household", "误按误报 Without need", "已办结 Ended", "建议 First look at"),
        [
            (
                labels.of(visit.tally),
                str(visit.tally.unneeded),
                str(visit.tally.judged),
                " / ".join(visit.advice.label),
            )
            for visit in found
        ],
    )


def open_cases(found: Sequence[Case], zone: tzinfo) -> Table:
    """What is not ended yet."""
    return Table(
        "在办",
        "在办警情 Still open",
        ("编号 No.", "类别 Kind", "环节 Step", "时间 Opened"),
        [
            (
                case.number,
                " ".join(case.kind.label),
                " ".join(case.stage.label),
                _local(case.opened_at_ms, zone),
            )
            for case in found
        ],
    )


def tidy(appraised: Appraised, by: By) -> Table:
    """For programs: one value a line, of everything together and of each group."""
    zh, en = by.label
    rows = [("", _ALL, appraised.counts.counted, appraised.spreads)]
    rows += [(g.name.id, g.name.zh, g.count, g.spreads) for g in appraised.groups[by]]
    lines = [
        (group_id, name, *value)
        for group_id, name, count, found in rows
        for value in _values(count, found)
    ]
    headings = ("编号 id", f"{zh} {en}", "指标 measure", "项 item", "值 value")
    return Table("数据", "数据 Values", headings, lines)


def _values(count: int, found: Sequence[Spread]) -> Iterator[tuple[str, str, str]]:
    yield "", "incidents", str(count)
    for spread in found:
        name = spread.measure.value
        for (_, label), number in zip(spread.measure.buckets, spread.buckets, strict=True):
            yield name, label, str(number)
        yield name, "measured", str(spread.measured)
        yield name, "missing", str(spread.missing)
        yield name, "not_sent", str(spread.not_sent)
        yield name, "unclear", str(spread.unclear)
        for item, ms in (("median_s", spread.median_ms), ("p90_s", spread.p90_ms)):
            yield name, item, "" if ms is None else f"{ms / 1000:.1f}"


_TOLD = (Outcome.REAL, Outcome.ACCIDENTAL, Outcome.FALSE, Outcome.MALICIOUS)
_SOURCES = {
    SourceSort.HOUSEHOLD: ("误报住户", "误报来源：住户 Sources: households"),
    SourceSort.DEVICE: ("误报设备", "误报来源：设备 Sources: devices"),
    SourceSort.ZONE: ("误报区域", "误报来源：摄像机区域 Sources: camera zones"),
}


def _spread(one: Spread, other: Spread) -> Table:
    (zh, en), (span_zh, span_en) = one.measure.label, one.measure.span
    shares = one.shares
    lines = [
        (
            " ".join(label),
            str(one.buckets[index]),
            _few(one) if shares is None else f"{shares[index]:.1%}",
            str(other.buckets[index]),
        )
        for index, label in enumerate(one.measure.buckets)
    ]
    lines += [
        ("中位数 Median", duration(one.median_ms), "", duration(other.median_ms)),
        ("P90", duration(one.p90_ms), "", duration(other.p90_ms)),
        ("未登记 Not noted", str(one.missing), "", str(other.missing)),
    ]
    if one.measure is not Measure.SIGN_FOR:
        lines.append(("未派人 Nobody sent", str(one.not_sent), "", str(other.not_sent)))
    if one.unclear or other.unclear:
        said = "时钟被回拨，不计 Clock set back, not counted"
        lines.append((said, str(one.unclear), "", str(other.unclear)))
    return Table(
        f"{zh}时限",
        f"{zh} {en}：{span_zh} {span_en}",
        ("区间 Bucket", "本期 This", "占比 Share", "上期 Before"),
        lines,
    )


def _few(spread: Spread) -> str:
    return f"不足{FEW}件 few" if spread.measured else _NONE


def _short(spread: Spread, *, narrow: bool) -> tuple[str, ...]:
    median, p90 = duration(spread.median_ms), duration(spread.p90_ms)
    if narrow:
        return (f"{median} / {p90}（{spread.measured}）" if spread.measured else _NONE,)
    return str(spread.measured), median, p90


def _outcomes(now: Appraised, before: Appraised) -> Iterator[tuple[str, str, str]]:
    for outcome in Outcome:
        counts = [one.counts.outcomes.get(outcome, 0) for one in (now, before)]
        if any(counts):
            yield _both(f"　　{' '.join(outcome.label)}", *counts)


def _both(name: str, now: int, before: int) -> tuple[str, str, str]:
    return name, str(now), str(before)


def _local(ms: int, zone: tzinfo) -> str:
    return f"{from_unix_ms(ms).astimezone(zone):%Y-%m-%d %H:%M}"
