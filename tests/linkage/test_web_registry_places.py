"""The registry's places by the API: tree, villages, grids, estates, groups, their history."""

import pytest
from sqlalchemy import insert, select

from alarms.store.tables import devices
from linkage import schema as s
from tests.linkage.registry_room import GROUP, HOME, SQUARE, fill_group, registry_as
from tests.linkage.web_house import EAST, WEST, house


@pytest.fixture
async def town(tmp_path):
    async with house(tmp_path) as h:
        yield h


@pytest.fixture
async def registry(town):
    async with registry_as(town, "admin") as r:
        yield r


async def test_the_tree_holds_what_was_put_in(registry):
    await registry.put("/villages/nancun", {"name": "南村", "households_total": 300})
    await registry.put("/grids/nancun-g1", {"village": "nancun", "name": "第一网格"})
    await registry.put(
        "/estates/nancun-e1",
        {"village": "nancun", "name": "花园小区", "property_company": "安居物业"},
    )
    await registry.put("/groups/nancun-t1", {"grid": "nancun-g1", "name": "1组"})
    tree = await registry.get("/tree")
    (village,) = [v for v in tree["villages"] if v["id"] == "nancun"]
    assert village["households_total"] == 300
    assert village["estates"] == [
        {"id": "nancun-e1", "name": "花园小区", "property_company": "安居物业"}
    ]
    (grid,) = village["grids"]
    assert grid["groups"] == [
        {
            "id": "nancun-t1",
            "name": "1组",
            "households": 0,
            "leader_household_id": None,
            "retired": False,
        }
    ]


async def test_putting_the_same_again_changes_nothing_and_is_in_no_history(town, registry):
    body = {"name": "南村", "households_total": 300, "boundary": SQUARE}
    first = await registry.put("/villages/nancun", body, status=201)
    again = await registry.put("/villages/nancun", body, status=200)
    assert (first["outcome"], again["outcome"]) == ("created", "unchanged")
    changes = [e for e in await town.audited() if e["object"] == "village:nancun"]
    assert [e["detail"]["change"] for e in changes] == ["created"]


async def test_what_is_left_out_stays(registry):
    await registry.put(
        "/villages/nancun", {"name": "南村", "households_total": 300, "boundary": SQUARE}
    )
    await registry.put("/villages/nancun", {"name": "南村社区"})
    village = await registry.get("/villages/nancun")
    assert village["households_total"] == 300
    assert village["boundary"] == SQUARE


@pytest.mark.parametrize(
    ("boundary", "says"),
    [
        ({"type": "Point", "coordinates": [1, 2]}, "Polygon"),
        ({"type": "Polygon", "coordinates": [[[1, 2], [2, 2], [1, 2]]]}, "4"),
        ({"type": "Polygon", "coordinates": [[[1, 2], [2, 2], [2, 3], [1, 3]]]}, "没有闭合"),
        ({"type": "Polygon", "coordinates": [[[29, 121], [29, 122], [30, 122], [29, 121]]]}, "反"),
        ({"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]}, "交叉"),
        ({"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [2, 2], [0, 0]]]}, "面积"),
        ({"type": "Polygon", "coordinates": [[["a", 0], [1, 1], [2, 2], [0, 0]]]}, "经度"),
        ("somewhere", "Polygon"),
    ],
)
async def test_a_boundary_that_is_none_is_refused_with_what_is_wrong(registry, boundary, says):
    problem = await registry.put(
        "/villages/nancun", {"name": "南村", "boundary": boundary}, status=422
    )
    assert problem["field"] == "boundary"
    assert says in problem["detail"]
    assert " / " in problem["detail"]


async def test_a_group_tells_its_members_their_devices_and_last_words(town, registry):
    row = {
        "id": "b1",
        "kind": "button",
        "household_id": HOME,
        "unsigned": True,
        "state": "enrolled",
        "online": True,
        "heard_at_ms": 1_000,
        "tested_at_ms": 2_000,
        "status": '{"battery": 87, "rssi": -71, "fw": "1.2"}',
    }
    await town.database.write(lambda conn: conn.execute(insert(devices).values(**row)))
    group = await registry.get(f"/groups/{GROUP}")
    assert (group["grid"]["id"], group["village"]["id"]) == (f"{EAST}-g1", EAST)
    (member,) = [m for m in group["members"] if m["id"] == HOME]
    assert member["covered"]
    (device,) = member["devices"]
    assert (device["battery"], device["rssi"], device["fw"]) == (87, -71, "1.2")
    assert device["heard_at"].startswith("1970-01-01T08:00:01")


async def test_a_small_group_is_warned_of_and_a_full_one_takes_nobody(registry):
    await fill_group(registry, GROUP, 18)
    full = await registry.put(
        "/households/one-more", {"group": GROUP, "label": "第21户"}, status=409
    )
    assert "20" in full["detail"]
    await registry.put("/groups/t9", {"grid": f"{EAST}-g1", "name": "9组"})
    small = await registry.put("/households/alone", {"group": "t9", "label": "1户"})
    assert "少于 5 户" in small["warnings"][0]


async def test_the_leader_is_one_of_the_group(registry):
    strange = {"grid": f"{EAST}-g1", "name": "3组", "leader": f"{WEST}-017"}
    problem = await registry.put(f"/groups/{GROUP}", strange, status=422)
    assert problem["field"] == "leader"
    await registry.put(f"/groups/{GROUP}", {**strange, "leader": HOME})
    assert (await registry.get(f"/groups/{GROUP}"))["leader"] == HOME


async def test_who_moves_away_leads_no_longer_and_both_histories_say_so(registry):
    await registry.put("/groups/t9", {"grid": f"{EAST}-g1", "name": "9组"})
    await registry.put(f"/groups/{GROUP}", {"grid": f"{EAST}-g1", "name": "3组", "leader": HOME})
    await registry.post(f"/households/{HOME}/move", {"group": "t9"})
    group = await registry.get(f"/groups/{GROUP}")
    assert group["leader"] is None
    assert group["history"][0]["data"]["from"] == HOME
    moved = (await registry.get(f"/households/{HOME}"))["history"][0]
    assert (moved["change"], moved["data"]) == ("moved", {"from": GROUP, "to": "t9"})
    assert moved["names"] == {"from": "3组", "to": "9组"}
    assert group["history"][0]["names"] == {"from": "3组017号"}
    assert moved["actor_name"] == "admin 显示名"


async def test_an_open_incident_stays_with_the_group_it_was_opened_for(town, registry):
    await town.incident("i-1")
    await registry.put("/groups/t9", {"grid": f"{EAST}-g1", "name": "9组"})
    await registry.post(f"/households/{HOME}/move", {"group": "t9"})
    of_incident = await town.database.read(
        lambda conn: conn.scalar(select(s.incidents.c.group_id).where(s.incidents.c.id == "i-1"))
    )
    assert of_incident == GROUP


async def test_a_split_makes_a_group_of_some_of_the_households(registry):
    ids = await fill_group(registry, GROUP, 8)
    done = await registry.post(
        f"/groups/{GROUP}/split", {"into": {"id": "t9", "name": "9组"}, "households": ids[:5]}
    )
    assert [w.partition("现有")[0] for w in done["warnings"]] == [f"组 {GROUP} ", "组 t9 "]
    assert {m["id"] for m in (await registry.get("/groups/t9"))["members"]} == set(ids[:5])
    assert (await registry.get(f"/groups/{GROUP}"))["history"][0]["data"]["into"] == "t9"


async def test_a_split_of_strangers_or_of_everybody_is_refused(registry):
    into = {"id": "t9", "name": "9组"}
    for chosen in ([], [f"{WEST}-017"], [HOME, f"{EAST}-018"]):
        problem = await registry.post(
            f"/groups/{GROUP}/split", {"into": into, "households": chosen}, status=422
        )
        assert problem["field"] == "households"


async def test_a_split_takes_no_two_of_one_label_with_it_and_parts_them(town, registry):
    one, other, third = await fill_group(registry, GROUP, 3)
    h = s.households
    # as sheets of before may have left them: nothing is kept so any more
    for id_ in (one, other):
        statement = h.update().where(h.c.id == id_).values(label="同名户")
        await town.database.write(lambda conn, statement=statement: conn.execute(statement))
    path, into = f"/groups/{GROUP}/split", {"id": "t9", "name": "9组"}
    refused = await registry.post(path, {"into": into, "households": [one, other]}, status=409)
    assert "同名户" in refused["detail"]
    assert one in refused["detail"]
    await registry.post(path, {"into": into, "households": [other, third]})
    assert {m["id"] for m in (await registry.get("/groups/t9"))["members"]} == {other, third}


async def test_a_history_across_villages_names_them_and_labels_only_the_own_households(registry):
    await registry.put(f"/groups/{GROUP}", {"grid": f"{EAST}-g1", "name": "3组", "leader": HOME})
    await registry.put(f"/groups/{WEST}-t9", {"grid": f"{WEST}-g1", "name": "9组"})
    await registry.post(f"/households/{HOME}/move", {"group": f"{WEST}-t9"})
    moved = (await registry.get(f"/households/{HOME}"))["history"][0]
    assert moved["names"] == {"from": "东村 · 3组", "to": "西村 · 9组"}
    no_leader = (await registry.get(f"/groups/{GROUP}"))["history"][0]
    assert (no_leader["data"]["from"], no_leader["names"]) == (HOME, {})


async def test_a_group_and_a_device_tell_their_places_by_name(town, registry):
    await registry.put(f"/grids/{EAST}-g2", {"village": EAST, "name": "二网格"})
    await registry.post(f"/groups/{GROUP}/move", {"grid": f"{EAST}-g2"})
    group = await registry.get(f"/groups/{GROUP}")
    assert group["history"][0]["names"]["to"] == "二网格"
    for body in ({"household": HOME}, {"group": GROUP, "kind": "button"}):
        async with registry.browser.put("/api/v1/devices/b9", json=body) as answer:
            assert answer.status in (200, 201), await answer.text()
            device = await answer.json()
    assert device["history"][0]["names"] == {"from": "3组017号", "to": "东村3组"}


async def test_a_merge_moves_all_with_what_sounds_for_them_and_retires_the_group(town, registry):
    await registry.put("/groups/t9", {"grid": f"{EAST}-g1", "name": "9组"})
    row = {"id": "siren-1", "kind": "siren", "group_id": GROUP, "unsigned": True}
    await town.database.write(lambda conn: conn.execute(insert(devices).values(**row)))
    await registry.post(f"/groups/{GROUP}/merge", {"into": "t9"})
    group = await registry.get("/groups/t9")
    assert {m["id"] for m in group["members"]} == {HOME, f"{EAST}-018"}
    assert [d["id"] for d in group["devices"]] == ["siren-1"]
    retired = await registry.get(f"/groups/{GROUP}")
    assert retired["retired_at"] is not None
    refused = await registry.post(f"/households/{HOME}/move", {"group": GROUP}, status=422)
    assert "撤销" in refused["detail"]


async def test_a_merge_that_would_be_too_large_is_refused(registry):
    await registry.put("/groups/t9", {"grid": f"{EAST}-g1", "name": "9组"})
    await fill_group(registry, "t9", 19)
    await registry.post(f"/groups/{GROUP}/merge", {"into": "t9"}, status=409)


async def test_a_group_moves_to_another_grid_and_its_history_says_from_where(registry):
    await registry.put(f"/grids/{EAST}-g2", {"village": EAST, "name": "二网格"})
    await registry.post(f"/groups/{GROUP}/move", {"grid": f"{EAST}-g2"})
    group = await registry.get(f"/groups/{GROUP}")
    assert group["grid"]["id"] == f"{EAST}-g2"
    assert group["history"][0]["data"] == {"from": f"{EAST}-g1", "to": f"{EAST}-g2"}


async def test_coverage_counts_what_works_against_all_households(town, registry):
    await registry.put(f"/villages/{EAST}", {"name": "东村", "households_total": 4})
    rows = [
        # enrolled by a test; the other has only its label
        {"id": "b1", "household_id": HOME, "state": "enrolled", "tested_at_ms": 5},
        {"id": "b2", "household_id": f"{EAST}-018", "state": "issued", "tested_at_ms": None},
        # revoked after its test
        {"id": "b3", "household_id": f"{WEST}-017", "state": "revoked", "tested_at_ms": 5},
    ]
    rows = [{"kind": "button", "unsigned": True, **row} for row in rows]
    await town.database.write(lambda conn: conn.execute(insert(devices), rows))
    found = {v["id"]: v for v in (await registry.get("/coverage"))["items"]}
    east = found[EAST]
    assert (east["enrolled"], east["covered"], east["rate"]) == (2, 1, 0.25)
    assert not east["model_village"]
    assert (found[WEST]["covered"], found[WEST]["rate"]) == (0, None)
    await registry.put(f"/villages/{EAST}", {"name": "东村", "households_total": 1})
    found = {v["id"]: v for v in (await registry.get("/coverage"))["items"]}
    assert found[EAST]["model_village"]


async def test_an_estates_telephone_is_masked_and_shown_in_the_clear_for_a_reason(town, registry):
    body = {"village": EAST, "name": "花园", "property_phone": "0574-88123456"}
    await registry.put(f"/estates/{EAST}-e1", body, status=201)
    shown = await registry.get(f"/estates/{EAST}-e1")
    assert (shown["village"], shown["property_phone"]) == (EAST, "057****3456")
    assert [change["change"] for change in shown["history"]] == ["created"]
    path = f"/estates/{EAST}-e1/unmask"
    await registry.post(path, {"reason": " "}, status=422)
    assert (await registry.post(path, {"reason": "漏水"}))["property_phone"] == "0574-88123456"
    (entry,) = [e for e in await town.audited() if e["action"] == "unmask"]
    assert entry["object"] == f"estate:{EAST}-e1"
    assert "漏水" not in entry["detail"]["reason"]
    await registry.get("/estates/nowhere", status=404)


async def test_who_adds_does_not_change_what_is_there(registry):
    """A form that adds says so: an id typed twice must rename nobody."""
    await registry.put(f"/estates/{EAST}-e1", {"village": EAST, "name": "花园"}, status=201)
    for path, body in (
        (f"/villages/{EAST}", {"name": "另一个"}),
        (f"/grids/{EAST}-g1", {"village": EAST, "name": "另一个"}),
        (f"/estates/{EAST}-e1", {"village": EAST, "name": "另一个"}),
        (f"/groups/{GROUP}", {"grid": f"{EAST}-g1", "name": "另一个"}),
        (f"/households/{HOME}", {"group": GROUP, "label": "另一个"}),
    ):
        refused = await registry.put(f"{path}?new=1", body, status=409)
        assert "已有" in refused["detail"], path
    assert (await registry.get(f"/villages/{EAST}"))["name"] != "另一个"
    await registry.put(
        f"/groups/{EAST}-t8?new=1", {"grid": f"{EAST}-g1", "name": "8组"}, status=201
    )


async def test_a_village_tells_what_became_of_it(registry):
    await registry.put(f"/villages/{EAST}", {"name": "东村", "households_total": 9})
    (change, *_) = (await registry.get(f"/villages/{EAST}"))["history"]
    assert change["data"]["fields"] == ["households_total"]


async def test_an_estate_tells_which_groups_live_there(registry):
    body = {"village": EAST, "name": "花园", "property_company": "安居物业"}
    await registry.put(f"/estates/{EAST}-e1", body, status=201)
    home = {"group": GROUP, "label": "3组017号", "estate": f"{EAST}-e1"}
    await registry.put(f"/households/{HOME}", home)
    (group,) = (await registry.get(f"/estates/{EAST}-e1"))["groups"]
    assert (group["id"], group["households"]) == (GROUP, 1)
    await registry.post(f"/households/{HOME}/leave")
    assert (await registry.get(f"/estates/{EAST}-e1"))["groups"] == []
