"""An officer opens a press's incident and looks through its cameras: the picture moves, what a
privacy zone hides is black, a lost camera is not shown as live, and the register knows of it all.
"""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from playwright.async_api import Browser, Locator, expect

from camerad.simulator.site import SimulatedCameraSite
from linkage.demo.town import VILLAGES
from tests.browser.conftest import ARTIFACTS
from tests.browser.duty_page import DESK, PHONE, DutyPage, open_page
from tests.camerad.rtsp_cameras import draw_clip
from tests.polling import until
from tests.scenarios.cameras import Registered, register, until_watching
from tests.scenarios.house import House, Officer, house

SPOT = (VILLAGES[0].latitude, VILLAGES[0].longitude)
LEFT_HALF = ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0))
GATE = Registered("cam-gate", spot=SPOT)
YARD = Registered("cam-yard", spot=SPOT, privacy=LEFT_HALF)
LATER_MS = 45_000
_PIXELS = """element => {
  const canvas = document.createElement('canvas')
  const [wide, high] = [element.videoWidth ?? element.width, element.videoHeight ?? element.height]
  canvas.width = wide; canvas.height = high
  const drawn = canvas.getContext('2d')
  drawn.drawImage(element, 0, 0)
  const at = (x, y) => [...drawn.getImageData(x * wide, y * high, 1, 1).data].slice(0, 3)
  return [at(0.2, 0.15), at(0.8, 0.15)]
}"""
"""What is seen in the left half and in the right one, of a scene that is red all over."""


_HIDE = """() => {
  Object.defineProperty(document, 'visibilityState', { value: 'hidden', configurable: true })
  document.dispatchEvent(new Event('visibilitychange'))
}"""
"""As when another tab is in front."""


@pytest.mark.timeout(240)
async def test_an_officer_looks_live(chromium: Browser, tmp_path: Path) -> None:
    film = await asyncio.to_thread(draw_clip, tmp_path / "red.mp4", seconds=6)
    async with house(tmp_path, broker="embedded", discover=True) as site, AsyncExitStack() as power:
        register(site, GATE, YARD)
        cameras = SimulatedCameraSite([GATE.playing(film), YARD.playing(film)])
        await power.enter_async_context(cameras)
        await site.start()
        async with site.client() as witness, site.button() as button:
            await witness.sign_in("leader")
            for camera in (GATE, YARD):
                await until_watching(witness, camera.id)
            pressed = await button.press(timeout_s=20)
            incident = await witness.incident_of(pressed.alarm)

            duty = await open_page(chromium, site, DESK)
            await duty.sign_in()
            await duty.page.goto(f"{site.url}/incidents/{incident['id']}")
            await see_both_move(duty)
            (first, _) = await looks(witness)
            assert (first["incident"], first["ended"]) == (incident["id"], None)
            await duty.find("live-close").nth(1).click()
            await expect(duty.find("live-tile")).to_have_count(1)
            await power.aclose()
            stale = duty.page.locator("[data-testid=live-tile][data-phase=stale]")
            await expect(stale).to_have_count(1, timeout=LATER_MS)
            await stale.scroll_into_view_if_needed()
            await photograph(duty, "live-lost-desk")
            await duty.page.close()

            await power.enter_async_context(cameras)
            await see_pictures_for_a_purpose(chromium, site)
            await the_register_is_whole(witness, incident["id"])
            await read_the_register(chromium, site)
        assert await site.stop() == 0


async def see_both_move(duty: DutyPage) -> None:
    for n in (0, 1):
        await duty.find("live-open").nth(n).click()
    playing = duty.page.locator("[data-testid=live-tile][data-phase=playing][data-via=fmp4]")
    await expect(playing).to_have_count(2, timeout=LATER_MS)
    open_tile, masked_tile = await by_name(duty, GATE.name), await by_name(duty, YARD.name)
    for tile in (open_tile, masked_tile):
        await until_it_moves(tile.get_by_test_id("live-video"))
    left, right = await open_tile.get_by_test_id("live-video").evaluate(_PIXELS)
    assert is_red(left)
    assert is_red(right)
    left, right = await masked_tile.get_by_test_id("live-video").evaluate(_PIXELS)
    assert max(left) < 40, "what the zone hides is black"
    assert is_red(right)
    await expect(masked_tile).to_contain_text("隐私区已遮挡")
    await photograph(duty, "live-desk")


async def see_pictures_for_a_purpose(chromium: Browser, site: House) -> None:
    """Without a film player, and outside any incident."""
    duty = await open_page(chromium, site, PHONE)
    await duty.page.add_init_script("delete window.MediaSource")
    await duty.sign_in()
    await duty.page.goto(f"{site.url}/cameras")
    card = duty.page.locator(f"[data-testid=camera-card][data-camera-id={YARD.id}]")
    await card.get_by_test_id("live-open").click()
    await duty.find("live-look").click()
    await expect(duty.find("live-wall").get_by_role("alert")).to_be_visible()
    await duty.find("live-purpose").fill("巡查")
    await duty.find("live-look").click()
    playing = duty.page.locator("[data-testid=live-tile][data-phase=playing][data-via=jpeg]")
    await expect(playing).to_have_count(1, timeout=LATER_MS)
    left, right = await duty.find("live-canvas").evaluate(_PIXELS)
    assert max(left) < 40
    assert is_red(right)
    await photograph(duty, "live-phone")
    assert await duty.width_left_over() <= 0
    await duty.page.evaluate(_HIDE)
    await expect(duty.find("live-tile")).to_have_count(0, timeout=LATER_MS)
    await expect(duty.find("live-wall")).to_contain_text("页面在后台")
    await duty.page.close()


async def the_register_is_whole(witness: Officer, incident: str) -> None:
    async def all_ended() -> bool:
        return all(look["ended"] for look in await looks(witness))

    await until(all_ended, timeout_s=20)
    last, *of_incident = await looks(witness)
    assert (last["camera"], last["purpose"], last["incident"]) == (YARD.id, "巡查", None)
    assert {look["camera"] for look in of_incident} == {GATE.id, YARD.id}
    for look in of_incident:
        assert (look["username"], look["incident"]) == ("duty", incident)
        assert look["seconds"] >= 1.0
    ways = {look["camera"]: look["why_ended"] for look in of_incident}
    assert sorted(ways.values()) == ["closed", "left"]


async def read_the_register(chromium: Browser, site: House) -> None:
    leader = await open_page(chromium, site, DESK)
    await leader.sign_in("leader")
    await leader.page.goto(f"{site.url}/cameras")
    await leader.find("looks-open").click()
    live = leader.page.locator("[data-testid=look-row][data-kind=live]")
    await expect(live).to_have_count(3, timeout=20_000)
    await expect(leader.find("look-row").filter(has_text="留存图片").first).to_be_visible()
    await photograph(leader, "looks-desk")


async def looks(witness: Officer) -> list[dict[str, object]]:
    """The live ones; what was kept and is shown on the incident's page stands there too."""
    found: list[dict[str, object]] = (await witness.get("/looks"))["items"]
    assert {look["kind"] for look in found} <= {"live", "clip", "picture"}
    return [look for look in found if look["kind"] == "live"]


async def by_name(duty: DutyPage, name: str) -> Locator:
    return duty.find("live-tile").filter(has_text=name)


async def until_it_moves(video: Locator) -> None:
    begun = await video.evaluate("v => v.currentTime")

    async def has_moved() -> bool:
        return bool(await video.evaluate("v => v.currentTime") > begun + 0.5)

    await until(has_moved, timeout_s=30)


def is_red(pixel: list[int]) -> bool:
    red, green, blue = pixel
    return red > 150 and green < 90 and blue < 90


async def photograph(duty: DutyPage, name: str) -> None:
    folder = ARTIFACTS / "screens"
    folder.mkdir(parents=True, exist_ok=True)
    await duty.page.screenshot(path=folder / f"{name}.png")
