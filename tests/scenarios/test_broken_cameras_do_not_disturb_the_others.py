"""Four cameras, three of them broken in their own ways: each says why, and help still comes."""

import asyncio
from pathlib import Path

import psutil
import pytest

from camerad.simulator.film import draw_film
from camerad.simulator.scenes import EAST_GATE
from camerad.simulator.site import SimulatedCameraSite
from tests.camerad.rtsp_cameras import say_nothing, serving, talk_garbage
from tests.polling import until
from tests.scenarios.cameras import Registered, camera_states, register, until_watching
from tests.scenarios.house import Officer, house

STOPPED_WITHIN_S = 20.0


async def until_all_have_reasons(
    officer: Officer, cameras: list[str], *, within_s: float = 60.0
) -> dict[str, dict[str, object]]:
    async def all_have() -> dict[str, dict[str, object]] | None:
        states = await camera_states(officer)
        are = all(states[c]["state"] == "down" and states[c]["reason"] for c in cameras)
        return states if are else None

    return await until(all_have, timeout_s=within_s, every_s=0.2)


@pytest.mark.timeout(180)
async def test_each_broken_camera_says_why_while_a_press_is_answered(tmp_path: Path) -> None:
    film = tmp_path / "gate.mp4"
    draw_film(film, EAST_GATE, seconds=4, fps=10)
    good, locked = Registered("cam-good"), Registered("cam-locked", password="wrong")
    async with (
        serving(say_nothing) as hanging,
        serving(talk_garbage) as babbling,
        SimulatedCameraSite([good.playing(film), locked.playing(film)]),
        house(tmp_path, discover=True) as site,
    ):
        hung = Registered("cam-hung", endpoint_reference=None, stream_uri=hanging)
        mad = Registered("cam-mad", endpoint_reference=None, stream_uri=babbling)
        register(site, good, locked, hung, mad)
        await site.start()
        async with site.client() as officer, site.button() as button:
            await officer.sign_in()
            await until_watching(officer, "cam-good")
            states = await until_all_have_reasons(officer, ["cam-locked", "cam-hung", "cam-mad"])
            assert states["cam-locked"]["reason"] == "refused"
            assert states["cam-hung"]["reason"] in {"unreachable", "hung", "no-frames"}
            assert states["cam-mad"]["reason"] in {"nonsense", "unreachable"}
            for camera in ("cam-locked", "cam-hung", "cam-mad"):
                chinese, english = str(states[camera]["detail"]).split(" / ")
                assert any("\u4e00" <= letter <= "\u9fff" for letter in chinese)
                assert english.isascii()
            assert "wrong" not in str(states["cam-locked"]["detail"])
            assert states["cam-good"]["state"] == "watching"
            assert float(str(states["cam-good"]["newest_frame_age_s"])) < 5

            outcome = await button.press(timeout_s=20)
            assert outcome.state == "received"
            await officer.incident_of(outcome.alarm)

        assert site.process is not None
        family = psutil.Process(site.process.pid).children(recursive=True)
        assert family, "cameras are watched in processes of their own"
        assert await asyncio.wait_for(site.stop(), STOPPED_WITHIN_S) == 0
        _, orphans = psutil.wait_procs(family, timeout=2)
        assert not orphans
