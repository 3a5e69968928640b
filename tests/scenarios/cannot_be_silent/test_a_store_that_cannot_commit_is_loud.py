"""The database is locked, or its disk is full: nobody is told that a press is safe."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection

from alarms.button import ButtonTiming, Face
from alarms.devices import DeviceRegistry
from alarms.intake import Intake
from alarms.log import AlarmLog
from alarms.mqtt import BrokerAddress, MqttLink
from lianfang_timing import SystemClock
from linkage.storage import open_storage
from tests.polling import until
from tests.scenarios.house import House, Officer, house
from tests.scenarios.nursery import Nursery

IMPATIENT = ButtonTiming(first_repeat_s=0.5, repeat_cap_s=2.0, undelivered_after_s=3.0)


@contextmanager
def locked(site: House) -> Iterator[None]:
    """Another program holds the store's write lock."""
    other = sqlite3.connect(site.folder / "data" / "lianfang.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


async def test_a_locked_store_turns_health_red_and_the_button_says_ring_110(
    site: House, duty: Officer
) -> None:
    async with site.button(timing=IMPATIENT) as button:
        await button.wait_connected()
        with locked(site):
            outcome = await button.press()
            assert outcome.state == "undelivered"
            await button.wait_for_face(Face.UNDELIVERED)
            await site.why_not_ready("the database cannot commit")
            assert (await duty.get("/system"))["store"]["state"] == "down"
            assert {r.state for r in button.history} == {"undelivered"}
        reply = await button.wait_for("received", timeout_s=20)
        assert button.face is Face.RECEIVED
    await site.ready()
    assert (await duty.get("/system"))["store"]["state"] == "up"
    await duty.here()
    await duty.sees_called(await duty.incident_of(reply.alarm), "duty")


async def test_the_broker_keeps_a_press_that_was_not_committed(
    site: House, nursery: Nursery
) -> None:
    with locked(site):
        async with site.button(timing=IMPATIENT) as button:
            assert (await button.press()).state == "undelivered"
        # the button is gone: from here on only the broker can know of the press
        await site.kill()
    await site.start_from(nursery)
    async with site.client() as officer:
        await officer.sign_in()

        async def logged() -> list[dict[str, str]]:
            return list((await officer.get("/alarms"))["items"])

        alarms = await until(logged, timeout_s=15)
        assert [a["device"] for a in alarms] == [button.device]
        await officer.until(await officer.incident_of(alarms[0]["id"]), lambda i: i["called"])


async def test_a_full_disk_acknowledges_nothing_until_there_is_room(tmp_path: Path) -> None:
    async with house(tmp_path) as site:
        storage = open_storage(site.settings)
        database = storage.database

        def full(conn: Connection, *, pages: int) -> None:
            conn.exec_driver_sql(f"PRAGMA max_page_count = {pages}")

        await database.write(lambda conn: full(conn, pages=1))  # it never goes below what is used
        clock = SystemClock()
        link = MqttLink(
            BrokerAddress("127.0.0.1", site.mqtt_port), node="t", prefix="lianfang", clock=clock
        )
        await link.start()

        async def on_seen(seen: object) -> None:
            raise AssertionError("no notice is sent in this test")

        intake = Intake(
            link,
            AlarmLog(database, clock, writer="t"),
            DeviceRegistry(database, storage.box),
            clock,
            on_seen=on_seen,
        )
        running = asyncio.create_task(intake.run())
        async with site.button(timing=IMPATIENT) as button:
            outcomes = [await button.press()]
            while outcomes[-1].state == "received":  # until what was free in the file is used
                outcomes.append(await button.press())
                assert len(outcomes) < 500
            assert outcomes[-1].state == "undelivered"
            assert button.face is Face.UNDELIVERED
            assert intake.cannot_commit_since is not None
            assert intake.counters.received == len(outcomes) - 1
            # pragmas of the writer's own connection; the transaction itself needs no room
            await database.write(lambda conn: full(conn, pages=1_000_000))
            await button.wait_for("received", timeout_s=20, seq=len(outcomes))
        intake.stop()
        await running
        await link.close()
        await database.close()
