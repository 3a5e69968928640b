"""The shapes that go between the parts of an import: cells, tables, problems, what will be
written, the report. Nothing here reads, decides or writes.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from linkage.registry.faults import Fault
from linkage.registry.model import Change, Entity, Said
from linkage.registry.personal import Contact
from linkage.registry.sheets.headings import SheetKind, column_of

MOST_ROWS = 50_000
"""In one sheet; twelve times a town's households."""
_SHOWN_CHARACTERS = 60

Progress = Callable[[Said, int, int], None]
"""Told what is being done, how much of it is done, and how much there is."""


@dataclass(frozen=True)
class OddCell:
    """A cell whose content is not what somebody typed, such as a date that Excel made."""

    text: str
    fault: Fault


Cell = str | OddCell


@dataclass(frozen=True)
class RawSheet:
    """The cells of a sheet as they stand in the file; row 1 is `rows[0]`."""

    name: str
    rows: list[list[Cell]]
    merged_wide: frozenset[int] = frozenset()
    """Rows where cells beside each other were merged."""


@dataclass(frozen=True)
class Row:
    """One row: its number as the clerk's program shows it, and its cells by column key."""

    number: int
    cells: dict[str, Cell]


@dataclass(frozen=True)
class Table:
    """A sheet whose headings were recognised."""

    kind: SheetKind
    name: str
    headings: dict[str, tuple[int, str]]
    """By column key: the column's index from 0, and its heading as the clerk wrote it."""
    rows: list[Row]


@dataclass(frozen=True)
class Problem:
    """What is wrong, or odd, at one place of the file."""

    sheet: str
    row: int | None
    column: str
    """The heading as the clerk wrote it; ours where the column is missing; empty: the whole row."""
    cell: str
    """As spreadsheet programs name it, such as G17; empty when it is no single cell."""
    value: str = field(repr=False)
    """What stands there: the clerk's own, for the clerk's eyes only; it may be personal."""
    why: Said
    mend: Said


@dataclass(frozen=True)
class Write:
    """One entry that will be made or changed."""

    entity: Entity
    id: str
    change: Change
    values: dict[str, object] = field(default_factory=dict, repr=False)
    """The columns to set, but for what is sealed."""
    fields: tuple[str, ...] = ()
    """What changes, by name, for the history and the report."""
    data: dict[str, object] = field(default_factory=dict)
    """For the history; nothing personal."""
    contact: Contact | None = field(default=None, repr=False)
    """Of a household, where `contact_said`."""
    contact_said: bool = False


@dataclass
class Findings:
    """Problems and warnings, as they are found."""

    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)


@dataclass(frozen=True)
class Counts:
    """How many entries are made, changed, and left as they are."""

    created: int = 0
    changed: int = 0
    unchanged: int = 0


@dataclass(frozen=True)
class Plan:
    """What an import would do."""

    writes: list[Write]
    counts: dict[Entity, Counts]
    findings: Findings


@dataclass(frozen=True)
class Report:
    """What became of an import, or would become of it."""

    ok: bool
    applied: bool
    """The registry was changed as it says; False after a dry run and with problems."""
    counts: dict[Entity, Counts]
    problems: list[Problem]
    warnings: list[Problem]

    @property
    def total(self) -> Counts:
        """All entities together."""
        every = self.counts.values()
        return Counts(
            sum(c.created for c in every),
            sum(c.changed for c in every),
            sum(c.unchanged for c in every),
        )


class Spot:
    """Where in the file the work is: makes problems and warnings that name it."""

    def __init__(self, findings: Findings, table: Table, row: Row | None) -> None:
        self._findings = findings
        self.table = table
        self.row = row

    def refuse(self, key: str, fault: Fault, value: str | None = None) -> None:
        """A problem at this row's cell of column `key`."""
        self._findings.problems.append(self._problem(key, fault, value))

    def warn(self, key: str, fault: Fault, value: str | None = None) -> None:
        """As `refuse`, for what is only worth a look."""
        self._findings.warnings.append(self._problem(key, fault, value))

    def _problem(self, key: str, fault: Fault, value: str | None) -> Problem:
        number = None if self.row is None else self.row.number
        index, heading = self.table.headings.get(key, (None, ""))
        if heading == "" and key:
            heading = column_of(self.table.kind, key).zh
        cell = "" if index is None or number is None else f"{letters(index)}{number}"
        if value is None:
            found = "" if self.row is None else self.row.cells.get(key, "")
            value = found.text if isinstance(found, OddCell) else found
        return Problem(
            self.table.name, number, heading, cell, shortened(value), fault.why, fault.mend
        )


def shortened(value: str) -> str:
    """A value as reports show it."""
    return value if len(value) <= _SHOWN_CHARACTERS else f"{value[:_SHOWN_CHARACTERS]}…"


def letters(index: int) -> str:
    """The name of a column as spreadsheet programs have it: 0 is A, 26 is AA."""
    name = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        name = chr(ord("A") + rest) + name
    return name


def counted(entity: Entity, writes: Iterable[Write], seen: int) -> Counts:
    """The counts of one entity, of which the file named `seen`."""
    own = [write for write in writes if write.entity is entity]
    created = sum(write.change is Change.CREATED for write in own)
    return Counts(created, len(own) - created, max(0, seen - len(own)))
