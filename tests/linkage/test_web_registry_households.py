"""The registry's households by the API: masked, unmasked, found, changed, leaving, erased."""

import time
from datetime import datetime

import pytest
from sqlalchemy import insert, select

from alarms.store.tables import devices
from linkage import schema as s
from linkage.registry.personal import Contact, sealed_columns
from tests.linkage.registry_room import GROUP, HOME, registry_as
from tests.linkage.web_house import EAST, WEST, house

CONTACT = {"name": "单小梅", "phone": "13900001234", "address": "青石巷9号"}


@pytest.fixture
async def town(tmp_path):
    async with house(tmp_path) as h:
        yield h


@pytest.fixture
async def registry(town):
    async with registry_as(town, "admin") as r:
        yield r


async def ids_of(registry, query):
    return [item["id"] for item in (await registry.get(f"/households?{query}"))["items"]]


async def test_a_household_is_shown_masked(registry):
    home = (await registry.get(f"/households/{HOME}"))["household"]
    assert home["contact"] == {
        "masked": True,
        "name": "王**",
        "phone": "138****0001",
        "address": "东村三***",
        "health": "",
        "further": [],
    }


async def test_unmasking_takes_a_reason_and_is_in_the_audit(town, registry):
    await registry.post(f"/households/{HOME}/unmask", {"reason": "  "}, status=422)
    shown = await registry.post(f"/households/{HOME}/unmask", {"reason": "核对电话"})
    assert shown["contact"]["phone"] == "13812340001"
    (entry,) = [e for e in await town.audited() if e["action"] == "unmask"]
    assert (entry["object"], entry["actor"]) == (f"household:{HOME}", "admin")
    assert "核对" not in entry["detail"]["reason"], "a reason may name somebody: it is sealed"


async def test_what_a_masked_form_leaves_out_stays(registry):
    body = {"group": GROUP, "label": "3组017号", "contact": {"phone": "13700000000"}}
    await registry.put(f"/households/{HOME}", body)
    shown = await registry.post(f"/households/{HOME}/unmask", {"reason": "核对"})
    contact = shown["contact"]
    assert (contact["phone"], contact["name"]) == ("13700000000", "王小明")
    history = (await registry.get(f"/households/{HOME}"))["history"]
    assert history[0]["data"] == {"fields": ["phone"]}


async def test_the_same_again_is_no_change(registry):
    body = {"group": GROUP, "label": "新户", "contact": CONTACT}
    await registry.put("/households/new", body, status=201)
    again = await registry.put("/households/new", body, status=200)
    assert again["outcome"] == "unchanged"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"label": ""}, "label"),
        ({"label": "x" * 101}, "label"),
        ({"group": "nowhere"}, "group"),
        ({"estate": "nowhere"}, "estate"),
        ({"latitude": 29.8}, "longitude"),
        ({"latitude": 121.5, "longitude": 29.8}, "latitude"),
        ({"contact": {"phone": "call me"}}, "phone"),
        ({"contact": {"name": "a\x07b"}}, "name"),
    ],
)
async def test_what_cannot_be_kept_is_refused_with_its_field(registry, change, field):
    body = {"group": GROUP, "label": "新户", **change}
    problem = await registry.put("/households/new", body, status=422)
    assert problem["field"] == field


@pytest.mark.parametrize(
    "text",
    [
        "新户",
        "new",
        "button-9",
        "单小梅",
        "1390000",
        "青石",
        "shanxiaomei",
        "danxiao",
        "sxm",
        "qsx",
    ],
)
async def test_a_household_is_found_by_whatever_is_known_of_it(town, registry, text):
    await registry.put("/households/new", {"group": GROUP, "label": "新户", "contact": CONTACT})
    row = {"id": "button-9", "kind": "button", "household_id": "new", "unsigned": True}
    await town.database.write(lambda conn: conn.execute(insert(devices).values(**row)))
    assert await ids_of(registry, f"search={text}") == ["new"]


async def test_a_search_knows_of_what_was_changed_since(registry):
    assert await ids_of(registry, "search=meihua") == []
    body = {"group": GROUP, "label": "17号", "contact": {"name": "梅花"}}
    await registry.put(f"/households/{HOME}", body)
    assert await ids_of(registry, "search=meihua") == [HOME]
    assert await ids_of(registry, "search=王小明") == [
        f"{EAST}-018",
        f"{WEST}-017",
        f"{WEST}-018",
    ]


async def test_a_list_goes_page_by_page_and_says_how_many_there_are(registry):
    first = await registry.get("/households?limit=3")
    assert first["total"] == 4
    rest = await registry.get(f"/households?limit=3&after={first['next']}")
    assert rest["next"] is None
    assert len(first["items"]) + len(rest["items"]) == 4
    assert await ids_of(registry, f"village={WEST}") == [f"{WEST}-017", f"{WEST}-018"]


async def test_four_thousand_households_are_searched_in_300_ms_of_cpu(town, registry):
    def fill(conn):
        rows = []
        for n in range(4_000):
            contact = Contact(f"{'赵钱孙李周吴郑王'[n % 8]}{n}", f"139{n:08d}", f"青石巷{n}号")
            id_ = f"many-{n:04d}"
            rows.append(
                {
                    "id": id_,
                    "group_id": GROUP,
                    "label": f"第{n}户",
                    "wants_notices": True,
                    **sealed_columns(town.box, id_, contact),
                }
            )
        conn.execute(insert(s.households), rows)

    await town.database.write(fill)
    # the first one opens what is sealed
    assert await ids_of(registry, "search=zhao0") == ["many-0000"]
    begun = time.process_time()
    found = await registry.get("/households?search=qingshixiang&limit=500")
    took = time.process_time() - begun
    assert found["total"] == 4_000
    assert took < 0.9, f"{took} s for a whole page of 500; see the next for what is asked"
    begun = time.process_time()
    assert await ids_of(registry, "search=13900003999") == ["many-3999"]
    assert time.process_time() - begun < 0.3


async def test_whoever_left_is_in_no_list_and_can_come_back(registry):
    await registry.put(f"/groups/{GROUP}", {"grid": f"{EAST}-g1", "name": "3组", "leader": HOME})
    await registry.post(f"/households/{HOME}/leave")
    assert HOME not in await ids_of(registry, "")
    assert HOME in await ids_of(registry, "gone=1")
    assert (await registry.get(f"/groups/{GROUP}"))["leader"] is None
    await registry.post(f"/households/{HOME}/leave", status=409)
    await registry.post(f"/households/{HOME}/move", {"group": GROUP})
    assert HOME in await ids_of(registry, "")


def keys_in(found):
    if isinstance(found, dict):
        return [*found, *(key for one in found.values() for key in keys_in(one))]
    return [key for one in found for key in keys_in(one)] if isinstance(found, list) else []


async def test_everything_that_is_kept_of_a_household_is_exported_for_it(town, registry):
    await town.incident("i-1")
    found = await registry.get(f"/households/{HOME}/export")
    assert found["household"]["name"] == "王小明"
    assert [i["id"] for i in found["incidents"]] == ["i-1"]
    press = found["incidents"][0]["presses"][0]
    assert press["kind"] == "panic"
    assert datetime.fromisoformat(press["received_at"]).utcoffset() is not None
    assert not any(key.endswith("_ms") for key in keys_in(found))
    (entry,) = [e for e in await town.audited() if e["action"] == "unmask"]
    assert entry["detail"]["export"] == "household"


async def test_nothing_is_erased_while_an_incident_is_open(town, registry):
    await town.incident("i-1")
    problem = await registry.post(f"/households/{HOME}/erase", {"reason": "本人要求"}, status=409)
    assert "未结" in problem["detail"]


async def test_an_erased_household_has_no_key_no_contact_no_device(town, registry):
    row = {"id": "b1", "kind": "button", "household_id": HOME, "unsigned": True, "login": "b1"}
    await town.database.write(lambda conn: conn.execute(insert(devices).values(**row)))
    await registry.post(f"/households/{HOME}/erase", {"reason": "本人要求"})
    home = (await registry.get(f"/households/{HOME}"))["household"]
    assert (home["label"], home["contact"]) == ("已删除住户", None)
    assert home["erased_at"] is not None
    assert [d["state"] for d in home["devices"]] == ["revoked"]
    kept = await town.database.read(
        lambda conn: conn.execute(
            select(s.households.c.data_key_sealed, s.households.c.personal_sealed).where(
                s.households.c.id == HOME
            )
        ).one()
    )
    assert tuple(kept) == (None, None)
    login = await town.database.read(lambda conn: conn.scalar(select(devices.c.login)))
    assert login is None


async def test_an_erased_household_cannot_be_changed_or_moved(registry):
    await registry.post(f"/households/{HOME}/erase", {"reason": "本人要求"})
    body = {"group": GROUP, "label": "又来"}
    await registry.put(f"/households/{HOME}", body, status=409)
    await registry.post(f"/households/{HOME}/move", {"group": GROUP}, status=409)
    await registry.post(f"/households/{HOME}/erase", {"reason": "本人要求"}, status=409)
