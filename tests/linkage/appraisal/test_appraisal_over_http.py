"""The appraisal as people get it: figures, sources, visits, sheets, the page; who sees what."""

import csv
import io

import pytest
from openpyxl import load_workbook

from tests.linkage.appraisal.appraisal_stories import local, tell
from tests.linkage.web_house import EAST, WEST, house

API = "/api/v1/appraisal"
NOVEMBER = "from=2026-11-01&to=2026-11-30"


@pytest.fixture
async def h(tmp_path):
    async with house(tmp_path) as one:
        for name, role, places in (
            ("shift", "shift-leader", ["*"]),
            ("west", "village-head", [WEST]),
            ("auditor", "auditor", ["*"]),
        ):
            await one.person(name, role, places)

        def write(conn):
            for day in (2, 3, 4):
                tell(conn, day, local(2026, 11, day, 9), outcome="accidental")
            tell(conn, 5, local(2026, 10, 5, 9))
            tell(conn, 6, local(2026, 11, 6, 9), village_id=WEST, household_id=f"{WEST}-017")
            tell(conn, 7, local(2026, 11, 7, 9), (), stage="reported", outcome=None)

        await one.database.write(write)
        yield one


async def get(h, who, path, status=200):
    async with h.browser(who) as browser, browser.get(f"{API}{path}") as answer:
        body = await answer.read()
        assert answer.status == status, body
        return await answer.json(content_type=None) if b"{" in body[:1] else body


async def test_a_months_figures_stand_beside_the_month_before(h):
    found = await get(h, "shift", f"?{NOVEMBER}&by=village")
    assert found["compared_with"] == {"first": "2026-10-01", "last": "2026-10-31"}
    assert (found["counts"]["total"], found["counts"]["before"]) == (5, 1)
    sign_for = found["measures"][0]
    assert sign_for["now"]["buckets"] == [4, 0, 0, 0, 0]
    assert sign_for["now"]["median_s"] == 20
    assert sign_for["now"]["shares"] is None
    assert sign_for["before"]["measured"] == 1
    assert [(one["zh"], one["count"]) for one in found["groups"]] == [("东村", 3), ("西村", 1)]
    assert [one["number"] for one in found["open"]] == ["20261107-0007"]
    assert found["load"]["alarms"] == 5
    assert len(found["load"]["hours"]) == 24


async def test_a_village_head_sees_the_own_village_and_no_load(h):
    found = await get(h, "west", f"?{NOVEMBER}&by=kind")
    assert found["counts"]["total"] == 1
    assert found["load"] is None
    assert [one["id"] for one in found["groups"]] == ["panic"]
    await get(h, "west", f"?{NOVEMBER}&village={EAST}", 404)
    sources = await get(h, "west", f"/sources?{NOVEMBER}")
    assert [one["id"] for one in sources["households"]] == [f"{WEST}-017"]


async def test_what_makes_no_sense_is_refused(h):
    await get(h, "shift", "?by=person", 400)
    await get(h, "shift", "?from=2026-11-30&to=2026-11-01", 400)


async def test_a_visit_settles_what_was_proposed(h):
    found = await get(h, "shift", f"/sources?{NOVEMBER}")
    (proposed,) = found["to_visit"]
    assert (proposed["household"], proposed["unneeded"]) == (f"{EAST}-017", 3)
    assert proposed["advice"] == "handling"
    body = {"household": f"{EAST}-017", "said": "按钮挂得太低", "visited_on": "2026-11-20"}
    async with h.browser("shift") as browser:
        for more, status in (({}, 201), ({"visited_on": "2026-13-01"}, 422), ({"said": ""}, 422)):
            async with browser.post(f"{API}/visits", json={**body, **more}) as answer:
                assert answer.status == status, await answer.text()
    settled = await get(h, "auditor", f"/sources?{NOVEMBER}")
    assert settled["to_visit"] == []
    (visit,) = settled["visited"]
    assert (visit["said"], visit["by_name"]) == ("按钮挂得太低", "shift 显示名")
    about = [one for one in await h.audited() if one["object"] == f"household:{EAST}-017"]
    assert [(one["action"], one["detail"]["change"]) for one in about] == [("change", "visited")]


async def test_a_head_notes_no_visit_of_another_village(h):
    async with h.browser("west") as browser:
        body = {"household": f"{EAST}-017", "said": "看过"}
        async with browser.post(f"{API}/visits", json=body) as answer:
            assert answer.status == 404


async def test_what_leaves_is_written_down_first(h):
    text = (await get(h, "shift", f".csv?{NOVEMBER}&by=village")).decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text)))
    assert ["", "全部 All", "sign_for", "0–30 s", "4"] in rows
    assert [EAST, "东村", "", "incidents", "3"] in rows
    book = load_workbook(io.BytesIO(await get(h, "shift", f".xlsx?{NOVEMBER}")))
    assert "签收时限" in book.sheetnames
    assert "建议回访" in book.sheetnames
    page = (await get(h, "shift", f"/print?{NOVEMBER}&village={EAST}")).decode()
    assert "3组017号" in page
    assert "style=" not in page
    entries = [one for one in await h.audited() if one["object"] == "appraisal:export"]
    assert [one["detail"]["format"] for one in entries] == ["csv", "xlsx", "print"]
    assert [one["detail"]["villages"] for one in entries] == [["*"], ["*"], [EAST]]
