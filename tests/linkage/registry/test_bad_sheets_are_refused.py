"""Bad sheets, each refused with a report that a clerk can act on: where, what, why, how to mend."""

import datetime as dt
import io
import re
import zipfile
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio

from linkage.registry.sheets.headings import SheetKind
from linkage.registry.sheets.model import Problem
from tests.linkage.registry.sheet_site import (
    SheetSite,
    all_headings,
    devices_csv,
    good,
    households_csv,
    saved,
    settled_site,
    villages_csv,
    workbook,
)

CHINESE = re.compile("[\u4e00-\u9fff]")


@dataclass(frozen=True)
class Bad:
    """A bad file and the one problem that must be said of it."""

    name: str
    content: bytes
    row: int | None
    column: str
    value: str
    why: tuple[str, str]
    """Pieces of the reason in Chinese and in English."""
    mend: tuple[str, str]
    sheet: str = "表.csv"
    villages: tuple[str, ...] = ()
    """Of the clerk who brings it; all when empty."""
    cells: dict[str, str] | None = None
    """Where the file is one row of households: that row."""


def bad(
    name: str,
    cells: dict[str, str],
    column: str,
    why: tuple[str, str],
    mend: tuple[str, str],
    *,
    value: str | None = None,
    villages: tuple[str, ...] = (),
) -> Bad:
    """One row of households with these cells instead of good ones."""
    shown = cells.get(column, "") if value is None else value
    content = households_csv(good(**cells))
    return Bad(name, content, 2, column, shown, why, mend, villages=villages, cells=good(**cells))


def device(cells: dict[str, str]) -> bytes:
    return devices_csv({"设备编号": "d-1", "设备类型": "按钮", **cells})


def tab(cell: object) -> bytes:
    """An XLSX whose one household has this in its label's cell."""
    row = ["dongcun-g1", "dongcun-009", cell, "赵演示"]
    return saved(workbook(户=[["组编号", "户编号", "户称呼", "联系人"], row]))


def hidden_rows_merged() -> bytes:
    book = workbook(
        户=[
            ["组编号", "户编号", "户称呼"],
            ["dongcun-g1", "dongcun-009", "1组09号"],
            ["合计", "", ""],
        ]
    )
    book["户"].merge_cells("A3:C3")
    return saved(book)


def formula() -> bytes:
    """As other programs than Excel write it: the formula without its result."""
    return tab('="1组"&"09号"')


def word_document() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        packed.writestr("word/document.xml", "<document/>")
    return out.getvalue()


def far_too_large() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/workbook.xml", b"<workbook/>")
        packed.writestr("xl/media/picture.bin", bytes(201 * 1024 * 1024))
    return out.getvalue()


TWICE = households_csv(good(), good(户称呼="1组10号"))
FULL = households_csv(
    *(good(户编号=f"dongcun-1{n:02d}", 户称呼=f"1组1{n:02d}号") for n in range(13))
)

CASES = (
    # --- the file -------------------------------------------------------------------------------
    Bad("empty file", b"", None, "", "", ("文件是空的", "is empty"), ("模板", "template")),
    Bad(
        "only blank lines",
        b"\r\n\r\n",
        None,
        "",
        "",
        ("文件是空的", "is empty"),
        ("模板", "template"),
    ),
    Bad(
        "old xls",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        None,
        "",
        "",
        ("旧版 .xls", "old .xls"),
        ("另存为 .xlsx", ".xlsx"),
    ),
    Bad("a PDF", b"%PDF-1.7 ...", None, "", "", ("不是表格", "no sheet"), ("另存为", "save it")),
    Bad(
        "a web page called csv",
        b"<html><table></table></html>",
        None,
        "",
        "",
        ("不是表格", "no sheet"),
        ("另存为", "save it"),
    ),
    Bad("a picture", b"\x89PNG\r\n\x00\x00", None, "", "", ("", ""), ("另存为", "save")),
    Bad(
        "a Word file",
        word_document(),
        None,
        "",
        "",
        ("不是 XLSX", "no XLSX"),
        ("另存为", "save it"),
    ),
    Bad(
        "a broken XLSX",
        b"PK\x03\x04nothing",
        None,
        "",
        "",
        ("损坏", "broken"),
        ("另存为", "save it"),
    ),
    Bad(
        "unpacked far too large",
        far_too_large(),
        None,
        "",
        "",
        ("太大", "too large"),
        ("图片", "split"),
    ),
    Bad(
        "quotes that do not match",
        '户编号,户称呼\r\n"dongcun-009,1组09号\r\n'.encode(),
        2,
        "",
        "",
        ("引号", "quotation"),
        ("双引号", "double quotes"),
    ),
    Bad(
        "characters of no encoding",
        b"\xff\xfe\x00",
        None,
        "",
        "",
        ("UTF-8", "UTF-8"),
        ("另存为", "save it"),
    ),
    # --- the headings ---------------------------------------------------------------------------
    Bad(
        "no headings",
        "甲,乙\r\n1,2\r\n".encode(),
        None,
        "",
        "",
        ("没有认得的表头", "no headings"),
        ("户编号", "template"),
    ),
    Bad(
        "no ids",
        households_csv(good(), without=["户编号"]),
        1,
        "户编号",
        "",
        ("缺少“户编号”", "is missing"),
        ("加上表头“户编号”", "household id"),
    ),
    Bad(
        "a heading twice",
        "户编号,户称呼,电话,手机号\r\ndongcun-001,1组01号,,\r\n".encode(),
        1,
        "手机号",
        "手机号",
        ("有两列", "twice"),
        ("删除其中一列", "delete one"),
    ),
    Bad(
        "a heading with a slip",
        households_csv(good(健康题示="轮椅")),
        1,
        "健康题示",
        "健康题示",
        ("不认得表头", "not known"),
        ("健康提示", "健康提示"),
    ),
    Bad(
        "an English heading with a slip",
        b"household id,label,lattitude\r\ndongcun-001,1,29.8\r\n",
        1,
        "lattitude",
        "lattitude",
        ("不认得表头", "not known"),
        ("纬度", "纬度"),
    ),
    Bad(
        "content without a heading",
        "户编号,户称呼,\r\ndongcun-001,1组01号,什么\r\n".encode(),
        1,
        "",
        "",
        ("没有表头", "no heading"),
        ("填写表头", "give it a heading"),
    ),
    Bad(
        "a cell too many",
        "户编号,户称呼\r\ndongcun-001,1组01号,多一格\r\n".encode(),
        2,
        "",
        "多一格",
        ("3 格", "3 cells"),
        ("分隔符", "separator"),
    ),
    # --- ids ------------------------------------------------------------------------------------
    bad("no id", {"户编号": ""}, "户编号", ("没有填写户编号", "missing"), ("合计", "totals")),
    bad(
        "a Chinese id",
        {"户编号": "东村9号"},
        "户编号",
        ("不能有", "cannot contain"),
        ("字母", "letters"),
    ),
    bad(
        "an id with a space",
        {"户编号": "dongcun 9"},
        "户编号",
        ("不能有", "cannot"),
        ("字母", "letters"),
    ),
    bad(
        "an id too long",
        {"户编号": "d" * 65},
        "户编号",
        ("太长", "65"),
        ("64", "64"),
        value="d" * 60 + "…",
    ),
    Bad(
        "an id twice",
        TWICE,
        3,
        "户编号",
        "dongcun-009",
        ("第 2 行", "row 2"),
        ("改编号", "change the id"),
    ),
    bad(
        "an erased household",
        {"户编号": "dongcun-091"},
        "户编号",
        ("删除", "erased"),
        ("新编号", "new one"),
    ),
    # --- places ---------------------------------------------------------------------------------
    bad(
        "a village's id with a slip",
        {"村编号": "dongcnu"},
        "村编号",
        ("没有登记村 dongcnu", "no village dongcnu"),
        ("是不是 dongcun", "is it dongcun"),
    ),
    bad(
        "an unknown village",
        {"村编号": "nancun"},
        "村编号",
        ("没有登记村", "no village"),
        ("名称", "name"),
    ),
    bad(
        "an unknown village's name",
        {"村编号": "", "村名": "南庄"},
        "村名",
        ("没有名为“南庄”的村", "no village is called"),
        ("编号", "id"),
    ),
    bad(
        "a group without a grid",
        {"组编号": "dongcun-g2", "组名": "东村2组"},
        "网格编号",
        ("不知道属于哪里", "where it belongs"),
        ("网格", "grid"),
    ),
    bad(
        "a group of another village",
        {"村编号": "xicun"},
        "组编号",
        ("属于 dongcun-w1", "belongs to dongcun-w1"),
        ("控制台", "console"),
        value="dongcun-g1",
    ),
    bad(
        "a group's name with a slip",
        {"组编号": "", "组名": "东村11组"},
        "组名",
        ("没有名为", "no group is called"),
        ("是不是“东村1组”", "is it “东村1组”"),
    ),
    bad(
        "a retired group",
        {"组编号": "dongcun-g9"},
        "组编号",
        ("已撤销", "retired"),
        ("现在", "now"),
    ),
    bad("no group", {"组编号": ""}, "组编号", ("没有写明联防组", "no group"), ("组编号", "group")),
    Bad(
        "two names for one group",
        households_csv(
            good(网格编号="dongcun-w1", 组编号="dongcun-g2", 组名="东村2组"),
            good(网格编号="dongcun-w1", 组编号="dongcun-g2", 组名="东村二组", 户编号="dongcun-010"),
        ),
        3,
        "组名",
        "东村二组",
        ("第 2 行叫“东村2组”", "is called “东村2组” in row 2"),
        ("同一编号", "one id"),
    ),
    bad(
        "a new estate without a name",
        {"小区编号": "lvyuan", "小区名": ""},
        "小区编号",
        ("没有登记小区", "no estate"),
        ("名称", "name"),
    ),
    Bad(
        "two property companies",
        households_csv(
            good(小区编号="huayuan", 物业公司="甲物业"),
            good(小区编号="huayuan", 物业公司="乙物业", 户编号="dongcun-010", 户称呼="1组10号"),
        ),
        3,
        "物业公司",
        "乙物业",
        ("甲物业", "甲物业"),
        ("一个物业公司", "one property company"),
    ),
    # --- households -----------------------------------------------------------------------------
    bad("no label", {"户称呼": ""}, "户称呼", ("没有填写户称呼", "missing"), ("商定", "agreed")),
    bad(
        "a name as the label",
        {"户称呼": "赵演示家"},
        "户称呼",
        ("姓名", "name"),
        ("不含姓名", "3组07号"),
    ),
    bad(
        "a number as the label",
        {"户称呼": "13800000000"},
        "户称呼",
        ("电话", "telephone"),
        ("电话", "move"),
    ),
    bad(
        "a label that is there",
        {"户称呼": "1组01号"},
        "户称呼",
        ("dongcun-001", "dongcun-001"),
        ("改称呼", "label"),
    ),
    bad(
        "a label too long",
        {"户称呼": "长" * 101},
        "户称呼",
        ("101 个字", "101"),
        ("100", "100"),
        value="长" * 60 + "…",
    ),
    bad(
        "a mobile too short",
        {"电话": "1380000000"},
        "电话",
        ("10 位，应为 11 位", "11 digits"),
        ("核对", "check"),
    ),
    bad(
        "a mobile too long",
        {"电话": "138000000001"},
        "电话",
        ("12 位", "this one has 12"),
        ("核对", "check"),
    ),
    bad("no such mobile", {"电话": "12800000000"}, "电话", ("没有 128", "128"), ("核对", "check")),
    bad(
        "two numbers",
        {"电话": "13800000000/13900000000"},
        "电话",
        ("几个号码", "several"),
        ("其他联系人", "其他联系人"),
    ),
    bad(
        "words for a number",
        {"电话": "问儿子"},
        "电话",
        ("不像电话", "look like"),
        ("区号", "area code"),
    ),
    bad(
        "an emergency number",
        {"电话": "110"},
        "电话",
        ("不是住户的电话", "own number"),
        ("留空", "empty"),
    ),
    bad(
        "digits that Excel lost",
        {"电话": "1.38E+10"},
        "电话",
        ("科学计数法", "1.38E+10"),
        ("文本", "Text"),
    ),
    bad(
        "a zero that Excel dropped",
        {"电话": "57488123456"},
        "电话",
        ("不像", "look like"),
        ("057488123456", "0"),
    ),
    bad(
        "no relation",
        {"其他联系人": "李演示"},
        "其他联系人",
        ("姓名/电话", "name/phone"),
        ("多人用；", "several"),
    ),
    bad(
        "a further contact's number",
        {"其他联系人": "李演示/123/女儿"},
        "其他联系人",
        ("3 位", "has 3"),
        ("核对", "check"),
    ),
    bad(
        "an unknown role",
        {"角色": "主任"},
        "角色",
        ("联户长和成员", "leader or member"),
        ("成员", "member"),
    ),
    Bad(
        "two leaders",
        households_csv(
            good(角色="联户长"), good(角色="联户长", 户编号="dongcun-010", 户称呼="1组10号")
        ),
        3,
        "角色",
        "联户长",
        ("已有联户长 dongcun-009", "dongcun-009 leads"),
        ("成员", "成员"),
    ),
    bad(
        "neither yes nor no",
        {"接收通知": "看情况"},
        "接收通知",
        ("是”或“否", "yes or no"),
        ("请填", "write"),
    ),
    bad(
        "coordinates of Baidu",
        {"纬度": "29.8", "经度": "121.5", "坐标来源": "百度"},
        "坐标来源",
        ("不认识", "nobody knows"),
        ("高德", "GCJ-02"),
    ),
    bad(
        "minutes and seconds",
        {"纬度": "29°48'", "经度": "121.5"},
        "纬度",
        ("小数", "number"),
        ("29.8012", "29.8012"),
    ),
    bad(
        "only a latitude",
        {"纬度": "29.8", "经度": ""},
        "纬度",
        ("只填了一个", "only one"),
        ("都填", "both"),
        value="29.8,",
    ),
    bad(
        "swapped",
        {"纬度": "121.5", "经度": "29.8"},
        "纬度",
        ("写反了", "wrong way round"),
        ("交换", "swap"),
        value="121.5, 29.8",
    ),
    bad(
        "in the ocean",
        {"纬度": "0", "经度": "0"},
        "纬度",
        ("不在国内", "outside"),
        ("核对", "check"),
        value="0, 0",
    ),
    bad(
        "lost characters", {"地址": "东村\ufffd号"}, "地址", ("乱码", "lost"), ("重新输入", "again")
    ),
    Bad(
        "a group too large",
        FULL,
        14,
        "组编号",
        "dongcun-g1",
        ("21 户", "21 households"),
        ("另一组", "another group"),
    ),
    # --- devices --------------------------------------------------------------------------------
    bad(
        "another household's button",
        {"按钮编号": "dongcun-001-1"},
        "按钮编号",
        ("登记在 dongcun-001", "registered at dongcun-001"),
        ("“设备”表", "sheet of devices"),
    ),
    Bad(
        "a button of two households",
        households_csv(
            good(按钮编号="b-1"), good(按钮编号="b-1", 户编号="dongcun-010", 户称呼="1组10号")
        ),
        3,
        "按钮编号",
        "b-1",
        ("第 2 行", "row 2"),
        ("只能属于一户", "one household"),
    ),
    bad(
        "a siren as a button",
        {"按钮编号": "dongcun-g1-siren"},
        "按钮编号",
        ("警报器", "siren"),
        ("删除", "out"),
    ),
    bad(
        "a revoked button",
        {"按钮编号": "dongcun-002-1"},
        "按钮编号",
        ("已吊销", "revoked"),
        ("新编号", "new id"),
    ),
    bad(
        "an odd button",
        {"按钮编号": "按钮一"},
        "按钮编号",
        ("不能有", "cannot"),
        ("字母", "letters"),
    ),
    Bad(
        "no device id",
        device({"设备编号": ""}),
        2,
        "设备编号",
        "",
        ("没有填写设备编号", "missing"),
        ("标签", "label"),
    ),
    Bad(
        "an odd kind",
        device({"设备类型": "摄像头"}),
        2,
        "设备类型",
        "摄像头",
        ("没有这种", "no such kind"),
        ("按钮", "button"),
    ),
    Bad(
        "no kind", device({"设备类型": ""}), 2, "设备类型", "", ("类型", "kind"), ("请填", "write")
    ),
    Bad(
        "no such household",
        device({"户编号": "nobody"}),
        2,
        "户编号",
        "nobody",
        ("没有这一户", "no such"),
        ("核对", "check"),
    ),
    Bad(
        "one that left",
        device({"户编号": "dongcun-090"}),
        2,
        "户编号",
        "dongcun-090",
        ("已退出", "left"),
        ("现在", "now"),
    ),
    Bad(
        "no such group",
        device({"组编号": "g-77"}),
        2,
        "组编号",
        "g-77",
        ("没有这个联防组", "no such group"),
        ("核对", "check"),
    ),
    Bad(
        "both a household and a group",
        device({"户编号": "dongcun-001", "组编号": "dongcun-g1"}),
        2,
        "组编号",
        "dongcun-g1",
        ("都填了", "both"),
        ("只填", "shared"),
    ),
    Bad(
        "another kind for a device in use",
        device({"设备编号": "dongcun-001-1", "设备类型": "喇叭", "户编号": "dongcun-001"}),
        2,
        "设备类型",
        "喇叭",
        ("已在使用", "in use"),
        ("设备页面", "its page"),
    ),
    Bad(
        "a device twice",
        devices_csv(
            {"设备编号": "d-1", "设备类型": "按钮", "户编号": "dongcun-001"},
            {"设备编号": "d-1", "设备类型": "按钮", "户编号": "dongcun-003"},
        ),
        3,
        "设备编号",
        "d-1",
        ("第 2 行", "row 2"),
        ("只写一次", "once"),
    ),
    # --- villages -------------------------------------------------------------------------------
    Bad(
        "a total in words",
        villages_csv({"村编号": "dongcun", "总户数": "三十"}),
        2,
        "总户数",
        "三十",
        ("整数", "whole number"),
        ("数字", "digits"),
    ),
    Bad(
        "a village twice",
        villages_csv({"村编号": "dongcun", "总户数": "30"}, {"村编号": "dongcun", "总户数": "31"}),
        3,
        "村编号",
        "dongcun",
        ("第 2 行", "row 2"),
        ("只写一行", "one row"),
    ),
    Bad(
        "a grid without a name",
        villages_csv({"村编号": "dongcun", "网格": "dongcun-w2"}),
        2,
        "网格",
        "dongcun-w2",
        ("没有登记网格", "no grid"),
        ("名称", "name"),
    ),
    Bad(
        "another village's grid",
        villages_csv({"村编号": "dongcun", "网格": "xicun-w1/西村第1网格"}),
        2,
        "网格",
        "xicun-w1/西村第1网格",
        ("属于 xicun", "belongs to xicun"),
        ("核对", "check"),
    ),
    # --- what Excel does ------------------------------------------------------------------------
    Bad(
        "a label that became a date",
        tab(dt.datetime(2026, 3, 7)),  # noqa: DTZ001 - Excel knows no zones
        2,
        "户称呼",
        "2026-03-07",
        ("日期", "date"),
        ("文本", "Text"),
        sheet="户",
    ),
    Bad(
        "a number of seventeen digits",
        tab(33010219800101123),
        2,
        "户称呼",
        "33010219800101120",
        ("15 位", "15 digits"),
        ("文本", "Text"),
        sheet="户",
    ),
    Bad(
        "a formula without a result",
        formula(),
        2,
        "户称呼",
        "=…",
        ("没有结果", "without a result"),
        ("粘贴为数值", "values"),
        sheet="户",
    ),
    Bad(
        "a formula that failed",
        tab("#REF!"),
        2,
        "户称呼",
        "#REF!",
        ("公式出错", "failed"),
        ("直接填写", "itself"),
        sheet="户",
    ),
    Bad(
        "a merged row of totals",
        hidden_rows_merged(),
        3,
        "",
        "合计",
        ("合并", "merged"),
        ("取消合并", "unmerge"),
        sheet="户",
    ),
    # --- another village's ----------------------------------------------------------------------
    bad(
        "a village that is not the clerk's",
        {"村编号": "xicun", "组编号": "xicun-g1"},
        "村编号",
        ("范围", "among your places"),
        ("管理员", "township"),
        villages=("dongcun",),
    ),
    bad(
        "a household that is not the clerk's",
        {"户编号": "xicun-001"},
        "户编号",
        ("范围", "among your places"),
        ("管理员", "township"),
        villages=("dongcun",),
    ),
    bad(
        "a device that is not the clerk's",
        {"按钮编号": "xicun-001-1"},
        "按钮编号",
        ("范围", "among your places"),
        ("管理员", "township"),
        villages=("dongcun",),
    ),
    bad(
        "a new village by a clerk of one",
        {"村编号": "nancun", "村名": "南村"},
        "村编号",
        ("范围", "among your places"),
        ("管理员", "township"),
        villages=("dongcun",),
    ),
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[SheetSite]:
    async with settled_site(tmp_path_factory.mktemp("bad")) as opened:
        yield opened


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_a_bad_sheet_is_refused_where_it_is_wrong_and_says_how_to_mend_it(
    site: SheetSite, case: Bad
) -> None:
    before = await site.rows()
    report = await site.bring(case.content, villages=case.villages)
    assert not report.ok
    assert not report.applied
    assert await site.rows() == before
    (problem,) = report.problems
    place = (problem.sheet, problem.row, problem.column, problem.value)
    assert place == (case.sheet, case.row, case.column, case.value)
    assert case.why[0] in problem.why.zh
    assert case.why[1] in problem.why.en
    assert case.mend[0] in problem.mend.zh
    assert case.mend[1] in problem.mend.en


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("case", [c for c in CASES if c.cells], ids=lambda case: case.name)
async def test_the_same_row_in_a_workbook_is_refused_in_the_same_words(
    site: SheetSite, case: Bad
) -> None:
    headings = all_headings(SheetKind.HOUSEHOLDS)
    assert case.cells is not None
    book = workbook(户=[headings, [case.cells.get(heading, "") for heading in headings]])
    (said,) = (await site.bring(case.content, villages=case.villages)).problems
    before = await site.rows()
    report = await site.bring(saved(book), "表.xlsx", villages=case.villages)
    assert not report.ok
    assert await site.rows() == before
    (problem,) = report.problems
    assert (problem.sheet, problem.row, problem.column) == ("户", 2, case.column)
    assert (problem.value, problem.why, problem.mend) == (said.value, said.why, said.mend)


@pytest.mark.asyncio(loop_scope="module")
async def test_both_languages_say_what_is_wrong_and_how_to_mend_it(site: SheetSite) -> None:
    said: list[Problem] = []
    for case in CASES:
        report = await site.bring(case.content, villages=case.villages)
        said += [*report.problems, *report.warnings]
    for problem in said:
        for text in (problem.why.zh, problem.mend.zh):
            assert CHINESE.search(text), problem
        for text in (problem.why.en, problem.mend.en):
            # our own headings and what the clerk wrote may stand in an English sentence
            words = re.sub("[“（].*?[”）]|[\u4e00-\u9fff]+", "", text)
            assert re.search(r"[a-z]{2,}\W+[a-z]{2,}", words), problem


def test_there_are_at_least_fifty_kinds_of_bad_sheet() -> None:
    assert len({case.name for case in CASES}) == len(CASES) >= 50
    assert sum(case.cells is not None or case.content[:2] == b"PK" for case in CASES) >= 50


def test_fifty_kinds_and_more_say_row_column_or_value() -> None:
    """The others are about a whole file."""
    located = [case for case in CASES if case.row is not None and (case.column or case.value)]
    assert len(located) >= 50


@pytest.mark.asyncio(loop_scope="module")
async def test_every_problem_of_a_sheet_is_said_at_once(site: SheetSite) -> None:
    rows = [
        good(户编号="东村1", 电话="123", 纬度="x", 经度="1", 角色="主任", 接收通知="?"),
        good(户编号="", 户称呼=""),
    ]
    report = await site.bring(households_csv(*rows))
    places = {(problem.row, problem.column) for problem in report.problems}
    columns = ("户编号", "电话", "纬度", "角色", "接收通知")
    assert places == {*((2, column) for column in columns), (3, "户编号"), (3, "户称呼")}


@pytest.mark.asyncio(loop_scope="module")
async def test_a_problem_names_the_cell_as_spreadsheet_programs_do(site: SheetSite) -> None:
    book = workbook(户=[["东村登记表"], [], all_headings(SheetKind.HOUSEHOLDS)])
    cells = good(电话="123")
    book["户"].append([cells.get(h, "") for h in all_headings(SheetKind.HOUSEHOLDS)])
    report = await site.bring(saved(book), "东村.xlsx")
    (problem,) = report.problems
    assert (problem.row, problem.column, problem.cell) == (4, "电话", "M4")
