"""A small registry in a real SQLite file, and files to be imported into it."""

import io
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from sqlalchemy import Connection, Table, insert, select

from alarms.store import Database, SealedBox
from alarms.store.tables import devices
from linkage.accounts.rights import Places
from linkage.registry.history import Caller
from linkage.registry.personal import Contact, sealed_columns
from linkage.registry.schema import estates, registry_changes
from linkage.registry.sheets import csv_file
from linkage.registry.sheets.exporting import export_csv
from linkage.registry.sheets.headings import COLUMNS, SheetKind
from linkage.registry.sheets.importing import Importer
from linkage.registry.sheets.model import Report
from linkage.registry.sheets.registered import read_registered
from linkage.schema import grids, households, mutual_aid_groups, villages
from tests.stores import migrated_sqlite

CLERK = Caller("clerk", "192.0.2.7", Places(None), 1_790_000_000_000, "test", "综治中心")
TABLES = (villages, grids, estates, mutual_aid_groups, households, devices, registry_changes)
XLSX_TABS = {"村": SheetKind.VILLAGES, "户": SheetKind.HOUSEHOLDS, "设备": SheetKind.DEVICES}


@dataclass
class SheetSite:
    """The registry, and the way in."""

    database: Database
    box: SealedBox
    importer: Importer

    async def bring(
        self, content: bytes, name: str = "表.csv", *, villages: Sequence[str] = (), **more: Any
    ) -> Report:
        """Import as a clerk of these villages; of all when none is named."""
        caller = replace(CLERK, places=Places(frozenset(villages) if villages else None))
        return await self.importer.run(content, name, caller, **more)

    async def rows(self) -> dict[str, list[dict[str, Any]]]:
        """Every row of the registry."""

        def read(conn: Connection) -> dict[str, list[dict[str, Any]]]:
            return {table.name: _all(conn, table) for table in TABLES}

        return await self.database.read(read)

    async def export(self, kind: SheetKind, places: Places | None = None) -> bytes:
        registered = await self.database.read(read_registered)
        return export_csv(kind, registered, self.box, places or Places(None))


@asynccontextmanager
async def empty_site(folder: Path) -> AsyncIterator[SheetSite]:
    """A registry with nothing in it."""
    database = Database(migrated_sqlite(folder / "sheets.db"))
    await database.open()
    box = SealedBox(bytes(range(32)))
    try:
        yield SheetSite(database, box, Importer(database, box))
    finally:
        await database.close()


@asynccontextmanager
async def settled_site(folder: Path) -> AsyncIterator[SheetSite]:
    """Two villages; 东村 has a group of eight, one that was retired, and what has left it."""
    async with empty_site(folder) as site:
        await site.database.write(lambda conn: _settle(conn, site.box))
        yield site


def households_csv(*rows: Mapping[str, str], without: Sequence[str] = ()) -> bytes:
    """A sheet of households with the columns that the rows name."""
    return _csv(rows, without)


villages_csv = devices_csv = households_csv


def good(**changes: str) -> dict[str, str]:
    """A row that can be imported, with these headings' cells changed."""
    return {
        "村编号": "dongcun",
        "组编号": "dongcun-g1",
        "户编号": "dongcun-009",
        "户称呼": "1组09号",
        "联系人": "赵演示",
        "电话": "00000000109",
        "地址": "东村1组9号",
        **changes,
    }


def workbook(**tabs: Sequence[Sequence[object]]) -> Workbook:
    """An XLSX file as openpyxl has it, tabs with their rows."""
    book = Workbook()
    book.remove(book.active)
    for name, rows in tabs.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    return book


def saved(book: Workbook) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def all_headings(kind: SheetKind) -> list[str]:
    return [column.zh for column in COLUMNS[kind]]


def _csv(rows: Sequence[Mapping[str, str]], without: Sequence[str]) -> bytes:
    headings = [h for h in dict.fromkeys(h for row in rows for h in row) if h not in without]
    return csv_file.write([headings, *([row.get(h, "") for h in headings] for row in rows)])


def _all(conn: Connection, table: Table) -> list[dict[str, Any]]:
    key = table.primary_key.columns.values()[0]
    return [dict(row) for row in conn.execute(select(table).order_by(key)).mappings()]


def _settle(conn: Connection, box: SealedBox) -> None:
    conn.execute(
        insert(villages),
        [
            {"id": "dongcun", "name": "东村", "households_total": 30},
            {"id": "xicun", "name": "西村", "households_total": None},
        ],
    )
    conn.execute(
        insert(grids),
        [
            {"id": "dongcun-w1", "village_id": "dongcun", "name": "东村第1网格"},
            {"id": "xicun-w1", "village_id": "xicun", "name": "西村第1网格"},
        ],
    )
    conn.execute(
        insert(estates),
        [{"id": "huayuan", "village_id": "dongcun", "name": "花园", "property_company": "甲物业"}],
    )
    conn.execute(
        insert(mutual_aid_groups),
        [
            _group("dongcun-g1", "dongcun-w1", "东村1组", "dongcun-001", None),
            _group("dongcun-g9", "dongcun-w1", "东村9组", None, 5),
            _group("xicun-g1", "xicun-w1", "西村1组", None, None),
        ],
    )
    homes = [
        *(_home(box, f"dongcun-{n:03d}", "dongcun-g1", n) for n in range(1, 9)),
        {**_home(box, "dongcun-090", "dongcun-g1", 90), "left_at_ms": 7},
        {
            **_home(box, "dongcun-091", "dongcun-g1", 91),
            "left_at_ms": 7,
            "erased_at_ms": 8,
            "data_key_sealed": None,
            "personal_sealed": None,
        },
        _home(box, "xicun-001", "xicun-g1", 1),
    ]
    usual = {"left_at_ms": None, "erased_at_ms": None}
    conn.execute(insert(households), [{**usual, **home} for home in homes])
    conn.execute(
        insert(devices),
        [
            _device("dongcun-001-1", "button", "dongcun-001", None, "enrolled"),
            _device("dongcun-002-1", "button", "dongcun-002", None, "revoked"),
            _device("dongcun-g1-siren", "siren", None, "dongcun-g1", "issued"),
            _device("xicun-001-1", "button", "xicun-001", None, "enrolled"),
        ],
    )


def _group(
    id_: str, grid: str, name: str, leader: str | None, retired: int | None
) -> dict[str, Any]:
    return {
        "id": id_,
        "grid_id": grid,
        "name": name,
        "leader_household_id": leader,
        "retired_at_ms": retired,
    }


def _home(box: SealedBox, id_: str, group: str, number: int) -> dict[str, Any]:
    contact = Contact(f"演示{number:02d}", f"0000000{number:04d}", f"{group} {number} 号")
    return {
        "id": id_,
        "group_id": group,
        "label": f"1组{number:02d}号",
        "latitude": 29.8,
        "longitude": 121.5,
        "wants_notices": True,
        **sealed_columns(box, id_, contact),
    }


def _device(
    id_: str, kind: str, household: str | None, group: str | None, state: str
) -> dict[str, Any]:
    return {
        "id": id_,
        "kind": kind,
        "household_id": household,
        "group_id": group,
        "key_sealed": b"sealed",
        "unsigned": False,
        "state": state,
    }
