"""Reports raise alarms once, whatever is repeated; and the alarm list."""

import asyncio

import pytest

from alarms.model import AlarmKind, AlarmSource, NewAlarm
from tests.linkage.web_house import EAST, WEST, house

FIRE = {"kind": "fire", "household": "dongcun-017", "text": "冒烟", "reporter": "李四"}


@pytest.fixture
async def town(tmp_path):
    async with house(tmp_path) as h:
        await h.person("duty", "duty-officer")
        yield h


async def send(browser, body, key="k1"):
    headers = {} if key is None else {"Idempotency-Key": key}
    return await browser.post("/api/v1/reports", json=body, headers=headers)


async def test_a_report_is_an_alarm_in_the_log_before_it_is_answered(town):
    async with town.browser("duty") as browser:
        answer = await send(browser, FIRE)
        alarm = (await answer.json())["alarm"]
    (logged,) = await town.log.read(after=0)
    assert answer.status == 201
    assert (logged.id, logged.source, logged.kind) == (alarm, AlarmSource.REPORT, AlarmKind.FIRE)
    assert logged.detail["household"] == "dongcun-017"
    assert logged.detail["by"] == "duty"
    assert logged.device.startswith("report.")


async def test_the_same_key_gives_the_same_alarm_even_when_sent_at_once(town):
    async with town.browser("duty") as browser:
        answers = await asyncio.gather(*(send(browser, FIRE) for _ in range(6)))
        alarms = {(await a.json())["alarm"] for a in answers}
    assert sorted(a.status for a in answers) == [200] * 5 + [201]
    assert len(alarms) == 1
    assert len(await town.log.read(after=0)) == 1


async def test_the_same_key_for_another_report_is_refused(town):
    async with town.browser("duty") as browser:
        await send(browser, FIRE)
        answer = await send(browser, {**FIRE, "kind": "medical"})
    assert answer.status == 422
    assert len(await town.log.read(after=0)) == 1


async def test_a_key_is_its_senders_own(town):
    token = await town.machine("12345", "dispatcher")
    async with town.browser("duty") as browser:
        assert (await send(browser, FIRE)).status == 201
        headers = {"Idempotency-Key": "k1", "Authorization": f"Bearer {token}"}
        other = await browser.post("/api/v1/reports", json=FIRE, headers=headers)
    assert other.status == 201


@pytest.mark.parametrize(
    ("body", "key", "status"),
    [
        (FIRE, None, 400),
        (FIRE, "x" * 201, 400),
        (FIRE, "k\u200b", 400),
        ({"kind": "fire"}, "k", 422),
        ({**FIRE, "village": EAST}, "k", 422),
        ({**FIRE, "kind": "cancel"}, "k", 422),
        ({**FIRE, "kind": "loitering"}, "k", 422),
        ({**FIRE, "household": "nowhere"}, "k", 404),
        ({"kind": "fire", "village": "nowhere"}, "k", 404),
        ({**FIRE, "surprise": 1}, "k", 422),
    ],
)
async def test_a_report_that_cannot_be_accepted_raises_nothing(town, body, key, status):
    async with town.browser("duty") as browser:
        assert (await send(browser, body, key)).status == status
    assert await town.log.read(after=0) == []


@pytest.mark.parametrize(
    ("place", "says"),
    [
        ({"household": "xicun-999"}, "没有住户 xicun-999 / there is no household xicun-999."),
        ({"village": "beicun"}, "没有村 beicun / there is no village beicun."),
        ({"household": "dongcun-017"}, "没有住户 dongcun-017 / there is no household dongcun-017."),
        ({"village": EAST}, f"没有村 {EAST} / there is no village {EAST}."),
    ],
)
async def test_a_place_that_is_not_there_is_named_like_one_that_is_not_the_callers(
    town, place, says
):
    token = await town.machine("12345", "dispatcher", [WEST])
    async with town.browser("duty") as browser:
        headers = {"Idempotency-Key": "k", "Authorization": f"Bearer {token}"}
        body = {"kind": "fire", **place}
        answer = await browser.post("/api/v1/reports", json=body, headers=headers)
        said = await answer.json()
    assert (answer.status, said["detail"]) == (404, says)
    assert await town.log.read(after=0) == []


async def test_the_alarm_list_goes_on_from_the_last_one_seen(town):
    async with town.browser("duty") as browser:
        for number in range(3):
            await send(browser, FIRE, f"k{number}")
        first = await (await browser.get("/api/v1/alarms?limit=2")).json()
        rest = await (await browser.get(f"/api/v1/alarms?after={first['next']}")).json()
    assert [a["position"] for a in first["items"] + rest["items"]] == [1, 2, 3]
    assert rest["next"] is None
    assert first["items"][0]["source"] == "report"
    assert first["items"][0]["kind"] == "fire"


async def test_a_village_sees_the_alarms_of_its_own_cameras_and_incidents(town):
    def loitering(camera):
        return NewAlarm(AlarmSource.CAMERA, camera, 1, 1, "", AlarmKind.LOITERING)

    await town.log.append([loitering("cam-east"), loitering("cam-west")])
    await town.person("head", "village-head", [WEST])
    async with town.browser("head") as browser:
        page = await (await browser.get("/api/v1/alarms")).json()
    assert [a["device"] for a in page["items"]] == ["cam-west"]
