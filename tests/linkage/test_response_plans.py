"""Response plans in use: what ticking does, what a change leaves alone, who may write them."""

from dataclasses import replace
from datetime import timedelta

import pytest

from alarms.model import AlarmKind
from lianfang_timing import unix_ms
from linkage.response_plans import storage
from linkage.response_plans.model import PlanItem, ResponsePlan
from tests.linkage.web_house import EAST, START, WEST, house

FIRE = ResponsePlan(
    id="fire",
    version=1,
    name="火警",
    kinds=frozenset({AlarmKind.FIRE}),
    villages=frozenset(),
    items=(PlanItem("ask", "询问"),),
    contacts=(),
    made_at_ms=0,
    made_by="leader",
)
BODY = {
    "name": "东村火警",
    "kinds": ["fire"],
    "villages": [EAST],
    "items": [{"text": "拨打119"}, {"id": "road", "text": "到路口引导"}],
    "contacts": [{"name": "消防站", "phone": "119"}],
}


@pytest.fixture
async def town(tmp_path):
    async with house(tmp_path) as h:
        await h.person("duty", "duty-officer")
        await h.person("shift", "shift-leader")
        await h.person("eastern", "shift-leader", [EAST])
        yield h


async def plan_shown(browser, incident="i-1"):
    return (await (await browser.get(f"/api/v1/incidents/{incident}")).json())["response_plan"]


async def test_an_officer_ticks_an_item_off_and_the_page_says_who_and_when(town):
    await town.incident("i-1")
    async with town.browser("duty") as browser:
        assert (await plan_shown(browser))["id"] == "built-in-panic"
        town.clock.move(60)
        done = await browser.post("/api/v1/incidents/i-1/tick", json={"item": "call-back"})
        assert done.status == 204
        (item, *others) = (await plan_shown(browser))["items"]
        assert item["ticked"]["by"] == {"username": "duty", "display_name": "duty 显示名"}
        assert item["ticked"]["at"].startswith((START + timedelta(hours=8)).strftime("%Y-%m-%dT%H"))
        assert all(other["ticked"] is None for other in others)


async def test_ticks_are_events_and_the_same_tick_twice_is_one(town):
    await town.incident("i-1")
    async with town.browser("duty") as browser:
        for done in (True, True, False):
            body = {"item": "call-back", "done": done}
            assert (await browser.post("/api/v1/incidents/i-1/tick", json=body)).status == 204
        detail = await (await browser.get("/api/v1/incidents/i-1")).json()
    ticked = [e for e in detail["timeline"] if e["type"] == "plan_ticked"]
    assert [(e["actor"]["username"], e["data"]["done"]) for e in ticked] == [
        ("duty", True),
        ("duty", False),
    ]
    assert detail["response_plan"]["items"][0]["ticked"] is None
    assert detail["version"] == 1  # a tick makes nobody's decision stale


async def test_an_item_that_the_plan_does_not_have_is_refused(town):
    await town.incident("i-1")
    async with town.browser("duty") as browser:
        answer = await browser.post("/api/v1/incidents/i-1/tick", json={"item": "119"})
        assert answer.status == 409
        assert "没有这一项" in (await answer.json())["detail"]
        answer = await browser.post("/api/v1/incidents/i-1/tick", json={"item": "一"})
        assert answer.status == 422


async def test_a_town_plan_replaces_the_built_in_one_for_what_opens_after_it(town):
    await town.incident("i-before", kind="fire")
    town.clock.move(1)
    async with town.browser("shift") as browser:
        made = await browser.post("/api/v1/response-plans", json=BODY)
        assert made.status == 201
        plan = await made.json()
        town.clock.move(1)
        await town.incident("i-after", kind="fire")
        assert (await plan_shown(browser, "i-before"))["id"] == "built-in-fire"
        shown = await plan_shown(browser, "i-after")
    assert (shown["id"], shown["version"]) == (plan["id"], 1)
    assert [item["text"] for item in shown["items"]] == ["拨打119", "到路口引导"]
    assert shown["contacts"] == [{"name": "消防站", "phone": "119"}]


async def test_a_new_version_keeps_the_ids_of_its_items_and_the_old_version(town):
    async with town.browser("shift") as browser:
        plan = await (await browser.post("/api/v1/response-plans", json=BODY)).json()
        path = f"/api/v1/response-plans/{plan['id']}"
        items = [{**item, "text": item["text"] + "！"} for item in plan["items"]]
        second = await browser.put(path, json={**BODY, "items": items}, headers={"If-Match": "1"})
        assert second.status == 200
        versions = (await (await browser.get(path)).json())["items"]
        stale = await browser.put(path, json=BODY, headers={"If-Match": "1"})
    assert [v["version"] for v in versions] == [2, 1]
    assert [i["id"] for i in versions[0]["items"]] == [i["id"] for i in versions[1]["items"]]
    assert stale.status == 412


async def test_a_retired_plan_leaves_the_list_and_keeps_its_versions(town):
    async with town.browser("shift") as browser:
        plan = await (await browser.post("/api/v1/response-plans", json=BODY)).json()
        path = f"/api/v1/response-plans/{plan['id']}"
        assert (await browser.delete(path, headers={"If-Match": "1"})).status == 200
        shown = (await (await browser.get("/api/v1/response-plans")).json())["items"]
        kept = (await (await browser.get(path)).json())["items"]
        assert (await browser.delete(f"{path}x", headers={"If-Match": "1"})).status == 404
    assert all(item["version"] == 0 for item in shown)
    assert [v["retired"] for v in kept] == [True, False]


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        ({"villages": ["nancun"]}, "nancun"),
        ({"items": []}, "items"),
        ({"items": [{"id": "a", "text": "1"}, {"id": "a", "text": "2"}]}, "same id"),
        ({"items": [{"text": " "}]}, "items"),
        ({"kinds": ["earthquake"]}, "kinds"),
        ({"contacts": [{"name": "消防站", "phone": "ring them"}]}, "phone"),
        ({"colour": "red"}, "colour"),
    ],
)
async def test_a_plan_that_cannot_be_right_is_refused_with_what_is_wrong(town, wrong, word):
    async with town.browser("shift") as browser:
        answer = await browser.post("/api/v1/response-plans", json={**BODY, **wrong})
        assert answer.status == 422
        assert word in (await answer.json())["detail"]


async def test_plans_are_written_only_for_ones_own_villages(town):
    async with town.browser("eastern") as browser:
        assert (await browser.post("/api/v1/response-plans", json=BODY)).status == 201
        for villages in ([WEST], [EAST, WEST], []):
            answer = await browser.post(
                "/api/v1/response-plans", json={**BODY, "villages": villages}
            )
            assert answer.status == 403


async def test_a_plan_and_its_ticks_are_kept_on_either_engine(either_database):
    now_ms = unix_ms(START)
    first = replace(FIRE, made_at_ms=now_ms)
    await either_database.write(lambda conn: storage.keep(conn, first, seen=0))
    (kept,) = await either_database.read(storage.versions)
    assert kept == first
