"""What a page may write a sheet may, and the other way round: one set of rules, one wording."""

import csv
import io

import pytest

from tests.linkage.registry_room import API, GROUP, fill_group, registry_as
from tests.linkage.web_house import EAST, house

NEW = f"{EAST}-200"
CSV = {"Content-Type": "text/csv"}
HEADINGS = {
    "phone": "电话",
    "name": "联系人",
    "address": "地址",
    "health": "健康提示",
    "label": "户称呼",
    "latitude": "纬度",
    "longitude": "经度",
}
OF_CONTACT = ("name", "phone", "address", "health")


@pytest.fixture
async def registry(tmp_path):
    async with house(tmp_path) as town, registry_as(town, "admin") as r:
        await fill_group(r, GROUP, 1)
        yield r


def body_of(said):
    contact = {name: said[name] for name in OF_CONTACT if name in said}
    others = {name: value for name, value in said.items() if name not in OF_CONTACT}
    return {"group": GROUP, "label": "新户", "contact": contact, **others}


def sheet_of(said):
    row = {"户编号": NEW, "组编号": GROUP, "户称呼": "新户"}
    row |= {HEADINGS[name]: str(value) for name, value in said.items()}
    out = io.StringIO()
    writer = csv.DictWriter(out, list(row))
    writer.writeheader()
    writer.writerow(row)
    return out.getvalue().encode()


async def by_sheet(registry, said):
    path = f"{API}/import?dry_run=1"
    async with registry.browser.post(path, data=sheet_of(said), headers=CSV) as answer:
        return await answer.json()


@pytest.mark.parametrize(
    "said",
    [
        {"phone": "138 0000 0000"},
        {"phone": "+86 138-1234-0001"},
        {"phone": "0574-88123456"},
        {"phone": "００００００００３１７"},
        {"phone": "+33123456789"},
        {"phone": ""},
        {"name": "  王  小明 "},
        {"label": "3组 99号"},
        {"latitude": 29.8, "longitude": 121.5},
    ],
)
async def test_what_is_right_is_right_on_either_way_and_kept_alike(registry, said):
    report = await by_sheet(registry, said)
    await registry.put(f"/households/{NEW}", body_of(said), status=201)
    assert report["problems"] == []
    again = await by_sheet(registry, said)
    assert again["counts"]["changed"] == 0, "the sheet would write what the page has written"


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"phone": "12345"}, "phone"),
        ({"phone": "1381234000"}, "phone"),
        ({"phone": "12100000000"}, "phone"),
        ({"phone": "110"}, "phone"),
        ({"phone": "88123456#3"}, "phone"),
        ({"label": "王小明家", "name": "王小明"}, "label"),
        ({"label": "13800000000"}, "label"),
        ({"label": f"{EAST}-x001 户"}, "label"),
        ({"name": "a\x07b"}, "name"),
        ({"latitude": 121.5, "longitude": 29.8}, "latitude"),
        ({"latitude": 0, "longitude": 0}, "latitude"),
    ],
)
async def test_what_is_wrong_is_refused_in_the_same_words_with_how_to_mend_it(
    registry, said, field
):
    (problem,) = (await by_sheet(registry, said))["problems"]
    refused = await registry.put(f"/households/{NEW}", body_of(said), status=422)
    assert refused["field"] == field
    assert problem["column"].startswith(HEADINGS[field])
    for words in ("why_zh", "mend_zh", "why_en", "mend_en"):
        assert problem[words] in refused["detail"]
    assert refused["detail"].index(problem["mend_zh"]) < refused["detail"].index(problem["why_en"])


async def test_what_was_kept_before_a_rule_is_no_reason_to_refuse_something_else(registry):
    body = {"group": GROUP, "label": "新户", "contact": {"phone": "13800000000"}}
    await registry.put(f"/households/{NEW}", body)
    await registry.put(f"/households/{NEW}", {"group": GROUP, "label": "新户"}, status=200)
    contact = {"name": "李演示", "phone": "13800000000"}
    await registry.put(f"/households/{NEW}", {**body, "contact": contact}, status=200)


async def test_a_household_that_moves_must_be_told_apart_from_its_new_neighbours(registry):
    await registry.put("/groups/t8", {"grid": f"{EAST}-g1", "name": "8组"})
    await registry.put("/households/twin", {"group": "t8", "label": f"{EAST}-x001 户"})
    for path, body in (
        ("/households/twin/move", {"group": GROUP}),
        ("/groups/t8/merge", {"into": GROUP}),
    ):
        refused = await registry.post(path, body, status=409)
        assert f"{EAST}-x001" in refused["detail"]
        assert "请给其中一户改称呼" in refused["detail"]


async def test_an_estates_telephone_is_judged_as_households_are(registry):
    body = {"village": EAST, "name": "花园", "property_phone": "12345"}
    refused = await registry.put("/estates/e9", body, status=422)
    assert refused["field"] == "property_phone"
    await registry.put("/estates/e9", {**body, "property_phone": "0574 88123456"}, status=201)
