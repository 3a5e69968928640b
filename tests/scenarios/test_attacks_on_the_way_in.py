"""What somebody with a stolen login can send; after each the next genuine press is answered.

One site with mosquitto as `lianfang broker mosquitto-config` sets it up, for all of them; each has
buttons of its own.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from itertools import count

import pytest
import pytest_asyncio

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
from tests.scenarios.load_site import SERVICE_LOGIN, GuardedMosquitto, load_site

pytestmark = pytest.mark.asyncio(loop_scope="module")

SERVICE_BUDGET_MB = 250
"""design.md §7: the main process on an outside broker."""
BROKER_BUDGET_MB = 300
"""Two clients' worth of what the settings let it keep, and itself."""

_FREE = count()
"""Each test takes the next buttons: what one does to its own must not help another."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with load_site(tmp_path_factory.mktemp("attacked"), devices=100) as made:
        await made.start()
        yield made
        assert await made.stop() == 0


HOSTILE = {
    "null": b"null",
    "deeply nested": b"[" * 4000,
    "deeply nested beside a press": b'{"v":1,"boot":1,"seq":1,"kind":"panic","x":%s}'
    % (b"[" * 1900 + b"]" * 1900),
    "NaN": b'{"v":1,"boot":NaN,"seq":1,"kind":"panic"}',
    "Infinity": b'{"v":1,"boot":1,"seq":Infinity,"kind":"panic"}',
    "a number beyond every number": b'{"v":1,"boot":1e400,"seq":1,"kind":"panic"}',
    "a counter of a thousand digits": b'{"v":1,"boot":%s,"seq":1,"kind":"panic"}' % (b"9" * 1000),
    "a counter below nothing": b'{"v":1,"boot":-1,"seq":1,"kind":"panic"}',
    "true for one": b'{"v":true,"boot":true,"seq":true,"kind":"panic"}',
    "half a character": b'{"v":1,"boot":1,"seq":1,"kind":"panic","mac":"\\ud800"}',
    "bytes that are no UTF-8": b'{"v":1,"boot":1,"seq":1,"kind":"\xff\xfe"}',
    "a byte order mark": b'\xef\xbb\xbf{"v":1,"boot":1,"seq":1,"kind":"panic"}',
    "a kind with a zero byte": b'{"v":1,"boot":1,"seq":1,"kind":"panic\\u0000"}',
    "a kind in full-width letters": '{"v":1,"boot":1,"seq":1,"kind":"ｐａｎｉｃ"}'.encode(),
    "a mac in full-width digits": json.dumps(
        {"v": 1, "boot": 1, "seq": 1, "kind": "panic", "mac": "０" * 64}
    ).encode(),
    "a list": b'[1,1,1,"panic"]',
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_what_is_no_press_is_refused_as_malformed(site: House, name: str) -> None:
    number = next(_FREE)
    given = site.buttons[number].credentials
    async with stolen(site, number) as attacker:
        attacker.wire.publish(press_topic(given), HOSTILE[name])
        said = await attacker.reply()
    assert (said["state"], said["reason"]) == ("rejected", "malformed")
    assert counted(site, given.device)["alarms"] == 0
    await assert_still_answers(site, number)


async def test_a_press_larger_than_4_kib_is_refused_as_too_large(site: House) -> None:
    number = next(_FREE)
    given = site.buttons[number].credentials
    async with stolen(site, number) as attacker:
        padded = signed(given, 1, 1)[:-1] + b',"x":"' + b"x" * 5000 + b'"}'
        attacker.wire.publish(press_topic(given), padded)
        said = await attacker.reply()
    assert (said["state"], said["reason"]) == ("rejected", "too-large")
    await assert_still_answers(site, number)


@pytest.mark.parametrize("size", [1_000_000, 1 << 20])
async def test_a_payload_of_1_mb_is_refused_as_too_large_and_holds_nobody_up(
    site: House, size: int
) -> None:
    number = next(_FREE)
    given = site.buttons[number].credentials
    async with stolen(site, number) as attacker:
        attacker.wire.publish(press_topic(given), b"[" * size)
        said = await attacker.reply()
        assert (said["state"], said["reason"]) == ("rejected", "too-large")
        attacker.wire.publish(press_topic(given), signed(given, 1, 1))
        assert (await attacker.reply())["state"] == "received"
    assert counted(site, given.device)["alarms"] == 1
    await assert_still_answers(site, number)


async def test_a_payload_of_2_mb_throws_out_only_its_sender(site: House) -> None:
    number = next(_FREE)
    given = site.buttons[number].credentials
    async with stolen(site, number) as attacker:
        attacker.wire.publish(press_topic(given), b"x" * 2_000_000)
        async with asyncio.timeout(ANSWERED_WITHIN_S):
            await attacker.wire.lost.wait()
    assert counted(site, given.device)["alarms"] == 0
    await assert_still_answers(site, number)


async def test_a_flood_of_1_mb_payloads_fills_no_memory_and_neighbours_are_answered(
    site: House,
) -> None:
    hostile, neighbour = next(_FREE), next(_FREE)
    async with watching_memory(site) as most, flooding(site, hostile) as flood:
        await flood.sends(500)
        async with site.button(neighbour) as button:
            # what the full queue drops comes with the button's repeat
            outcome = await button.press(timeout_s=10)
            assert outcome.state == "received"
        await flood.sends(1000)
    print(f"neighbour answered in {outcome.waited_s:.2f} s, {outcome.sendings} sendings; {most}")  # noqa: T201
    assert most.service < SERVICE_BUDGET_MB
    assert most.broker < BROKER_BUDGET_MB
    await assert_still_answers(site, next(_FREE))


async def test_a_press_with_another_key_is_refused(site: House) -> None:
    number = next(_FREE)
    given, other = (site.buttons[n].credentials for n in (number, next(_FREE)))
    async with stolen(site, number) as attacker:
        pressed = json.loads(signed(given, 1, 1))
        pressed["mac"] = json.loads(signed(other, 1, 1))["mac"]
        attacker.wire.publish(press_topic(given), json.dumps(pressed).encode())
        said = await attacker.reply()
    assert (said["state"], said["reason"], said["boot"]) == ("rejected", "bad-signature", 1)
    assert counted(site, given.device)["alarms"] == 0
    await assert_still_answers(site, number)


async def test_a_device_that_is_not_registered_does_not_get_in(site: House) -> None:
    async with knocking(site.mqtt_port, ("b9999", "guessed")) as attacker:
        async with asyncio.timeout(ANSWERED_WITHIN_S):
            await attacker.wire.lost.wait()
        assert attacker.wire.refused in (4, 5)  # bad user name or password, not authorized
    await assert_still_answers(site, next(_FREE))


async def test_a_device_that_is_not_registered_is_refused_even_past_the_broker(
    site: House,
) -> None:
    assert isinstance(site.broker, GuardedMosquitto)
    login = (SERVICE_LOGIN, site.broker.service_password)
    topics = ["lianfang/button/b9999/reply"]
    async with knocking(site.broker.service_port, login, topics, client_id="x") as attacker:
        pressed = {"v": 1, "boot": 1, "seq": 1, "kind": "panic", "mac": "0" * 64}
        attacker.wire.publish("lianfang/button/b9999/press", json.dumps(pressed).encode())
        said = await attacker.reply()
    assert (said["state"], said["reason"]) == ("rejected", "unknown-device")
    await assert_still_answers(site, next(_FREE))


async def test_a_stolen_login_can_neither_press_for_a_neighbour_nor_listen_to_one(
    site: House,
) -> None:
    number, victim = next(_FREE), next(_FREE)
    of_victim = site.buttons[victim].credentials
    # even with the victim's key: the broker keeps it off the topic
    async with stolen(site, number, f"lianfang/button/{of_victim.device}/#") as attacker:
        await attacker.wire.publish_confirmed(press_topic(of_victim), signed(of_victim, 1, 1))
        await assert_still_answers(site, victim)
        assert attacker.heard == []
    assert counted(site, of_victim.device)["alarms"] == 1  # its own


async def test_a_press_replayed_at_once_is_a_duplicate_and_rings_nobody(site: House) -> None:
    number = next(_FREE)
    given = site.buttons[number].credentials
    async with stolen(site, number) as attacker:
        attacker.wire.publish(press_topic(given), signed(given, 1, 1))
        first = await attacker.reply()
        attacker.wire.publish(press_topic(given), signed(given, 1, 1))
        again = await attacker.reply()
    assert (first["state"], again["state"]) == ("received", "duplicate")
    assert again["alarm"] == first["alarm"]
    assert counted(site, given.device)["alarms"] == 1


async def test_five_hundred_connections_that_say_nothing_hold_nobody_up(site: House) -> None:
    async with silent_connections(site.mqtt_port, 500):
        await assert_still_answers(site, next(_FREE))


async def test_whoever_takes_our_client_id_does_not_throw_us_out(site: House) -> None:
    number, victim = next(_FREE), next(_FREE)
    given = site.buttons[number].credentials
    login = (given.login, given.password)
    for client_id in ("lianfang-intake-test", site.buttons[victim].credentials.device):
        async with (
            site.button(victim) as button,
            knocking(site.mqtt_port, login, client_id=client_id) as attacker,
        ):
            assert attacker.wire.up.is_set()
            # neither the service nor the neighbour was gone for a moment
            outcome = await button.press(timeout_s=ANSWERED_WITHIN_S)
            assert (outcome.state, outcome.sendings) == ("received", 1)
    assert "mqtt.down" not in site.log_file.read_text()
    await assert_still_answers(site, number)


async def test_a_last_will_reaches_no_topic_that_its_login_may_not_write(site: House) -> None:
    number, victim = next(_FREE), next(_FREE)
    given, of_victim = (site.buttons[n].credentials for n in (number, victim))
    will = (press_topic(of_victim), signed(of_victim, 1, 1))
    login = (given.login, given.password)
    async with knocking(site.mqtt_port, login, will=will) as attacker:
        attacker.wire.vanish()
        async with asyncio.timeout(ANSWERED_WITHIN_S):
            await attacker.wire.lost.wait()
    await assert_still_answers(site, victim)
    assert counted(site, of_victim.device)["alarms"] == 1  # its own
