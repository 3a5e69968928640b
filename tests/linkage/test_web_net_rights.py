"""Who may do what with the household net: every route of it, every role, every village.

A village head sees and changes the own village only; what lies elsewhere is not there.
"""

import pytest
from sqlalchemy import insert

from linkage import schema
from linkage.accounts.rights import Permission
from linkage.ledgers.schema import group_tests
from linkage.registry.schema import estates
from linkage.supervision.schema import maintenance_orders
from linkage.web.routing import TABLE
from tests.linkage.net_rights import GROUP_TEST, NET_MAY
from tests.linkage.web_house import EAST, WEST, house

ROLES = {
    "duty": "duty-officer",
    "shift": "shift-leader",
    "dispatcher": "dispatcher",
    "head": "village-head",
    "patrol": "patrol",
    "auditor": "auditor",
    "admin": "administrator",
}
GROUP_TEST_ROW = {
    "id": GROUP_TEST,
    "group_id": f"{EAST}-t3",
    "village_id": EAST,
    "started_by": "duty",
    "started_at_ms": 0,
    "until_ms": 1,
}
ORDER_ROW = {
    "id": "order-1",
    "kind": "low",
    "device_id": f"{EAST}-017-1",
    "household_id": f"{EAST}-017",
    "village_id": EAST,
    "state": "open",
    "raised_at_ms": 0,
    "due_at_ms": 0,
    "detail": "{}",
}
PREFIXES = (
    "/api/v1/registry/",
    "/api/v1/ledgers/",
    "/api/v1/group-tests",
    "/api/v1/maintenance-orders",
    "/api/v1/appraisal",
)


@pytest.fixture
async def town(tmp_path):
    async with house(tmp_path) as h:

        def more(conn):
            group = {"id": f"{EAST}-t4", "grid_id": f"{EAST}-g1", "name": "东村4组"}
            estate = {"id": f"{EAST}-e1", "village_id": EAST, "name": "花园小区"}
            conn.execute(insert(schema.mutual_aid_groups).values(**group))
            conn.execute(insert(estates).values(**estate))
            conn.execute(insert(group_tests).values(GROUP_TEST_ROW))
            conn.execute(insert(maintenance_orders).values(ORDER_ROW))

        await h.database.write(more)
        yield h


async def call(session, name, **headers):
    """The status of a call that is right in everything but who calls."""
    line = NET_MAY[name]
    method, _, path = name.partition(" ")
    path = path.replace("{id}", line.thing or "")
    if line.query:
        path += f"?{line.query}"
    body = {"json": dict(line.body or {})} if method in ("POST", "PUT") else {}
    async with session.request(method, path, headers=headers, **body) as answer:
        return answer.status


async def test_every_route_of_the_net_is_in_the_table_and_asks_for_a_permission(town):
    found = {}
    for route, declared in town.app[TABLE].items():
        if declared.path.startswith(PREFIXES):
            found[f"{route.method} {route.resource.canonical}"] = declared.needs
    assert found.keys() <= NET_MAY.keys()
    assert all(isinstance(needs, Permission) for needs in found.values())


async def test_without_a_session_nothing_of_the_net_answers(town):
    async with town.browser() as browser:
        for name in NET_MAY:
            assert await call(browser, name) == 401, name


@pytest.mark.parametrize("username", list(ROLES))
async def test_each_role_may_what_the_net_s_table_says_and_nothing_else(town, username):
    await town.person(username, ROLES[username])
    async with town.browser(username) as browser:
        for name, line in NET_MAY.items():
            status = await call(browser, name)
            if username in line.who.split():
                assert status in line.leaves, f"{username} {name}: {status}"
            else:
                assert status == 403, f"{username} {name}: {status}"


@pytest.mark.parametrize("username", list(ROLES))
async def test_in_another_village_nothing_of_the_net_is_there(town, username):
    await town.person(username, ROLES[username], [WEST])
    async with town.browser(username) as browser:
        for name, line in NET_MAY.items():
            if line.thing is not None:
                expected = 404 if username in line.who.split() else 403
                assert await call(browser, name) == expected, name


async def test_lists_of_the_net_hold_only_the_own_village(town):
    await town.person("head", "village-head", [WEST])
    async with town.browser("head") as browser:
        tree = await (await browser.get("/api/v1/registry/tree")).json()
        assert [v["id"] for v in tree["villages"]] == [WEST]
        coverage = await (await browser.get("/api/v1/registry/coverage")).json()
        assert [v["id"] for v in coverage["items"]] == [WEST]
        for query in ("", f"?village={EAST}", "?search=王小明", "?search=wangxiaoming&gone=1"):
            page = await (await browser.get(f"/api/v1/registry/households{query}")).json()
            assert {item["village"] for item in page["items"]} <= {WEST}, query
            assert page["total"] == len(page["items"]), query


async def test_nothing_is_moved_out_of_the_own_village_or_into_another(town):
    await town.person("head", "village-head", [WEST])
    async with town.browser("head") as browser:
        for path, body in (
            (f"households/{WEST}-017/move", {"group": f"{EAST}-t3"}),
            (f"groups/{WEST}-t3/move", {"grid": f"{EAST}-g1"}),
            (f"groups/{WEST}-t3/merge", {"into": f"{EAST}-t3"}),
        ):
            answer = await browser.post(f"/api/v1/registry/{path}", json=body)
            assert answer.status == 422, path
        answer = await browser.put(
            "/api/v1/registry/households/new", json={"group": f"{EAST}-t3", "label": "x"}
        )
        assert answer.status == 422
        answer = await browser.put("/api/v1/registry/villages/nancun", json={"name": "南村"})
        assert answer.status == 404, "a new village is for whoever has all of them"


async def test_a_machine_reads_the_net_and_changes_nothing_of_it(town):
    token = await town.machine("county", "administrator")
    async with town.browser() as browser:
        for name, line in NET_MAY.items():
            status = await call(browser, name, Authorization=f"Bearer {token}")
            assert status in (line.leaves if line.machine else (403,)), f"{name}: {status}"
