"""The shapes of an import's report. Only shapes and how they are filled."""

from msgspec import Struct

from linkage.registry.sheets.model import Counts, Problem, Report

MOST_SHOWN = 1000


class SheetCounts(Struct, frozen=True, kw_only=True):
    created: int
    changed: int
    unchanged: int


class SheetProblem(Struct, frozen=True, kw_only=True):
    """What is wrong, or odd, at one place of the file."""

    sheet: str
    row: int | None
    """As spreadsheet programs number them; None for the sheet as a whole."""
    column: str
    """Its heading."""
    cell: str
    """Such as G17; empty when it is no single cell."""
    value: str
    why_zh: str
    why_en: str
    mend_zh: str
    mend_en: str


class ImportReport(Struct, frozen=True, kw_only=True):
    ok: bool
    applied: bool
    """False after a dry run and with problems."""
    counts: SheetCounts
    by_entity: dict[str, SheetCounts]
    problems: list[SheetProblem]
    """The first 1000."""
    problems_total: int
    warnings: list[SheetProblem]
    """The first 1000."""
    warnings_total: int


def import_report(report: Report) -> ImportReport:
    """The report as the page shows it."""
    return ImportReport(
        ok=report.ok,
        applied=report.applied,
        counts=_counts(report.total),
        by_entity={entity.value: _counts(counts) for entity, counts in report.counts.items()},
        problems=[_problem(one) for one in report.problems[:MOST_SHOWN]],
        problems_total=len(report.problems),
        warnings=[_problem(one) for one in report.warnings[:MOST_SHOWN]],
        warnings_total=len(report.warnings),
    )


def _counts(counts: Counts) -> SheetCounts:
    return SheetCounts(created=counts.created, changed=counts.changed, unchanged=counts.unchanged)


def _problem(one: Problem) -> SheetProblem:
    return SheetProblem(
        sheet=one.sheet,
        row=one.row,
        column=one.column,
        cell=one.cell,
        value=one.value,
        why_zh=one.why.zh,
        why_en=one.why.en,
        mend_zh=one.mend.zh,
        mend_en=one.mend.en,
    )
