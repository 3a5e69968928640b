"""Scrolling the console's lists of a whole town: the longest task that keeps a page from drawing.

    python -m benchmarks.long_lists [--rows N]

Real pages of a real service in Chromium, at a desk's and a telephone's size. The server's answer is
multiplied in the browser to so many rows; each list is scrolled from end to end, some rows a frame.
"""

import argparse
import asyncio
import tempfile
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from playwright.async_api import Browser, Page, Route, async_playwright, expect

from tests.browser.duty_page import DESK, PHONE, open_page
from tests.external import program
from tests.scenarios.house import House, house

BUDGET_MS = 100
_A_FRAME_PX = 700
_LISTS = (
    ("devices", "/devices", "device-row", "devices"),
    ("households", "/registry", "household-line", "registry/households"),
)
_WATCH = """() => {
  window.longest = 0; window.count = 0
  new PerformanceObserver((seen) => {
    for (const task of seen.getEntries()) {
      window.longest = Math.max(window.longest, task.duration); window.count += 1
    }
  }).observe({ type: 'longtask' })
}"""
_SCROLL = """([row, px]) => new Promise((done) => {
  const scrolls = (one) => one.scrollHeight > one.clientHeight + 1 &&
    /auto|scroll/.test(getComputedStyle(one).overflowY)
  let box = document.querySelector(`[data-testid=${row}]`)
  while (box && !scrolls(box)) box = box.parentElement
  box = box || document.scrollingElement
  let frames = 0
  const step = () => {
    const before = box.scrollTop
    box.scrollTop += px
    frames += 1
    if (box.scrollTop === before) done(frames)
    else requestAnimationFrame(step)
  }
  requestAnimationFrame(step)
})"""


async def measure(rows: int) -> bool:
    binary = program("chromium-headless-shell", package="chromium-headless-shell")
    with tempfile.TemporaryDirectory() as name:
        async with house(Path(name), broker="embedded") as site, async_playwright() as playwright:
            await site.start()
            browser = await playwright.chromium.launch(
                executable_path=binary, args=["--no-sandbox", "--disable-gpu"]
            )
            try:
                print(f"{rows} rows{'':14}{'frames':>10}{'long tasks':>12}{'longest':>12}")
                kept = [
                    await _scrolled(browser, site, rows, size, which)
                    for size in (DESK, PHONE)
                    for which in _LISTS
                ]
            finally:
                await browser.close()
            await site.stop()
    print(f"budget: no task of more than {BUDGET_MS} ms: {'yes' if all(kept) else 'NO'}")
    return all(kept)


async def _scrolled(
    browser: Browser,
    site: House,
    rows: int,
    size: tuple[int, int],
    which: tuple[str, str, str, str],
) -> bool:
    noun, path, row, endpoint = which
    async with site.client() as admin:
        await admin.sign_in("admin")
        one = (await admin.get(f"/{endpoint}?limit=1"))["items"][0]
    shown = await open_page(browser, site, size)
    page: Page = shown.page

    async def many(route: Route) -> None:
        asked = parse_qs(urlsplit(route.request.url).query)
        first = int(asked.get("after", ["0"])[0] or 0)
        last = min(rows, first + int(asked.get("limit", ["200"])[0]))
        items = [{**one, "id": f"{number:04}"} for number in range(first, last)]
        following = str(last) if last < rows else None
        await route.fulfill(json={"items": items, "total": rows, "next": following})

    await page.route(f"**/api/v1/{endpoint}?*", many)
    await shown.sign_in("admin")
    await page.goto(f"{site.url}{path}")
    await expect(page.get_by_test_id(row).first).to_be_visible(timeout=20_000)
    await page.wait_for_load_state("networkidle")
    await page.evaluate(_WATCH)
    frames = await page.evaluate(_SCROLL, [row, _A_FRAME_PX])
    longest, count = await page.evaluate("() => [window.longest, window.count]")
    label = f"{noun}, {size[0]}×{size[1]}"
    print(f"{label:24}{frames:>10}{count:>12}{longest:>9.0f} ms", flush=True)
    await page.close()
    return bool(longest <= BUDGET_MS)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=4_000)
    return 0 if asyncio.run(measure(parser.parse_args().rows)) else 1


if __name__ == "__main__":
    raise SystemExit(main())
