"""A camera's relay as a siren: on in monostable mode alone, over real SOAP."""

import pytest

from camerad.errors import CameraRefused, CameraUnreachable, RelayRefused
from camerad.model import RelayOutput
from camerad.onvif_door import pulse_relay, relay_outputs, release_relay
from tests.camerad.events_camera import LOGIN, EventsCamera


async def test_a_relay_is_made_monostable_and_goes_back_by_itself() -> None:
    async with EventsCamera(off_s=3600).serving() as camera:
        camera.relays.outputs["relay-1"].idle = "closed"
        await pulse_relay(camera.url, LOGIN, "relay-1", for_s=20, clock=camera.clock)
        assert camera.relays.is_on("relay-1")
        assert await relay_outputs(camera.url, LOGIN, clock=camera.clock) == (
            RelayOutput("relay-1", monostable=True, lasts_s=20),
        )
        # how it stands at rest is the installer's
        assert camera.relays.outputs["relay-1"].idle == "closed"
        await camera.relays.clock.sleep(21)
        assert not camera.relays.is_on("relay-1")


async def test_one_that_would_stay_on_is_not_switched() -> None:
    async with EventsCamera().serving() as camera:
        camera.relays.outputs["relay-1"].only_bistable = True
        with pytest.raises(RelayRefused, match="by itself"):
            await pulse_relay(camera.url, LOGIN, "relay-1", for_s=20, clock=camera.clock)
    assert camera.relays.switched == []


async def test_no_pulse_is_longer_than_a_quarter_of_an_hour() -> None:
    async with EventsCamera().serving() as camera:
        await pulse_relay(camera.url, LOGIN, "relay-1", for_s=1e6, clock=camera.clock)
    assert camera.relays.outputs["relay-1"].delay_s == 900


async def test_it_is_switched_off_before_its_time() -> None:
    async with EventsCamera().serving() as camera:
        await pulse_relay(camera.url, LOGIN, "relay-1", for_s=600, clock=camera.clock)
        await release_relay(camera.url, LOGIN, "relay-1", clock=camera.clock)
        assert not camera.relays.is_on("relay-1")


async def test_a_relay_that_is_not_there_and_a_camera_that_is_not() -> None:
    async with EventsCamera().serving() as camera:
        with pytest.raises(RelayRefused, match="no relay"):
            await pulse_relay(camera.url, LOGIN, "relay-9", for_s=20, clock=camera.clock)
        with pytest.raises(CameraRefused):
            await relay_outputs(camera.url, ("onvif", "wrong"), clock=camera.clock)
        url = camera.url
    with pytest.raises(CameraUnreachable):
        await relay_outputs(url, LOGIN)
