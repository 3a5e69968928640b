"""A mosquitto as `lianfang broker mosquitto-config` sets it up. In real processes, over TLS.

What must not arrive is shown by what is sent after it and does arrive.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import func, select

from alarms.credentials import revoke_in
from alarms.devices import Credentials, DeviceRegistry
from alarms.mosquitto import DEVICE_PASSWORDS
from alarms.signature import key_from_text, sign
from alarms.simulated_sounders import SimulatedLoudspeaker, SimulatedSiren
from alarms.store.tables import alarms, refusals
from lianfang_timing import SystemClock, unix_ms
from linkage.demo.town import DemoButton
from linkage.storage import open_storage
from tests.commands.running import lianfang
from tests.guarded import SERVICE_LOGIN, SERVICE_PASSWORD, BareClient, GuardedMosquitto
from tests.labels import Scanned, scan
from tests.polling import until
from tests.scenarios.house import House, Officer, house

INTAKE_CLIENT_ID = "lianfang-intake-test"
BOOT = 7


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """A served site for all tests; each has devices of its own."""
    async with house(tmp_path_factory.mktemp("guarded"), broker="guarded") as made:
        await made.start()
        yield made
        assert await made.stop() == 0


def device(site: House, who: DemoButton, **more: object) -> BareClient:
    """A client on the devices' listener with this button's login."""
    given = who.credentials
    return BareClient(site.device_port, site.ca_file, given.login, given.password, **more)


def topic(who: DemoButton, leaf: str) -> str:
    return f"lianfang/button/{who.credentials.device}/{leaf}"


def signed_press(who: DemoButton, seq: int, boot: int = BOOT) -> bytes:
    given = who.credentials
    mac = sign(given.key, given.device, boot, seq, "panic", silent=False, at_ms=None)
    press = {"v": 1, "boot": boot, "seq": seq, "kind": "panic", "silent": False, "mac": mac}
    return json.dumps(press).encode()


def logged(site: House, who: DemoButton) -> tuple[int, int]:
    """How many alarms and how many refusals of this device the store holds."""
    database, name = site.database(), who.credentials.device
    try:
        return database.read_now(
            lambda conn: (
                conn.scalar(select(func.count()).where(alarms.c.device == name)) or 0,
                conn.scalar(select(func.count()).where(refusals.c.device == name)) or 0,
            )
        )
    finally:
        database.close_now()


async def test_a_press_is_received_and_acknowledged_over_tls(site: House) -> None:
    async with site.button(0) as button, site.client() as officer:
        await officer.sign_in()
        await officer.here()
        outcome = await button.press(timeout_s=20)
        assert outcome.state == "received"
        incident = await officer.incident_of(outcome.alarm)
        assert await officer.step(incident, "acknowledge") == 200
        await button.wait_for("acknowledged", timeout_s=20)


async def test_a_stolen_login_cannot_press_for_a_neighbour(site: House) -> None:
    thief, neighbour = site.buttons[1], site.buttons[2]
    async with device(site, thief, topics=(topic(thief, "reply"),)) as client:
        await client.publish(topic(neighbour, "press"), signed_press(neighbour, 1))
        await client.publish(topic(neighbour, "press"), signed_press(neighbour, 2), retain=True)
        await client.publish(topic(thief, "press"), signed_press(thief, 1))
        assert json.loads(await client.hears(topic(thief, "reply")))["state"] == "received"
    assert logged(site, thief) == (1, 0)
    assert logged(site, neighbour) == (0, 0)


async def test_a_stolen_login_hears_nothing_of_its_neighbours(site: House) -> None:
    thief, neighbour = site.buttons[3], site.buttons[60]
    wanted = ("#", "$SYS/#", topic(neighbour, "reply"), topic(neighbour, "notice"))
    wanted += ("lianfang/button/+/press", "lianfang/button/+/status", topic(thief, "reply"))
    async with device(site, thief, topics=wanted) as client:
        async with site.button(60) as button:
            assert (await button.press(timeout_s=20)).state == "received"
        await client.publish(topic(thief, "press"), signed_press(thief, 1))
        await client.hears(topic(thief, "reply"))
        its_own = {topic(thief, "reply"), topic(thief, "notice"), "lianfang/service/status"}
        assert {heard for heard, _ in client.heard} <= its_own


async def test_a_stolen_login_cannot_speak_for_the_service(site: House) -> None:
    thief, neighbour = site.buttons[5], site.buttons[6]
    gone = json.dumps({"v": 1, "online": False, "every_s": 30}).encode()
    forged = json.dumps({"v": 1, "boot": BOOT, "seq": 9, "state": "received"}).encode()
    wanted = tuple(topic(neighbour, leaf) for leaf in ("reply", "notice"))
    wanted += ("lianfang/service/status", f"lianfang/siren/{neighbour.credentials.device}/set")
    async with device(site, neighbour, topics=wanted) as listener:
        async with device(site, thief) as client:
            await client.publish("lianfang/service/status", gone, retain=True)
            for leaf in wanted:
                await client.publish(leaf, forged)
            await client.publish(topic(thief, "reply"), forged)
        await listener.publish(topic(neighbour, "press"), signed_press(neighbour, 1))
        answered = json.loads(await listener.hears(topic(neighbour, "reply")))
        assert answered["seq"] == 1
        statuses = [json.loads(p) for t, p in listener.heard if t == "lianfang/service/status"]
        assert all(status["online"] for status in statuses)
        assert forged not in [payload for _, payload in listener.heard]


async def test_who_has_no_right_login_is_refused_at_either_listener(site: House) -> None:
    given = site.buttons[7].credentials
    strangers = [
        (site.device_port, None, None),
        (site.device_port, given.login, "wrong"),
        (site.device_port, "nobody", given.password),
        (site.device_port, SERVICE_LOGIN, SERVICE_PASSWORD),
        (site.mqtt_port, None, None),
        (site.mqtt_port, SERVICE_LOGIN, "wrong"),
        (site.mqtt_port, given.login, given.password),
    ]
    for port, login, password in strangers:
        async with BareClient(port, site.ca_file, login, password) as client:
            assert client.refused == "Not authorized", (port, login)


async def test_who_speaks_without_tls_gets_no_answer(site: House) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", site.device_port)
    writer.write(bytes.fromhex("100c00044d5154540402003c0000"))  # MQTT's CONNECT
    answer = b""
    with contextlib.suppress(ConnectionResetError):
        async with asyncio.timeout(10):
            answer = await reader.read(100)
    assert not answer.startswith(b"\x20")  # CONNACK
    writer.close()


async def test_a_device_that_takes_our_client_id_neither_hears_presses_nor_throws_us_out(
    site: House,
) -> None:
    thief, neighbour = site.buttons[8], site.buttons[9]
    connected = site.log_file.read_text().count("mqtt.connected")
    wanted = ("lianfang/button/+/press", topic(thief, "reply"))
    async with device(
        site, thief, client_id=INTAKE_CLIENT_ID, lasting=True, topics=wanted
    ) as client:
        assert client.refused is None
        async with site.button(9) as button:
            assert (await button.press(timeout_s=20)).sendings == 1
        await client.publish(topic(thief, "press"), signed_press(thief, 1))
        await client.hears(topic(thief, "reply"))
        assert {t for t, _ in client.heard} <= {topic(thief, "reply"), topic(thief, "notice")}
    assert logged(site, neighbour) == (1, 0)
    text = site.log_file.read_text()
    assert text.count("mqtt.connected") == connected
    assert "mqtt.down" not in text


async def test_the_command_that_presses_does_not_throw_the_service_out(site: House) -> None:
    presser = site.buttons[12].credentials.device
    connected = site.log_file.read_text().count("mqtt.connected")
    done = await asyncio.to_thread(
        lianfang, "button", "press", "--config", site.config, "--device", presser
    )
    assert done.status == 0, done.err
    assert done.out.startswith("received")
    assert site.log_file.read_text().count("mqtt.connected") == connected


@pytest.mark.parametrize("size", [5_000, 1_000_000, 1 << 20])
async def test_a_press_too_large_for_the_contract_is_answered_up_to_a_mebibyte(
    site: House, size: int
) -> None:
    sender = site.buttons[10]
    async with device(site, sender, topics=(topic(sender, "reply"),)) as client:
        await client.publish(topic(sender, "press"), b" " * size)
        said = json.loads(await client.hears(topic(sender, "reply")))
        assert (said["state"], said["reason"]) == ("rejected", "too-large")


async def test_a_press_beyond_that_ends_its_sender_and_nobody_else(site: House) -> None:
    sender, other = site.buttons[10], site.buttons[11]
    async with device(site, sender) as client:
        client.client.publish(topic(sender, "press"), b"x" * 2_000_000, qos=1)
        async with asyncio.timeout(10):
            await client.lost.wait()
    async with site.button(11) as button:
        assert (await button.press(timeout_s=20)).state == "received"
    assert logged(site, other) == (1, 0)


async def test_a_press_of_ones_own_that_is_retained_is_one_alarm_after_a_restart(
    tmp_path: Path,
) -> None:
    async with house(tmp_path, broker="guarded") as site:
        await site.start()
        sender = site.buttons[0]
        async with device(site, sender, topics=(topic(sender, "reply"),)) as client:
            await client.publish(topic(sender, "press"), signed_press(sender, 1), retain=True)
            assert json.loads(await client.hears(topic(sender, "reply")))["state"] == "received"
            client.heard.clear()
            await site.stop()
            await site.start()  # the broker hands the retained press out once more
            assert json.loads(await client.hears(topic(sender, "reply")))["state"] == "duplicate"
        assert logged(site, sender) == (1, 0)


async def test_presses_that_wait_for_us_survive_the_broker_and_a_thief_of_our_client_id(
    tmp_path: Path,
) -> None:
    async with house(tmp_path, broker="guarded") as site:
        await site.start()
        await site.stop()
        sender, thief = site.buttons[0], site.buttons[1]
        async with device(site, sender) as client:
            await client.publish(topic(sender, "press"), signed_press(sender, 1))  # sent but once
        assert site.broker is not None
        site.broker.stop()
        await site.broker.start()
        async with device(site, sender) as client:
            await client.publish(topic(sender, "press"), signed_press(sender, 2))
        wanted = ("lianfang/button/+/press",)
        async with device(site, thief, client_id=INTAKE_CLIENT_ID, topics=wanted) as client:
            assert client.heard == []
        async with device(site, sender, topics=(topic(sender, "reply"),)) as client:
            await site.start()
            await client.publish(topic(sender, "press"), signed_press(sender, 3))
            await client.hears(topic(sender, "reply"), number=3)
            assert [json.loads(p)["state"] for _, p in client.heard] == ["received"] * 3
        assert logged(site, sender) == (3, 0)


async def test_a_revoked_device_is_thrown_out_and_a_new_one_let_in_without_a_restart(
    tmp_path: Path,
) -> None:
    async with house(tmp_path, broker="guarded") as site:
        broker = site.broker
        assert isinstance(broker, GuardedMosquitto)
        stolen, other = site.buttons[0], site.buttons[1]
        async with device(site, stolen) as lost, device(site, other) as stays:
            storage = open_storage(site.settings)
            registry = DeviceRegistry(storage.database, storage.box)
            storage.database.write_now(
                lambda conn: revoke_in(conn, stolen.credentials.device, at_ms=1)
            )
            new = storage.database.write_now(lambda conn: registry.enrol_in(conn, "new-1"))
            storage.database.close_now()
            broker.write(site.config)
            broker.reload()
            async with asyncio.timeout(10):
                await lost.lost.wait()
            await stays.publish(topic(other, "press"), signed_press(other, 1))
            assert not stays.lost.is_set()
        async with BareClient(site.device_port, site.ca_file, new.login, new.password) as client:
            assert client.refused is None
        async with device(site, stolen) as client:
            assert client.refused == "Not authorized"


SOUNDERS = {"siren-1": "siren", "siren-2": "siren", "speaker-1": "loudspeaker"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def sounders(site: House) -> dict[str, Credentials]:
    """Two sirens and a loudspeaker, put up while the broker runs."""
    broker = site.broker
    assert isinstance(broker, GuardedMosquitto)
    storage = open_storage(site.settings)
    registry = DeviceRegistry(storage.database, storage.box)
    made = storage.database.write_now(
        lambda conn: {
            name: registry.enrol_in(conn, name, kind=kind) for name, kind in SOUNDERS.items()
        }
    )
    storage.database.close_now()
    broker.write(site.config)
    broker.reload()
    return made


def sounder(site: House, given: Credentials) -> dict[str, object]:
    """How a simulated device comes in."""
    return {
        "device": given.device,
        "login": given.login,
        "password": given.password,
        "port": site.device_port,
        "ca_file": str(site.ca_file),
    }


def of_service(site: House, *topics: str) -> BareClient:
    return BareClient(
        site.mqtt_port, site.ca_file, SERVICE_LOGIN, SERVICE_PASSWORD, client_id="t", topics=topics
    )


async def test_a_siren_obeys_the_service_and_its_status_is_kept_for_it(
    site: House, sounders: dict[str, Credentials]
) -> None:
    until_ms = unix_ms(SystemClock().now()) + 60_000
    order = json.dumps({"v": 1, "on": True, "until_ms": until_ms}).encode()
    status = "lianfang/siren/siren-1/status"
    async with SimulatedSiren(**sounder(site, sounders["siren-1"])) as siren:
        await siren.wait_connected()
        async with of_service(site, status) as service:
            assert json.loads(await service.hears(status))["online"] is True  # retained
            await service.publish("lianfang/siren/siren-1/set", order)
            await siren.wait_for(sounding=True)
            assert json.loads(await service.hears(status, number=2))["on"] is True


async def test_a_loudspeaker_obeys_the_service(
    site: House, sounders: dict[str, Credentials]
) -> None:
    until_ms = unix_ms(SystemClock().now()) + 60_000
    order = {"v": 1, "phrase": "neighbour-needs-help", "repeat": 3, "until_ms": until_ms}
    async with (
        SimulatedLoudspeaker(**sounder(site, sounders["speaker-1"])) as speaker,
        of_service(site) as service,
    ):
        await speaker.wait_connected()
        await service.publish("lianfang/loudspeaker/speaker-1/say", json.dumps(order).encode())
        assert (await speaker.wait_for_phrase("neighbour-needs-help")).repeat == 3


async def test_a_device_may_use_only_topics_of_its_own_kind_and_name(
    site: House, sounders: dict[str, Credentials]
) -> None:
    button = site.buttons[13].credentials
    mine = ("siren-1", "siren/siren-1")
    foreign = {
        mine: ["siren/siren-2/status", "button/siren-1/press", "button/siren-1/status"],
        ("speaker-1", "loudspeaker/speaker-1"): ["siren/speaker-1/status", "button/speaker-1/seen"],
        (button.device, f"button/{button.device}"): [
            f"siren/{button.device}/status",
            f"loudspeaker/{button.device}/status",
            "siren/siren-1/status",
        ],
    }
    everything = ("lianfang/button/+/press", "lianfang/button/+/status", "lianfang/button/+/seen")
    everything += ("lianfang/siren/+/status", "lianfang/loudspeaker/+/status")
    known = sounders | {button.device: button}
    async with of_service(site, *everything) as service:
        for (name, own), topics in foreign.items():
            given = known[name]
            async with BareClient(
                site.device_port, site.ca_file, given.login, given.password
            ) as client:
                for one in topics:
                    await client.publish(f"lianfang/{one}", b"stolen")
                await client.publish(f"lianfang/{own}/status", b"its own")
            await service.hears(f"lianfang/{own}/status")
        assert b"stolen" not in [payload for _, payload in service.heard]


async def test_a_device_hears_only_what_is_for_its_own_kind_and_name(
    site: House, sounders: dict[str, Credentials]
) -> None:
    siren, button = sounders["siren-1"], site.buttons[14].credentials
    async with (
        BareClient(
            site.device_port, site.ca_file, siren.login, siren.password, topics=("lianfang/#",)
        ) as of_siren,
        BareClient(
            site.device_port, site.ca_file, button.login, button.password, topics=("lianfang/#",)
        ) as of_button,
        of_service(site) as service,
    ):
        for kind, leaf in (("siren", "set"), ("loudspeaker", "say"), ("button", "reply")):
            for name in ("siren-1", "siren-2", button.device):
                await service.publish(f"lianfang/{kind}/{name}/{leaf}", b"{}")
        await service.publish("lianfang/siren/siren-1/set", b"last")
        await service.publish(f"lianfang/button/{button.device}/reply", b"last")
        await of_siren.hears("lianfang/siren/siren-1/set", number=2)
        await of_button.hears(f"lianfang/button/{button.device}/reply", number=2)
        always = {"lianfang/service/status"}
        assert {t for t, _ in of_siren.heard} - always == {"lianfang/siren/siren-1/set"}
        assert {t for t, _ in of_button.heard} - always == {
            f"lianfang/button/{button.device}/reply"
        }


async def _labelled(admin: Officer, path: str, **body: object) -> Scanned:
    """What the label says that is made for a device."""
    async with admin.session.post(path, json=body) as answer:
        assert answer.status == 201, await answer.text()
        sheet = str((await answer.json())["sheet"])
    async with admin.session.get(sheet) as page:
        (label,) = scan(await page.text())
    return label


async def _until(true: Callable[[], bool], within_s: float = 20.0) -> None:
    async def is_so() -> bool:
        return true()

    await until(is_so, timeout_s=within_s)


async def test_mosquitto_goes_with_rotations_and_revocations_once_it_is_reloaded(
    tmp_path: Path,
) -> None:
    async with house(tmp_path, broker="guarded") as site:
        broker = site.broker
        assert isinstance(broker, GuardedMosquitto)
        files = broker.folder / "mosquitto"
        toml = site.config / "site.toml"
        text = toml.read_text(encoding="utf-8")
        toml.write_text(text.replace("[mqtt]", f'[mqtt]\nmosquitto_folder = "{files}"', 1))
        await site.start()
        passwords = files / DEVICE_PASSWORDS
        turned = site.buttons[0]
        name = turned.credentials.device
        reply = topic(turned, "reply")

        def bare(label: Scanned) -> BareClient:
            at = site.device_port, site.ca_file
            return BareClient(*at, label.login, label.password, topics=(reply,))

        async def presses(client: BareClient, key: bytes, seq: int) -> None:
            mac = sign(key, name, BOOT, seq, "panic", silent=False, at_ms=None)
            press = {"v": 1, "boot": BOOT, "seq": seq, "kind": "panic", "mac": mac}
            await client.publish(topic(turned, "press"), json.dumps(press).encode())

        async def answered(client: BareClient, seq: int) -> str:
            async with asyncio.timeout(20):
                while True:
                    for heard in [json.loads(payload) for _, payload in client.heard]:
                        if heard["seq"] == seq:
                            return str(heard["state"])
                    await asyncio.sleep(0.02)

        async with site.client() as admin, device(site, turned, topics=(reply,)) as old:
            await admin.sign_in("admin")
            label = await _labelled(admin, f"/api/v1/devices/{name}/rotate")
            assert f"\n{label.login}:" in passwords.read_text(encoding="utf-8")
            broker.reload()
            # both count: the old one until the new one is heard
            await presses(old, turned.credentials.key, 1)
            assert await answered(old, 1) == "received"
            async with bare(label) as new:
                assert new.refused is None
                await presses(new, key_from_text(label.key), 2)
                assert await answered(new, 2) == "received"
                old_line = f"\n{turned.credentials.login}:"
                await _until(lambda: old_line not in passwords.read_text(encoding="utf-8"))
                broker.reload()
                async with asyncio.timeout(10):
                    await old.lost.wait()
                # and a revoked one not at all
                path = f"/api/v1/devices/{name}/revoke"
                async with admin.session.post(path, json={"reason": "lost"}) as answer:
                    assert answer.status == 200, await answer.text()
                await presses(new, key_from_text(label.key), 3)
                assert await answered(new, 3) == "rejected"
                broker.reload()
                async with asyncio.timeout(10):
                    await new.lost.wait()
            async with bare(label) as again:
                assert again.refused == "Not authorized"
