"""What leaves the house: everything that is published on the broker or posted to a webhook."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from aiohttp import web
from aiohttp.test_utils import TestServer

from alarms.device_link import DeviceLink
from lianfang_timing import Backoff


@dataclass(frozen=True, order=True)
class Sent:
    """One thing that was sent: by which way, to whom, and its word."""

    way: str
    """reply, notice, siren, say, webhook or page."""
    target: str
    word: str


def reply(device: str, state: str = "received") -> Sent:
    return Sent("reply", device, state)


def page(*usernames: str) -> list[Sent]:
    return [Sent("page", username, "console") for username in usernames]


def notice(device: str, *, drill: bool = False, over: bool = False) -> Sent:
    word = "drill" if drill else "neighbour-needs-help"
    return Sent("notice", device, "over" if over else word)


_WORDS: dict[str, Callable[[dict[str, object]], str]] = {
    "reply": lambda said: str(said["state"]),
    "notice": lambda said: (
        "over" if said["state"] == "over" else "drill" if said["drill"] else str(said["phrase"])
    ),
    "set": lambda said: "on" if said["on"] else "off",
    "say": lambda said: str(said["phrase"]),
}
_WAYS = {"set": "siren"}


class Listener:
    """Hears all that the service publishes to devices, in a second life beside them."""

    def __init__(self, port: int) -> None:
        self.heard: list[Sent] = []
        self._marks = 0
        self._marked = asyncio.Event()
        self._link = DeviceLink(
            "127.0.0.1",
            port,
            client_id="listener",
            login=("listener", ""),
            will=None,
            topics=["lianfang/#", "mark"],
            reconnect=Backoff(first_s=0.05, cap_s=0.2),
            on_message=self._on_message,
            on_up=lambda: None,
            on_down=lambda: None,
            lasting=False,
        )
        self._running: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._running = asyncio.create_task(self._link.run())
        async with asyncio.timeout(20):
            await self._link.up.wait()
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._running is not None
        self._running.cancel()
        await asyncio.gather(self._running, return_exceptions=True)
        self._link.close()

    async def catch_up(self) -> None:
        """Return when all that the broker had confirmed before this call has been heard."""
        self._marks += 1
        self._marked.clear()
        self._link.publish("mark", str(self._marks).encode())
        async with asyncio.timeout(20):
            await self._marked.wait()

    def _on_message(self, topic: str, payload: bytes) -> None:
        if topic == "mark":
            if int(payload) == self._marks:
                self._marked.set()
            return
        _, _, device, leaf = topic.split("/") if topic.count("/") == 3 else ("", "", "", "")
        if leaf in _WORDS:
            word = _WORDS[leaf](json.loads(payload))
            self.heard.append(Sent(_WAYS.get(leaf, leaf), device, word))


class Receiver:
    """A webhook's far end. `fails` answers 503; every delivery is remembered by its key."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.fails = False
        self.confirms = True
        self.tries = 0
        self.heard: list[Sent] = []
        self.bodies: list[dict[str, object]] = []
        self.keys: set[str] = set()
        self._server: TestServer | None = None

    @property
    def url(self) -> str:
        assert self._server is not None
        return str(self._server.make_url("/alarms"))

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_post("/alarms", self._take)
        self._server = TestServer(app)
        await self._server.start_server()
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        await self._server.close()

    async def _take(self, request: web.Request) -> web.Response:
        self.tries += 1
        if self.fails:
            return web.Response(status=503)
        body = await request.json()
        key = request.headers["Idempotency-Key"]
        if key not in self.keys:
            self.keys.add(key)
            self.bodies.append(body)
            self.heard.append(Sent("webhook", self.name, str(body["type"]).rpartition(".")[2]))
        return web.json_response({"confirmed": self.confirms})
