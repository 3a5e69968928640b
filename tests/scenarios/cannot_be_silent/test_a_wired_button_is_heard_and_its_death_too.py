"""A button without battery or radio hangs on the digital input of a camera: whoever presses it is
heard; and when the camera is lost, somebody is told that this button is dead.
"""

from pathlib import Path

from sqlalchemy import update

from lianfang_timing import SystemClock
from linkage.schema import cameras
from tests.camerad.events_camera import EventsCamera
from tests.polling import until
from tests.scenarios.cameras import LOGIN, PASSWORD, Registered, register
from tests.scenarios.house import House, Officer, house
from tests.scenarios.nursery import Nursery

CAMERA, BUTTON, INPUT = "cam-gate", "wired-1", "input-1"
NO_STREAM = "rtsp://127.0.0.1:9/none"


async def test_from_the_input_to_the_officer_and_from_the_lost_camera_to_the_officer(
    tmp_path: Path, nursery: Nursery
) -> None:
    camera = EventsCamera(clock=SystemClock(), login=(LOGIN, PASSWORD))
    async with house(tmp_path) as site:
        register(site, Registered(CAMERA, endpoint_reference=None, stream_uri=NO_STREAM))
        async with site.client() as officer, site.client() as leader:
            async with camera.serving():
                locate(site, camera.url)
                await site.start_from(nursery)
                await officer.sign_in()
                await officer.here()
                await leader.sign_in("leader")
                await wired(leader, household=site.buttons[0].household)
                await until_listening(leader)
                camera.events.set_input(INPUT, active=True)
                pressed = await incident(officer, "panic", BUTTON)
                await officer.sees_called(pressed, "duty")
                camera.events.set_input(INPUT, active=False)
            # the camera is gone, and with it the button
            dead = await incident(officer, "camera_fault", CAMERA, within_s=60)
            assert dead["ring"] >= 1
            card = (await officer.get("/cameras"))["items"][0]
            assert card["dead_buttons"] == [BUTTON]
        assert await site.stop() == 0


def locate(site: House, url: str) -> None:
    """Where the camera answers to ONVIF, as if it had been found."""
    database = site.database()
    statement = update(cameras).where(cameras.c.id == CAMERA).values(onvif_address=url)
    database.write_now(lambda conn: conn.execute(statement))
    database.close_now()


async def wired(leader: Officer, *, household: str) -> None:
    body = {"button": BUTTON, "household": household}
    path = f"/api/v1/cameras/{CAMERA}/inputs/{INPUT}"
    async with leader.session.put(path, json=body) as answer:
        assert answer.status == 204, await answer.text()


async def until_listening(leader: Officer) -> None:
    """The camera said how its input stands, and that is known."""

    async def known() -> bool:
        items = (await leader.get(f"/cameras/{CAMERA}/inputs"))["items"]
        return any(one["token"] == INPUT and one["pressed"] is False for one in items)

    await until(known, timeout_s=30, every_s=0.1)


async def incident(
    officer: Officer, kind: str, device: str, *, within_s: float = 20.0
) -> dict[str, object]:
    """The incident in which this device is heard of."""

    async def found() -> dict[str, object] | None:
        for one in (await officer.get("/incidents?limit=50"))["items"]:
            if any((a["kind"], a["device"]) == (kind, device) for a in one["alarms"]):
                return dict(one)
        return None

    return await until(found, timeout_s=within_s, every_s=0.2)
