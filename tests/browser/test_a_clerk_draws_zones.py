"""A leader draws zones on a camera's picture, tries one on a night's motion and keeps them; the
worker takes them up. Then the wall. The store is the witness.
"""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from camerad.simulator.site import SimulatedCameraSite
from lianfang_timing import SystemClock, unix_ms
from linkage.motion import storage
from linkage.motion.intervals import Interval
from linkage.storage import open_storage
from linkage.zones.night import hours_of, last_night
from tests.browser.conftest import ARTIFACTS
from tests.browser.duty_page import DESK, PHONE, DutyPage, open_page
from tests.camerad.rtsp_cameras import draw_clip
from tests.polling import until
from tests.scenarios.cameras import Registered, register, until_watching
from tests.scenarios.house import House, house

GATE = Registered("cam-gate")
YARD = Registered("cam-yard")
LATER_MS = 60_000
EVERYWHERE, TOP_LEFT = 36 * "f", "8" + 35 * "0"
_PIXEL = """element => {
  const canvas = document.createElement('canvas')
  canvas.width = element.naturalWidth; canvas.height = element.naturalHeight
  const drawn = canvas.getContext('2d')
  drawn.drawImage(element, 0, 0)
  const [x, y] = [0.2 * canvas.width, 0.2 * canvas.height]
  return [...drawn.getImageData(x, y, 1, 1).data].slice(0, 3)
}"""


@pytest.mark.timeout(240)
async def test_a_clerk_draws_zones(chromium: Browser, tmp_path: Path) -> None:
    film = await asyncio.to_thread(draw_clip, tmp_path / "red.mp4", seconds=6)
    async with house(tmp_path, broker="embedded", discover=True) as site:
        register(site, GATE, YARD)
        remember_a_night(site)
        async with SimulatedCameraSite([GATE.playing(film), YARD.playing(film)]):
            await site.start()
            async with site.client() as witness:
                await witness.sign_in("leader")
                await until_watching(witness, GATE.id)
                leader = await open_page(chromium, site, DESK)
                await leader.sign_in("leader")
                await leader.page.goto(f"{site.url}/cameras/{GATE.id}/zones")
                await draw_where_somebody_may_linger(leader)
                await try_it_on_a_night(leader)
                await keep(leader, "夜间有人徘徊", 1)
                kept = await witness.get(f"/cameras/{GATE.id}/zones")
                (zone,) = kept["zones"]
                assert (kept["version"], kept["in_force"], zone["dwell"]) == (1, True, "45s")
                assert zone["polygon"][0] == pytest.approx([0.31, 0.5], abs=0.01)
                await hide_a_corner(leader)
                await put_up_the_wall(leader, site)
                telephone = await open_page(chromium, site, PHONE)
                await telephone.sign_in("leader")
                await telephone.page.goto(f"{site.url}/cameras/{GATE.id}/zones")
                await expect(telephone.find("zone-chip")).to_have_count(2)
                assert await telephone.width_left_over() <= 0
                await photograph(telephone, "zones-phone")
        assert await site.stop() == 0


def remember_a_night(site: House) -> None:
    """Twice something moved all over the picture, once in its upper left corner only."""
    settings = site.settings
    zone = settings.time_zone
    begin, _ = hours_of(last_night(SystemClock().now(), zone), zone)
    late = unix_ms(begin + timedelta(hours=5))
    moved = [
        Interval(GATE.id, "street", late + n * 60_000, late + n * 60_000 + 30_000, None, cells)
        for n, cells in enumerate((EVERYWHERE, EVERYWHERE, TOP_LEFT))
    ]
    opened = open_storage(settings)
    opened.database.write_now(lambda conn: storage.write(conn, moved))
    opened.database.close_now()


async def draw_where_somebody_may_linger(leader: DutyPage) -> None:
    await leader.find("zones-look-first").click()
    await expect(leader.find("zone-picture")).to_be_visible(timeout=LATER_MS)
    await leader.find("zone-add-loiter").click()
    sheet = leader.find("zone-sheet")
    box = await sheet.bounding_box()
    assert box is not None
    for x, y in ((0.3, 0.5), (0.7, 0.5), (0.7, 0.9), (0.3, 0.9)):
        await sheet.click(position={"x": x * box["width"], "y": y * box["height"]})
    await expect(leader.find("zone-corner")).to_have_count(4)
    await leader.find("zone-done").click()
    # by keys: a corner a little to the right, one more and gone again
    first = leader.find("zone-corner").first
    await first.press("ArrowRight")
    await first.press("ArrowRight")
    await first.press("Insert")
    await expect(leader.find("zone-corner")).to_have_count(5)
    await leader.page.keyboard.press("Delete")
    await expect(leader.find("zone-corner")).to_have_count(4)
    await leader.find("zone-dwell").fill("45")
    await leader.find("zone-height").fill("30")
    await expect(leader.find("zone-figure")).to_be_visible()


async def try_it_on_a_night(leader: DutyPage) -> None:
    await leader.find("zones-replay-go").click()
    await expect(leader.find("zone-replay-sum")).to_contain_text("碰到本防区 2 段活动")
    await expect(leader.find("zone-heat")).to_be_visible()
    await photograph(leader, "zones-desk")


async def keep(leader: DutyPage, reason: str, version: int) -> None:
    await expect(leader.find("zones-save")).to_be_disabled()
    await leader.find("zones-reason").fill(reason)
    await leader.find("zones-save").click()
    await expect(leader.find("zones-said")).to_contain_text(f"第 {version} 版", timeout=LATER_MS)
    force = leader.page.locator("[data-testid=zones-force][data-force=true]")
    await expect(force).to_be_visible(timeout=LATER_MS)


async def hide_a_corner(leader: DutyPage) -> None:
    """What a privacy zone hides is black in the next picture."""
    await leader.find("zone-add-rectangle").click()
    await leader.find("zone-kind").select_option("privacy")
    shape = leader.find("zone-own")
    for key in ("ArrowLeft", "ArrowUp"):
        for _ in range(15):
            await shape.press(f"Shift+{key}")
    await keep(leader, "邻家窗户", 2)
    picture = leader.find("zone-picture")
    before = await picture.get_attribute("src")

    async def is_taken_anew() -> bool:
        # refused while the worker opens the camera anew: then it is asked for again
        await leader.find("zones-look").click()
        await expect(leader.find("zones-look")).to_be_enabled(timeout=LATER_MS)
        return await picture.get_attribute("src") != before

    await until(is_taken_anew, timeout_s=LATER_MS / 1000, every_s=1.0)
    await expect(picture).to_be_visible()
    assert max(await picture.evaluate(_PIXEL)) < 40


async def put_up_the_wall(leader: DutyPage, site: House) -> None:
    await leader.page.goto(f"{site.url}/cameras/wall")
    await expect(leader.find("wall-row")).to_have_count(2)
    await leader.find("wall-layout-9").click()
    await leader.find("live-look").click()
    playing = leader.page.locator("[data-testid=live-tile][data-phase=playing]")
    await expect(playing).to_have_count(2, timeout=LATER_MS)
    await expect(leader.find("wall-health")).to_have_count(2)
    await photograph(leader, "wall-desk")
    await leader.page.reload()
    await expect(leader.find("wall-layout-9")).to_have_attribute("aria-pressed", "true")
    await leader.find("wall-find").fill("yard")
    await expect(leader.find("wall-row")).to_have_count(1)


async def photograph(duty: DutyPage, name: str) -> None:
    folder = ARTIFACTS / "screens"
    folder.mkdir(parents=True, exist_ok=True)
    await duty.page.screenshot(path=folder / f"{name}.png")
