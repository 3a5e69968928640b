"""The registry as sheets over HTTP: what a clerk sends and gets back, and what is kept of it."""

import io

import pytest
from openpyxl import load_workbook
from sqlalchemy import select

from linkage.registry.sheets.importing import LARGEST_FILE
from linkage.schema import households
from tests.linkage.registry.sheet_site import households_csv, saved, workbook
from tests.linkage.web_house import EAST, WEST, house

CSV = {"Content-Type": "text/csv"}
XLSX = {"Content-Type": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
IMPORT = "/api/v1/registry/import"


@pytest.fixture
async def town(tmp_path):
    async with house(tmp_path) as h:
        await h.person("shift", "shift-leader")
        yield h


def row(number: str, **changes: str) -> dict[str, str]:
    return {
        "村编号": EAST,
        "组编号": f"{EAST}-t3",
        "户编号": f"{EAST}-{number}",
        "户称呼": f"3组{number}号",
        "联系人": "钱测试",
        "电话": "00000000555",
        **changes,
    }


async def ids(town) -> set[str]:
    return await town.database.read(lambda conn: set(conn.scalars(select(households.c.id))))


async def test_a_dry_run_reports_and_the_same_file_then_makes_the_households(town):
    file = households_csv(row("050"), row("051"))
    async with town.browser("shift") as browser:
        tried = await (await browser.post(f"{IMPORT}?dry_run=1", data=file, headers=CSV)).json()
        assert (tried["ok"], tried["applied"]) == (True, False)
        assert tried["counts"] == {"created": 2, "changed": 0, "unchanged": 2}
        assert f"{EAST}-050" not in await ids(town)
        done = await (await browser.post(IMPORT, data=file, headers=CSV)).json()
        assert (done["ok"], done["applied"]) == (True, True)
        assert done["by_entity"]["household"] == {"created": 2, "changed": 0, "unchanged": 0}
        assert f"{EAST}-050" in await ids(town)
        again = await (await browser.post(IMPORT, data=file, headers=CSV)).json()
        assert again["counts"] == {"created": 0, "changed": 0, "unchanged": 4}


async def test_a_problem_comes_with_its_place_its_value_and_both_languages(town):
    file = households_csv(row("050", 电话="123"))
    async with town.browser("shift") as browser:
        answer = await browser.post(
            f"{IMPORT}?filename=%E4%B8%9C%E6%9D%91.csv", data=file, headers=CSV
        )
        report = await answer.json()
    assert (report["ok"], report["problems_total"]) == (False, 1)
    (problem,) = report["problems"]
    assert problem["sheet"] == "东村.csv"
    assert (problem["row"], problem["column"], problem["cell"]) == (2, "电话", "F2")
    assert problem["value"] == "123"
    assert all(problem[key] for key in ("why_zh", "why_en", "mend_zh", "mend_en"))


async def test_no_value_of_a_sheet_is_logged(town, capsys):
    async with town.browser("shift") as browser:
        await browser.post(IMPORT, data=households_csv(row("050", 电话="1239")), headers=CSV)
        await browser.post(IMPORT, data=households_csv(row("050")), headers=CSV)
    said = "".join(capsys.readouterr())
    assert "registry.imported" in said
    for personal in ("钱测试", "00000000555", "1239", "3组050号"):
        assert personal not in said


async def test_a_village_head_imports_only_the_own_village(town):
    await town.person("head", "village-head", [EAST])
    async with town.browser("head") as browser:
        own = await (
            await browser.post(IMPORT, data=households_csv(row("050")), headers=CSV)
        ).json()
        assert own["applied"]
        west = {
            "村编号": WEST,
            "组编号": f"{WEST}-t3",
            "户编号": f"{WEST}-050",
            "户称呼": "3组50号",
        }
        other = await browser.post(IMPORT, data=households_csv(west), headers=CSV)
        report = await other.json()
        assert not report["ok"]
        assert f"{WEST}-050" not in await ids(town)
        listed = await (await browser.get("/api/v1/registry/households.csv")).text()
        assert f"{EAST}-017" in listed
        assert WEST not in listed


async def test_every_export_is_in_the_audit_before_it_is_given(town):
    async with town.browser("shift") as browser:
        answer = await browser.get("/api/v1/registry/export.xlsx?reason=%E4%B8%8A%E6%8A%A5")
        assert answer.headers["Content-Disposition"].startswith("attachment")
        book = load_workbook(io.BytesIO(await answer.read()), read_only=True)
    assert book.sheetnames == ["户", "村", "设备", "填写说明"]
    entry = (await town.audited())[-1]
    assert (entry["actor"], entry["action"], entry["object"]) == (
        "shift",
        "unmask",
        "registry:export",
    )
    assert entry["detail"]["villages"] == ["*"]


async def test_the_template_is_empty_and_is_taken_as_it_is(town):
    async with town.browser("shift") as browser:
        template = await (await browser.get("/api/v1/registry/template.xlsx")).read()
        report = await (await browser.post(IMPORT, data=template, headers=XLSX)).json()
    assert report["ok"]
    assert report["counts"] == {"created": 0, "changed": 0, "unchanged": 0}


async def test_a_workbook_is_known_by_its_content_whatever_the_browser_calls_it(town):
    file = saved(workbook(户=[list(row("050")), list(row("050").values())]))
    headers = {"Content-Type": "application/octet-stream"}
    async with town.browser("shift") as browser:
        report = await (await browser.post(IMPORT, data=file, headers=headers)).json()
    assert report["applied"]


async def test_a_file_too_large_is_refused(town):
    async with town.browser("shift") as browser:
        answer = await browser.post(IMPORT, data=io.BytesIO(bytes(LARGEST_FILE + 1)), headers=CSV)
        assert answer.status == 413
        assert "20 MB" in (await answer.json())["detail"]
