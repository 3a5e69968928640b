"""A webhook that takes batches: what shares a POST, and what becomes of each event in it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import cast

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from sqlalchemy import Connection

from alarms.store import SealedBox
from lianfang_timing import unix_ms
from linkage.registry.texts import TextOpener
from linkage.ways.port import Message, NotSent, Reached
from linkage.ways.settings import Use, Webhook
from linkage.ways.signing import signature
from linkage.ways.subject import Sender
from linkage.ways.webhook import BATCH_MOST, WebhookWay
from tests.contracts.test_every_way import SECRET, subject_of
from tests.linkage.town import SHANGHAI, HandClock

BOX = SealedBox(bytes(32))
BATCH = "application/cloudevents-batch+json"


@dataclass
class Receiver:
    """Answers each POST with what it is told to, and keeps what came."""

    posts: list[tuple[web.Request, bytes]] = field(default_factory=list)
    ids: list[list[str]] = field(default_factory=list)
    status: int = 200
    refuses: str | None = None
    """An id: whatever holds it is answered 400."""
    confirms: frozenset[str] = frozenset()
    came: asyncio.Event = field(default_factory=asyncio.Event)

    async def receive(self, request: web.Request) -> web.Response:
        raw, body = await request.read(), await request.json()
        self.posts.append((request, raw))
        ids = [one["id"] for one in (body if isinstance(body, list) else [body])]
        self.ids.append(ids)
        self.came.set()
        if self.refuses in ids:
            return web.Response(status=400)
        answer = [{"id": i, "confirmed": True, "reference": f"JQ-{i}"} for i in self.confirms]
        return web.json_response(answer, status=self.status)


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
async def way(receiver: Receiver) -> AsyncIterator[WebhookWay]:
    app = web.Application(client_max_size=1 << 22)
    app.router.add_post("/", receiver.receive)
    server = TestServer(app)
    await server.start_server()
    webhook = Webhook("station", str(server.make_url("/")), SECRET, batch=True)
    sender = Sender("main", "示范镇", SHANGHAI)
    async with WebhookWay({"station": webhook}, subject_of, sender, HandClock(), BOX) as made:
        yield made
    await server.close()


def message(key: str) -> Message:
    content = {"event": "opened", "alarm": "a1", "use": Use.STATION.value}
    return Message(key, "i1", "station", content)


async def send(way: WebhookWay, *keys: str) -> list[object]:
    sending = [way.send(message(key)) for key in keys]
    return await asyncio.gather(*sending, return_exceptions=True)


async def test_what_is_sent_at_the_same_moment_shares_one_post(way: WebhookWay, receiver: Receiver):
    receipts = await send(way, "w1", "w2", "w3")
    assert receiver.ids == [["w1", "w2", "w3"]]
    assert receiver.posts[0][0].content_type == BATCH
    assert [receipt.reached for receipt in receipts] == [Reached.DELIVERED] * 3


async def test_one_alone_is_sent_as_it_always_was(way: WebhookWay, receiver: Receiver):
    await send(way, "w1")
    await send(way, "w2")
    assert receiver.ids == [["w1"], ["w2"]]
    assert [post.content_type for post, _ in receiver.posts] == ["application/cloudevents+json"] * 2


async def test_a_batch_is_signed_as_a_whole(way: WebhookWay, receiver: Receiver):
    await send(way, "w1", "w2")
    (request, raw) = receiver.posts[0]
    at_s = unix_ms(HandClock().now()) // 1000
    expected = signature(SECRET, request.headers["webhook-id"], at_s, raw)
    assert request.headers["webhook-signature"] == expected


async def test_the_same_events_again_have_the_same_batch_id(way: WebhookWay, receiver: Receiver):
    await send(way, "w1", "w2")
    await send(way, "w1", "w2")
    await send(way, "w1", "w3")
    first, again, other = (request.headers["webhook-id"] for request, _ in receiver.posts)
    assert first == again
    assert first != other


async def test_a_batch_has_an_end(way: WebhookWay, receiver: Receiver):
    await send(way, *(f"w{n}" for n in range(BATCH_MOST + 1)))
    assert sorted(len(ids) for ids in receiver.ids) == [1, BATCH_MOST]


async def test_a_batch_that_failed_is_failed_for_each_of_it(way: WebhookWay, receiver: Receiver):
    receiver.status = 503
    results = await send(way, "w1", "w2")
    assert [type(result) for result in results] == [NotSent, NotSent]
    assert len(receiver.posts) == 1


async def test_an_event_that_is_refused_costs_the_others_nothing(
    way: WebhookWay, receiver: Receiver
):
    receiver.refuses = "w2"
    results = await send(way, "w1", "w2", "w3")
    assert [isinstance(result, NotSent) for result in results] == [False, True, False]
    assert sorted(receiver.ids[1:]) == [["w1"], ["w2"], ["w3"]]


async def test_the_answer_confirms_the_events_that_it_names(way: WebhookWay, receiver: Receiver):
    receiver.confirms = frozenset({"w2"})
    first, second = await send(way, "w1", "w2")
    assert first.reached is Reached.DELIVERED
    assert second.reached is Reached.ANSWERED
    # sealed under the site key, so no transaction is needed to find a household's
    opened = TextOpener(cast(Connection, None), BOX).open_all(second.said)
    assert opened == {"reference": "JQ-w2"}


async def test_who_gives_up_takes_nothing_from_the_others(way: WebhookWay, receiver: Receiver):
    first = asyncio.create_task(way.send(message("w1")))
    second = asyncio.create_task(way.send(message("w2")))
    await receiver.came.wait()
    first.cancel()
    assert (await second).reached is Reached.DELIVERED
