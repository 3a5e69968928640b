"""Who comes in and stays in: a second factor, a locked screen, sessions ended from elsewhere."""

import base64
import time
from pathlib import Path

from playwright.async_api import Browser, expect

from linkage.accounts import totp
from tests.browser.duty_page import DESK, DutyPage, open_page
from tests.scenarios.house import house

_LONG_MS = 20_000


def _secret_of(text: str) -> bytes:
    plain = text.replace(" ", "")
    return base64.b32decode(plain + "=" * (-len(plain) % 8))


def _code(secret: bytes, steps: int = 0) -> str:
    return totp.code_of(secret, totp.step_of(round(time.time() * 1000)) + steps)


async def _enrol(leader: DutyPage, password: str) -> tuple[bytes, str]:
    """The secret, and one of the recovery codes."""
    await leader.find("nav-me").click()
    await leader.find("to-me").click()
    await leader.find("factor-begin").click()
    await leader.find("factor-password").fill(password)
    await leader.find("form-save").click()
    secret = _secret_of(await leader.find("factor-secret").inner_text())
    await leader.find("factor-code").fill(_code(secret))
    await leader.find("form-save").click()
    await expect(leader.find("recovery-code")).to_have_count(10, timeout=_LONG_MS)
    recovery = await leader.find("recovery-code").first.inner_text()
    await leader.find("codes-kept").check()
    await leader.find("codes-done").click()
    await expect(leader.find("factor-state")).to_contain_text("已绑定", timeout=_LONG_MS)
    return secret, recovery


async def test_a_second_factor_a_locked_screen_and_a_session_ended_elsewhere(
    chromium: Browser, tmp_path: Path
) -> None:
    async with house(tmp_path, broker="embedded") as site:
        await site.start()
        password = site.accounts["leader"]
        leader = await open_page(chromium, site, DESK)
        await leader.sign_in("leader")
        secret, _recovery = await _enrol(leader, password)

        # signing in elsewhere asks for the code; the one used to enrol is used up
        elsewhere = await open_page(chromium, site, DESK)
        await elsewhere.open_sign_in()
        await elsewhere.find("signin-username").fill("leader")
        await elsewhere.find("signin-password").fill(password)
        await elsewhere.find("signin-submit").click()
        await expect(elsewhere.find("signin-code")).to_be_visible(timeout=_LONG_MS)
        await elsewhere.find("signin-code").fill("000000")
        await elsewhere.find("signin-submit").click()
        await expect(elsewhere.find("signin-error")).to_be_visible(timeout=_LONG_MS)
        await elsewhere.find("signin-code").fill(_code(secret, 1))
        await elsewhere.find("signin-submit").click()
        await elsewhere.live()

        # the locked screen shows and sounds, and says not whose the alarm is
        await elsewhere.find("nav-me").click()
        await elsewhere.find("lock").click()
        await elsewhere.find("lock-confirm").click()
        await expect(elsewhere.find("lock-screen")).to_be_visible(timeout=_LONG_MS)
        async with site.button(device="dongcun-001-1") as button:
            assert (await button.press(timeout_s=20)).state == "received"
        waiting = elsewhere.find("lock-alarm")
        await expect(waiting.first).to_contain_text("紧急求助", timeout=_LONG_MS)
        shown = await elsewhere.find("lock-screen").inner_text()
        async with site.client() as officer:
            await officer.sign_in("duty")
            (incident,) = [
                one
                for one in (await officer.get("/incidents?state=open"))["items"]
                if one["kind"] == "panic"
            ]
        assert incident["place"]["household"] not in shown
        assert incident["number"] not in shown
        # a page loaded anew is locked still
        await elsewhere.page.reload()
        await expect(waiting.first).to_contain_text("紧急求助", timeout=_LONG_MS)
        await elsewhere.find("unlock-field").fill("guess")
        await elsewhere.find("unlock").click()
        await expect(elsewhere.find("unlock-trouble")).to_be_visible(timeout=_LONG_MS)
        await elsewhere.find("unlock-field").fill(password)
        await elsewhere.find("unlock").click()
        await expect(elsewhere.row_of(incident["id"])).to_be_visible(timeout=_LONG_MS)
        await expect(elsewhere.row_of(incident["id"])).to_contain_text(
            incident["place"]["household"]
        )

        # ended from the first page, it says so at once
        await leader.page.reload()
        await leader.find("session-end").first.click()
        await expect(elsewhere.find("session-ended")).to_be_visible(timeout=_LONG_MS)
        await expect(leader.find("session-row")).to_have_count(1, timeout=_LONG_MS)
