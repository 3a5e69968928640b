"""Every step over HTTP with the real desk behind it: bodies, answers, what the caller may do."""

import pytest

from tests.linkage.web_house import WEST, house

BECAUSE = {"reason": "情况有变"}


@pytest.fixture
async def town(tmp_path):
    async with house(tmp_path, real_desk=True) as h:
        await h.person("shift", "shift-leader")
        await h.person("duty", "duty-officer")
        await h.person("patrol", "patrol")
        await h.incident("a")
        yield h


async def look(browser, incident="a"):
    answer = await browser.get(f"/api/v1/incidents/{incident}")
    return await answer.json()


async def step(browser, name, status=200, incident="a", **body):
    """Take the step on the incident as it is now; the answer's document."""
    version = (await look(browser, incident))["version"]
    answer = await browser.post(
        f"/api/v1/incidents/{incident}/{name}", json=body, headers={"If-Match": str(version)}
    )
    document = await answer.json()
    assert answer.status == status, document
    return document


async def test_times_of_their_own_from_sign_for_to_arrival(town):
    async with town.browser("shift") as browser:
        for name in ("acknowledge", "verify", "dispatch", "set-out", "arrive"):
            town.clock.move(10)
            detail = await step(browser, name)
    times = detail["times"]
    assert [
        times[n][17:19] for n in ("acknowledged", "verified", "dispatched", "set_out", "arrived")
    ]
    assert times["dispatched"] == "2026-11-21T20:00:30.000+08:00"
    assert times["set_out"] == "2026-11-21T20:00:40.000+08:00"
    assert times["arrived"] == "2026-11-21T20:00:50.000+08:00"
    assert (times["responded"], times["closed"], times["reviewed"]) == (None, None, None)
    assert detail["next"] == {
        "action": "respond",
        "due_at": "2026-11-21T20:30:50.000+08:00",
        "due_for": "respond",
    }


async def test_next_says_what_is_waited_for_on_the_way_to_the_feedback(town):
    async with town.browser("shift") as browser:
        for name in ("acknowledge", "verify", "dispatch"):
            detail = await step(browser, name)
    assert (detail["next"]["action"], detail["next"]["due_for"]) == ("respond", "set-out")


async def test_each_caller_is_told_what_they_may_do_now(town):
    async with town.browser("duty") as duty, town.browser("patrol") as patrol:
        assert (await look(duty))["allowed"] == ["acknowledge", "note"]
        assert (await look(patrol))["allowed"] == ["note"]
        for name in ("acknowledge", "verify", "dispatch"):
            await step(duty, name)
        assert (await look(patrol))["allowed"] == ["set-out", "arrive", "respond", "note"]
        assert (await look(duty))["allowed"] == [
            "dispatch", "set-out", "arrive", "respond", "return", "reassign", "suspend", "merge",
            "split", "note",
        ]  # fmt: skip


async def test_a_patrol_that_was_sent_reports_and_somebody_else_closes(town):
    async with town.browser("duty") as duty, town.browser("patrol") as patrol:
        await step(duty, "acknowledge")
        await step(duty, "verify")
        sent = await step(duty, "dispatch", to="patrol")
        assert sent["responder"] == {
            "to": "patrol",
            "people": [{"username": "patrol", "display_name": "patrol 显示名"}],
        }
        for name in ("set-out", "arrive", "respond"):
            await step(patrol, name)
        assert (await step(duty, "close", outcome="real"))["outcome"] == "real"


async def test_suspending_says_until_when_and_resuming_ends_it(town):
    async with town.browser("duty") as browser:
        await step(browser, "acknowledge")
        until = "2026-11-21T21:00:00+08:00"
        detail = await step(browser, "suspend", until=until, **BECAUSE)
        assert detail["suspended_until"] == "2026-11-21T21:00:00.000+08:00"
        assert detail["next"]["due_for"] == "resume"
        assert detail["allowed"] == ["resume", "note"]
        assert (await step(browser, "resume"))["suspended_until"] is None


async def test_supervising_shows_who_urged(town):
    async with town.browser("shift") as browser:
        detail = await step(browser, "supervise", note="尽快")
    assert detail["supervised"] == {
        "by": "shift 显示名",
        "username": "shift",
        "at": "2026-11-21T20:00:00.000+08:00",
    }


async def test_a_merge_by_number_leaves_both_findable(town):
    await town.incident("b")
    async with town.browser("duty") as browser:
        await step(browser, "acknowledge")
        merged = await step(browser, "merge", into="20261121-b", **BECAUSE)
        survivor = await look(browser, "b")
        found = await (await browser.get("/api/v1/incidents?number=20261121-a")).json()
    assert merged["merged_into"] == {"id": "b", "number": "20261121-b"}
    assert (merged["outcome"], merged["next"], merged["allowed"]) == ("duplicate", None, ["note"])
    place = {"village": "东村", "grid": "东村网格", "group": "东村3组", "household": "3组017号"}
    assert survivor["merged_from"] == [
        {"id": "a", "number": "20261121-a", "kind": "panic", "place": place}
    ]
    assert {alarm["id"] for alarm in survivor["alarms"]} == {"alarm-a", "alarm-b"}
    assert [item["id"] for item in found["items"]] == ["a"]


async def test_nothing_is_merged_into_what_the_caller_may_not_see(town):
    await town.incident("west", village_id=WEST, household_id="xicun-017")
    await town.person("east", "duty-officer", ["dongcun"])
    async with town.browser("east") as browser:
        await step(browser, "acknowledge")
        await step(browser, "merge", 422, into="west", **BECAUSE)
        await step(browser, "merge", 422, into="20261121-west", **BECAUSE)


async def test_a_split_shows_in_the_queue_with_what_it_came_from(town):
    await town.incident("b", number="20261121-0002")
    async with town.browser("duty") as browser:
        await step(browser, "acknowledge")
        await step(browser, "merge", into="b", **BECAUSE)
        await step(browser, "acknowledge", incident="b")
        detail = await step(browser, "split", incident="b", alarms=["alarm-a"], **BECAUSE)
        told = detail["timeline"][-1]
        split = await look(browser, told["data"]["incident"])
    assert (told["type"], split["number"]) == ("split", told["data"]["number"])
    assert [alarm["id"] for alarm in split["alarms"]] == ["alarm-a"]
    assert split["timeline"][0]["data"]["split_from"] == {
        "incident": "b",
        "number": "20261121-0002",
    }


async def test_a_closed_incident_is_reopened_to_a_named_stage(town):
    async with town.browser("duty") as browser:
        for name in ("acknowledge", "verify"):
            await step(browser, name)
        await step(browser, "close", outcome="accidental")
        detail = await step(browser, "reopen", stage="reported", **BECAUSE)
    assert (detail["stage"], detail["acknowledged"], detail["closed_at"]) == (
        "reported",
        None,
        None,
    )
    assert detail["ring"] == 2


async def test_a_return_and_a_reassignment_are_told_in_the_timeline(town):
    async with town.browser("duty") as browser:
        for name in ("acknowledge", "verify", "dispatch"):
            await step(browser, name)
        moved = await step(browser, "reassign", to="二组", **BECAUSE)
        assert moved["responder"] == {"to": "二组", "people": []}
        back = await step(browser, "return", to="duty", **BECAUSE)
    assert (back["stage"], back["responder"]) == ("verified", None)
    kinds = [event["type"] for event in back["timeline"]]
    assert kinds[-2:] == ["reassigned", "returned"]
    assert back["timeline"][-1]["data"]["reason"] == "情况有变"


@pytest.mark.parametrize(
    ("name", "body", "missing"),
    [
        ("close", {}, ["outcome"]),
        ("note", {"note": ""}, ["note"]),
        ("reassign", {}, ["reason", "to"]),
        ("suspend", {"reason": ""}, ["reason", "until"]),
        ("merge", {}, ["reason", "into"]),
        ("split", {"alarms": []}, ["reason", "alarms"]),
    ],
)
async def test_all_that_must_be_filled_and_is_not_is_named_in_one_problem(
    town, name, body, missing
):
    async with town.browser("shift") as browser:
        problem = await step(browser, name, 422, **body)
    assert problem["missing"] == missing
    assert all(field in problem["detail"] for field in missing)
    assert problem["detail"].startswith("请填写")


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("return", {}),
        ("return", {"reason": ""}),
        ("reassign", BECAUSE),
        ("suspend", {**BECAUSE, "until": "2026-11-21T21:00:00"}),
        ("suspend", BECAUSE),
        ("merge", BECAUSE),
        ("split", {**BECAUSE, "alarms": []}),
        ("reopen", {**BECAUSE, "stage": "closed"}),
        ("set-out", {"at": "now"}),
        ("supervise", {"reason": "x"}),
    ],
)
async def test_a_body_that_is_not_whole_is_422(town, name, body):
    async with town.browser("shift") as browser:
        await step(browser, name, 422, **body)


async def test_what_is_not_possible_now_is_409_in_both_languages(town):
    async with town.browser("shift") as browser:
        await step(browser, "acknowledge")
        problem = await step(browser, "reopen", 409, **BECAUSE)
        assert " / " in problem["detail"]
        await step(browser, "close", 409, outcome="malicious")


async def test_the_description_names_every_step(town):
    async with town.browser("duty") as browser:
        described = await (await browser.get("/api/v1/openapi.json")).json()
    paths = [p for p in described["paths"] if p.startswith("/api/v1/incidents/{id}/")]
    names = {p.rpartition("/")[2] for p in paths}
    assert names >= {
        "set-out", "arrive", "return", "reassign", "suspend", "resume", "supervise", "merge",
        "split", "reopen",
    }  # fmt: skip
    body = described["components"]["schemas"]["SuspendBody"]["properties"]["until"]
    assert body["format"] == "date-time"


@pytest.mark.parametrize(
    "body",
    [
        '{"a":NaN}',
        '{"x":1e999}',
        "[" * 5000,
        '{"unknown":"\\ud800"}',
        '{"unknown":1,',
        '{"unknown":"\\ud800","note":"x"}',
    ],
)
async def test_a_body_that_is_wrong_twice_is_told_of_not_fallen_over(town, body):
    async with town.browser("shift") as browser:
        answer = await browser.post(
            "/api/v1/incidents/a/note",
            data=body,
            headers={"If-Match": "1", "Content-Type": "application/json"},
        )
        document = await answer.json()
    assert answer.status in (400, 422), document
    assert answer.content_type == "application/problem+json"
