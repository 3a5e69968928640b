"""Tests of the registry: what they send, and one signed-in browser for many calls."""

from contextlib import asynccontextmanager

from tests.linkage.web_house import EAST

API = "/api/v1/registry"
SQUARE = {
    "type": "Polygon",
    "coordinates": [[[121.5, 29.8], [121.6, 29.8], [121.6, 29.9], [121.5, 29.9], [121.5, 29.8]]],
}
HOME = f"{EAST}-017"
GROUP = f"{EAST}-t3"


class Registry:
    """The registry's part of the API, as one person sees it."""

    def __init__(self, browser):
        self.browser = browser

    async def get(self, path, status=200):
        async with self.browser.get(f"{API}{path}") as answer:
            assert answer.status == status, await answer.text()
            return await answer.json(content_type=None)

    async def put(self, path, body, *, status=(200, 201)):
        return await self._send("PUT", path, body, status)

    async def post(self, path, body=None, *, status=(200, 201)):
        return await self._send("POST", path, body or {}, status)

    async def _send(self, method, path, body, status):
        wanted = (status,) if isinstance(status, int) else status
        async with self.browser.request(method, f"{API}{path}", json=body) as answer:
            assert answer.status in wanted, await answer.text()
            return await answer.json(content_type=None)


@asynccontextmanager
async def registry_as(town, username, role="administrator", places=("*",)):
    await town.person(username, role, places)
    async with town.browser(username) as browser:
        yield Registry(browser)


async def fill_group(registry, group, count, *, first=1, village=EAST):
    """Households `{village}-x{n}` of a group; their ids."""
    ids = [f"{village}-x{n:03d}" for n in range(first, first + count)]
    for id_ in ids:
        await registry.put(f"/households/{id_}", {"group": group, "label": f"{id_} 户"})
    return ids
