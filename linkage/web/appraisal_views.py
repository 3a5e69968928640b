"""The shapes of an appraisal in the API, and making them. Times that people took are in seconds."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from msgspec import Struct

from linkage.appraisal.appraising import Appraised, Group, Period
from linkage.appraisal.figures import Counts, Spread
from linkage.appraisal.grouping import By
from linkage.appraisal.load import BEARABLE_PER_HOUR, FLOOD_PER_BIN, Load
from linkage.appraisal.model import FEW, Case, Part
from linkage.appraisal.sources import Tally, Visit
from linkage.appraisal.tables import Labels
from linkage.appraisal.visits import NotedVisit
from linkage.model.incident import Outcome
from linkage.web.answering import moment

_OPEN_SHOWN = 200


class AppraisalPeriod(Struct, frozen=True, kw_only=True):
    """Local dates, both within it."""

    first: str
    last: str


class AppraisalCount(Struct, frozen=True, kw_only=True):
    id: str
    zh: str
    en: str
    count: int
    before: int


class AppraisalCounts(Struct, frozen=True, kw_only=True):
    """The parts add up to the total; the outcomes to those counted."""

    total: int
    before: int
    parts: list[AppraisalCount]
    outcomes: list[AppraisalCount]
    supervised: int
    supervised_before: int
    reopened: int
    reopened_before: int


class AppraisalSpread(Struct, frozen=True, kw_only=True):
    measure: str
    measured: int
    missing: int
    """Nobody noted it."""
    not_sent: int
    """Nobody had to go."""
    unclear: int
    """The server's clock was set back meanwhile."""
    buckets: list[int]
    shares: list[float] | None
    """Null: too few to say."""
    median_s: float | None
    p90_s: float | None
    few: bool


class AppraisalBucket(Struct, frozen=True, kw_only=True):
    zh: str
    en: str


class AppraisalMeasure(Struct, frozen=True, kw_only=True):
    """What is measured, over all of the period, beside the period before."""

    measure: str
    zh: str
    en: str
    span_zh: str
    span_en: str
    buckets: list[AppraisalBucket]
    now: AppraisalSpread
    before: AppraisalSpread


class AppraisalGroup(Struct, frozen=True, kw_only=True):
    id: str
    zh: str
    en: str
    count: int
    spreads: list[AppraisalSpread]


class AppraisalHour(Struct, frozen=True, kw_only=True):
    hour: int
    alarms: int
    officer_hours: float
    rate: float | None


class AppraisalSort(Struct, frozen=True, kw_only=True):
    id: str
    zh: str
    en: str
    count: int


class AppraisalLoad(Struct, frozen=True, kw_only=True):
    """Alarms per officer and hour, against what people can bear."""

    alarms: int
    sorts: list[AppraisalSort]
    officer_hours: float
    unmanned_hours: float
    rate: float | None
    rate_before: float | None
    bearable: float
    is_bearable: bool
    busy: int
    """Ten minutes with more than one alarm an officer."""
    floods: int
    flood_at: int
    """So many alarms an officer in ten minutes are one."""
    busiest: int
    busiest_at: str | None
    hours: list[AppraisalHour]


class AppraisalOpen(Struct, frozen=True, kw_only=True):
    id: str
    number: str
    kind: str
    stage: str
    opened_at: str


class Appraisal(Struct, frozen=True, kw_only=True):
    period: AppraisalPeriod
    compared_with: AppraisalPeriod
    by: str
    few: int
    """Of fewer no share is told."""
    counts: AppraisalCounts
    measures: list[AppraisalMeasure]
    groups: list[AppraisalGroup]
    load: AppraisalLoad | None
    """Null: asked for a part of the site."""
    open: list[AppraisalOpen]


class AppraisalSource(Struct, frozen=True, kw_only=True):
    id: str
    zone: str | None
    label: str
    judged: int
    real: int
    accidental: int
    false: int
    malicious: int
    unneeded: int
    share: float | None


class AppraisalVisit(Struct, frozen=True, kw_only=True):
    """A household that a visit would help."""

    household: str
    label: str
    unneeded: int
    judged: int
    last_at: str
    advice: str
    advice_zh: str
    advice_en: str


class NotedVisitView(Struct, frozen=True, kw_only=True):
    id: str
    household: str
    label: str
    visited_on: str
    said: str
    by: str
    by_name: str
    noted_at: str


class AppraisalSources(Struct, frozen=True, kw_only=True):
    period: AppraisalPeriod
    households: list[AppraisalSource]
    devices: list[AppraisalSource]
    zones: list[AppraisalSource]
    more: bool
    """There are more of some sort; the sheet has them all."""
    to_visit: list[AppraisalVisit]
    visited: list[NotedVisitView]


class VisitMade(Struct, frozen=True, kw_only=True):
    id: str


def period(found: Period) -> AppraisalPeriod:
    return AppraisalPeriod(first=found.first.isoformat(), last=found.last.isoformat())


def appraisal(now: Appraised, before: Appraised, by: By, zone: ZoneInfo) -> Appraisal:
    return Appraisal(
        period=period(now.period),
        compared_with=period(before.period),
        by=by.value,
        few=FEW,
        counts=_counts(now.counts, before.counts),
        measures=[
            _measure(one, other) for one, other in zip(now.spreads, before.spreads, strict=True)
        ],
        groups=[_group(one) for one in now.groups[by]],
        load=None if now.load is None else _load(now.load, before.load, zone),
        open=[_open(case, zone) for case in now.open[:_OPEN_SHOWN]],
    )


def source(tally: Tally, labels: Labels) -> AppraisalSource:
    return AppraisalSource(
        id=tally.source.id,
        zone=tally.source.zone,
        label=labels.of(tally),
        judged=tally.judged,
        real=tally.outcomes[Outcome.REAL],
        accidental=tally.outcomes[Outcome.ACCIDENTAL],
        false=tally.outcomes[Outcome.FALSE],
        malicious=tally.outcomes[Outcome.MALICIOUS],
        unneeded=tally.unneeded,
        share=_rounded(tally.share),
    )


def visit(found: Visit, labels: Labels, zone: ZoneInfo) -> AppraisalVisit:
    tally = found.tally
    zh, en = found.advice.label
    return AppraisalVisit(
        household=tally.source.id,
        label=labels.of(tally),
        unneeded=tally.unneeded,
        judged=tally.judged,
        last_at=moment(tally.last_unneeded_ms or 0, zone),
        advice=found.advice.value,
        advice_zh=zh,
        advice_en=en,
    )


def noted(found: Sequence[NotedVisit], zone: ZoneInfo) -> list[NotedVisitView]:
    return [
        NotedVisitView(
            id=one.id,
            household=one.household_id,
            label=one.label,
            visited_on=one.visited_on,
            said=one.said,
            by=one.noted_by,
            by_name=one.noted_by_name,
            noted_at=moment(one.noted_at_ms, zone),
        )
        for one in found
    ]


def _counts(now: Counts, before: Counts) -> AppraisalCounts:
    return AppraisalCounts(
        total=now.total,
        before=before.total,
        parts=[
            AppraisalCount(
                id=part.value,
                zh=part.label[0],
                en=part.label[1],
                count=now.parts[part],
                before=before.parts[part],
            )
            for part in Part
        ],
        outcomes=[
            AppraisalCount(
                id=outcome.value,
                zh=outcome.label[0],
                en=outcome.label[1],
                count=now.outcomes.get(outcome, 0),
                before=before.outcomes.get(outcome, 0),
            )
            for outcome in Outcome
            if outcome in now.outcomes or outcome in before.outcomes
        ],
        supervised=now.supervised,
        supervised_before=before.supervised,
        reopened=now.reopened,
        reopened_before=before.reopened,
    )


def _spread(found: Spread) -> AppraisalSpread:
    shares = found.shares
    return AppraisalSpread(
        measure=found.measure.value,
        measured=found.measured,
        missing=found.missing,
        not_sent=found.not_sent,
        unclear=found.unclear,
        buckets=list(found.buckets),
        shares=None if shares is None else [round(share, 4) for share in shares],
        median_s=_seconds(found.median_ms),
        p90_s=_seconds(found.p90_ms),
        few=found.is_few,
    )


def _measure(now: Spread, before: Spread) -> AppraisalMeasure:
    (zh, en), (span_zh, span_en) = now.measure.label, now.measure.span
    return AppraisalMeasure(
        measure=now.measure.value,
        zh=zh,
        en=en,
        span_zh=span_zh,
        span_en=span_en,
        buckets=[AppraisalBucket(zh=b_zh, en=b_en) for b_zh, b_en in now.measure.buckets],
        now=_spread(now),
        before=_spread(before),
    )


def _group(found: Group) -> AppraisalGroup:
    name = found.name
    spreads = [_spread(spread) for spread in found.spreads]
    return AppraisalGroup(id=name.id, zh=name.zh, en=name.en, count=found.count, spreads=spreads)


def _load(now: Load, before: Load | None, zone: ZoneInfo) -> AppraisalLoad:
    return AppraisalLoad(
        alarms=now.alarms,
        sorts=[
            AppraisalSort(id=sort.value, zh=sort.label[0], en=sort.label[1], count=count)
            for sort, count in now.sorts.items()
        ],
        officer_hours=round(now.officer_hours, 1),
        unmanned_hours=round(now.unmanned_hours, 1),
        rate=_rounded(now.per_officer_hour),
        rate_before=None if before is None else _rounded(before.per_officer_hour),
        bearable=BEARABLE_PER_HOUR,
        is_bearable=now.is_bearable,
        busy=now.busy_bins,
        floods=now.flood_bins,
        flood_at=FLOOD_PER_BIN,
        busiest=now.busiest,
        busiest_at=None if now.busiest_at_ms is None else moment(now.busiest_at_ms, zone),
        hours=[
            AppraisalHour(
                hour=one.hour,
                alarms=one.alarms,
                officer_hours=round(one.officer_hours, 1),
                rate=_rounded(one.per_officer_hour),
            )
            for one in now.hours
        ],
    )


def _open(case: Case, zone: ZoneInfo) -> AppraisalOpen:
    return AppraisalOpen(
        id=case.id,
        number=case.number,
        kind=case.kind.value,
        stage=case.stage.value,
        opened_at=moment(case.opened_at_ms, zone),
    )


def _seconds(ms: int | None) -> float | None:
    return None if ms is None else ms / 1000


def _rounded(rate: float | None) -> float | None:
    return None if rate is None else round(rate, 4)
