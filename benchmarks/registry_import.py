"""A town's registry from and to sheets: 21 villages, 254 grids, 400 groups, 4 000 households.

    python -m benchmarks.registry_import [--households N]

Beside it, as the floor, the same cells by bare executemany into a file of the same kind: what
checking, sealing and history cost shows as the ratio. Judged by CPU seconds, because a busy machine
stretches the wall clock; the work is done by one thread, so on an idle one they are the same. Every
step is run once, in this order; it fails where a second import changes anything.
"""

import argparse
import asyncio
import sqlite3
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import structlog

from alarms.store import Database, SealedBox
from linkage.accounts.rights import Places
from linkage.registry.history import Caller
from linkage.registry.sheets import csv_file, xlsx_file
from linkage.registry.sheets.exporting import Rows, export_csv, export_xlsx
from linkage.registry.sheets.headings import SheetKind
from linkage.registry.sheets.importing import Importer
from linkage.registry.sheets.registered import read_registered
from tests.linkage.registry.generated_town import TownSize, generated_town

WITHIN_S = 10.0
_ORDER = (SheetKind.VILLAGES, SheetKind.HOUSEHOLDS, SheetKind.DEVICES)


class Watch:
    """Prints what each step took."""

    def __init__(self) -> None:
        self.cpu: dict[str, float] = {}
        self.wall: dict[str, float] = {}

    def lap(self, name: str, cpu: float, wall: float) -> None:
        self.cpu[name], self.wall[name] = cpu, wall
        print(f"{name:<46} {wall:7.2f} s   CPU {cpu:6.2f} s")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--households", type=int, default=4000)
    arguments = parser.parse_args()
    # what the importer says of itself is no part of the table
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    return asyncio.run(_run(arguments.households))


async def _run(households: int) -> int:
    town = generated_town(TownSize(households=households))
    rows = {kind: len(town[kind]) - 1 for kind in SheetKind}
    print(f"rows: {rows}")
    watch = Watch()
    with tempfile.TemporaryDirectory() as folder:
        floor = _timed(watch, "floor: bare executemany", lambda: _bare(Path(folder), town))
        same = True
        for form in ("csv", "xlsx"):
            same &= await _in_and_out(Path(folder), form, town, watch)
    took = {form: watch.cpu[f"{form}: import"] for form in ("csv", "xlsx")}
    number = sum(rows.values())
    for form, cpu in took.items():
        print(f"{form}: {cpu / floor:.0f} times the floor, {1e3 * cpu / number:.2f} ms a row")
    in_time = max(took.values()) < WITHIN_S
    print(f"imports within {WITHIN_S:.0f} s of CPU: {'yes' if in_time else 'NO'}")
    print(f"a second import changes nothing, exports the same bytes: {'yes' if same else 'NO'}")
    return 0 if in_time and same else 1


async def _in_and_out(folder: Path, form: str, town: dict[SheetKind, Rows], watch: Watch) -> bool:
    database = Database(f"sqlite:///{folder / form}.db")
    await database.open()
    box = SealedBox(bytes(32))
    importer = Importer(database, box)
    caller = Caller("cli", "", Places(None), 1, "benchmark")
    if form == "csv":
        files = [csv_file.write(town[kind]) for kind in _ORDER]
    else:
        files = [xlsx_file.write({kind.tab: town[kind] for kind in _ORDER})]

    async def bring(given: list[bytes]) -> list[tuple[bool, int, int]]:
        reports = [await importer.run(file, f"town.{form}", caller) for file in given]
        return [(r.applied, r.total.created, r.total.changed) for r in reports]

    async def timed(name: str, given: list[bytes]) -> list[tuple[bool, int, int]]:
        cpu, wall = time.process_time(), time.perf_counter()
        found = await bring(given)
        watch.lap(name, time.process_time() - cpu, time.perf_counter() - wall)
        return found

    first = await timed(f"{form}: import", files)
    registered = await database.read(read_registered)
    everywhere = Places(None)

    def export() -> list[bytes]:
        return [export_csv(kind, registered, box, everywhere) for kind in _ORDER]

    before = export()
    given = before
    if form == "xlsx":
        cpu, wall = time.process_time(), time.perf_counter()
        given = [export_xlsx(registered, box, everywhere)]
        watch.lap("xlsx: export", time.process_time() - cpu, time.perf_counter() - wall)
    else:
        _timed(watch, "csv: export", export)
    second = await timed(f"{form}: import again, nothing to change", given)
    registered = await database.read(read_registered)
    same = export() == before
    await database.close()
    made = all(applied for applied, _, _ in first) and sum(found[1] for found in first) > 0
    return made and same and all(found == (True, 0, 0) for found in second)


def _timed(watch: Watch, name: str, work: Callable[[], object]) -> float:
    cpu, wall = time.process_time(), time.perf_counter()
    work()
    watch.lap(name, time.process_time() - cpu, time.perf_counter() - wall)
    return max(watch.cpu[name], 1e-3)


def _bare(folder: Path, town: dict[SheetKind, Rows]) -> None:
    """Every cell into a table of its sheet, in one synced transaction."""
    with sqlite3.connect(folder / "floor.db") as conn:
        conn.execute("PRAGMA journal_mode=WAL")
        conn.execute("PRAGMA synchronous=FULL")
        for kind, rows in town.items():
            names = ", ".join(f"c{n}" for n in range(len(rows[0])))
            marks = ", ".join("?" * len(rows[0]))
            conn.execute(f"CREATE TABLE {kind.value} ({names})")
            conn.executemany(f"INSERT INTO {kind.value} VALUES ({marks})", rows[1:])
    conn.close()


if __name__ == "__main__":
    raise SystemExit(main())
