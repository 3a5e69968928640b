"""What could make an open page useless: a restart, locked sound, an expired session."""

import asyncio
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.browser.duty_page import open_page
from tests.commands.running import lianfang
from tests.scenarios.house import house


async def test_the_page_goes_on_after_a_restart_with_nothing_lost_or_doubled(
    chromium: Browser, tmp_path: Path
) -> None:
    async with house(tmp_path) as site:
        await site.start()
        duty = await open_page(chromium, site)
        await duty.sign_in()
        async with (
            site.button(device="dongcun-001-1") as before,
            site.button(device="xicun-011-1") as during,
            site.button(device="beicun-021-1") as after,
        ):
            assert (await before.press(timeout_s=20)).state == "received"
            await expect(duty.incidents).to_have_count(1)
            assert await site.stop() == 0
            lost = duty.page.locator("[data-testid=connection-state]:not([data-state=live])")
            await expect(lost).to_be_attached(timeout=15_000)
            pressing = asyncio.create_task(during.press(timeout_s=60))
            await site.start()
            await duty.live(40)
            assert (await pressing).state in {"received", "duplicate"}
            await expect(duty.incidents).to_have_count(2, timeout=10_000)
            assert (await after.press(timeout_s=20)).state == "received"
            await expect(duty.incidents).to_have_count(3)
        ids = [await row.get_attribute("data-incident-id") for row in await duty.incidents.all()]
        assert len(set(ids)) == 3
        async with site.client() as officer:
            await officer.sign_in()
            known = (await officer.get("/incidents?state=open"))["items"]
            assert {incident["id"] for incident in known} == set(ids)
            assert all(len(incident["alarms"]) == 1 for incident in known)
        assert await site.stop() == 0


async def test_locked_sound_is_shown_until_somebody_touches_the_page(
    chromium: Browser, tmp_path: Path
) -> None:
    async with house(tmp_path, broker="embedded") as site:
        await site.start()
        duty = await open_page(chromium, site)
        await duty.sign_in()
        sound = duty.find("sound-state")
        await expect(sound).to_have_attribute("data-state", "unlocked")
        # a page opened anew, as after a restart of the computer: signed in, never touched
        fresh = await duty.page.context.new_page()
        await fresh.goto(site.url)
        await expect(fresh.get_by_test_id("sound-state")).to_have_attribute("data-state", "locked")
        await expect(fresh.get_by_test_id("sound-unlock")).to_be_visible()
        await fresh.get_by_test_id("sound-unlock").click()
        unlocked = fresh.get_by_test_id("sound-state")
        await expect(unlocked).to_have_attribute("data-state", "unlocked")
        await expect(fresh.get_by_test_id("sound-unlock")).to_have_count(0)


@pytest.mark.timeout(90)
async def test_a_session_that_ended_covers_the_whole_page(
    chromium: Browser, tmp_path: Path
) -> None:
    async with house(tmp_path, broker="embedded") as site:
        await site.start()
        duty = await open_page(chromium, site)
        await duty.sign_in()
        given = "another good pass phrase\n"
        changed = await asyncio.to_thread(
            lianfang, "user", "passwd", "duty", "--config", site.config, given=given
        )
        assert changed.status == 0, changed.err
        await expect(duty.find("session-ended")).to_be_visible(timeout=20_000)
        covered = await duty.find("session-ended").bounding_box()
        assert covered is not None
        assert (covered["width"], covered["height"]) == (1920, 1080)


async def test_a_wrong_password_is_told_and_lets_nobody_in(
    chromium: Browser, tmp_path: Path
) -> None:
    async with house(tmp_path, broker="embedded") as site:
        await site.start()
        duty = await open_page(chromium, site)
        await duty.open_sign_in()
        await duty.find("signin-username").fill("duty")
        await duty.find("signin-password").fill("guess")
        await duty.find("signin-submit").click()
        await expect(duty.find("signin-error")).to_be_visible()
        await expect(duty.find("connection-state")).to_have_count(0)
