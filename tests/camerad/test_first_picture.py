"""One picture before adoption, decoded in a process of its own."""

import pytest

from camerad.errors import CameraRefused, CameraTalksNonsense, CameraUnreachable
from camerad.first_picture import first_picture
from tests.camerad.rtsp_cameras import GoodCamera


async def test_a_camera_shows_a_picture_of_now(good_camera: GoodCamera) -> None:
    jpeg = await first_picture(good_camera.uri, None, None, timeout_s=20)
    assert jpeg.startswith(b"\xff\xd8")


async def test_a_camera_that_refuses_the_login_says_so(broken_cameras: dict[str, str]) -> None:
    with pytest.raises(CameraRefused, match="密码") as refused:
        await first_picture(broken_cameras["refusing"], "u", "hidden-word", timeout_s=10)
    assert "hidden-word" not in str(refused.value)


async def test_nothing_listening_is_unreachable(unused_port: int) -> None:
    with pytest.raises(CameraUnreachable):
        await first_picture(f"rtsp://127.0.0.1:{unused_port}/x", None, None, timeout_s=4)


async def test_only_stream_addresses_are_opened() -> None:
    with pytest.raises(CameraTalksNonsense):
        await first_picture("file:///etc/passwd", None, None)
