"""The duty room's work in the page: six steps, plan ticks, a drill made real, the hand-over."""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.browser.duty_page import DESK, DutyPage, open_page
from tests.scenarios.house import House, Officer, house


async def sent(officer: Officer, path: str, body: dict[str, object]) -> dict[str, object]:
    """What the API answers to this body."""
    async with officer.session.post(f"/api/v1{path}", json=body) as answer:
        assert answer.status in (200, 201), await answer.text()
        found: dict[str, object] = await answer.json()
        return found


async def team_on_the_road(site: House) -> None:
    async with site.client() as leader:
        await leader.sign_in("leader")
        always = [{"hours": "00:00-12:00"}, {"hours": "12:00-00:00"}]
        people = [{"name": "陈队长", "phone": "00000000101"}]
        team = {"name": "东村巡防队", "villages": ["dongcun"], "slots": always, "members": people}
        await sent(leader, "/duty/teams", team)


async def step_to(duty: DutyPage, after: str, *, text: str | None = None) -> None:
    """Take the large button's step, with these words; the next one is then `after`."""
    if text is not None:
        await duty.find("step-text").fill(text)
    await duty.find("step-submit").click()
    await expect(duty.find("step-panel")).to_have_attribute("data-action", after)


async def suspend_for_an_hour(duty: DutyPage) -> None:
    """A step out of the quiet menu, with the form it needs."""
    await duty.find("other-steps").click()
    await duty.find("other-suspend").click()
    await duty.page.get_by_text("1 小时", exact=True).click()
    await duty.find("other-submit").click()
    await expect(duty.find("step-panel")).to_contain_text("请填写：原因")
    await duty.page.get_by_label("原因").fill("等家属到场")
    await duty.find("other-submit").click()
    await expect(duty.find("step-panel")).to_have_attribute("data-action", "resume")


@pytest.mark.timeout(120)
async def test_an_officer_takes_an_incident_through_all_six_steps(
    chromium: Browser, tmp_path: Path
) -> None:
    async with house(tmp_path, broker="embedded") as site:
        await site.start()
        await team_on_the_road(site)
        duty = await open_page(chromium, site, DESK)
        await duty.sign_in()
        async with site.button() as button:
            await button.press(timeout_s=20)
            await duty.find("attention-ack").click()
            await expect(duty.find("next-panel").get_by_test_id("due")).to_be_visible()
            await duty.find("next-step").click()

            await duty.find("plan-item").first.click()
            await expect(duty.find("plan-item").first).to_be_checked()
            await expect(duty.find("plan")).to_contain_text("张值班")

            await step_to(duty, "dispatch", text="已与住户通话，家中有人摔倒")
            await suspend_for_an_hour(duty)
            await step_to(duty, "dispatch")
            await expect(duty.find("proposal").first).to_contain_text("东村巡防队")
            await duty.find("proposal-send").first.click()
            await expect(duty.find("step-panel")).to_have_attribute("data-action", "set-out")
            await expect(duty.find("due")).to_have_attribute("data-due-for", "set-out")
            await step_to(duty, "arrive")
            await step_to(duty, "respond")
            await step_to(duty, "close", text="已送医")
            await duty.page.get_by_text("属实", exact=True).click()
            await step_to(duty, "review", text="队伍与住户均确认")
            await button.wait_for("closed", timeout_s=20)
        # reviewing is the shift leader's
        await expect(duty.find("step-submit")).to_have_count(0)
        leader = await open_page(chromium, site, DESK)
        await leader.sign_in("leader")
        await leader.page.goto(duty.page.url)
        await leader.find("step-text").fill("处置及时")
        await leader.find("step-submit").click()
        await expect(leader.find("stage-bar")).to_have_attribute("data-stage", "reviewed")
        await expect(leader.find("stage-bar").locator("li.skipped")).to_have_count(0)


@pytest.mark.timeout(120)
async def test_a_drills_press_is_marked_so_and_becomes_real_by_one_key(
    chromium: Browser, tmp_path: Path
) -> None:
    async with house(tmp_path, broker="embedded") as site:
        await site.start()
        leader = await open_page(chromium, site, DESK)
        await leader.sign_in("leader")
        async with site.client() as planner, site.button() as button:
            await planner.sign_in("leader")
            now = datetime.now(UTC)
            drill = {
                "name": "东村夜间演练",
                "devices": [site.buttons[0].credentials.device],
                "begin": now.isoformat(),
                "end": (now + timedelta(hours=1)).isoformat(),
                "notice_to": "派出所",
            }
            await sent(planner, "/drills", drill)
            await leader.page.goto(f"{site.url}/quiet")
            await leader.find("drill-start").click()
            await expect(leader.find("drill-banner")).to_contain_text("东村夜间演练")

            duty = await open_page(chromium, site, DESK)
            await duty.sign_in()
            await expect(duty.find("drill-banner")).to_be_visible()
            await button.press(timeout_s=20)
            panel = duty.find("attention-panel")
            await expect(panel).to_have_class(re.compile(r"\bdrill\b"))
            await expect(panel).to_contain_text("演练")
            # a key counts once the panel has stood for a moment
            await expect(duty.find("attention-ack")).to_be_enabled()
            await duty.page.keyboard.press("r")
            await expect(panel).to_have_class(re.compile(r"\burgent\b"))
            await expect(panel).not_to_contain_text("演练")

            await leader.find("drill-end").click()
            await expect(leader.find("drill-banner")).to_have_count(0)
            await leader.find("drill").get_by_text("台账", exact=True).click()
            await expect(leader.find("ledger")).to_contain_text("转为实警")


async def test_a_shift_is_handed_over_with_two_signatures(
    chromium: Browser, tmp_path: Path
) -> None:
    async with house(tmp_path, broker="embedded") as site:
        await site.start()
        outgoing, incoming = [await open_page(chromium, site, DESK) for _ in range(2)]
        await asyncio.gather(outgoing.sign_in("duty"), incoming.sign_in("leader"))
        async with site.button() as button:
            await button.press(timeout_s=20)
        for one in (outgoing, incoming):
            await one.page.goto(f"{site.url}/duty")
        await outgoing.find("handover-begin").click()
        await outgoing.find("handover-notes").fill("东村路灯在修")
        await outgoing.find("handover-draft").click()
        await expect(outgoing.find("handover-row")).to_have_attribute("data-state", "drafted")
        # one's own sheet is for somebody else to sign
        await expect(outgoing.find("handover-sign")).to_have_count(0)

        await incoming.page.reload()
        await expect(incoming.find("handover")).to_contain_text("东村路灯在修")
        await expect(incoming.find("handover")).to_contain_text("未结警情 1 起")
        await incoming.find("handover-sign").click()
        await expect(incoming.find("handover-row")).to_have_attribute("data-state", "signed")
        await expect(incoming.find("handover-row")).to_contain_text("张值班")
