"""A real Chromium for tests, and a picture of every page that was open when a test failed."""

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, async_playwright

from tests.external import program

ARTIFACTS = Path(__file__).resolve().parents[2] / "test-artifacts"
_REPORT = pytest.StashKey[pytest.TestReport]()
_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report: Any = yield
    if report.when == "call":
        item.stash[_REPORT] = report
    return report


@asynccontextmanager
async def launched() -> AsyncIterator[Browser]:
    """A browser, for as long as this lasts."""
    binary = program("chromium-headless-shell", package="chromium-headless-shell")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=binary, args=_ARGUMENTS)
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def photographed_on_failure(
    request: pytest.FixtureRequest, browser: Browser
) -> AsyncIterator[None]:
    """Around a fixture's yield: its open pages are photographed when the test has failed."""
    yield
    report = request.node.stash.get(_REPORT, None)
    if report is None or report.failed:
        await _photograph(browser, request.node.name)


@pytest.fixture
async def chromium(request: pytest.FixtureRequest) -> AsyncIterator[Browser]:
    """A browser of its own for the test. Its open pages are photographed when the test fails."""
    async with launched() as browser, photographed_on_failure(request, browser):
        yield browser


async def _photograph(browser: Browser, test: str) -> None:
    folder = ARTIFACTS / "failed"
    folder.mkdir(parents=True, exist_ok=True)
    name = re.sub(r"[^\w.-]+", "-", test)
    pages = [page for context in browser.contexts for page in context.pages]
    for number, page in enumerate(pages):
        await page.screenshot(path=folder / f"{name}-{number}.png")
