"""Fixtures of the cameras' tests."""

import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.camerad.rtsp_cameras import (
    GoodCamera,
    describe_only,
    draw_clip,
    refuse_login,
    say_nothing,
    serving,
    talk_garbage,
)


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A minute of H.264, longer than any test watches."""
    return draw_clip(tmp_path_factory.mktemp("clips") / "clip.mp4")


@pytest.fixture
async def good_camera(clip: Path) -> AsyncIterator[GoodCamera]:
    camera = GoodCamera(clip)
    await camera.switch_on()
    yield camera
    await camera.switch_off()


@pytest.fixture
async def broken_cameras() -> AsyncIterator[dict[str, str]]:
    """Addresses of cameras that hang, talk garbage and refuse the password."""
    async with AsyncExitStack() as stack:
        yield {
            name: await stack.enter_async_context(serving(handle))
            for name, handle in {
                "silent": say_nothing,
                "garbage": talk_garbage,
                "refusing": refuse_login,
            }.items()
        }


@pytest.fixture
async def mute_camera() -> AsyncIterator[str]:
    """Address of a camera that describes its stream and never sends it."""
    async with serving(describe_only) as uri:
        yield uri


@pytest.fixture
def unused_port() -> int:
    """A loopback port on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
