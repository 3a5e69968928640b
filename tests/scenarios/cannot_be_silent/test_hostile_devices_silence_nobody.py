"""Stolen logins, garbage and floods: their own presser is told, the next press calls a person.

One running site with the embedded broker (logins and rights as at any broker) for all of them;
each attacks from a group of its own. What the broker does against them on mosquitto is in
`test_attacks_*`; here it matters who is alerted.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from itertools import count

import pytest
import pytest_asyncio

from alarms.button import ButtonTiming, Face
from alarms.simulator import SimulatedButton
from tests.scenarios.attacker import (
    flooding,
    knocking,
    press_topic,
    signed,
    silent_connections,
    stolen,
)
from tests.scenarios.house import QUICK, House, Officer, house

pytestmark = pytest.mark.asyncio(loop_scope="module")

IN_GROUP = 10
_GROUPS = count()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with house(tmp_path_factory.mktemp("hostile"), broker="embedded") as made:
        await made.start()
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def officer(site: House) -> AsyncIterator[Officer]:
    async with site.client() as made:
        await made.sign_in()
        yield made


@pytest.fixture
def thief() -> int:
    """The first button of a group that no other test uses; its neighbours follow."""
    return next(_GROUPS) % 12 * IN_GROUP


async def next_press_calls_the_duty_officer(site: House, officer: Officer, number: int) -> None:
    await officer.here()
    async with site.button(number) as button:
        outcome = await button.press(timeout_s=10)
    assert outcome.state in ("received", "duplicate"), outcome
    await officer.sees_called(await officer.incident_of(outcome.alarm), "duty")


NO_PRESS = {
    "of 1 MB": (b"[" * 1_000_000, "too-large"),
    "deeply nested": (b"[" * 4000, "malformed"),
    "with NaN": (b'{"v":1,"boot":NaN,"seq":1,"kind":"panic"}', "malformed"),
    "in odd Unicode": ('{"v":1,"boot":1,"seq":1,"kind":"ｐａｎｉｃ\u202e"}'.encode(), "malformed"),
    "with half a character": (b'{"v":1,"boot":1,"seq":1,"kind":"\\ud800"}', "malformed"),
}


async def test_a_payload_that_is_no_press_is_told_so_and_the_next_press_is_heard(
    site: House, officer: Officer, thief: int
) -> None:
    given = site.buttons[thief].credentials
    async with stolen(site, thief) as attacker:
        for payload, reason in NO_PRESS.values():
            attacker.wire.publish(press_topic(given), payload)
            said = await attacker.reply()
            assert (said["state"], said["reason"]) == ("rejected", reason)
    await next_press_calls_the_duty_officer(site, officer, thief)


async def test_a_forged_device_is_told_to_ring_110_and_the_real_one_is_heard(
    site: House, officer: Officer, thief: int
) -> None:
    async with site.button(thief, key=bytes(32)) as forged:
        assert (await forged.press(timeout_s=10)).reason == "bad-signature"
        assert forged.face is Face.REJECTED
        assert "110" in forged.face.label[0]
    await next_press_calls_the_duty_officer(site, officer, thief)


async def test_who_presses_on_a_neighbours_topic_is_told_to_ring_110(
    site: House, officer: Officer, thief: int
) -> None:
    mine, neighbour = (site.buttons[thief + n].credentials for n in (0, 1))
    # a button set up with its neighbour's name and key, but its own login
    async with SimulatedButton(
        device=neighbour.device,
        login=mine.login,
        password=mine.password,
        key=neighbour.key,
        port=site.mqtt_port,
        timing=ButtonTiming(first_repeat_s=0.2, undelivered_after_s=1.0, link_down_for_s=1.0),
    ) as astray:
        assert (await astray.press()).state == "undelivered"
        await astray.wait_for_face(Face.UNDELIVERED)
    await next_press_calls_the_duty_officer(site, officer, thief + 1)


async def test_a_replayed_press_is_a_duplicate_and_hides_no_new_one(
    site: House, officer: Officer, thief: int
) -> None:
    given = site.buttons[thief].credentials
    recorded = signed(given, 1, 1)
    async with stolen(site, thief) as attacker:
        attacker.wire.publish(press_topic(given), recorded)
        first = await attacker.reply()
        incident = await officer.incident_of(str(first["alarm"]))
        assert await officer.step(await officer.detail(incident), "acknowledge") == 200
        assert (await attacker.reply())["state"] == "acknowledged"
        rang = (await officer.detail(incident))["ring"]
        for _ in range(5):
            attacker.wire.publish(press_topic(given), recorded)
            again = await attacker.reply()
            assert (again["state"], again["alarm"]) == ("duplicate", first["alarm"])
    await officer.here()
    async with site.button(thief) as button:
        outcome = await button.press(timeout_s=10)
    shown = await officer.until(incident, lambda i: i["ring"] > rang)
    assert outcome.alarm in [alarm["id"] for alarm in shown["alarms"]]
    await officer.sees_called(incident, "duty")


async def test_a_flood_of_presses_of_one_device_leaves_its_neighbour_heard(
    site: House, officer: Officer, thief: int
) -> None:
    given = site.buttons[thief].credentials
    async with stolen(site, thief) as attacker:
        for seq in range(1000):
            attacker.wire.publish(press_topic(given), signed(given, 1, seq))
        await next_press_calls_the_duty_officer(site, officer, thief + 1)


async def test_a_flood_of_1_mb_payloads_leaves_its_neighbour_heard(
    site: House, officer: Officer, thief: int
) -> None:
    async with flooding(site, thief) as flood:
        await flood.sends(20)
        await next_press_calls_the_duty_officer(site, officer, thief + 1)


async def test_half_open_connections_leave_everybody_heard(
    site: House, officer: Officer, thief: int
) -> None:
    async with silent_connections(site.mqtt_port, 500):
        await next_press_calls_the_duty_officer(site, officer, thief)


async def test_whoever_takes_a_client_id_silences_neither_the_service_nor_the_button(
    site: House, officer: Officer, thief: int
) -> None:
    mine, victim = (site.buttons[thief + n].credentials for n in (0, 1))
    login = (mine.login, mine.password)
    async with AsyncExitStack() as stack:
        for client_id in ("lianfang-intake-test", f"lianfang-{victim.device}"):
            await stack.enter_async_context(knocking(site.mqtt_port, login, client_id=client_id))
        await next_press_calls_the_duty_officer(site, officer, thief + 1)


async def test_in_a_storm_every_button_is_answered_and_every_groups_alarm_calls_somebody(
    site: House, officer: Officer
) -> None:
    await officer.here()
    async with AsyncExitStack() as stack:
        buttons = [
            await stack.enter_async_context(site.button(n, timing=QUICK))
            for n in range(len(site.buttons))
        ]
        await asyncio.gather(*(button.wait_connected(60) for button in buttons))
        outcomes = await asyncio.gather(*(button.press(timeout_s=30) for button in buttons))
    assert {o.state for o in outcomes} <= {"received", "duplicate"}
    assert len({o.alarm for o in outcomes}) == len(buttons)
    for first_of_group in outcomes[::IN_GROUP]:
        incident = await officer.incident_of(first_of_group.alarm)
        await officer.until(incident, lambda i: i["called"])
