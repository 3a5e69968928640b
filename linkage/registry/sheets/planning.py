"""What an import would do: every row of every sheet against what is registered. Pure."""

from collections.abc import Iterator, Sequence

from linkage.accounts.rights import Places
from linkage.registry.faults import Fault, id_fault, name_fault
from linkage.registry.model import Entity, Said
from linkage.registry.personal import Contact
from linkage.registry.sheets.cells import nested
from linkage.registry.sheets.device_rows import DeviceRows
from linkage.registry.sheets.group_rows import check_groups
from linkage.registry.sheets.headings import SheetKind
from linkage.registry.sheets.household_rows import HouseholdRow, HouseholdRows
from linkage.registry.sheets.model import (
    Findings,
    Plan,
    Progress,
    Row,
    Spot,
    Table,
    Write,
    counted,
)
from linkage.registry.sheets.place_book import PlaceBook
from linkage.registry.sheets.registered import Registered
from linkage.registry.sheets.row_reading import RowReader

MOST_TOTAL = 100_000
_STEP = 200
_MOST_PROBLEMS = 5000
"""Whoever has so many mends them first; the rest is not looked at."""
_CHECKING = Said("核对", "checking")


def household_ids(tables: Sequence[Table]) -> list[str]:
    """Every household that a row may be about, for whoever must fetch what is kept of it."""
    return [
        str(row.cells.get("household_id", ""))
        for table in tables
        if table.kind is SheetKind.HOUSEHOLDS
        for row in table.rows
    ]


def plan(
    tables: Sequence[Table],
    registered: Registered,
    contacts: dict[str, Contact],
    places: Places,
    findings: Findings,
    progress: Progress,
) -> Plan:
    """All that follows from the tables. `contacts` are those of `household_ids`, as registered."""
    walk = _Walk(findings, progress, sum(len(table.rows) for table in tables))
    book = PlaceBook(registered, places)
    villages = _VillageRows(registered, book)
    for spot in walk.over(tables, SheetKind.VILLAGES):
        villages.read(spot)
    reading = HouseholdRows(registered, contacts, book)
    rows = []
    for spot in walk.over(tables, SheetKind.HOUSEHOLDS):
        row = reading.read(spot)
        if row is not None:
            rows.append(row)
    check_groups(rows, registered, book)
    devices = DeviceRows(registered, book, reading.named)
    for spot in walk.over(tables, SheetKind.DEVICES):
        devices.read(spot)
    for row in rows:
        devices.hang(row)
    writes = [*book.writes(), *_written(rows), *devices.writes()]
    seen = {
        Entity.VILLAGE: len(book.villages.seen),
        Entity.GRID: len(book.grids.seen),
        Entity.ESTATE: len(book.estates.seen),
        Entity.GROUP: len(book.groups.seen),
        Entity.HOUSEHOLD: len(rows),
        Entity.DEVICE: devices.named,
    }
    counts = {entity: counted(entity, writes, number) for entity, number in seen.items()}
    return Plan(writes, counts, findings)


class _Walk:
    """Goes over the rows of a kind, and tells how far it has come."""

    def __init__(self, findings: Findings, progress: Progress, total: int) -> None:
        self._findings = findings
        self._progress = progress
        self._total = total
        self._done = 0
        self._gave_up = False

    def over(self, tables: Sequence[Table], kind: SheetKind) -> Iterator[Spot]:
        for table in tables:
            for row in table.rows if table.kind is kind else ():
                if self._done % _STEP == 0:
                    self._progress(_CHECKING, self._done, self._total)
                self._done += 1
                spot = Spot(self._findings, table, row)
                if len(self._findings.problems) >= _MOST_PROBLEMS:
                    if not self._gave_up:
                        self._gave_up = True
                        spot.refuse("", _TOO_MANY)
                    return
                yield spot


class _VillageRows:
    """The rows of villages: their names, how many households they have, their grids."""

    def __init__(self, registered: Registered, book: PlaceBook) -> None:
        self._registered = registered
        self._book = book
        self._first: dict[str, Row] = {}

    def read(self, spot: Spot) -> None:
        reader = RowReader(spot)
        village = self._book.village(reader)
        total = reader.count("households_total", most=MOST_TOTAL)
        if village is None:
            if not reader.bad:
                reader.refuse("village_id", _NO_VILLAGE)
            return
        if spot.row is not None:
            first = self._first.setdefault(village, spot.row)
            if first is not spot.row:
                reader.refuse("village_id", _twice(village, first))
                return
        if reader.said("households_total") and not reader.bad:
            known = self._registered.villages.get(village)
            if (None if known is None else known.households_total) != total:
                self._book.villages.entries[village].values["households_total"] = total
        plain = reader.plain("grids")
        for parts in nested(plain or ""):
            self._grid(reader, village, parts)

    def _grid(self, reader: RowReader, village: str, parts: list[str]) -> None:
        shown = "/".join(parts)
        id_, name = parts[0], parts[1] if len(parts) == 2 else ""
        fault = _GRID if len(parts) > 2 else id_fault(id_) or (name_fault(name) if name else None)
        if fault is not None:
            reader.refuse("grids", fault, shown)
            return
        # a row of its own, so that a grid is judged here as it is among households
        cells = {"village_id": village, "grid_id": id_, "grid_name": name}
        number = 0 if reader.spot.row is None else reader.spot.row.number
        self._book.grids.find(
            RowReader(_GridSpot(reader.spot, Row(number, dict(cells)))),
            lambda one: self._book.grids.entries[one].parent == village,
            village,
        )


class _GridSpot(Spot):
    """Speaks of a grid's id and name as what stands in the cell of a village's grids."""

    def __init__(self, spot: Spot, row: Row) -> None:
        self._inner = spot
        self.table = spot.table
        self.row = row

    def refuse(self, key: str, fault: Fault, value: str | None = None) -> None:
        self._inner.refuse("grids", fault, value or self._shown)

    def warn(self, key: str, fault: Fault, value: str | None = None) -> None:
        self._inner.warn("grids", fault, value or self._shown)

    @property
    def _shown(self) -> str:
        cells = {} if self.row is None else self.row.cells
        return f"{cells.get('grid_id', '')}/{cells.get('grid_name', '')}".rstrip("/")


def _written(rows: Sequence[HouseholdRow]) -> list[Write]:
    return [row.write for row in rows if row.write is not None]


def _twice(village: str, first: Row) -> Fault:
    return Fault(
        Said(
            f"村 {village} 已在第 {first.number} 行",
            f"the village {village} is in row {first.number} already",
        ),
        Said("每村只写一行", "one row a village"),
    )


_TOO_MANY = Fault(
    Said(
        "错误太多，从这一行起没有核对",
        "there are too many problems: from this row on nothing was checked",
    ),
    Said("请先改正前面的，再试一次", "mend those before it and try again"),
)
_NO_VILLAGE = Fault(
    Said("没有填写村编号", "the village's id is missing"),
    Said(
        "请填写，如 dongcun；合计、说明等行请删除",
        "give one such as dongcun; delete rows of totals or remarks",
    ),
)
_GRID = Fault(
    Said("不是“编号/名称”", "it is not id/name"),
    Said(
        "请写成 dongcun-w1/东村第1网格，多个用；隔开",
        "write it as dongcun-w1/东村第1网格, several with ; between them",
    ),
)
