"""Turning a camera to a preset and asking where it looks, over real SOAP."""

import pytest

from camerad.errors import CameraTalksNonsense
from camerad.model import Position, Preset
from camerad.onvif_door import CameraHead
from tests.camerad.events_camera import LOGIN, EventsCamera


async def test_presets_are_listed_and_the_camera_turned_and_asked_where_it_looks() -> None:
    async with EventsCamera(off_s=7200).serving() as camera:
        head = CameraHead(camera.url, LOGIN, clock=camera.clock)
        assert await head.presets() == (Preset("gate", "大门 gate"),)
        await head.turn("gate")
        assert await head.position() == Position(0.4, 0.1, 0.2)
        await head.turn(None)
        assert await head.position() == Position(0.0, 0.0, 0.0)
        camera.head.moving = True
        assert (await head.position()).moving
        with pytest.raises(CameraTalksNonsense, match="no such preset"):
            await head.turn("nowhere")
    assert camera.head.turned == ["gate", "home"]


async def test_a_camera_that_hangs_fixed_says_so() -> None:
    camera = EventsCamera()
    camera.device.head = None
    async with camera.serving():
        with pytest.raises(CameraTalksNonsense, match="cannot be turned"):
            await CameraHead(camera.url, LOGIN, clock=camera.clock).presets()


async def test_of_a_recorder_the_channel_is_turned_that_was_asked_for() -> None:
    async with EventsCamera().serving() as camera:
        with pytest.raises(CameraTalksNonsense, match="cannot be turned"):
            await CameraHead(camera.url, LOGIN, source="other", clock=camera.clock).presets()
