"""Reading a real H.264 stream from a real RTSP server."""

import asyncio
from pathlib import Path

import cv2
import numpy as np
import pytest

from camerad import capture
from camerad.errors import CameraTalksNonsense, CameraUnreachable
from tests.camerad.rtsp_cameras import HEIGHT, WIDTH, GoodCamera, draw_clip

LOGIN = (None, None)


def read_two(uri: str) -> tuple[capture.Image, capture.Image, float]:
    capture.prepare_process()
    with capture.open_luma(uri, *LOGIN, open_timeout_s=5, read_timeout_s=5) as stream:
        assert stream.grab()
        first = stream.luma()
        for _ in range(10):
            assert stream.grab()
        return first, stream.luma(), stream.stream_s()


async def test_luma_comes_as_a_plane_of_bytes_and_changes_with_the_scene(
    good_camera: GoodCamera,
) -> None:
    first, later, stream_s = await asyncio.to_thread(read_two, good_camera.uri)
    assert first.shape == (HEIGHT, WIDTH)
    assert first.dtype == np.uint8
    assert first[10, 10] == pytest.approx(92, abs=8)
    assert np.abs(first.astype(int) - later).max() > 80
    assert stream_s == pytest.approx(1.0, abs=0.15)


@pytest.mark.parametrize(
    ("codec", "pixel_format"),
    [("libx264", "yuv420p10le"), ("libx265", "yuv420p"), ("libx265", "yuv420p10le")],
)
async def test_ten_bit_and_h265_pictures_are_read_as_grey_and_not_as_garbage(
    tmp_path: Path, codec: str, pixel_format: str
) -> None:
    clip = draw_clip(tmp_path / "deep.mp4", seconds=5, codec=codec, pixel_format=pixel_format)
    camera = GoodCamera(clip)
    await camera.switch_on()
    first, later, _ = await asyncio.to_thread(read_two, camera.uri)
    await camera.switch_off()
    assert first.shape == (HEIGHT, WIDTH)
    corner = first[:50, :50]
    assert corner.max() - corner.min() < 10
    assert corner[10, 10] == pytest.approx(92, abs=8)
    assert np.abs(first.astype(int) - later).max() > 80


async def test_a_colour_picture_is_in_colour(good_camera: GoodCamera) -> None:
    def read() -> capture.Image:
        capture.prepare_process()
        return capture.StreamOpener().read_colour(good_camera.uri, *LOGIN, timeout_s=5)

    image = await asyncio.to_thread(read)
    assert image.shape == (HEIGHT, WIDTH, 3)
    blue, _, red = image[10, 10].tolist()
    assert red > 150 > 100 > blue
    decoded = cv2.imdecode(np.frombuffer(capture.encode_jpeg(image), np.uint8), cv2.IMREAD_COLOR)
    assert decoded is not None
    assert decoded.shape == image.shape


async def test_a_camera_that_never_answers_is_given_up_in_time(
    broken_cameras: dict[str, str],
) -> None:
    clock = asyncio.get_running_loop().time
    began_s = clock()
    with pytest.raises(CameraUnreachable):
        await asyncio.to_thread(read_colour_quickly, broken_cameras["silent"])
    assert clock() - began_s < 4


def read_colour_quickly(uri: str) -> capture.Image:
    capture.prepare_process()
    return capture.StreamOpener().read_colour(uri, "user", "secret", timeout_s=1)


@pytest.mark.parametrize(
    "uri", ["file:///etc/passwd", "concat:a|b", "rtsp://", "rtsp://host/a b", "http://host/x"]
)
def test_addresses_that_are_not_rtsp_are_never_opened(uri: str) -> None:
    with pytest.raises(CameraTalksNonsense):
        capture.open_luma(uri, *LOGIN, open_timeout_s=1, read_timeout_s=1)


def test_an_error_never_carries_the_password(capfd: pytest.CaptureFixture[str]) -> None:
    capture.prepare_process()
    with pytest.raises(CameraUnreachable) as failure:
        capture.open_luma(
            "rtsp://127.0.0.1:9/x", "user", "s3cret", open_timeout_s=1, read_timeout_s=1
        )
    printed = capfd.readouterr()
    assert "s3cret" not in str(failure.value) + printed.out + printed.err
    assert failure.value.__cause__ is None


async def test_the_others_wait_only_once_for_a_camera_that_sends_nothing(mute_camera: str) -> None:
    began_s = asyncio.get_running_loop().time()
    with pytest.raises(CameraUnreachable):
        await asyncio.to_thread(
            capture.open_luma, mute_camera, *LOGIN, open_timeout_s=1, read_timeout_s=1
        )
    assert asyncio.get_running_loop().time() - began_s < 1.9
