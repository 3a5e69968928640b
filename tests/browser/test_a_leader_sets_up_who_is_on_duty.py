"""值班设置 and the exceptions from it in the page: posts, shifts, teams, officers; absence, swap.

Each noun is added, changed and taken out of use as its pages offer it; the store is the witness.
"""

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Locator, expect

from tests.browser.duty_page import DESK, PHONE, DutyPage, open_page
from tests.scenarios.house import House, Officer, house


async def kept(officer: Officer, noun: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (await officer.get(f"/duty/{noun}"))["items"]
    return items


async def saved(form: Locator) -> None:
    """Save and see the form go: it stays when something was wrong."""
    await form.get_by_test_id("form-save").click()
    await expect(form).to_have_count(0)


async def take_out(entry: Locator) -> None:
    await entry.get_by_test_id("drop").last.click()
    await entry.get_by_test_id("drop-sure").click()


async def at(page: DutyPage, site: House, path: str) -> None:
    await page.page.goto(f"{site.url}{path}")
    await page.live()


@pytest.mark.timeout(120)
async def test_a_leader_sets_up_posts_shifts_teams_and_village_officers(
    chromium: Browser, tmp_path: Path
) -> None:
    async with house(tmp_path, broker="embedded") as site:
        await site.start()
        async with site.client() as witness:
            await witness.sign_in("leader")
            leader = await open_page(chromium, site, DESK)
            await leader.sign_in("leader")
            await leader.find("nav-prepare").click()
            await leader.find("nav-duty-settings").click()

            # a post, which nobody is at until it has a shift
            await leader.find("post-add").click()
            await leader.find("post-name").fill("监控研判室值班席")
            await saved(leader.find("post-form"))
            card = leader.find("post-card")
            await expect(card.get_by_test_id("post-empty")).to_be_visible()

            # two crews in turn, picked by their names
            await card.get_by_test_id("shift-add").click()
            form = leader.find("shift-form")
            await form.get_by_test_id("shift-hours").fill("12")
            await expect(form).to_contain_text("到 20:00 交班")
            await form.get_by_test_id("people-add").select_option("duty")
            await form.get_by_test_id("crew-add").click()
            await form.get_by_test_id("people-add").last.select_option("leader")
            await saved(form)
            await expect(card.get_by_test_id("post-empty")).to_have_count(0)
            await expect(card.get_by_test_id("shift-row")).to_contain_text("张值班")
            (pattern,) = await kept(witness, "patterns")
            assert (pattern["hours"], pattern["crews"]) == (12, [["duty"], ["leader"]])

            # a change keeps what it does not touch
            await card.get_by_test_id("shift-change").click()
            await leader.find("shift-form").get_by_test_id("shift-start").fill("20:00")
            await saved(leader.find("shift-form"))
            changed = {**pattern, "start": "20:00"}
            assert await kept(witness, "patterns") == [changed]

            await team_is_set_up(leader, witness)
            await officer_is_named(leader, witness)

            await take_out(card.get_by_test_id("shift-row"))
            await expect(card.get_by_test_id("shift-row")).to_have_count(0)
            await card.get_by_test_id("drop").click()
            await card.get_by_test_id("drop-sure").click()
            await expect(card).to_have_count(0)
            assert (await kept(witness, "posts"), await kept(witness, "patterns")) == ([], [])


async def team_is_set_up(leader: DutyPage, witness: Officer) -> None:
    """Its telephone, masked when it is read, and its turns survive a change of something else."""
    await leader.find("team-add").click()
    form = leader.find("team-form")
    await form.get_by_test_id("team-name").fill("东村巡防队")
    await form.get_by_label("全镇").uncheck()
    await form.get_by_label("东村", exact=True).check()
    await form.get_by_test_id("slot-weeks").select_option("2")
    await form.get_by_test_id("slot-since").fill("2026-11-23")
    await form.get_by_test_id("member-add").click()
    await form.get_by_test_id("member-name").fill("陈队长")
    await form.get_by_test_id("member-phone").fill("00000000101")
    await saved(form)
    row = leader.find("team-row")
    await expect(row).to_contain_text(re.compile("东村.*陈队长"))
    await expect(row).not_to_contain_text("00000000101")
    await expect(row).to_contain_text("每 2 周一次，2026-11-23 那周轮到")

    await row.get_by_test_id("team-change").click()
    await leader.find("team-form").get_by_test_id("team-name").fill("巡防一队")
    await saved(leader.find("team-form"))
    (team,) = await kept(witness, "teams")
    assert (team["name"], team["villages"]) == ("巡防一队", ["dongcun"])
    (slot,) = team["slots"]
    assert (slot["every_weeks"], slot["since"]) == (2, "2026-11-23")

    # a masked number is nobody else's
    await row.get_by_test_id("team-change").click()
    await leader.find("member-name").fill("杨队长")
    await leader.find("form-save").click()
    await expect(leader.find("form-trouble")).to_contain_text("杨队长 的电话不完整")
    await leader.find("team-form").get_by_text("取消", exact=True).click()

    await take_out(row)
    await expect(row).to_have_count(0)
    assert await kept(witness, "teams") == []


async def officer_is_named(leader: DutyPage, witness: Officer) -> None:
    east = leader.page.locator("[data-testid=officer-row][data-id=dongcun]")
    await expect(east).to_contain_text("未设置")
    await east.get_by_test_id("officer-change").click()
    await east.get_by_test_id("officer-account").select_option("police")
    await saved(east.get_by_test_id("officer-form"))
    assert [(one["village"], one["username"]) for one in await kept(witness, "officers")] == [
        ("dongcun", "police")
    ]
    await take_out(east)
    await expect(east).to_contain_text("未设置")
    assert await kept(witness, "officers") == []


@pytest.mark.timeout(120)
async def test_a_leader_enters_who_is_away_and_who_stands_in(
    chromium: Browser, tmp_path: Path
) -> None:
    async with house(tmp_path, broker="embedded") as site:
        await site.start()
        async with site.client() as witness:
            await witness.sign_in("leader")
            post = {"name": "值班席", "role": "duty-officer", "id": "desk"}
            assert (await witness.session.post("/api/v1/duty/posts", json=post)).status == 201
            leader = await open_page(chromium, site, PHONE)
            await leader.sign_in("leader")
            await at(leader, site, "/duty")

            absences = leader.find("absences")
            await leader.find("absence-add").click()
            await leader.find("absence-person").select_option("duty")
            await leader.find("absence-save").click()
            await expect(absences.get_by_role("listitem")).to_contain_text("张值班")
            assert [one["username"] for one in await kept(witness, "absences")] == ["duty"]

            overrides = leader.find("overrides")
            await leader.find("override-add").click()
            await leader.find("override-standin").select_option("leader")
            await leader.find("override-replaces").select_option("duty")
            await leader.find("override-save").click()
            await expect(overrides.get_by_role("listitem")).to_contain_text("替 张值班")
            (swap,) = await kept(witness, "overrides")
            assert (swap["post"], swap["username"], swap["replaces"]) == ("desk", "leader", "duty")
            # the rota follows: the leader sits at the desk now
            await expect(leader.find("posts")).to_contain_text("李班长")
            assert await leader.width_left_over() <= 0

            await take_out(overrides)
            await expect(overrides.get_by_role("listitem")).to_have_count(0)
            await take_out(absences)
            await expect(absences.get_by_role("listitem")).to_have_count(0)
            assert await kept(witness, "absences") == []

            # the widest forms fit a telephone too
            await at(leader, site, "/duty/settings")
            for name in ("shift-add", "post-add", "team-add"):
                await leader.find(name).click()
            assert await leader.width_left_over() <= 0


async def test_an_officer_who_may_not_change_the_rota_is_not_offered_to(
    chromium: Browser, tmp_path: Path
) -> None:
    async with house(tmp_path, broker="embedded") as site:
        await site.start()
        duty = await open_page(chromium, site, DESK)
        await duty.sign_in()
        await expect(duty.find("nav-duty")).to_be_visible()
        await expect(duty.find("nav-duty-settings")).to_have_count(0)
        await at(duty, site, "/duty")
        await expect(duty.find("absences")).to_be_visible()
        await expect(duty.find("absence-add")).to_have_count(0)
        await expect(duty.find("overrides")).to_have_count(0)


async def test_a_leader_writes_the_towns_own_response_plan(
    chromium: Browser, tmp_path: Path
) -> None:
    async with house(tmp_path, broker="embedded") as site:
        await site.start()
        leader = await open_page(chromium, site, PHONE)
        await leader.sign_in("leader")
        await at(leader, site, "/plans")
        shipped = leader.find("plan-card").first
        await shipped.get_by_test_id("plan-copy").click()
        await expect(leader.find("plan-name")).to_have_value(re.compile(r"^[^/]+$"))  # one language
        # every village is offered, though none has an officer or an incident
        await expect(leader.find("plan-editor").get_by_label("西村")).to_be_visible()
        assert await leader.width_left_over() <= 0
        await leader.find("plan-name").fill("东村走失预案")
        first = leader.find("plan-text").first
        await first.fill("先问住户")
        await leader.find("plan-save").click()
        await expect(leader.find("plan-editor")).to_have_count(0)
        own = leader.find("plan-card").filter(has_text="东村走失预案")
        await expect(own).to_contain_text(re.compile("第 1 版.*先问住户"))

        # a change is a new version
        await own.get_by_test_id("plan-edit").click()
        await first.fill("先问邻居")
        await leader.find("plan-save").click()
        await expect(own).to_contain_text(re.compile("第 2 版.*先问邻居"))
        await take_out(own)
        await expect(own).to_have_count(0)
