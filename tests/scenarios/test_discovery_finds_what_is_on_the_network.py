"""`lianfang discover` finds simulated cameras and a device that is none of ours, on loopback.

ipycam is a virtual ONVIF camera of another author. It needs the full opencv-python, which must not
meet our headless one, so it gets an environment of its own.
"""

import asyncio
import json
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from camerad.simulator.film import draw_film
from camerad.simulator.scenes import MARKET
from camerad.simulator.site import SimulatedCameraSite
from tests.brokers import free_port, listening
from tests.commands.running import lianfang, lines_of
from tests.scenarios.cameras import Registered

# its program has no option for the address; its own class has
_IPYCAM = """\
import sys, threading
from ipycam import CameraConfig, IPCamera

config = CameraConfig(name="Stranger", local_ip="127.0.0.1",
                      onvif_port=int(sys.argv[1]), rtsp_port=int(sys.argv[2]))
if not IPCamera(config).start():
    sys.exit("ipycam did not start")
print("started", flush=True)
threading.Event().wait()
"""


@pytest.fixture(scope="session")
def ipycam_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python that has ipycam. Skips loudly where it cannot be installed, fails in CI."""
    folder = tmp_path_factory.mktemp("ipycam")
    python = folder / "bin" / "python"
    if uv := shutil.which("uv"):
        steps = [
            [uv, "venv", "-q", "--python", sys.executable, str(folder), "--allow-existing"],
            [uv, "pip", "install", "-q", "--python", str(python), "ipycam==1.3.0"],
        ]
    else:
        venv.create(folder, with_pip=True)
        pip = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
        steps = [[*pip, "ipycam==1.3.0"]]
    for step in steps:
        done = subprocess.run(step, capture_output=True, text=True, timeout=200, check=False)
        if done.returncode != 0:
            sentence = f"IPYCAM ABSENT: it cannot be installed: {done.stderr.strip()[-300:]}"
            if os.environ.get("CI") == "true":
                pytest.fail(sentence)
            pytest.skip(sentence)
    return python


@asynccontextmanager
async def stranger(python: Path, folder: Path) -> AsyncIterator[str]:
    """A running ipycam; the address of its device service."""
    port = free_port()
    with (folder / "ipycam.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            python, "-c", _IPYCAM, str(port), str(free_port()), cwd=folder, stdout=log, stderr=log
        )
    try:
        await listening(port, timeout_s=40)
        yield f"http://127.0.0.1:{port}/onvif/device_service"
    finally:
        process.kill()
        await process.wait()


def discovered() -> list[dict[str, object]]:
    done = lianfang("discover", "--json", "--interface", "127.0.0.1", "--timeout", "3")
    return [json.loads(line) for line in lines_of(done)]


async def test_every_simulated_camera_is_found_once_with_its_address(tmp_path: Path) -> None:
    film = tmp_path / "market.mp4"
    draw_film(film, MARKET, seconds=1, fps=10)
    cameras = [Registered(f"cam-{number}") for number in range(3)]
    async with SimulatedCameraSite([camera.playing(film) for camera in cameras]) as addresses:
        found = await asyncio.to_thread(discovered)
    for camera, address in zip(cameras, addresses, strict=True):
        mine = [d for d in found if d["endpoint_reference"] == camera.endpoint_reference]
        assert len(mine) == 1
        assert mine[0]["xaddrs"] == [address["onvif"]]
        assert mine[0]["name"] == camera.id
        assert mine[0]["address"] == "127.0.0.1"
        assert "NetworkVideoTransmitter" in mine[0]["types"]


@pytest.mark.timeout(300)
async def test_a_camera_of_another_maker_is_found_and_answers(
    ipycam_python: Path, tmp_path: Path
) -> None:
    async with stranger(ipycam_python, tmp_path) as service:
        found = await asyncio.to_thread(discovered)
        (mine,) = (device for device in found if service in device["xaddrs"])
        assert mine["name"] == "Stranger"
        async with aiohttp.ClientSession() as http, http.get(service) as answer:
            assert answer.status < 500


async def test_an_interface_that_is_not_ours_is_a_failure_in_one_sentence() -> None:
    done = await asyncio.to_thread(lianfang, "discover", "--interface", "192.0.2.1")
    assert done.status == 1
    assert "interface" in done.complaint
