"""The station's webhook, its word, and the telephone: stories over a real database and receiver."""

import asyncio
import base64
import hashlib
import hmac
from pathlib import Path

import pytest

from alarms.model import AlarmKind, SounderStatus
from linkage import records
from linkage.errors import StepNotAllowed
from linkage.model.person import Actor
from linkage.quiet import storage
from linkage.quiet.model import Drill
from linkage.steps.checks import Ask
from linkage.steps.moves import Step
from linkage.ways.settings import Use, Webhook
from linkage.ways.sounder_news import SounderNews
from linkage.ways.station import StationState
from tests.linkage.town import actions_of, loitering, press, rows
from tests.linkage.way_house import SECRET, WayTown, close, receiver, station, way_town

DUTY = Actor("duty", "张伟")
STATION = Actor("machine:jcj", "jcj")


async def test_a_press_reaches_the_station_signed_with_the_fields_of_its_call_handling(
    tmp_path: Path,
):
    async with receiver() as far, way_town(tmp_path, station(far.url)) as town:
        incident = await town.happens(press("b1", 1))
        [(headers, body, raw)] = far.got
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + raw
    mac = base64.b64encode(hmac.new(SECRET, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{mac}"
    assert headers["Content-Type"].startswith("application/cloudevents+json")
    assert headers["Idempotency-Key"] == headers["webhook-id"] == body["id"]
    assert (body["specversion"], body["type"]) == ("1.0", "lianfang.incident.opened")
    assert (body["subject"], body["source"]) == (incident["number"], "/lianfang/main")
    record = body["data"]["MPAlarm"]
    assert record == {
        "AlarmNO": incident["number"],
        "AlarmTime": "2026-11-21T12:00:00",
        "DeviceID": "b1",
        "AlarmClass": "紧急求助",
        "AlarmPriority": 1,
        "AlarmMethod": "2",
        "AlarmAddress": "东村 东村第2网格 东村3组 3组01号",
        "OriginalNO": record["OriginalNO"],
        "OriginalInfo": "button",
        "Sender": "示范镇综治中心",
        "Processor": "",
        "AlarmLevel": 1,
        "Disposal": "采集上报",
        "Alarminfo": "紧急求助，东村 东村第2网格 东村3组 3组01号",
        "Longitude": 120.0001,
        "Latitude": 30.0,
        "Address": "东村三组1号",
        "Name": "王小明",
        "Contact": "13812340001",
    }


async def test_only_a_station_is_told_how_to_reach_the_household(tmp_path: Path):
    async with receiver() as far:
        other = Webhook("platform", far.url, SECRET, frozenset({Use.INCIDENTS}))
        async with way_town(tmp_path, other) as town:
            await town.happens(press("b1", 1))
            assert not {"Name", "Contact", "Address"} & set(far.got[0][1]["data"]["MPAlarm"])
            assert await town.standing() is None


async def test_a_silent_press_reaches_the_station_and_says_so(tmp_path: Path):
    async with receiver() as far, way_town(tmp_path, station(far.url)) as town:
        await town.happens(press("b1", 1, AlarmKind.DURESS))
        assert far.got[0][1]["data"]["incident"]["silent"] is True
        assert "请勿回拨住户" in far.got[0][1]["data"]["MPAlarm"]["Alarminfo"]
        assert town.publisher.sent == []


async def test_a_second_household_is_told_to_the_station_with_its_own_address(tmp_path: Path):
    async with receiver() as far, way_town(tmp_path, station(far.url)) as town:
        await town.happens(press("b1", 1))
        await town.happens(press("b2", 1))
        assert far.types == ["lianfang.incident.opened", "lianfang.incident.rang_again"]
        assert "3组02号" in far.got[1][1]["data"]["MPAlarm"]["AlarmAddress"]


async def test_a_station_hears_nothing_of_loitering_unless_it_asks_for_it(tmp_path: Path):
    async with receiver() as far:
        curious = station(far.url, kinds=frozenset({AlarmKind.LOITERING}))
        async with way_town(tmp_path, station(far.url)) as town:
            await town.happens(loitering("cam-near", 1))
            assert far.got == []
        second = tmp_path / "second"
        second.mkdir()
        async with way_town(second, curious) as town:
            await town.happens(loitering("cam-near", 1))
            assert len(far.got) == 1


async def test_places_that_are_not_the_stations_are_not_told_to_it(tmp_path: Path):
    async with receiver() as far:
        west = station(far.url, places=frozenset({"xicun"}))
        async with way_town(tmp_path, west) as town:
            await town.happens(press("b1", 1))
            assert far.got == []


async def test_delivered_is_not_confirmed_and_the_officer_is_told_to_telephone(tmp_path: Path):
    async with receiver() as far, way_town(tmp_path, station(far.url)) as town:
        rings = (await town.happens(press("b1", 1)))["ring"]
        assert (await town.standing()).state is StationState.DELIVERED
        await town.later(29)
        assert (await town.standing()).telephone is False
        await town.later(1)
        now = await town.standing()
        assert (now.state, now.telephone, now.number) == (
            StationState.UNCONFIRMED,
            True,
            "0574-88000110",
        )
        assert (await town.incident())["ring"] > rings
        await town.station.telephoned(
            (await town.incident())["id"], actor=DUTY, note="值班民警已知"
        )
        assert ((await town.standing()).state, (await town.standing()).telephone) == (
            StationState.TELEPHONED,
            False,
        )


async def test_a_confirmation_in_the_answer_needs_no_telephone(tmp_path: Path):
    async with receiver() as far, way_town(tmp_path, station(far.url)) as town:
        far.status, far.says = 200, {"confirmed": True, "reference": "JQ-7", "else": [1]}
        await town.happens(press("b1", 1))
        await town.later(30)
        assert (await town.standing()).state is StationState.CONFIRMED
        assert await town.events("station_unconfirmed") == []
        assert (await town.events("station_confirmed"))[0]["reference"] == "JQ-7"


async def test_a_later_confirmation_clears_the_call_to_telephone_and_counts_once(tmp_path: Path):
    async with receiver() as far, way_town(tmp_path, station(far.url)) as town:
        incident = await town.happens(press("b1", 1))
        await town.later(30)
        for _ in range(2):
            await town.station.confirm(incident["id"], actor=STATION, reference="JQ-8", note=None)
        assert (await town.standing()).telephone is False
        assert len(await town.events("station_confirmed")) == 1


async def test_an_answer_that_is_no_json_confirms_nothing(tmp_path: Path):
    async with receiver() as far, way_town(tmp_path, station(far.url)) as town:
        far.status, far.says = 200, ["ok"]
        await town.happens(press("b1", 1))
        assert (await town.standing()).state is StationState.DELIVERED


async def test_a_station_that_is_down_for_an_hour_is_told_when_it_is_back(tmp_path: Path):
    async with receiver() as far, way_town(tmp_path, station(far.url)) as town:
        far.status = 503
        await town.happens(press("b1", 1))
        for _ in range(60):
            await town.later(60)
        now = await town.standing()
        assert (now.state, now.telephone, now.error) == (
            StationState.UNCONFIRMED,
            True,
            "HTTP 503 Service Unavailable",
        )
        far.status = 204
        await town.later(30)
        assert len(far.got) == 1
        assert far.asked > 30


async def test_a_station_that_was_never_reached_is_to_be_telephoned(tmp_path: Path):
    async with receiver() as far, way_town(tmp_path, station(far.url, deadline_s=20.0)) as town:
        far.status = 500
        await town.happens(press("b1", 1))
        for _ in range(10):
            await town.later(5)
        assert (await town.standing()).state is StationState.FAILED
        assert (await town.standing()).telephone is True
        assert (await town.events("told"))[-1]["state"] == "failed"


async def test_a_webhook_that_hangs_delays_no_other(tmp_path: Path):
    async with receiver() as far, receiver() as hanging:
        hanging.hold = asyncio.Event()
        stuck = Webhook("stuck", hanging.url, SECRET, frozenset({Use.INCIDENTS}), timeout_s=30.0)
        async with way_town(tmp_path, stuck, station(far.url)) as town:
            running = asyncio.create_task(town.outbox.run())
            for seq in range(1, 60):
                # more than the lane is wide, all of them held
                await town.log.append([press("b1", seq)] if seq == 1 else [press("b5", seq)])
                await town.engine.run_once()
            async with asyncio.timeout(20):
                position = 0
                while len(far.got) < 2:
                    position = await town.changes.wait_beyond(position)
            assert hanging.got == []
            hanging.hold.set()
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


async def test_where_no_station_is_told_nothing_can_be_confirmed(tmp_path: Path):
    async with way_town(tmp_path) as town:
        incident = await town.happens(press("b1", 1))
        with pytest.raises(StepNotAllowed):
            await town.station.telephoned(incident["id"], actor=DUTY, note=None)


async def test_a_closed_incident_calls_nobody_to_the_telephone(tmp_path: Path):
    async with receiver() as far, way_town(tmp_path, station(far.url)) as town:
        incident = await town.happens(press("b1", 1))
        await close(town, incident)
        await town.later(30)
        assert await town.events("station_unconfirmed") == []


async def test_the_close_is_told_to_whoever_was_told_of_it_and_asks_for_no_word(tmp_path: Path):
    async with receiver() as far, receiver() as other:
        west = Webhook("west", other.url, SECRET, frozenset(Use), places=frozenset({"xicun"}))
        async with way_town(tmp_path, station(far.url), west) as town:
            incident = await town.happens(press("b1", 1))
            await town.station.confirm(incident["id"], actor=STATION, reference="1", note=None)
            await close(town, incident)
            await town.later(60)
            standing = await town.standing()
        last = far.got[-1][1]
        assert far.types == ["lianfang.incident.opened", "lianfang.incident.closed"]
        assert last["subject"] == incident["number"]
        told = last["data"]["incident"]
        assert (told["stage"], told["outcome"], told["merged_into"]) == (
            "closed",
            "accidental",
            None,
        )
        assert "Contact" not in last["data"]["MPAlarm"]
        assert (standing.state, standing.telephone) == (StationState.CONFIRMED, False)
        assert other.got == []


async def test_a_close_that_cannot_be_told_sends_nobody_to_the_telephone(tmp_path: Path):
    async with receiver() as far, way_town(tmp_path, station(far.url, deadline_s=60.0)) as town:
        incident = await town.happens(press("b1", 1))
        far.status = 503
        await close(town, incident)
        for _ in range(8):
            await town.later(10)
        assert (await town.standing()).state is StationState.DELIVERED
        assert (await actions_of(town.database, "webhook", "expired")) != []


async def test_a_reopening_is_told_and_the_stations_word_is_asked_for_anew(tmp_path: Path):
    async with receiver() as far, way_town(tmp_path, station(far.url)) as town:
        incident = await town.happens(press("b1", 1))
        await town.station.confirm(incident["id"], actor=STATION, reference="1", note=None)
        await close(town, incident)
        await town.later(1)
        await take(town, incident["id"], Step.REOPEN, reason="再次来电")
        await town.later(1)
        assert far.types[-2:] == ["lianfang.incident.closed", "lianfang.incident.reopened"]
        assert far.got[-1][1]["data"]["MPAlarm"]["AlarmAddress"].endswith("3组01号")
        assert (await town.standing()).state is StationState.DELIVERED
        await town.later(30)
        assert (await town.standing()).telephone is True


async def test_of_a_merge_the_station_hears_which_incident_goes_on(tmp_path: Path):
    async with receiver() as far, way_town(tmp_path, station(far.url)) as town:
        gone = await town.happens(press("b1", 1))
        stays = await town.happens(press("b5", 1))
        await take(town, gone["id"], Step.ACKNOWLEDGE)
        await take(town, gone["id"], Step.MERGE, into=stays["id"], reason="同一事")
        await town.later(1)
        last = far.got[-1][1]
        assert (last["type"], last["subject"]) == ("lianfang.incident.closed", gone["number"])
        told = last["data"]["incident"]
        assert (told["outcome"], told["merged_into"]) == ("duplicate", stays["number"])


async def take(town: WayTown, incident_id: str, step: Step, **said: object) -> None:
    [now] = [i for i in await rows(town.database, "incidents") if i["id"] == incident_id]
    await town.desk.take(incident_id, Ask(step, DUTY, now["version"], **said))  # type: ignore[arg-type]


async def begin_drill(town: WayTown) -> None:
    """A drill of group g3 runs from now on."""
    drill = Drill(
        id="d1",
        name="秋季演练",
        begin_ms=town.clock.ms,
        end_ms=town.clock.ms + 3_600_000,
        made_by="leader",
        made_at_ms=town.clock.ms,
        groups=frozenset({"g3"}),
        started_by="leader",
        started_at_ms=town.clock.ms,
    )
    await town.database.write(lambda conn: storage.add_drill(conn, drill))


async def test_a_drill_is_of_the_lowest_priority_wherever_it_is_said(tmp_path: Path):
    async with receiver() as far, way_town(tmp_path, station(far.url)) as town:
        await begin_drill(town)
        await town.happens(press("b1", 1))
        data = far.got[0][1]["data"]
    assert data["drill"] is True
    assert [data["incident"]["priority"], data["MPAlarm"]["AlarmPriority"]] == [4, 4]


async def test_nobody_telephones_for_a_drill_and_only_once_when_it_became_real(tmp_path: Path):
    async with receiver() as far, way_town(tmp_path, station(far.url)) as town:
        await begin_drill(town)
        await town.happens(press("b1", 1))
        await town.later(20)
        incident = await town.happens(press("b1", 2))
        assert incident["drill"] in (0, False)
        # the time of the drill's message is over, that of the real one is not
        await town.later(15)
        assert await town.events("station_unconfirmed") == []
        await town.later(15)
        assert len(await town.events("station_unconfirmed")) == 1
        await town.later(600)
        assert len(await town.events("station_unconfirmed")) == 1


async def test_killed_between_sending_and_marking_it_goes_again_under_the_same_id(tmp_path: Path):
    async with receiver() as far, way_town(tmp_path, station(far.url)) as town:
        await town.log.append([press("b1", 1)])
        await town.engine.run_once()
        [planned] = await actions_of(town.database, "webhook")
        for _ in range(2):
            # as a process that died before it could mark it
            [action] = await town.database.read(
                lambda conn: records.due_actions(
                    conn, "webhook:station", now_ms=town.clock.ms, without=[], limit=9
                )
            )
            await town.outbox._carriers[action.kind].carry(action)
        assert [h["webhook-id"] for h, _, _ in far.got] == [planned["id"]] * 2


async def test_the_whole_way_holds_on_postgresql_too(tmp_path: Path, postgres_url: str):
    async with (
        receiver() as far,
        way_town(tmp_path, station(far.url), url=postgres_url) as town,
    ):
        incident = await town.happens(press("b1", 1))
        news = SounderNews(town.database, town.clock, town.changes, writer="linkage")
        await news([SounderStatus("s1", "siren", True)])
        await town.later(30)
        assert (await town.standing()).telephone is True
        await town.station.confirm(incident["id"], actor=STATION, reference="JQ-9", note=None)
        await town.station.silence(incident["id"], actor=DUTY, note=None)
        await close(town, incident)
        await town.outbox.run_once()
        assert (await town.standing()).state is StationState.CONFIRMED
        assert [bool(order["on"]) for order in town.publisher.to("siren")][:2] == [True, False]
        delivered = [e["target"] for e in await town.events("told") if e["state"] == "delivered"]
        assert delivered == ["station", "s1", "station"]
        assert far.types[-1] == "lianfang.incident.closed"
