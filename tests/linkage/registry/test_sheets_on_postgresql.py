"""Sheets on the other database engine: in, out, and in again without a change."""

from alarms.store import Database, SealedBox
from linkage.registry.sheets import csv_file
from linkage.registry.sheets.headings import SheetKind
from linkage.registry.sheets.importing import Importer
from tests.linkage.registry.generated_town import TownSize, generated_town
from tests.linkage.registry.sheet_site import SheetSite, good, households_csv
from tests.stores import postgres


async def test_a_small_town_goes_in_and_comes_back_the_same():
    box = SealedBox(bytes(32))
    with postgres() as url:
        database = Database(url)
        await database.open()
        site = SheetSite(database, box, Importer(database, box))
        town = generated_town(TownSize(villages=1, grids=2, groups=3, households=27))
        for kind in (SheetKind.VILLAGES, SheetKind.HOUSEHOLDS, SheetKind.DEVICES):
            assert (await site.bring(csv_file.write(town[kind]))).applied
        rows = await site.rows()
        file = await site.export(SheetKind.HOUSEHOLDS)
        again = await site.bring(file)
        assert (again.total.created, again.total.changed) == (0, 0)
        assert await site.rows() == rows
        moved = {"户编号": "v01-w1-g1-02", "组编号": "v01-w2-g1", "户称呼": "新来"}
        assert (await site.bring(households_csv(moved))).total.changed == 1
        refused = await site.bring(households_csv(good()))
        assert not refused.applied
        await database.close()
