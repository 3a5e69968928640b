"""The six steps over HTTP with the real desk behind them."""

import asyncio

import pytest

from tests.linkage.web_house import house


@pytest.fixture
async def town(tmp_path):
    async with house(tmp_path, real_desk=True) as h:
        await h.person("shift", "shift-leader")
        await h.person("duty", "duty-officer")
        await h.incident("a")
        yield h


async def step(browser, name, version, **body):
    return await browser.post(
        f"/api/v1/incidents/a/{name}", json=body, headers={"If-Match": str(version)}
    )


async def test_an_incident_goes_all_six_steps_and_each_answer_is_its_newest_state(town):
    steps = [
        ("acknowledge", {}, "reported", "verify"),
        ("verify", {"note": "已通话"}, "verified", "dispatch"),
        ("dispatch", {"to": "巡防一组"}, "dispatched", "respond"),
        ("respond", {"note": "到场"}, "responded", "close"),
        ("close", {"outcome": "real"}, "closed", "review"),
        ("review", {"note": "处置及时"}, "reviewed", None),
    ]
    version = 1
    async with town.browser("shift") as browser:
        for name, body, stage, following in steps:
            answer = await step(browser, name, version, **body)
            detail = await answer.json()
            assert answer.status == 200, detail
            assert (detail["stage"], detail["version"]) == (stage, version + 1)
            assert (detail["next"] or {}).get("action") == following
            version = detail["version"]
    assert detail["outcome"] == "real"
    assert detail["timeline"][-1]["actor"]["display_name"] == "shift 显示名"


async def test_of_two_who_sign_at_once_one_has_it_and_the_other_sees_who(town):
    async with town.browser("shift") as one, town.browser("duty") as other:
        answers = await asyncio.gather(step(one, "acknowledge", 1), step(other, "acknowledge", 1))
        bodies = [await a.json() for a in answers]
    assert sorted(a.status for a in answers) == [200, 412]
    won = next(b for a, b in zip(answers, bodies, strict=True) if a.status == 200)
    lost = next(b for a, b in zip(answers, bodies, strict=True) if a.status == 412)
    assert lost["incident"]["acknowledged"] == won["acknowledged"]


async def test_a_step_out_of_order_is_refused_with_a_reason(town):
    async with town.browser("shift") as browser:
        answer = await step(browser, "review", 1)
        problem = await answer.json()
    assert answer.status == 409
    assert problem["detail"]


async def test_another_console_hears_of_a_sign_for(town):
    async with town.browser("shift") as one, town.browser("duty") as other:
        listed = await other.get("/api/v1/incidents")
        position = listed.headers["X-Stream-Position"]
        async with other.get(f"/api/v1/stream?last_event_id={position}") as events:
            await step(one, "acknowledge", 1)
            async with asyncio.timeout(5):
                while await events.content.readline() != b"event: incident\n":
                    pass
                await events.content.readline()
                data = await events.content.readline()
    assert b'"username":"shift"' in data
