"""Nothing has died and nothing moves: a broker that hangs, a database that takes its time."""

import signal
from dataclasses import replace
from pathlib import Path

from alarms.button import Face
from tests.scenarios.house import QUICK, House, Officer, house

IMPATIENT = replace(QUICK, undelivered_after_s=2.0)


async def test_a_broker_that_hangs_makes_the_button_say_ring_110_and_then_a_person_is_called(
    site: House, duty: Officer
) -> None:
    assert site.broker is not None
    assert site.broker.process is not None
    async with site.button(timing=IMPATIENT) as button:
        await button.wait_connected()
        site.broker.process.send_signal(signal.SIGSTOP)
        try:
            assert (await button.press()).state == "undelivered"
            await button.wait_for_face(Face.UNDELIVERED)
        finally:
            site.broker.process.send_signal(signal.SIGCONT)
        reply = await button.wait_for("received", timeout_s=30)
        assert button.face is Face.RECEIVED
    await duty.here()
    await duty.sees_called(await duty.incident_of(reply.alarm), "duty")


async def test_a_database_of_three_seconds_a_commit_tells_the_button_so_and_calls_a_person(
    tmp_path: Path,
) -> None:
    async with house(tmp_path) as site:
        await site.start("-m", "tests.scenarios.slow", str(site.config), "3")
        async with site.button(timing=replace(QUICK, undelivered_after_s=1.0)) as button:
            assert (await button.press()).state == "undelivered"
            await button.wait_for_face(Face.UNDELIVERED)
            reply = await button.wait_for("received", timeout_s=30)
            assert button.face is Face.RECEIVED
        async with site.client() as officer:
            await officer.sign_in()
            incident = await officer.incident_of(reply.alarm, within_s=30)
            await officer.until(incident, lambda i: i["called"], within_s=30)
