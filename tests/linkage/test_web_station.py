"""The station's confirmation, the telephone and 消音 over HTTP."""

import pytest

from lianfang_timing import unix_ms
from linkage import records
from linkage.ways.planning import siren_actions, webhook_action
from linkage.ways.settings import USUAL_WAYS, Use, Webhook
from tests.linkage.web_house import EAST, WEST, house

STATION = Webhook("station", "https://jcj.example/", b"", frozenset({Use.STATION}))


@pytest.fixture
async def town(tmp_path):
    async with house(tmp_path) as h:
        await h.incident("i1")
        now_ms = unix_ms(h.clock.now())
        told = webhook_action(STATION, cause="a", event="opened", now_ms=now_ms, use=Use.STATION)
        sirens = siren_actions(USUAL_WAYS, ["s1"], cause="a", now_ms=now_ms)
        await h.database.write(
            lambda conn: records.plan(conn, "i1", [told, *sirens], now_ms=now_ms)
        )
        await h.person("duty", "duty-officer")
        yield h


async def confirm(town, token: str, **body):
    async with (
        town.browser() as browser,
        browser.post(
            "/api/v1/station/confirmations",
            json=body,
            headers={"Authorization": f"Bearer {token}"},
        ) as answer,
    ):
        return answer.status, await answer.json()


async def test_the_stations_machine_confirms_by_number_or_id(town):
    token = await town.machine("jcj", "dispatcher")
    for reference in ("20261121-i1", "i1"):
        status, said = await confirm(town, token, incident=reference, reference="JQ-7")
        assert (status, said["incident"]) == (200, "i1")
        assert (said["station"]["state"], said["station"]["telephone"]) == ("confirmed", False)
    assert [e["detail"]["step"] for e in await town.audited()] == ["station_confirmed"] * 2


async def test_a_station_confirms_only_what_is_in_its_places(town):
    token = await town.machine("jcj", "dispatcher", [WEST])
    assert (await confirm(town, token, incident="i1"))[0] == 404
    assert (await confirm(town, token, incident="no such"))[0] == 404


async def test_another_role_or_a_body_that_is_wrong_confirms_nothing(town):
    assert (await confirm(town, await town.machine("m", "duty-officer"), incident="i1"))[0] == 403
    token = await town.machine("jcj", "dispatcher", [EAST])
    assert (await confirm(town, token, incident=""))[0] == 422
    assert (await confirm(town, token, incident="i1", more=1))[0] == 422


async def test_an_incident_that_no_station_is_told_of_cannot_be_confirmed(town):
    await town.incident("i2")
    token = await town.machine("jcj", "dispatcher")
    assert (await confirm(town, token, incident="i2"))[0] == 409


async def test_an_officer_notes_the_call_and_sees_who_was_told(town):
    async with town.browser("duty") as browser:
        path = "/api/v1/incidents/i1"
        before = await (await browser.get(path)).json()
        assert before["station"]["state"] == "planned"
        assert {(t["kind"], t["target"], t["state"]) for t in before["told"]} == {
            ("webhook", "station", "planned"),
            ("siren", "s1", "planned"),
        }
        async with browser.post(f"{path}/station-telephoned", json={"note": "已接"}) as answer:
            after = await answer.json()
        assert (answer.status, after["station"]["state"]) == (200, "telephoned")
        assert after["version"] == before["version"]
        assert after["timeline"][-1]["data"]["note"] == "已接"


async def test_an_officer_silences_the_siren(town):
    async with town.browser("duty") as browser:
        async with browser.post("/api/v1/incidents/i1/silence", json={}) as answer:
            said = await answer.json()
        assert answer.status == 200
        assert said["timeline"][-1]["type"] == "silenced"
        states = sorted(a["state"] for a in said["actions"] if a["kind"] == "siren")
        assert states == ["cancelled", "cancelled", "planned"]
        await town.incident("i2")
        async with browser.post("/api/v1/incidents/i2/silence", json={}) as answer:
            assert answer.status == 409
