"""What was imported is exported, comes back without a change, and is the same bytes again."""

import asyncio
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from alarms.devices import DeviceRegistry
from alarms.model import DeviceState
from alarms.store import Database
from alarms.store.tables import devices
from linkage.accounts.rights import Places
from linkage.registry.history import note
from linkage.registry.model import Change, Entity
from linkage.registry.personal import Contact, FurtherContact, contact_of
from linkage.registry.schema import registry_changes
from linkage.registry.sheets import csv_file, xlsx_file
from linkage.registry.sheets.cells import meant, nest, nested, shown
from linkage.registry.sheets.exporting import export_xlsx
from linkage.registry.sheets.headings import SheetKind
from linkage.registry.sheets.importing import Importer
from linkage.registry.sheets.model import Counts
from linkage.registry.sheets.registered import read_registered
from linkage.schema import audit_entries, households
from tests.linkage.registry.generated_town import TownSize, generated_town
from tests.linkage.registry.sheet_site import (
    CLERK,
    XLSX_TABS,
    SheetSite,
    empty_site,
    good,
    households_csv,
    saved,
    settled_site,
    workbook,
)

IN_ORDER = (SheetKind.VILLAGES, SheetKind.HOUSEHOLDS, SheetKind.DEVICES)
SMALL = TownSize(villages=2, grids=4, groups=6, households=54)


@pytest.fixture
async def empty(tmp_path):
    async with empty_site(tmp_path) as site:
        yield site


@pytest.fixture
async def settled(tmp_path):
    async with settled_site(tmp_path) as site:
        yield site


async def exported(site: SheetSite) -> dict[SheetKind, bytes]:
    return {kind: await site.export(kind) for kind in SheetKind}


async def test_a_generated_town_goes_in_comes_out_and_goes_in_again_without_a_change(empty):
    town = generated_town()
    for kind in IN_ORDER:
        report = await empty.bring(csv_file.write(town[kind]))
        assert report.ok
        assert report.applied
    assert (await empty.bring(csv_file.write(town[SheetKind.HOUSEHOLDS]))).total.unchanged == 8675
    rows, files = await empty.rows(), await exported(empty)
    numbers = {name: len(found) for name, found in rows.items()}
    assert numbers["villages"] == 21
    assert numbers["grids"] == 254
    assert numbers["mutual_aid_groups"] == 400
    assert numbers["households"] == 4000
    assert numbers["devices"] == 4400
    assert numbers["registry_changes"] == 21 + 254 + 400 + 4000 + 4400
    for kind in IN_ORDER:
        report = await empty.bring(files[kind])
        assert report.ok
        assert (report.total.created, report.total.changed) == (0, 0)
        assert report.warnings == []
    assert await empty.rows() == rows
    assert await exported(empty) == files


async def test_a_workbook_goes_in_as_one_and_comes_back_the_same(empty):
    town = generated_town(SMALL)
    book = xlsx_file.write({kind.tab: town[kind] for kind in SheetKind})
    report = await empty.bring(book, "town.xlsx")
    assert (report.ok, report.applied) == (True, True)
    assert report.counts[Entity.HOUSEHOLD] == Counts(created=54)
    rows = await empty.rows()
    registered = await empty.database.read(read_registered)
    again = await empty.bring(export_xlsx(registered, empty.box, Places(None)), "again.xlsx")
    assert again.ok
    assert (again.total.created, again.total.changed) == (0, 0)
    assert await empty.rows() == rows


async def test_what_was_exported_settles_an_empty_registry_the_same_way(empty, tmp_path):
    (tmp_path / "other").mkdir()
    for kind in IN_ORDER:
        await empty.bring(csv_file.write(generated_town(SMALL)[kind]))
    files = await exported(empty)
    async with empty_site(tmp_path / "other") as other:
        for kind in IN_ORDER:
            assert (await other.bring(files[kind])).applied
        assert await exported(other) == files


async def test_a_dry_run_says_all_and_changes_nothing(settled):
    before = await settled.rows()
    report = await settled.bring(households_csv(good(按钮编号="dongcun-009-1")), dry_run=True)
    assert (report.ok, report.applied) == (True, False)
    assert report.counts[Entity.HOUSEHOLD] == Counts(created=1)
    assert report.counts[Entity.DEVICE] == Counts(created=1)
    assert await settled.rows() == before


async def test_coordinates_read_off_a_chinese_map_are_kept_as_wgs84(settled):
    row = good(纬度="31.17530398364597", 经度="121.531541859215", 坐标来源="高德")
    assert (await settled.bring(households_csv(row))).applied
    (home,) = [r for r in (await settled.rows())["households"] if r["id"] == "dongcun-009"]
    assert home["latitude"] == pytest.approx(31.1774276, abs=1e-6)
    assert home["longitude"] == pytest.approx(121.5272106, abs=1e-6)
    again = await settled.bring(households_csv(row))
    assert again.counts.get(Entity.HOUSEHOLD, Counts()).changed == 0


async def test_one_bad_row_keeps_all_others_out(settled):
    before = await settled.rows()
    other = good(户编号="dongcun-010", 户称呼="1组10号", 电话="123")
    report = await settled.bring(households_csv(good(), other))
    assert not report.applied
    assert await settled.rows() == before


async def test_what_is_personal_is_sealed_and_names_stand_in_no_record(settled):
    row = good(健康提示="轮椅", 其他联系人="李演示/00000000110/女儿")
    await settled.bring(households_csv(row))
    contact = await settled.database.read(lambda conn: contact_of(conn, settled.box, "dongcun-009"))
    further = (FurtherContact("李演示", "00000000110", "女儿"),)
    assert contact == Contact("赵演示", "00000000109", "东村1组9号", "轮椅", further)
    await settled.bring(households_csv({**row, "电话": "00000000119"}))

    def records(conn):
        return [
            *conn.scalars(select(registry_changes.c.data)),
            *conn.scalars(select(audit_entries.c.payload)),
        ]

    text = " ".join(await settled.database.read(records))
    assert "phone" in text
    for personal in ("赵演示", "00000000109", "00000000119", "东村1组9号", "轮椅", "李演示"):
        assert personal not in text


async def test_an_import_is_one_entry_in_the_audit_and_one_change_each_in_the_history(settled):
    await settled.bring(households_csv(good(按钮编号="dongcun-009-1")))

    def read(conn):
        changes = conn.execute(select(registry_changes)).mappings().all()
        entries = conn.execute(select(audit_entries)).mappings().all()
        return changes, entries

    changes, (entry,) = await settled.database.read(read)
    assert [(c["entity"], c["entity_id"], c["change"], c["actor"]) for c in changes] == [
        ("household", "dongcun-009", "created", "clerk"),
        ("device", "dongcun-009-1", "created", "clerk"),
    ]
    assert (entry["actor"], entry["object"]) == ("clerk", "registry:import")
    assert json.loads(entry["detail"])["counts"]["household"]["created"] == 1


async def test_a_device_of_a_sheet_is_planned_and_nobody_can_log_in_with_it(settled):
    await settled.bring(households_csv(good(按钮编号="dongcun-009-1")))
    registry = DeviceRegistry(settled.database, settled.box)
    row = next(r for r in (await settled.rows())["devices"] if r["id"] == "dongcun-009-1")
    assert row["state"] == DeviceState.PLANNED
    assert row["household_id"] == "dongcun-009"
    assert (row["login"], row["password_sha256"]) == (None, None)
    found = await registry.lookup(["dongcun-009-1"])
    assert len(found["dongcun-009-1"].key or b"") == 32


async def test_a_column_that_is_left_out_leaves_what_is_registered(settled):
    rows = {"户编号": "dongcun-001", "电话": "00000009999"}
    report = await settled.bring(households_csv(rows))
    assert report.total == Counts(0, 1, 0)
    contact = await settled.database.read(lambda conn: contact_of(conn, settled.box, "dongcun-001"))
    assert contact == Contact("演示01", "00000009999", "dongcun-g1 1 号")


async def test_an_empty_cell_empties_what_is_registered_and_is_warned_of(settled):
    report = await settled.bring(
        households_csv({"户编号": "dongcun-001", "电话": "", "地址": "甲"})
    )
    assert report.applied
    assert [(w.column, w.row) for w in report.warnings if "清除" in w.why.zh] == [("电话", 2)]
    contact = await settled.database.read(lambda conn: contact_of(conn, settled.box, "dongcun-001"))
    assert contact is not None
    assert (contact.phone, contact.address) == ("", "甲")


async def test_a_household_that_moves_leads_its_old_group_no_longer(settled):
    new = {"网格编号": "dongcun-w1", "组编号": "dongcun-g2", "组名": "东村2组"}
    report = await settled.bring(
        households_csv({"户编号": "dongcun-001", "户称呼": "2组1号", **new})
    )
    assert report.applied
    rows = await settled.rows()
    groups = {row["id"]: row["leader_household_id"] for row in rows["mutual_aid_groups"]}
    assert groups["dongcun-g1"] is None
    changes = [(c["entity_id"], c["change"]) for c in rows["registry_changes"]]
    assert ("dongcun-001", "moved") in changes


async def test_a_near_miss_that_has_a_name_is_made_and_warned_of_with_the_nearest(settled):
    row = good(
        村编号="dongcnu", 村名="东庄", 网格编号="dz-w1", 网格名="一", 组编号="dz-g1", 组名="一组"
    )
    report = await settled.bring(households_csv(row), dry_run=True)
    assert report.ok
    (near,) = [w for w in report.warnings if w.column == "村编号"]
    assert "dongcun" in near.mend.zh
    assert "dongcun" in near.mend.en


async def test_whoever_had_left_is_in_the_net_again_with_a_warning(settled):
    report = await settled.bring(households_csv({"户编号": "dongcun-090", "户称呼": "1组90号"}))
    assert report.applied
    assert any("重新加入" in w.why.zh for w in report.warnings)
    row = next(r for r in (await settled.rows())["households"] if r["id"] == "dongcun-090")
    assert row["left_at_ms"] is None


async def test_a_clerk_of_one_village_gets_only_its_rows(settled):
    text = (await settled.export(SheetKind.HOUSEHOLDS, Places(frozenset({"xicun"})))).decode()
    assert "xicun-001" in text
    assert "dongcun" not in text


async def test_what_others_changed_meanwhile_is_not_overwritten(settled, tmp_path):
    """Somebody gives the same label to a neighbour after the sheet was judged."""

    def rename(conn):
        h = households.c
        conn.execute(households.update().where(h.id == "dongcun-004").values(label="1组77号"))
        note(conn, CLERK, Entity.HOUSEHOLD, "dongcun-004", Change.CHANGED)

    class Overtaken(Database):
        """The first time that something is to be written, another was quicker."""

        quicker = True

        async def write(self, work, *, urgent=False):
            if self.quicker:
                self.quicker = False
                await super().write(rename)
            return await super().write(work, urgent=urgent)

    database = Overtaken(f"sqlite:///{tmp_path / 'sheets.db'}")
    await database.open()
    file = households_csv({"户编号": "dongcun-003", "户称呼": "1组77号"})
    report = await Importer(database, settled.box).run(file, "表.csv", CLERK)
    await database.close()
    assert not report.applied
    assert [problem.column for problem in report.problems] == ["户称呼"]


async def test_two_imports_at_the_same_time_both_hold(settled):
    one = households_csv(good())
    other = households_csv(good(户编号="dongcun-010", 户称呼="1组10号"))
    reports = await asyncio.gather(settled.bring(one), settled.bring(other))
    assert [report.applied for report in reports] == [True, True]
    ids = {row["id"] for row in (await settled.rows())["households"]}
    assert {"dongcun-009", "dongcun-010"} <= ids


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "＝", "'=", "''+", "'"])
async def test_a_cell_that_would_be_a_formula_is_exported_as_text_and_comes_back(settled, start):
    address = f"{start}HYPERLINK(1)"
    await settled.bring(households_csv({"户编号": "dongcun-001", "地址": address}))
    file = await settled.export(SheetKind.HOUSEHOLDS)
    text = file.decode("utf-8-sig")
    for sign in "=+-@＝":
        assert f",{sign}" not in text
        assert f',"{sign}' not in text
    before = await settled.rows()
    assert (await settled.bring(file)).total.changed == 0
    assert await settled.rows() == before


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
async def test_encodings_and_separators_of_the_usual_programs_are_understood(
    settled, encoding, separator
):
    lines = [("户编号", "户称呼", "联系人"), ("dongcun-001", "1组01号", "赵演示")]
    text = "\r\n".join(separator.join(line) for line in lines)
    report = await settled.bring(text.encode(encoding))
    assert report.ok
    assert report.counts[Entity.HOUSEHOLD] == Counts(0, 1, 0)


async def test_english_headings_and_a_title_above_them_are_understood(settled):
    text = "Register of households\r\n\r\nHousehold ID,Label (agreed),Phone *\r\n"
    report = await settled.bring(f"{text}dongcun-001,1组01号,00000000777\r\n".encode())
    assert report.ok
    assert report.counts[Entity.HOUSEHOLD] == Counts(0, 1, 0)


async def test_numbers_that_excel_made_are_read_as_they_were_typed(settled):
    book = workbook(
        户=[
            ["户编号", "户称呼", "电话", "纬度", "经度"],
            ["dongcun-001", 17.0, 13800000000.0, 29.8012, 121.5204],
        ]
    )
    assert (await settled.bring(saved(book), "x.xlsx")).ok
    row = next(r for r in (await settled.rows())["households"] if r["id"] == "dongcun-001")
    assert (row["label"], row["latitude"], row["longitude"]) == ("17", 29.8012, 121.5204)
    contact = await settled.database.read(lambda conn: contact_of(conn, settled.box, "dongcun-001"))
    assert contact is not None
    assert contact.phone == "13800000000"


async def test_zeros_that_a_format_shows_are_kept(settled):
    book = workbook(户=[["组编号", "户编号", "户称呼"], ["dongcun-g1", 17, "1组17号"]])
    book["户"]["B2"].number_format = "000"
    await settled.bring(saved(book), "x.xlsx")
    assert "017" in {row["id"] for row in (await settled.rows())["households"]}


async def test_cells_merged_downwards_hold_for_each_of_their_rows(settled):
    book = workbook(
        户=[
            ["组编号", "户编号", "户称呼"],
            ["dongcun-g1", "dongcun-009", "1组09号"],
            [None, "dongcun-010", "1组10号"],
        ]
    )
    book["户"].merge_cells("A2:A3")
    assert (await settled.bring(saved(book), "x.xlsx")).counts[Entity.HOUSEHOLD].created == 2


async def test_a_hidden_sheet_is_not_read_and_that_is_said(settled):
    book = workbook(
        户=[["户编号", "户称呼"], ["dongcun-001", "1组01号"]],
        旧表=[["户编号", "户称呼"], ["dongcun-002", "旧"]],
    )
    book["旧表"].sheet_state = "hidden"
    report = await settled.bring(saved(book), "x.xlsx")
    assert report.total.changed == 0
    assert "旧表" in {w.sheet for w in report.warnings}


async def test_a_devices_own_sheet_moves_a_button_to_another_household(settled):
    tabs = {"设备": [["设备编号", "设备类型", "户编号"], ["dongcun-001-1", "按钮", "dongcun-003"]]}
    report = await settled.bring(saved(workbook(**tabs)), "x.xlsx")
    assert report.applied
    assert any("测试键" in w.mend.zh for w in report.warnings)
    row = next(r for r in (await settled.rows())["devices"] if r["id"] == "dongcun-001-1")
    assert (row["household_id"], row["state"]) == ("dongcun-003", "enrolled")


async def test_a_device_that_is_registered_at_both_a_household_and_its_group_may_stay(settled):
    def both(conn):
        own = devices.update().where(devices.c.id == "dongcun-001-1")
        conn.execute(own.values(group_id="dongcun-g1"))

    await settled.database.write(both)
    report = await settled.bring(await settled.export(SheetKind.DEVICES))
    assert report.ok
    assert report.total.changed == 0


async def test_a_sheet_of_nothing_but_mistakes_is_not_read_to_its_end(settled):
    rows = [good(户编号="", 电话=f"1{n}") for n in range(4000)]
    report = await settled.bring(households_csv(*rows))
    assert 5000 <= len(report.problems) < 5010
    assert "没有核对" in report.problems[-1].why.zh


async def test_a_sheet_without_end_is_refused(settled):
    file = "户编号,户称呼\r\n" + ",\r\n" * 50_000
    report = await settled.bring(file.encode())
    assert [p.why.en for p in report.problems] == ["there are more than 50000 rows"]


async def test_progress_is_told_from_the_first_row_to_the_last(settled):
    told: list[tuple[str, int, int]] = []
    await settled.bring(
        households_csv(good()),
        progress=lambda said, done, total: told.append((said.zh, done, total)),
    )
    assert [stage for stage, _, _ in told] == ["读取", "读取", "核对", "加密", "写入", "写入"]
    assert told[-1][1] == told[-1][2] > 0


def test_every_tab_of_ours_has_its_kind() -> None:
    assert {kind.tab: kind for kind in SheetKind} == XLSX_TABS


@given(st.text())
def test_every_text_comes_back_from_its_cell(text: str) -> None:
    assert meant(shown(text)) == text
    assert not shown(text).startswith(tuple("=+-@\t\r＝＋－＠"))


@given(st.lists(st.lists(st.text().map(str.strip).filter(bool), min_size=2, max_size=3)))
def test_every_list_comes_back_from_its_cell(entries: list[list[str]]) -> None:
    assert nested(nest(entries)) == entries
