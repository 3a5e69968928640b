"""The main job, end to end, in a real browser: press, see, sign for, told.

A press must stand in the open page within 1 s. Three presses from different groups are measured
and the middle one counts: the machine of a test run is shared, and one of them may meet a hiccup.
"""

import asyncio
import re
import statistics
import time
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.browser.duty_page import PHONE, open_page
from tests.scenarios.house import house

LIMIT_S = 1.0
_FINGER_DOWN_MS = 200
"""What moves away under a finger meanwhile is not pressed."""
GROUPS = ("dongcun-001-1", "xicun-011-1", "beicun-021-1")


@pytest.mark.alone
@pytest.mark.parametrize("broker", ["mosquitto", "embedded"])
async def test_a_press_appears_within_a_second_and_is_signed_for(
    broker: str, chromium: Browser, tmp_path: Path
) -> None:
    async with house(tmp_path, broker=broker) as site:
        await site.start()
        duty = await open_page(chromium, site)
        await duty.sign_in()
        waits = []
        for rows, device in enumerate(GROUPS, start=1):
            async with site.button(device=device) as button:
                await button.wait_connected()
                begun = time.monotonic()
                pressing = asyncio.create_task(button.press(timeout_s=20))
                waits.append(await duty.seen_after_s(rows, begun))
                outcome = await pressing
                assert outcome.state == "received"

                panel = duty.find("attention-panel")
                incident = await panel.get_attribute("data-incident-id")
                assert incident is not None
                await expect(duty.row_of(incident)).to_be_visible()
                await expect(duty.find("attention-ack")).to_have_text(re.compile("签收"))
                await duty.find("attention-ack").click()
                await expect(panel).to_have_count(0)
                told = await button.wait_for("acknowledged", timeout_s=20)
                assert told.alarm == outcome.alarm
                assert [reply.state for reply in button.history] == ["received", "acknowledged"]
        print(f"press to page, {broker}: {[round(wait, 3) for wait in waits]} s")  # noqa: T201
        assert statistics.median(waits) <= LIMIT_S

        await duty.page.goto(f"{site.url}/incidents/{incident}")
        signed = duty.page.locator("[data-testid=timeline-item][data-type=acknowledged]")
        await expect(signed).to_have_count(1)
        await expect(signed).to_contain_text("张值班")
        await expect(signed.locator("time")).to_have_text(re.compile(r"\d{1,2}:\d{2}:\d{2}"))
        assert await site.stop() == 0


async def test_an_officer_signs_with_one_key_and_the_panel_stays_with_what_was_signed(
    chromium: Browser, tmp_path: Path
) -> None:
    async with house(tmp_path, broker="embedded") as site:
        await site.start()
        duty = await open_page(chromium, site)
        await duty.sign_in()
        for device in GROUPS[:2]:  # the first stays open, signed for and older
            async with site.button(device=device) as button:
                await button.press(timeout_s=20)
                await expect(duty.find("attention-ack")).to_be_enabled()
                shown = await duty.find("attention-panel").get_attribute("data-incident-id") or ""
                await duty.page.keyboard.press("a")
                await button.wait_for("acknowledged", timeout_s=20)
            await expect(duty.find("next-panel")).to_have_attribute("data-incident-id", shown)
        await expect(duty.incidents).to_have_count(2)
        # nor does a page opened anew forget it, though the older one waits longer
        await duty.page.reload()
        await expect(duty.find("next-panel")).to_have_attribute("data-incident-id", shown)


async def test_a_press_on_another_page_lies_over_it_and_can_be_signed_for(
    chromium: Browser, tmp_path: Path
) -> None:
    async with house(tmp_path, broker="embedded") as site:
        await site.start()
        duty = await open_page(chromium, site, PHONE)  # there the bar about the sound lies above it
        await duty.sign_in()
        await duty.page.goto(f"{site.url}/cameras")
        await duty.live()
        async with site.button() as button:
            await button.press(timeout_s=20)
            await expect(duty.find("alarm-strip")).to_be_visible()
            # the page was just opened, so its sound is locked, and this is the first touch of it
            await expect(duty.find("sound-unlock")).to_be_visible()
            await duty.find("strip-ack").click(delay=_FINGER_DOWN_MS)
            await expect(duty.find("sound-unlock")).to_have_count(0)
            await button.wait_for("acknowledged", timeout_s=20)
            await expect(duty.find("alarm-strip")).to_have_count(0)
