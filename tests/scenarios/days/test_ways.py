"""The ways out: a station that does not answer, a storm of incidents, a crash before sending."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from linkage.carrier_port import Carrier, CarryResult
from linkage.model.action import Action, ActionKind
from tests.scenarios.days.day import Day, duty_day
from tests.scenarios.days.hearing import Sent, page, reply

OPENED = Sent("webhook", "station", "opened")


@pytest.fixture
async def linked(tmp_path: Path) -> AsyncIterator[Day]:
    """A day on which the police station is told by webhook."""
    async with duty_day(tmp_path, receivers=["station"]) as made:
        await made.start()
        yield made


async def test_the_station_is_told_of_a_press_and_its_confirmation_is_shown(linked: Day) -> None:
    duty = await linked.sits_down("duty")
    alarm = await linked.presses(0)
    await linked.was_sent(reply(linked.device(0)), linked.neighbours(0), page("duty"), OPENED)
    station = (await duty.incident_of(alarm))["station"]
    assert (station["state"], station["telephone"]) == ("confirmed", False)


async def test_the_station_does_not_confirm_and_the_officer_is_told_to_telephone(
    linked: Day,
) -> None:
    linked.receivers["station"].confirms = False
    duty = await linked.sits_down("duty")
    alarm = await linked.presses(0)
    assert (await duty.incident_of(alarm))["station"]["telephone"] is False
    await linked.pass_time(30)
    station = (await duty.incident_of(alarm))["station"]
    assert (station["state"], station["telephone"], station["number"]) == (
        "unconfirmed",
        True,
        "0574-110",
    )
    path = f"/api/v1/incidents/{(await duty.incident_of(alarm))['id']}/station-telephoned"
    async with duty.session.post(path, json={"note": "值班民警已知"}) as answer:
        assert answer.status == 200
    assert (await duty.incident_of(alarm))["station"]["telephone"] is False
    sent = reply(linked.device(0)), linked.neighbours(0), OPENED
    await linked.was_sent(*sent, page("duty", "police", "admin"))


async def test_the_station_is_down_for_an_hour_and_hears_of_the_press_once_it_is_back(
    linked: Day,
) -> None:
    station = linked.receivers["station"]
    station.fails = True
    duty = await linked.sits_down("duty")
    alarm = await linked.presses(0)
    assert await duty.step(await duty.incident_of(alarm), "acknowledge") == 200
    heard = [reply(linked.device(0), s) for s in ("received", "acknowledged")]
    await linked.was_sent(heard, linked.neighbours(0), page("duty"))
    await linked.pass_time(30)
    assert (await duty.incident_of(alarm))["station"]["telephone"] is True
    await linked.leaves("duty")  # an hour at the console would be six thousand looks
    for _ in range(6):
        linked.clock.forward(600)
        await linked.settle()
    assert station.tries > 5
    station.fails = False
    linked.clock.forward(600)
    await linked.settle()
    assert station.heard.count(OPENED) == 1
    await linked.forget("page")
    await linked.was_sent(OPENED)


async def test_killed_between_the_decision_and_the_sending_it_is_sent_once_after_the_restart(
    linked: Day,
) -> None:
    reached = asyncio.Event()

    class Stuck:
        async def carry(self, action: Action) -> CarryResult:
            reached.set()
            await asyncio.Event().wait()
            raise AssertionError

    def hold(kind: ActionKind, carrier: Carrier) -> Carrier:
        return Stuck() if kind in (ActionKind.NOTICE, ActionKind.WEBHOOK) else carrier

    await linked.stop()
    linked.hold = hold
    await linked.start()
    await linked.sits_down("duty")
    button = await linked.button(0)
    outcome = await button.press("panic", timeout_s=20)
    assert outcome.state == "received"
    await asyncio.wait_for(reached.wait(), 20)
    await linked.crash()
    linked.hold = lambda _kind, carrier: carrier
    await linked.start()
    linked.clock.forward(1)
    await linked.was_sent(reply(linked.device(0)), linked.neighbours(0), page("duty"), OPENED)


async def test_fifty_incidents_at_once_each_reach_everybody_who_must_know(linked: Day) -> None:
    """Twelve groups are twelve incidents; fifty presses, one in four households."""
    duty = await linked.sits_down("duty")
    numbers = [group * 10 + home for group in range(12) for home in range(4)] + [4, 14]
    buttons = [await linked.button(number) for number in numbers]
    outcomes = await asyncio.gather(*(b.press("panic", timeout_s=30) for b in buttons))
    assert {o.state for o in outcomes} == {"received"}
    await linked.settle()
    incidents = (await duty.get("/incidents?state=open&limit=200"))["items"]
    assert len(incidents) == 12
    assert sum(i["alarm_count"] for i in incidents) == 50
    told = [one for one in linked.receivers["station"].heard if one == OPENED]
    assert len(told) == 12
    assert len({(one.way, one.target) for one in linked.listener.heard}) == 120 + 50
    await linked.forget("page", "reply", "notice", "webhook")
