"""Press → visible and sounding in an open console, with fifty consoles open.

    python -m benchmarks.open_consoles [--consoles N] [--pages N] [--presses N]

Two of the fifty are real pages in headless Chromium; the others are what a page is to the service:
a signed-in session with its event stream, read as it comes. (Fifty browsers on one machine would
measure the machine.) A press counts as shown when the large panel of its incident has been drawn,
and as sounding when the page has started the alarm's sound; of each press the later of the two
counts, and of two pages the slower. Between presses the incident is closed, so that each press is
a new one. Clients, browser, broker and service share this machine's cores.
"""

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import msgspec
from playwright.async_api import Browser, Page, async_playwright

from tests.browser.duty_page import DESK, open_page
from tests.external import program
from tests.scenarios.house import House, Officer, house

BUDGET_MS = 500.0
WARM_UP = 3


_WATCH = """
window.shown = {}
window.sounding = []
const start = AudioBufferSourceNode.prototype.start
AudioBufferSourceNode.prototype.start = function (...given) {
  if (this.loop && Math.abs(this.buffer.duration - 1.6) < 0.05) window.sounding.push(Date.now())
  return start.apply(this, given)
}
new MutationObserver(() => {
  const id = document.querySelector('[data-testid=attention-panel]')?.dataset.incidentId
  if (id === undefined || id in window.shown) return
  window.shown[id] = null
  // the second frame begins when the first has been drawn
  requestAnimationFrame(() => requestAnimationFrame(() => { window.shown[id] = Date.now() }))
}).observe(document, {
  subtree: true, childList: true, attributes: true, attributeFilter: ['data-incident-id'],
})
"""
_ASK = """([id, since]) => {
  const shown = window.shown[id]
  const sounding = window.sounding.find((at) => at >= since)
  return shown && sounding ? [shown, sounding] : null
}"""


class _Told(msgspec.Struct):
    id: str


@dataclass
class Console:
    """A console as the service sees it: one stream. When it first heard of which incident, ms."""

    heard: dict[str, float] = field(default_factory=dict)

    async def follow(self, officer: Officer, open_: asyncio.Event) -> None:
        """Read the stream until cancelled; each has a connection of its own."""
        endless = aiohttp.ClientTimeout(total=None)
        async with officer.session.get("/api/v1/stream", timeout=endless) as answer:
            assert answer.status == 200, await answer.text()
            open_.set()
            event = b""
            async for line in answer.content:
                if line.startswith(b"event:"):
                    event = line[6:].strip()
                elif line.startswith(b"data:") and event == b"incident":
                    at_ms = time.time() * 1000
                    told = msgspec.json.decode(line[5:], type=_Told)
                    self.heard.setdefault(told.id, at_ms)


@dataclass
class Times:
    """Milliseconds from each press."""

    shown: list[float] = field(default_factory=list)
    sounding: list[float] = field(default_factory=list)
    both: list[float] = field(default_factory=list)
    streams: list[float] = field(default_factory=list)


def p95(values: Sequence[float]) -> float:
    return statistics.quantiles(values, n=20)[18]


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    binary = program("chromium-headless-shell", package="chromium-headless-shell")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=binary, args=["--no-sandbox", "--disable-gpu"]
        )
        try:
            yield browser
        finally:
            await browser.close()


async def measure(folder: Path, consoles: int, pages: int, presses: int) -> Times:
    times, warm_up = Times(), Times()
    async with AsyncExitStack() as stack:
        site = await stack.enter_async_context(house(folder, broker="mosquitto"))
        await site.start("-m", "linkage.cli", "run", "--config", str(site.config))
        stack.push_async_callback(site.stop)
        # a session each of two people: so many sign-ins at once would be refused, rightly
        people = [await stack.enter_async_context(site.client()) for _ in range(2)]
        for person, username in zip(people, ("duty", "leader"), strict=True):
            await person.sign_in(username)
        others = [Console() for _ in range(consoles - pages)]
        opened = [asyncio.Event() for _ in others]
        group = await stack.enter_async_context(asyncio.TaskGroup())
        following = [
            group.create_task(one.follow(people[number % 2], is_open))
            for number, (one, is_open) in enumerate(zip(others, opened, strict=True))
        ]
        for is_open in opened:
            await is_open.wait()
        browser = await stack.enter_async_context(chromium())
        shown = [await _page(browser, site) for _ in range(pages)]
        for number in range(WARM_UP + presses):
            into = warm_up if number < WARM_UP else times
            await _one(site, people[1], shown, others, number, into)
        for task in following:
            task.cancel()
    return times


async def _page(browser: Browser, site: House) -> Page:
    duty = await open_page(browser, site, DESK)
    await duty.page.add_init_script(_WATCH)
    await duty.sign_in()
    return duty.page


async def _one(
    site: House,
    officer: Officer,
    pages: Sequence[Page],
    consoles: Sequence[Console],
    number: int,
    into: Times,
) -> None:
    button = site.button(number * 10 % len(site.buttons))  # ten make a group
    async with button:
        await button.wait_connected(20)
        await asyncio.sleep(0.3)  # what the last one left has been drawn
        begun_ms = time.time() * 1000
        pressed = await button.press(timeout_s=20)
    incident = await officer.incident_of(pressed.alarm)
    id_ = str(incident["id"])
    found = []
    for page in pages:
        handle = await page.wait_for_function(_ASK, arg=[id_, int(begun_ms)], timeout=20_000)
        found.append(await handle.json_value())
    into.shown.append(max(at for at, _ in found) - begun_ms)
    into.sounding.append(max(at for _, at in found) - begun_ms)
    into.both.append(max(max(two) for two in found) - begun_ms)
    into.streams += [c.heard[id_] - begun_ms for c in consoles if id_ in c.heard]
    await officer.step(incident, "acknowledge")
    await officer.step(await officer.detail(incident), "verify", note="-")
    await officer.step(await officer.detail(incident), "close", outcome="accidental", note="-")
    for page in pages:
        await page.get_by_test_id("calm-panel").wait_for(timeout=20_000)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--consoles", type=int, default=50)
    parser.add_argument("--pages", type=int, default=2, help="real ones among them")
    parser.add_argument("--presses", type=int, default=60)
    given = parser.parse_args()
    os.environ.setdefault("LIANFANG_LOG", "warning")
    with tempfile.TemporaryDirectory() as folder:
        times = asyncio.run(measure(Path(folder), given.consoles, given.pages, given.presses))
    print(
        f"{given.consoles} consoles open, {given.pages} of them real pages; "
        f"{given.presses} presses; load average {os.getloadavg()[0]:.1f}"
    )
    print(f"{'ms from the press':34}{'p50':>8}{'p95':>8}{'max':>8}")
    rows = (
        ("event at a console's stream", times.streams),
        ("drawn in the slower page", times.shown),
        ("sounding in the slower page", times.sounding),
        ("drawn and sounding", times.both),
    )
    for name, values in rows:
        middle, late, worst = statistics.median(values), p95(values), max(values)
        print(f"{name:34}{middle:8.0f}{late:8.0f}{worst:8.0f}")
    print(f"budget: drawn and sounding, p95 at most {BUDGET_MS:.0f} ms")
    return 0 if p95(times.both) <= BUDGET_MS else 1


if __name__ == "__main__":
    sys.exit(main())
