"""What is inspected over HTTP: the audit and its chains, the system's parts, the policy."""

import pytest
from sqlalchemy import insert, update

from camerad.model import CameraHealth, CameraState
from lianfang_timing import unix_ms
from linkage import schema as s
from linkage.parts import Disk
from linkage.policy import in_force
from linkage.settings import load_settings, shipped_folder
from tests.linkage.web_house import EAST, START, house


@pytest.fixture
async def town(tmp_path):
    settings = load_settings(shipped_folder())
    policy = in_force(shipped_folder(), settings.rules, settings.plans)
    async with house(tmp_path, policy=policy) as h:
        await h.person("duty", "duty-officer")
        await h.person("auditor", "auditor")
        await h.person("admin", "administrator")
        yield h


async def got(browser, path):
    async with browser.get(f"/api/v1/{path}") as answer:
        assert answer.status == 200, await answer.text()
        return await answer.json()


async def test_the_audit_says_who_did_what_newest_first_with_the_reason_in_the_clear(town):
    async with town.browser("admin") as admin:
        reset = "/api/v1/accounts/duty/second-factor/reset"
        await admin.post(reset, json={"reason": "手机丢失"})
    async with town.browser("auditor") as auditor:
        page = await got(auditor, "audit")
    mine, change, _sign_in = page["items"]
    assert (mine["actor"], mine["action"]) == ("auditor", "sign-in")
    assert (change["display_name"], change["about"]) == ("admin 显示名", "account:duty")
    assert change["unit"] == "综治中心"
    assert change["detail"] == {"what": "second factor reset", "had": False, "reason": "手机丢失"}
    assert page["next"] is None


async def test_the_audit_is_searched_and_paged(town):
    for username in ("duty", "admin", "duty"):
        async with town.browser(username):
            town.clock.move(60)
    async with town.browser("auditor") as auditor:
        positions = {}
        for query in (
            "actor=duty", "action=sign-in", "text=duty", "about=account:adm", "text=no%25such",
            "from=2026-11-21T20:01:30%2B08:00", "until=2026-11-21T20:00:30%2B08:00",
        ):  # fmt: skip
            found = await got(auditor, f"audit?{query}")
            positions[query] = [one["position"] for one in found["items"]]
        first = await got(auditor, "audit?limit=2")
        rest = await got(auditor, f"audit?limit=2&after={first['next']}")
    assert positions == {
        "actor=duty": [3, 1],
        "action=sign-in": [4, 3, 2, 1],
        "text=duty": [3, 1],
        "about=account:adm": [2],
        "text=no%25such": [],
        "from=2026-11-21T20:01:30%2B08:00": [4, 3],
        "until=2026-11-21T20:00:30%2B08:00": [1],
    }
    assert [one["position"] for one in first["items"] + rest["items"]] == [4, 3, 2, 1]


async def test_an_auditor_of_one_village_sees_what_its_people_did(town):
    await town.person("east", "auditor", [EAST])
    await town.person("head", "village-head", [EAST])
    async with town.browser("duty"), town.browser("head"), town.browser("east") as east:
        found = await got(east, "audit")
    assert {one["actor"] for one in found["items"]} == {"head", "east"}


async def test_verifying_finds_what_was_changed_behind_the_programs_back(town):
    async with town.browser("auditor") as auditor:
        before = await got(auditor, "audit/chains")
        assert before["verified_at"] is None
        assert [one["chain"] for one in before["heads"]] == ["audit_entries"]
        good = await (await auditor.post("/api/v1/audit/verify")).json()
        assert (good["faults"], good["verified_at"]) == ([], "2026-11-21T20:00:00.000+08:00")
        await town.database.write(
            lambda conn: conn.execute(update(s.audit_entries).values(actor="nobody"))
        )
        bad = await (await auditor.post("/api/v1/audit/verify")).json()
        assert "audit_entries" in bad["faults"][0]
        assert (await got(auditor, "audit/chains"))["faults"] == bad["faults"]


async def test_each_part_says_how_it_is(town):
    await town.incident("i-1")
    now_ms = unix_ms(town.clock.now())
    late = {
        "id": "late",
        "incident_id": "i-1",
        "kind": "webhook",
        "target": "station",
        "payload": "{}",
        "state": "planned",
        "attempts": 3,
        "planned_at_ms": now_ms,
        "due_at_ms": now_ms,
        "lane": "webhook:station",
        "turn": 0,
    }
    clock = {**late, "id": "clock", "kind": "escalate", "lane": "escalate"}
    await town.database.write(lambda conn: conn.execute(insert(s.actions), [late, clock]))
    down = CameraHealth("cam-down", CameraState.DOWN, "away", "", START)
    town.health["cam-down"] = down
    town.disk = Disk(10**9, 10**12, 10**9)
    async with town.browser("duty") as duty:
        await duty.post("/api/v1/presence", json={"sound": "unlocked", "visible": True})
        calm = {one["name"]: one for one in (await got(duty, "system/parts"))["parts"]}
        town.clock.move(120)
        parts = {one["name"]: one for one in (await got(duty, "system/parts"))["parts"]}
    assert calm["outbox"]["level"] == "ok"
    assert parts["outbox"]["level"] == "bad"
    assert parts["outbox"]["figures"]["late"] == 1
    assert parts["outbox"]["since"] == "2026-11-21T20:00:00.000+08:00"
    assert (calm["people"]["level"], parts["people"]["level"]) == ("warn", "bad")
    assert parts["cameras"]["figures"] == {"watching": 1, "down": 1, "connecting": 2, "total": 4}
    assert parts["cameras"]["since"] == "2026-11-21T20:00:00.000+08:00"
    assert parts["disk"]["level"] == "bad"
    assert (parts["intake"]["level"], parts["broker"]["level"]) == ("ok", "warn")
    assert parts["accounts"]["figures"] == {"without_factor": 1, "ending_soon": 0}


async def test_the_rules_and_plans_in_force_are_shown_with_file_and_line(town):
    async with town.browser("duty") as duty:
        policy = await got(duty, "policy")
    rules = (shipped_folder() / "rules.toml").read_text().splitlines()
    first, last = policy["rules"]
    assert rules[first["line"] - 1] == "[[rule]]"
    assert rules[first["line"]] == 'name = "loitering"'
    assert (first["kinds"], first["priority"], first["actions"]) == (
        ["loitering"],
        3,
        ["snapshot"],
    )
    assert (last["built_in"], last["line"]) == (True, None)
    plans = {one["name"]: one for one in policy["plans"]}
    assert plans["default"]["steps"][0]["call"] == ["role:duty-officer"]
    assert plans["default"]["used_by"] == ["loitering", "built-in"]
    assert (plans["drill"]["built_in"], plans["default"]["built_in"]) == (True, False)
    assert policy["due"]["verify"][0] == 60.0
    assert [one["changed"] for one in policy["files"]] == [False, False]


async def test_a_file_that_was_changed_since_the_start_is_said_not_to_hold_yet(tmp_path):
    (tmp_path / "rules.toml").write_text("")
    (tmp_path / "escalation.toml").write_text("")
    settings = load_settings(shipped_folder())
    policy = in_force(tmp_path, settings.rules, settings.plans)
    async with house(tmp_path, policy=policy) as town:
        await town.person("duty", "duty-officer")
        (tmp_path / "rules.toml").write_text("# another one\n")
        async with town.browser("duty") as duty:
            files = (await got(duty, "policy"))["files"]
    assert {one["name"]: one["changed"] for one in files} == {
        "rules.toml": True,
        "escalation.toml": False,
    }
