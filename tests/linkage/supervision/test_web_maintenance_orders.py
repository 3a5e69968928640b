"""Maintenance orders over HTTP: each sees and changes those of the own places only."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select

from linkage.schema import audit_entries
from linkage.supervision.schema import maintenance_orders
from tests.linkage.web_house import EAST, START, WEST, House, house

HOUR_MS = 3600_000
NOW_MS = int(START.timestamp() * 1000)
ORDERS = "/api/v1/maintenance-orders"


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path) as h:
        await h.person("duty", "duty-officer")
        yield h


async def order(h: House, order_id: str, **values: Any) -> None:
    row = {
        "id": order_id,
        "kind": "silent",
        "device_id": f"{order_id}-button",
        "village_id": EAST,
        "state": "open",
        "raised_at_ms": NOW_MS - HOUR_MS,
        "owner": "east",
        "due_at_ms": NOW_MS + HOUR_MS,
        "detail": "{}",
        **values,
    }
    await h.database.write(lambda conn: conn.execute(insert(maintenance_orders).values(**row)))


async def listed(session: Any, query: str = "") -> list[str]:
    async with session.get(f"{ORDERS}{query}") as answer:
        assert answer.status == 200, await answer.text()
        return [item["id"] for item in (await answer.json())["items"]]


async def test_what_is_due_first_comes_first_and_the_villages_order_stands_for_its_devices(town):
    await order(town, "later", due_at_ms=NOW_MS + 2 * HOUR_MS)
    await order(town, "sooner")
    await order(town, "mast", kind="village", device_id=None, village_id=WEST, due_at_ms=NOW_MS)
    await order(town, "under-it", state="folded", folded_into="mast", village_id=WEST)
    await order(town, "over", state="done", done_at_ms=NOW_MS)
    async with town.browser("duty") as session:
        assert await listed(session) == ["mast", "sooner", "later"]
        assert await listed(session, "?state=done") == ["over"]
        assert await listed(session, f"?village={WEST}") == ["mast"]
        async with session.get(f"{ORDERS}/mast") as answer:
            shown = await answer.json()
    assert (shown["label_zh"], shown["device"], shown["devices"]) == ("全村设备失联", None, 1)


async def test_pages_follow_one_another(town):
    for n in range(5):
        await order(town, f"o{n}", due_at_ms=NOW_MS + n // 2)
    async with town.browser("duty") as session:
        seen: list[str] = []
        after = ""
        while True:
            async with session.get(f"{ORDERS}?limit=2{after}") as answer:
                page = await answer.json()
            seen += [item["id"] for item in page["items"]]
            assert page["total"] == 5
            if page["next"] is None:
                break
            after = f"&after={page['next']}"
    assert seen == [f"o{n}" for n in range(5)]


async def test_village_head_sees_and_changes_only_the_own_village(town):
    await town.person("east", "village-head", [EAST])
    await order(town, "mine")
    await order(town, "theirs", village_id=WEST)
    await order(town, "nowhere", village_id=None)
    async with town.browser("east") as session:
        assert await listed(session) == ["mine"]
        for path in ("theirs", "nowhere", "none"):
            assert (await session.get(f"{ORDERS}/{path}")).status == 404
            assert (await session.post(f"{ORDERS}/{path}/done", json={})).status == 404
            body = {"owner": "east"}
            assert (await session.post(f"{ORDERS}/{path}/assign", json=body)).status == 404
        async with session.get("/api/v1/system") as answer:
            assert (await answer.json())["maintenance"] == {"open": 1, "overdue": 0, "unowned": 0}


async def test_board_counts_what_is_open_handed_up_and_without_an_owner(town):
    await order(town, "a", overdue_at_ms=NOW_MS, handed_to="leader")
    await order(town, "b", owner=None)
    await order(town, "c", state="recovered", village_id=WEST)
    await order(town, "d", state="done")
    async with town.browser("duty") as session, session.get("/api/v1/system") as answer:
        assert (await answer.json())["maintenance"] == {"open": 3, "overdue": 1, "unowned": 1}


async def test_done_is_by_a_name_with_a_note_and_in_the_audit(town):
    await town.person("east", "village-head", [EAST])
    await order(town, "o")
    async with town.browser("east") as session:
        async with session.post(f"{ORDERS}/o/done", json={"note": "换了电池"}) as answer:
            assert answer.status == 200
            shown = await answer.json()
        assert (shown["state"], shown["note"]) == ("done", "换了电池")
        assert shown["done_by"] == {"username": "east", "name": "east 显示名"}
        async with session.post(f"{ORDERS}/o/done", json={}) as answer:
            assert answer.status == 409
            assert (await answer.json())["detail"].startswith("维护单已结束")
    a = audit_entries.c
    found = await town.database.read(
        lambda conn: conn.execute(select(a.actor).where(a.object == "maintenance:o")).all()
    )
    assert [row.actor for row in found] == ["east"]


async def test_order_is_given_only_to_somebody_who_may_see_to_it_there(town):
    await town.person("east", "village-head", [EAST])
    await town.person("west", "village-head", [WEST])
    await town.person("audit", "auditor")
    await order(town, "o", owner=None)
    async with town.browser("duty") as session:
        for owner in ("west", "audit", "nobody"):
            async with session.post(f"{ORDERS}/o/assign", json={"owner": owner}) as answer:
                assert answer.status == 409, owner
        async with session.post(f"{ORDERS}/o/assign", json={"owner": "east"}) as answer:
            assert (await answer.json())["owner"]["username"] == "east"


async def test_giving_it_is_in_the_audit(town):
    await town.person("east", "village-head", [EAST])
    await order(town, "o", owner=None)
    async with town.browser("duty") as session:
        assert (await session.post(f"{ORDERS}/o/assign", json={"owner": "east"})).status == 200
    about = audit_entries.c.object == "maintenance:o"
    rows = await town.database.read(
        lambda conn: conn.execute(select(audit_entries).where(about)).all()
    )
    assert [row.actor for row in rows] == ["duty"]
    assert '"owner":"east"' in rows[0].detail


async def test_what_is_done_is_neither_given_nor_done_again(town):
    await town.person("east", "village-head", [EAST])
    await order(town, "o", state="done", done_at_ms=NOW_MS)
    async with town.browser("duty") as session:
        given = await session.post(f"{ORDERS}/o/assign", json={"owner": "east"})
        done = await session.post(f"{ORDERS}/o/done", json={})
        assert (given.status, done.status) == (409, 409)
        assert "已结束" in (await done.json())["detail"]


async def test_our_own_clock_is_shown_to_whoever_sees_all_places(town):
    await town.person("east", "village-head", [EAST])
    await order(town, "clock", kind="own-clock", device_id=None, village_id=None)
    await order(town, "one", kind="clock", state="folded", folded_into="clock")
    async with town.browser("duty") as session, session.get(f"{ORDERS}/clock") as answer:
        shown = await answer.json()
    assert (shown["label_zh"], shown["village"], shown["devices"]) == ("本系统时钟不准", None, 1)
    async with town.browser("east") as session:
        assert await listed(session) == []


async def test_those_who_may_own_an_order_are_named_to_whoever_gives_it(town):
    await town.person("east", "village-head", [EAST])
    await town.person("west", "village-head", [WEST])
    await town.person("audit", "auditor")
    await order(town, "o")
    async with town.browser("east") as session, session.get(f"{ORDERS}/o/owners") as answer:
        named = (await answer.json())["items"]
    assert {"username": "east", "name": "east 显示名"} in named
    assert not {"west", "audit"} & {one["username"] for one in named}
    async with town.browser("west") as session:
        assert (await session.get(f"{ORDERS}/o/owners")).status == 404


async def test_mine_are_those_i_own_or_was_handed(town):
    await town.person("east", "village-head", [EAST])
    await order(town, "a", owner="east")
    await order(town, "b", owner="other", handed_to="east")
    await order(town, "c", owner="other")
    async with town.browser("east") as session:
        assert await listed(session, "?mine=1") == ["a", "b"]


async def test_who_has_nothing_to_do_with_devices_is_refused(town):
    await town.person("patrol", "patrol")
    await order(town, "o")
    async with town.browser("patrol") as session:
        assert (await session.get(ORDERS)).status == 403
        assert (await session.post(f"{ORDERS}/o/done", json={})).status == 403
