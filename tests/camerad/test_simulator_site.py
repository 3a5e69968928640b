"""The simulated cameras in their own process, as the demo runs them."""

import asyncio
import os
import signal
import subprocess
import sys
import uuid
from pathlib import Path

import aiohttp
import msgspec
import psutil
import pytest

from camerad.errors import SourceUnreadable
from camerad.simulator.film import draw_film
from camerad.simulator.scenes import MARKET
from camerad.simulator.site import CameraSpec, SimulatedCameraSite


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("films") / "short.mp4"
    draw_film(path, MARKET, seconds=1, fps=12)
    return path


def _spec(name: str, film: Path) -> CameraSpec:
    return CameraSpec(
        id=name,
        endpoint_reference=f"urn:uuid:{uuid.uuid4()}",
        name=name,
        film=str(film),
        username="admin",
        password="village-gate",
    )


async def test_every_camera_is_served_on_ports_of_its_own(film: Path) -> None:
    async with SimulatedCameraSite([_spec("cam-1", film), _spec("cam-2", film)]) as addresses:
        assert [address["id"] for address in addresses] == ["cam-1", "cam-2"]
        assert len({a["onvif"] for a in addresses} | {a["rtsp"] for a in addresses}) == 4
        async with aiohttp.ClientSession() as http:
            for address in addresses:
                snapshot = address["onvif"].replace("device_service", "snapshot.jpg")
                async with http.get(snapshot) as answer:
                    assert answer.status == 401


async def test_the_password_is_not_among_the_childs_arguments(film: Path) -> None:
    async with SimulatedCameraSite([_spec("cam-1", film)], discoverable=False):
        children = psutil.Process().children()
        alive = [child for child in children if child.status() != psutil.STATUS_ZOMBIE]
        assert alive
        assert not any("village-gate" in " ".join(child.cmdline()) for child in alive)


async def test_a_film_that_cannot_be_played_is_told_to_the_parent(tmp_path: Path) -> None:
    site = SimulatedCameraSite([_spec("cam-1", tmp_path / "nowhere.mp4")], discoverable=False)
    with pytest.raises(SourceUnreadable, match=r"nowhere\.mp4"):
        await site.start()


_PARENT = """
import asyncio, sys
import msgspec
from camerad.simulator.site import CameraSpec, SimulatedCameraSite

async def main():
    spec = msgspec.json.decode(sys.argv[1], type=CameraSpec)
    site = SimulatedCameraSite([spec], discoverable=False)
    await site.start()
    print(site._child.pid, flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


async def test_the_child_ends_when_its_parent_is_killed(film: Path) -> None:
    parent = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        _PARENT,
        msgspec.json.encode(_spec("cam-1", film)).decode(),
        stdout=subprocess.PIPE,
    )
    assert parent.stdout is not None
    child = psutil.Process(int(await asyncio.wait_for(parent.stdout.readline(), 30)))
    os.kill(parent.pid, signal.SIGKILL)
    await parent.wait()
    await asyncio.to_thread(psutil.wait_procs, [child], timeout=10)
    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE
