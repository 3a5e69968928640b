"""Takes the documentation's pictures of the console anew, from the demo town.

    make screenshots    every page, languages, themes and sizes, into test-artifacts/pages
    PYTHONPATH=. .venv/bin/python docs/images/retake.py [--films FOLDER] [--pages FOLDER]

Runs `lianfang demo` in a folder of its own, presses two buttons, signs and verifies one, and takes
board.png, incident.png and motion.png in Debian's Chromium; with `--pages`, a picture of every page
instead. `--films` is the `films` folder of an
earlier demo: drawing them takes minutes. Look at what came out before it is committed.
"""

import argparse
import json
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.every_page import LANGUAGES, PAGES, THEMES

HERE = Path(__file__).resolve().parent
LIANFANG = Path(sys.executable).with_name("lianfang")
SIZE = {"width": 1920, "height": 1080}
SIZES = {"desk": (1920, 1080), "phone": (390, 844)}
THINGS = {
    "camera": "cam-dongcun-1",
    "device": "dongcun-012-1",
    "estate": "dongcun-e1",
    "group": "dongcun-g1",
    "household": "dongcun-012",
    "village": "dongcun",
}
"""Of the demo town."""
SCALE = 2 / 3
"""A duty room's screen, printed smaller."""
OWN_PAGE = {"X-Requested-With": "lianfang"}
READY_S, SETTLE_S, AFTER_S = 420.0, 40.0, 12.0
FIRST, SECOND = "dongcun-012-1", "dongcun-004-1"
"""The buttons that are pressed."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until_ready(folder: Path, demo: "subprocess.Popen[bytes]") -> dict[str, Any]:
    """What the demo lets other programs know, once it is up."""
    give_up_s = time.monotonic() + READY_S
    while time.monotonic() < give_up_s:
        if demo.poll() is not None:
            raise SystemExit(f"the demo ended with {demo.returncode}")
        try:
            return dict(json.loads((folder / "demo-data/access.json").read_text("utf-8")))
        except (OSError, json.JSONDecodeError):
            time.sleep(1)
    raise SystemExit("the demo did not come up")


def press(folder: Path, device: str) -> None:
    command = [LIANFANG, "button", "press", "--config", "demo-data/config", "--device", device]
    subprocess.run(command, cwd=folder, check=True, timeout=60)


def sign_in(page: Page, url: str, username: str, password: str) -> None:
    page.goto(url)
    page.get_by_test_id("signin-username").locator("visible=true").fill(username)
    page.get_by_test_id("signin-password").fill(password)
    page.get_by_test_id("signin-submit").click()
    page.locator("[data-testid=connection-state][data-state=live]").wait_for(timeout=30_000)
    unlock_sound(page)


def unlock_sound(page: Page) -> None:
    page.wait_for_timeout(1500)
    unlock = page.get_by_test_id("sound-unlock")
    if unlock.count():
        unlock.click()
        page.mouse.move(0, 0)


def open_ones(page: Page, url: str) -> list[dict[str, Any]]:
    """The newest first."""
    found = page.request.get(f"{url}/api/v1/incidents?state=open").json()["items"]
    return sorted(found, key=lambda incident: str(incident["number"]), reverse=True)


def of_household(page: Page, url: str, device: str) -> str:
    household = device.rpartition("-")[0]
    ours = (i for i in open_ones(page, url) if i["place_ids"]["household"] == household)
    return str(next(ours)["id"])


def sign_all(page: Page, url: str) -> None:
    for incident in open_ones(page, url):
        if incident["acknowledged"] is None:
            step(page, url, str(incident["id"]), "acknowledge", {})


def step(page: Page, url: str, incident: str, action: str, body: dict[str, Any]) -> None:
    version = page.request.get(f"{url}/api/v1/incidents/{incident}").json()["version"]
    answer = page.request.post(
        f"{url}/api/v1/incidents/{incident}/{action}",
        headers=OWN_PAGE | {"If-Match": str(version)},
        data=body,
    )
    if not answer.ok:
        raise SystemExit(f"{action}: {answer.status} {answer.text()}")


def take(page: Page, url: str, folder: Path) -> None:
    time.sleep(SETTLE_S)
    press(folder, FIRST)
    page.wait_for_timeout(round(AFTER_S * 1000))
    sign_all(page, url)
    incident = of_household(page, url, FIRST)
    press(folder, SECOND)
    page.wait_for_timeout(5000)
    page.screenshot(path=HERE / "board.png")
    step(page, url, incident, "verify", {"note": "已回拨，住户需要帮助"})
    page.goto(f"{url}/incidents/{incident}")
    page.get_by_test_id("motion").wait_for(timeout=20_000)
    unlock_sound(page)
    sign_all(page, url)
    page.wait_for_timeout(2000)
    page.screenshot(path=HERE / "incident.png")
    page.get_by_test_id("motion").screenshot(path=HERE / "motion.png")


def every_page(browser: Browser, access: dict[str, Any], url: str, incident: str, into: Path) -> None:
    """Every page in both languages and themes, on a desk and a telephone."""
    things = {**THINGS, "incident": incident}
    for size, (width, height) in SIZES.items():
        for who, role in (("shift", "shift-leader"), ("admin", "administrator")):
            account = next(a for a in access["accounts"] if a["role"] == role)
            page = browser.new_page(
                viewport={"width": width, "height": height},
                locale="zh-CN",
                is_mobile=size == "phone",
                has_touch=size == "phone",
                reduced_motion="reduce",
            )
            sign_in(page, url, account["username"], account["password"])
            if who == "shift":
                things["drill"] = a_drill(page, url)
            for name, stop in PAGES.items():
                if stop.who == who:
                    look_around(page, name, url + stop.at(things), into / size)
            page.close()


def look_around(page: Page, name: str, address: str, into: Path) -> None:
    page.goto(address)
    page.locator("main").wait_for(timeout=20_000)
    unlock_sound(page)
    page.wait_for_load_state("load")
    page.wait_for_timeout(1500)
    for turn in range(len(LANGUAGES) * len(THEMES)):
        look = page.locator("html").evaluate("e => `${e.lang}-${e.className}`")
        folder = into / str(look).replace(" ", "-")
        folder.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=folder / f"{name}.png", full_page=True)
        page.get_by_test_id("theme-switch").click()
        if turn % 2:
            page.get_by_test_id("language-switch").click()
        page.wait_for_timeout(300)


def a_drill(page: Page, url: str) -> str:
    """One that is planned for tomorrow."""
    begin = datetime.now(UTC) + timedelta(days=1)
    answer = page.request.post(
        f"{url}/api/v1/drills",
        headers=OWN_PAGE,
        data={
            "name": "演练示例",
            "villages": ["dongcun"],
            "begin": begin.isoformat(),
            "end": (begin + timedelta(hours=1)).isoformat(),
        },
    )
    if not answer.ok:
        raise SystemExit(f"no drill: {answer.status} {answer.text()}")
    return str(answer.json()["id"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--films", type=Path)
    parser.add_argument("--pages", type=Path, help="every page into this folder, nothing else")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if given.films is not None:
            shutil.copytree(given.films, folder / "demo-data/films")
        ports = ["--port", str(free_port()), "--mqtt-port", str(free_port())]
        demo = subprocess.Popen([LIANFANG, "demo", *ports], cwd=folder)
        try:
            access = until_ready(folder, demo)
            duty = next(a for a in access["accounts"] if a["role"] == "duty-officer")
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(
                    executable_path=shutil.which("chromium-headless-shell"), args=["--no-sandbox", "--disable-gpu"]
                )
                page = browser.new_page(viewport=SIZE, device_scale_factor=SCALE, locale="zh-CN")
                url = str(access["console"])
                sign_in(page, url, duty["username"], duty["password"])
                if given.pages is None:
                    take(page, url, folder)
                else:
                    press(folder, FIRST)
                    page.wait_for_timeout(round(AFTER_S * 1000))
                    incident = of_household(page, url, FIRST)
                    every_page(browser, access, url, incident, given.pages)
                browser.close()
        finally:
            demo.terminate()
            demo.wait(30)


if __name__ == "__main__":
    main()
