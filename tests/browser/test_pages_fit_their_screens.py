"""The pages on a duty desk's screens and on a telephone, in both languages: whole, and pictured.

The pictures go to test-artifacts/screens for people to look at; the test itself checks that no page
scrolls sideways and that what must be touched is large enough for a thumb.
"""

from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from camerad.simulator.film import draw_film
from camerad.simulator.scenes import EAST_GATE, SCHOOL_GATE
from camerad.simulator.site import SimulatedCameraSite
from linkage.demo.town import VILLAGES
from tests.browser.conftest import ARTIFACTS
from tests.browser.duty_page import DESK, HD, PHONE, DutyPage, open_page
from tests.scenarios.cameras import Registered, register, until_watching
from tests.scenarios.house import house

SIZES = {"1920x1080": HD, "1366x768": DESK, "390x844": PHONE}
LOOKS = [
    (label, language)
    for label in SIZES
    for language in ("zh", "en")
    # what fits the older screen fits the large one
    if (label, language) != ("1920x1080", "en")
]


async def look(duty: DutyPage, name: str) -> None:
    """Picture the page and check that it fits."""
    folder = ARTIFACTS / "screens"
    folder.mkdir(parents=True, exist_ok=True)
    await duty.page.evaluate("document.fonts.ready")
    await duty.page.screenshot(path=folder / f"{name}.png")
    assert await duty.width_left_over() <= 0, f"{name} scrolls sideways"


async def assert_thumb_sized(duty: DutyPage, name: str) -> None:
    box = await duty.find(name).first.bounding_box()
    assert box is not None
    assert box["width"] >= 44
    assert box["height"] >= 44
    size = duty.page.viewport_size
    assert size is not None
    assert box["y"] + box["height"] <= size["height"], "it is in sight without scrolling"


@pytest.mark.timeout(300)
async def test_every_page_fits_in_both_languages(chromium: Browser, tmp_path: Path) -> None:
    gate, school = tmp_path / "gate.mp4", tmp_path / "school.mp4"
    draw_film(gate, EAST_GATE, seconds=2, fps=10)
    draw_film(school, SCHOOL_GATE, seconds=2, fps=10)
    east = VILLAGES[0]
    near = (east.latitude, east.longitude)
    first, second = Registered("cam-gate", spot=near), Registered("cam-school", spot=near)
    nowhere = Registered("cam-lost", village="beicun")
    async with (
        house(tmp_path, broker="embedded", discover=True) as site,
        SimulatedCameraSite([first.playing(gate), second.playing(school)]),
    ):
        register(site, first, second, nowhere)
        await site.start()
        pages = {}
        for label, language in LOOKS:
            duty = await open_page(chromium, site, SIZES[label])
            pages[f"{label}-{language}"] = duty
            await duty.open_sign_in(language)
            await look(duty, f"{label}-{language}-1-sign-in")
            await assert_thumb_sized(duty, "signin-submit")
            await duty.sign_in(language=language)
            await expect(duty.find("calm-panel")).to_be_visible()
            await look(duty, f"{label}-{language}-2-quiet")
        async with site.client() as officer, site.button() as button:
            await officer.sign_in()
            await until_watching(officer, first.id)
            await until_watching(officer, second.id)
            outcome = await button.press(timeout_s=20)
            incident = await officer.incident_of(outcome.alarm)
            for name, duty in pages.items():
                await expect(duty.find("attention-panel")).to_be_visible()
                await look(duty, f"{name}-3-unsigned")
                await assert_thumb_sized(duty, "attention-ack")
            assert await officer.step(incident, "acknowledge") == 200
        for name, duty in pages.items():
            await expect(duty.find("next-step")).to_be_visible()
            await look(duty, f"{name}-4-next")
            await assert_thumb_sized(duty, "next-step")
            await duty.page.goto(f"{site.url}/incidents/{incident['id']}")
            await expect(duty.find("timeline-item").first).to_be_visible()
            await expect(duty.find("evidence-picture")).to_have_count(2)
            await duty.live()
            await look(duty, f"{name}-5-incident")
            await assert_thumb_sized(duty, "step-submit")
            await duty.page.goto(f"{site.url}/cameras")
            await expect(duty.find("camera-card")).to_have_count(3)
            await duty.live()
            await look(duty, f"{name}-6-cameras")
            if name.startswith("1920"):
                continue
            await duty.page.goto(f"{site.url}/duty")
            await expect(duty.find("posts")).to_be_visible()
            await look(duty, f"{name}-7-duty")
            await duty.page.goto(f"{site.url}/quiet")
            await expect(duty.find("drills")).to_be_visible()
            await look(duty, f"{name}-8-quiet")
        assert await site.stop() == 0
