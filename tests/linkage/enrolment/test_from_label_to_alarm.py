"""A device's life over a real broker: label, login, first test, alarm, rotation, revocation."""

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from sqlalchemy import select

from alarms.broker import EmbeddedBroker
from alarms.broker_rules import OWN_LOGIN
from alarms.button import ButtonTiming, Face
from alarms.devices import PlannedDevice
from alarms.intake import Intake
from alarms.mqtt import BrokerAddress, MqttLink
from alarms.signature import key_from_text
from alarms.simulator import SimulatedButton
from alarms.store.tables import devices
from lianfang_timing import Backoff, SystemClock
from linkage.accounts.rights import Places
from linkage.engine import Engine
from linkage.enrolment.changing import RevokeReason, revoke
from linkage.enrolment.doors import EmbeddedDoor
from linkage.enrolment.first_tests import FirstTests
from linkage.enrolment.keeper import EnrolmentKeeper
from linkage.registry.history import Caller
from linkage.rules.model import Rules
from tests.brokers import free_port
from tests.labels import Scanned, scan
from tests.linkage.web_house import House, house

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

OWN = "the secret of our own login"
DEVICE = "dongcun-017-1"
QUICK = ButtonTiming(first_repeat_s=1.0, repeat_cap_s=2.0, reconnect=Backoff(0.1, 0.3))


@dataclass
class Life:
    """A duty room with its broker."""

    town: House
    port: int
    engine: Engine
    keeper: EnrolmentKeeper

    async def label(self, session, path: str = "/api/v1/devices/labels", **body: object) -> Scanned:
        answer = await session.post(path, json=body)
        assert answer.status == 201, await answer.text()
        page = await (await session.get((await answer.json())["sheet"])).text()
        (found,) = scan(page)
        return replace(found, host="127.0.0.1", port=self.port)

    def button(self, label: Scanned) -> SimulatedButton:
        """A button that has scanned this label in."""
        return SimulatedButton(
            device=label.device,
            login=label.login,
            password=label.password,
            key=key_from_text(label.key),
            host=label.host,
            port=label.port,
            prefix=label.prefix,
            timing=QUICK,
        )

    async def state(self) -> str:
        while await self.engine.run_once():
            pass
        statement = select(devices.c.state).where(devices.c.id == DEVICE)
        return str(await self.town.database.read(lambda conn: conn.scalar(statement)))

    async def presses(self, button: SimulatedButton, kind: str) -> str:
        await button.wait_connected(10)
        outcome = await button.press(kind, timeout_s=20)
        return outcome.state


@asynccontextmanager
async def _intake(town: House, port: int) -> AsyncIterator[None]:
    address = BrokerAddress("127.0.0.1", port, OWN_LOGIN, OWN)
    link = MqttLink(address, node="test", prefix="lianfang", clock=SystemClock())
    await link.start()

    async def on_seen(seen: object) -> None:
        raise AssertionError("nobody is told of anything here")

    intake = Intake(link, town.log, town.devices, SystemClock(), on_seen=on_seen)
    running = asyncio.create_task(intake.run())
    async with asyncio.timeout(10):
        await link.wait_connected()
    yield
    intake.stop()
    await running
    await link.close()


@pytest.fixture
async def life(tmp_path: Path) -> AsyncIterator[Life]:
    async with house(tmp_path) as town:
        port = free_port()
        broker = EmbeddedBroker(
            "127.0.0.1",
            port,
            prefix="lianfang",
            own_password=OWN,
            may_log_in=town.devices.may_log_in,
        )
        await broker.start()
        door = EmbeddedDoor(broker)
        town.door.let_go = door.let_go  # type: ignore[method-assign]  # the house's is a recorder
        engine = Engine(
            town.database,
            town.log,
            town.clock,
            town.changes,
            rules=Rules(),
            time_zone=SystemClock().now().tzinfo,
            writer="test",
            on_tests=(FirstTests(writer="test"),),
        )
        keeper = EnrolmentKeeper(town.database, town.clock, door, town.enrolment, writer="test")
        await keeper.run_once()
        planned = [PlannedDevice(DEVICE, "button", "dongcun-017")]
        await town.database.write(lambda conn: town.devices.register_planned_in(conn, planned))
        await town.person("head", "village-head", ["dongcun"])
        async with _intake(town, port):
            yield Life(town, port, engine, keeper)
        await broker.stop()
        gc.collect()


async def test_from_its_label_to_its_first_alarm(life: Life) -> None:
    async with life.town.browser("head") as head:
        label = await life.label(head, devices=[DEVICE])
    assert (label.kind, label.device, label.tls) == ("button", DEVICE, True)
    assert await life.state() == "issued"
    async with life.button(label) as button:
        assert await life.presses(button, "test") == "received"
        assert await life.state() == "enrolled"
        assert await life.presses(button, "panic") == "received"


async def test_a_press_of_an_issued_device_is_an_alarm_and_enrols_nobody(life: Life) -> None:
    async with life.town.browser("head") as head:
        label = await life.label(head, devices=[DEVICE])
    async with life.button(label) as button:
        assert await life.presses(button, "panic") == "received"
        assert await life.state() == "issued"


async def test_the_old_label_works_until_the_new_one_is_heard_and_then_its_session_ends(
    life: Life,
) -> None:
    async with life.town.browser("head") as head:
        old = await life.label(head, devices=[DEVICE])
        new = await life.label(head, f"/api/v1/devices/{DEVICE}/rotate")
    async with life.button(old) as before, life.button(new) as after:
        assert await life.presses(before, "test") == "received"
        assert await life.presses(after, "test") == "received"
        await life.keeper.run_once()
        outcome = await before.press("panic", timeout_s=3)
        assert outcome.state in ("undelivered", "rejected")
        assert await life.presses(after, "panic") == "received"


async def test_a_revoked_device_is_thrown_out_at_once_and_its_person_told_to_ring_110(
    life: Life,
) -> None:
    async with life.town.browser("head") as head:
        label = await life.label(head, devices=[DEVICE])
        async with life.button(label) as button:
            assert await life.presses(button, "test") == "received"
            path = f"/api/v1/devices/{DEVICE}/revoke"
            assert (await head.post(path, json={"reason": "stolen"})).status == 200
            outcome = await button.press("panic", timeout_s=12)
            assert outcome.state != "received"
            await button.wait_for("undelivered", 15)
            assert button.face in (Face.UNDELIVERED, Face.RING_110)
    assert await life.state() == "revoked"


async def test_what_another_way_revoked_is_thrown_out_by_the_keeper(life: Life) -> None:
    async with life.town.browser("head") as head:
        label = await life.label(head, devices=[DEVICE])
    caller = Caller("cli", "", Places(None), 1, "test")
    async with life.button(label) as button:
        assert await life.presses(button, "test") == "received"
        await life.town.database.write(
            lambda conn: revoke(conn, caller, DEVICE, RevokeReason.OTHER)
        )
        await life.keeper.run_once()
        outcome = await button.press("panic", timeout_s=3)
        assert outcome.state == "undelivered"
