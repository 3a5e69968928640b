"""The accounts of people over HTTP: made, changed, limited, shut."""

from datetime import timedelta

import pytest

from tests.linkage.web_house import EAST, PASSWORD, WEST, house, sign_in

API = "/api/v1/accounts"
NEW = {
    "username": "chen",
    "display_name": "陈建国",
    "unit": "综治中心",
    "role": "duty-officer",
    "places": ["*"],
    "password": PASSWORD,
}
CHANGED = {"display_name": "陈建国", "unit": "", "role": "patrol", "places": ["*"], "enabled": True}


@pytest.fixture
async def town(tmp_path):
    async with house(tmp_path) as h:
        await h.person("admin", "administrator")
        await h.person("east-admin", "administrator", [EAST])
        await h.person("duty", "duty-officer")
        yield h


async def listed(browser):
    return {one["username"]: one for one in (await (await browser.get(API)).json())["items"]}


async def test_an_account_that_was_made_can_sign_in_and_is_listed(town):
    async with town.browser("admin") as admin, town.browser() as chen:
        assert (await admin.post(API, json=NEW)).status == 201
        assert (await sign_in(chen, "chen")).status == 204
        one = (await listed(admin))["chen"]
        assert (one["display_name"], one["role"], one["sessions"]) == ("陈建国", "duty-officer", 1)
        assert (one["second_factor"], one["second_factor_policy"]) == (False, None)
        assert (await listed(admin))["admin"]["second_factor_policy"] == "offered"
    entry = next(e for e in await town.audited() if e["object"] == "account:chen")
    assert (entry["actor"], entry["detail"]["what"], entry["detail"]["role"]) == (
        "admin",
        "add",
        "duty-officer",
    )
    assert PASSWORD not in str(await town.audited())


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"username": "Chen"}, 422),
        ({"username": "duty"}, 409),
        ({"display_name": " "}, 422),
        ({"role": "emperor"}, 422),
        ({"places": []}, 422),
        ({"places": ["nowhere"]}, 422),
        ({"password": "short"}, 422),
        ({"ends": "2026-11-21T19:59:00+08:00"}, 422),
        ({"ends": "2026-12-21T19:59:00"}, 422),
    ],
)
async def test_an_account_that_makes_no_sense_is_refused_in_chinese_first(town, wrong, status):
    async with town.browser("admin") as admin:
        answer = await admin.post(API, json=NEW | wrong)
        assert answer.status == status
        detail = (await answer.json())["detail"]
        assert "\u4e00" <= detail[0] <= "\u9fff" or detail[0].isascii()
        assert " / " in detail


async def test_changed_rights_end_the_sessions_and_a_new_name_does_not(town):
    async with town.browser("admin") as admin, town.browser("duty") as duty:
        renamed = {**CHANGED, "role": "duty-officer", "display_name": "新名字"}
        assert (await admin.put(f"{API}/duty", json=renamed)).status == 204
        assert (await (await duty.get("/api/v1/me")).json())["display_name"] == "新名字"
        assert (await admin.put(f"{API}/duty", json=CHANGED)).status == 204
        assert (await duty.get("/api/v1/me")).status == 401
    entry = (await town.audited())[-1]
    assert set(entry["detail"]["changed"]) == {"display_name", "role"}


async def test_a_disabled_account_is_out_and_stays_listed(town):
    async with town.browser("admin") as admin, town.browser("duty") as duty:
        off = {**CHANGED, "role": "duty-officer", "enabled": False}
        assert (await admin.put(f"{API}/duty", json=off)).status == 204
        assert (await duty.get("/api/v1/me")).status == 401
        assert (await sign_in(duty, "duty")).status == 401
        assert (await listed(admin))["duty"]["enabled"] is False


async def test_an_end_is_kept_shown_and_can_be_taken_away_again(town):
    ends = (town.clock.now() + timedelta(days=3)).isoformat()
    async with town.browser("admin") as admin:
        await admin.post(API, json={**NEW, "ends": ends})
        one = (await listed(admin))["chen"]
        assert (one["ends"], one["ended"]) == ("2026-11-24T20:00:00.000+08:00", False)
        await admin.put(f"{API}/chen", json={**CHANGED, "ends": None})
        assert (await listed(admin))["chen"]["ends"] is None
        await admin.put(f"{API}/chen", json={**CHANGED, "ends": ends})
        town.clock.move(4 * 86_400)
        assert (await sign_in(admin, "admin")).status == 204
        assert (await listed(admin))["chen"]["ended"] is True


async def test_nobody_changes_their_own_account(town):
    async with town.browser("admin") as admin:
        assert (await admin.put(f"{API}/admin", json=CHANGED)).status == 409
        given = await admin.post(f"{API}/admin/password", json={"password": PASSWORD})
        assert given.status == 409
        reset = await admin.post(f"{API}/admin/second-factor/reset", json={"reason": "x"})
        assert reset.status == 409


async def test_who_is_limited_to_a_village_gives_and_changes_no_more_than_that(town):
    await town.person("west", "patrol", [WEST])
    async with town.browser("east-admin") as limited:
        assert set(await listed(limited)) == {"east-admin"}
        assert (await limited.post(API, json=NEW)).status == 403
        assert (await limited.post(API, json={**NEW, "places": [WEST]})).status == 403
        assert (await limited.put(f"{API}/west", json=CHANGED)).status == 404
        assert (await limited.post(API, json={**NEW, "places": [EAST]})).status == 201
        assert (await limited.put(f"{API}/chen", json=CHANGED)).status == 403
        assert (await (await limited.get(API)).json())["villages"] == {EAST: "东村"}


async def test_a_new_password_ends_the_sessions(town):
    async with town.browser("admin") as admin, town.browser("duty") as duty:
        given = {"password": "another good phrase"}
        assert (await admin.post(f"{API}/duty/password", json=given)).status == 204
        assert (await duty.get("/api/v1/me")).status == 401
        assert (await sign_in(duty, "duty", "another good phrase")).status == 204
        assert (await admin.post(f"{API}/duty/password", json={"password": "x"})).status == 422
        assert (await admin.post(f"{API}/nobody/password", json=given)).status == 404
