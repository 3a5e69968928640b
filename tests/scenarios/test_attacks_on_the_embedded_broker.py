"""The same at the embedded broker's door, where the broker shares our process."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from alarms.broker_rules import OWN_LOGIN
from tests.scenarios.attacker import (
    ANSWERED_WITHIN_S,
    assert_still_answers,
    counted,
    flooding,
    knocking,
    press_topic,
    signed,
    silent_connections,
    stolen,
    watching_memory,
)
from tests.scenarios.house import House
from tests.scenarios.load_site import load_site

WITH_THE_BROKER_MB = 500
"""design.md §7: the main process with the embedded broker in it."""

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with load_site(
        tmp_path_factory.mktemp("attacked"), devices=100, broker="embedded"
    ) as made:
        await made.start()
        yield made
        assert await made.stop() == 0


@pytest.mark.parametrize("login", ["its own", OWN_LOGIN, None])
async def test_whoever_takes_our_client_id_does_not_throw_us_out(
    site: House, login: str | None
) -> None:
    given = site.buttons[0].credentials
    known = {"its own": (given.login, given.password), OWN_LOGIN: (OWN_LOGIN, "guessed")}
    async with (
        site.button(1) as button,
        knocking(
            site.mqtt_port,
            None if login is None else known[login],
            client_id="lianfang-intake-test",
        ) as attacker,
    ):
        assert attacker.wire.up.is_set() == (login == "its own")
        outcome = await button.press(timeout_s=ANSWERED_WITHIN_S)
        assert (outcome.state, outcome.sendings) == ("received", 1)
    assert "mqtt.down" not in site.log_file.read_text()
    await assert_still_answers(site, 2)


async def test_a_second_login_under_another_name_gives_a_connection_no_new_rights(
    site: House,
) -> None:
    of_victim = site.buttons[4].credentials
    async with stolen(site, 3) as attacker:
        device = site.buttons[3].credentials.device
        for name in (OWN_LOGIN, of_victim.login):
            async with knocking(site.mqtt_port, (name, "guessed"), client_id=device) as second:
                assert second.wire.refused == 5
        await attacker.wire.publish_confirmed(press_topic(of_victim), signed(of_victim, 1, 1))
        await assert_still_answers(site, 4)
    assert counted(site, of_victim.device)["alarms"] == 1  # its own


async def test_five_hundred_connections_that_say_nothing_hold_nobody_up(site: House) -> None:
    async with silent_connections(site.mqtt_port, 500):
        await assert_still_answers(site, 5)


async def test_a_payload_of_1_mb_is_refused_and_holds_nobody_up(site: House) -> None:
    given = site.buttons[6].credentials
    async with stolen(site, 6) as attacker:
        attacker.wire.publish(press_topic(given), b"[" * 1_000_000)
        said = await attacker.reply()
    assert (said["state"], said["reason"]) == ("rejected", "too-large")
    assert counted(site, given.device)["alarms"] == 0
    await assert_still_answers(site, 7)


async def test_a_payload_of_2_mb_throws_out_only_its_sender(site: House) -> None:
    given = site.buttons[10].credentials
    async with stolen(site, 10) as attacker:
        attacker.wire.publish(press_topic(given), b"x" * 2_000_000)
        async with asyncio.timeout(ANSWERED_WITHIN_S):
            await attacker.wire.lost.wait()
    assert counted(site, given.device)["alarms"] == 0
    await assert_still_answers(site, 10)


async def test_a_flood_of_1_mb_payloads_fills_no_memory_and_neighbours_are_answered(
    site: House,
) -> None:
    async with watching_memory(site) as most, flooding(site, 11) as flood:
        await flood.sends(50)
        async with site.button(12) as button:
            outcome = await button.press(timeout_s=10)
            assert outcome.state == "received"
        await flood.sends(150)
    print(f"neighbour answered in {outcome.waited_s:.2f} s, {outcome.sendings} sendings; {most}")  # noqa: T201
    assert most.service < WITH_THE_BROKER_MB
    await assert_still_answers(site, 13)


async def test_a_last_will_reaches_no_topic_that_its_login_may_not_write(site: House) -> None:
    number, victim = 8, 9
    given, of_victim = (site.buttons[n].credentials for n in (number, victim))
    will = (press_topic(of_victim), signed(of_victim, 1, 1))
    login = (given.login, given.password)
    async with knocking(site.mqtt_port, login, will=will) as attacker:
        attacker.wire.vanish()
        async with asyncio.timeout(ANSWERED_WITHIN_S):
            await attacker.wire.lost.wait()
    await assert_still_answers(site, victim)
    assert counted(site, of_victim.device)["alarms"] == 1  # its own
