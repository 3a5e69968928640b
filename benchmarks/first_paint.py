"""The console's first page: bytes over the line, and when something useful stands on the screen.

    python -m benchmarks.first_paint [--times N] [--slower N]

A new browser each time, nothing in its cache, over loopback, with its processor slowed four times
(CDP `Emulation.setCPUThrottlingRate`). Useful is what a person came for: the sign-in form for who
is not signed in, the board with the state of the system for who is. Counted from the beginning of
the navigation, in the page's own clock, to the frame after it stood there.
"""

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, BrowserContext

from benchmarks.open_consoles import chromium
from tests.scenarios.house import House, house

BUDGET_MS, BUDGET_BYTES = 1000.0, 300_000
USEFUL = {"sign-in": "[data-testid=signin-submit]", "board": "[data-testid=calm-panel]"}
_WATCH = """what => {
  window.useful = null
  const look = () => {
    if (document.querySelector(what) === null) return requestAnimationFrame(look)
    requestAnimationFrame(() => { window.useful = performance.now() })
  }
  requestAnimationFrame(look)
}"""


async def one(context: BrowserContext, url: str, what: str, slower: float) -> tuple[float, int]:
    """Milliseconds until it stood there, and bytes that came over the line until then."""
    page = await context.new_page()
    line = await context.new_cdp_session(page)
    came = 0

    def finished(event: dict[str, Any]) -> None:
        nonlocal came
        came += int(event["encodedDataLength"])

    line.on("Network.loadingFinished", finished)
    await line.send("Network.enable")
    await line.send("Network.setCacheDisabled", {"cacheDisabled": True})
    await line.send("Emulation.setCPUThrottlingRate", {"rate": slower})
    await page.add_init_script(f"({_WATCH})({what!r})")
    await page.goto(url)
    await page.wait_for_function("() => window.useful !== null", timeout=60_000)
    useful_ms, bytes_ = await page.evaluate("window.useful"), came
    await page.close()
    return float(useful_ms), bytes_


async def _signed_in(browser: Browser, site: House) -> BrowserContext:
    context = await browser.new_context(viewport={"width": 1366, "height": 768})
    body = {"username": "duty", "password": site.accounts["duty"]}
    answer = await context.request.post(
        f"{site.url}/api/v1/session", data=body, headers={"X-Requested-With": "lianfang"}
    )
    assert answer.status == 204
    return context


async def measure(folder: Path, times: int, slower: float) -> dict[str, list[tuple[float, int]]]:
    found: dict[str, list[tuple[float, int]]] = {name: [] for name in USEFUL}
    async with house(folder, broker="embedded") as site:
        await site.start("-m", "linkage.cli", "run", "--config", str(site.config))
        for _ in range(times):
            for name, what in USEFUL.items():
                # a browser of its own: nothing is compiled yet
                async with chromium() as browser:
                    context = (
                        await browser.new_context()
                        if name == "sign-in"
                        else await _signed_in(browser, site)
                    )
                    found[name].append(await one(context, site.url, what, slower))
        await site.stop()
    return found


def _row(name: str, found: Sequence[tuple[float, int]]) -> float:
    times, sizes = [ms for ms, _ in found], [size for _, size in found]
    middle = statistics.median(times)
    print(f"{name:20}{min(times):8.0f}{middle:8.0f}{max(times):8.0f}{max(sizes) / 1000:10.1f}")
    return middle


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--slower", type=float, default=4.0)
    given = parser.parse_args()
    os.environ.setdefault("LIANFANG_LOG", "warning")
    with tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(measure(Path(folder), given.times, given.slower))
    print(f"processor {given.slower:g}x slower, load average {os.getloadavg()[0]:.1f}")
    print(f"{'useful after, ms':20}{'min':>8}{'p50':>8}{'max':>8}{'kB':>10}")
    middles = [_row(name, rows) for name, rows in found.items()]
    largest = max(size for rows in found.values() for _, size in rows)
    print(f"budget: at most {BUDGET_MS:.0f} ms (the middle one) and {BUDGET_BYTES / 1000:.0f} kB")
    return 0 if max(middles) <= BUDGET_MS and largest <= BUDGET_BYTES else 1


if __name__ == "__main__":
    sys.exit(main())
