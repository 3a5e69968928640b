"""What every way out must do, whatever it is made of. A new way is a new `Stand` here.

Ways are held to it with the carrier that all of them share, against real receivers in-process.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from alarms.errors import BrokerAway
from alarms.model import AlarmKind
from alarms.store import SealedBox
from camerad.errors import RelayRefused
from linkage.carrier_port import EXPECTED
from linkage.model.action import Action, ActionKind
from linkage.model.event import EventType
from linkage.model.incident import Stage
from linkage.ways.carrying import WayCarrier
from linkage.ways.devices import LoudspeakerWay, NoticeWay, SirenWay
from linkage.ways.port import Message, NotSent, Reached, Way
from linkage.ways.relay import AT_ONCE, RelayWay, SirenWays
from linkage.ways.settings import Use, Webhook
from linkage.ways.subject import Sender, Subject
from linkage.ways.webhook import WebhookWay
from tests.linkage.town import SHANGHAI, HandClock

SECRET = b"0123456789abcdef0123456789abcdef"


@dataclass
class Stand:
    """A way, its receiver, and what may happen to it."""

    way: Way
    kind: ActionKind
    target: str
    content: dict[str, object]
    expected_reach: Reached
    received: list[dict[str, object]] = field(default_factory=list)
    """What the receiver got, oldest first; `key` is what it would tell a repeat by."""
    answer: Callable[[], Awaitable[None]] | None = None
    """What the receiver does before it answers; may hang, or raise Refuses."""

    def action(self, clock: HandClock, **content: object) -> Action:
        return Action(
            id=f"{self.kind.value}-0001",
            incident_id="i1",
            kind=self.kind,
            target=self.target,
            payload={**self.content, **content},
            attempts=0,
            due_at_ms=clock.ms,
            deadline_ms=clock.ms + 60_000,
        )


class Refuses(Exception):
    """The receiver is there and does not take it."""


class Publisher:
    """A broker that hands on to its stand."""

    def __init__(self) -> None:
        self.stand: Stand

    async def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        if self.stand.answer is not None:
            try:
                await self.stand.answer()
            except Refuses as error:
                raise BrokerAway("the broker is away") from error
        told = json.loads(payload)
        assert not retain, "nothing about a household stays on a broker"
        self.stand.received.append({"key": told["id"], "topic": topic, **told})


async def subject_of(incident_id: str, alarm_id: str | None) -> Subject:
    return Subject(
        incident_id=incident_id,
        number="20261121-0001",
        stage=Stage.REPORTED,
        priority=1,
        kind=AlarmKind.PANIC,
        silent=False,
        drill=False,
        cancel_claimed=False,
        outcome=None,
        opened_at_ms=1_795_233_600_000,
        alarm_id=alarm_id,
    )


def device_stand(make: type, kind: ActionKind, content: Callable[[int], dict[str, object]]):
    @asynccontextmanager
    async def stand(clock: HandClock) -> AsyncIterator[Stand]:
        publisher = Publisher()
        way = make(publisher, prefix="lianfang")
        publisher.stand = Stand(way, kind, "d1", content(clock.ms + 60_000), Reached.SENT)
        yield publisher.stand

    return stand


@asynccontextmanager
async def webhook_stand(clock: HandClock, *, batch: bool = False) -> AsyncIterator[Stand]:
    stand: Stand

    async def receive(request: web.Request) -> web.Response:
        body = await request.json()
        if stand.answer is not None:
            try:
                await stand.answer()
            except Refuses:
                return web.Response(status=503)
        key = request.headers["webhook-id"]
        assert request.headers["Idempotency-Key"] == key
        if isinstance(body, list):
            stand.received += [{"key": one["id"], **one} for one in body]
        else:
            stand.received.append({"key": key, **body})
        return web.Response(status=204)

    app = web.Application()
    app.router.add_post("/", receive)
    server = TestServer(app)
    await server.start_server()
    webhook = Webhook("station", str(server.make_url("/")), SECRET, timeout_s=0.3, batch=batch)
    sender = Sender("main", "示范镇", SHANGHAI)
    async with WebhookWay(
        {"station": webhook}, subject_of, sender, clock, SealedBox(bytes(32))
    ) as way:
        content: dict[str, object] = {"event": "opened", "alarm": "a1", "use": Use.STATION.value}
        stand = Stand(way, ActionKind.WEBHOOK, "station", content, Reached.DELIVERED)
        yield stand
    await server.close()


class RelayOnTheWall:
    """A camera's relay, as far as a way knows it."""

    stand: Stand

    async def has(self, siren: str) -> bool:
        return True

    async def pulse(self, siren: str, *, for_s: float, key: str) -> None:
        await self._switch(siren, key, on=True)

    async def release(self, siren: str, *, key: str) -> None:
        await self._switch(siren, key, on=False)

    async def _switch(self, siren: str, key: str, *, on: bool) -> None:
        if self.stand.answer is not None:
            try:
                await self.stand.answer()
            except Refuses as error:
                raise RelayRefused("it would stay on") from error
        self.stand.received.append({"key": key, "siren": siren, "on": on})


@asynccontextmanager
async def relay_stand(clock: HandClock) -> AsyncIterator[Stand]:
    relay = RelayOnTheWall()
    content = {"on": True, "until_ms": clock.ms + 60_000}
    way = RelayWay(relay, clock)
    relay.stand = Stand(way, ActionKind.SIREN, "d1", content, Reached.DELIVERED)
    yield relay.stand


STANDS = {
    "relay": relay_stand,
    "webhook": webhook_stand,
    "webhook in batches": partial(webhook_stand, batch=True),
    "notice": device_stand(
        NoticeWay,
        ActionKind.NOTICE,
        lambda until: {
            "phrase": "neighbour-needs-help",
            "from": "3组01号",
            "drill": False,
            "until_ms": until,
        },
    ),
    "siren": device_stand(
        SirenWay, ActionKind.SIREN, lambda until: {"on": True, "until_ms": until}
    ),
    "loudspeaker": device_stand(
        LoudspeakerWay,
        ActionKind.LOUDSPEAKER,
        lambda until: {"phrase": "neighbour-needs-help", "repeat": 3, "until_ms": until},
    ),
}


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture(params=list(STANDS))
async def stand(request: pytest.FixtureRequest, clock: HandClock) -> AsyncIterator[Stand]:
    async with STANDS[request.param](clock) as made:
        yield made


async def test_the_receiver_gets_it_and_the_timeline_says_how_far_it_came(
    stand: Stand, clock: HandClock
):
    result = await WayCarrier(stand.way, clock).carry(stand.action(clock))
    assert [one["key"] for one in stand.received] == [f"{stand.kind.value}-0001"]
    assert result.event is not None
    assert result.event.type is EventType.TOLD
    assert result.event.data["state"] == stand.expected_reach.value
    assert result.event.data["target"] == stand.target


async def test_a_repeat_carries_the_same_key(stand: Stand, clock: HandClock):
    carrier = WayCarrier(stand.way, clock)
    await carrier.carry(stand.action(clock))
    await carrier.carry(stand.action(clock))
    assert len({one["key"] for one in stand.received}) == 1


async def test_what_comes_too_late_is_not_sent(stand: Stand, clock: HandClock):
    action = stand.action(clock)
    clock.forward(60)
    result = await WayCarrier(stand.way, clock).carry(action)
    assert (result.expired, stand.received) == (True, [])


async def test_a_receiver_that_does_not_take_it_is_an_expected_failure(
    stand: Stand, clock: HandClock
):
    async def refuse() -> None:
        raise Refuses

    stand.answer = refuse
    with pytest.raises(EXPECTED):
        await WayCarrier(stand.way, clock).carry(stand.action(clock))
    stand.answer = None
    await WayCarrier(stand.way, clock).carry(stand.action(clock))
    assert len(stand.received) == 1


async def test_a_receiver_that_hangs_is_given_up_in_time(stand: Stand, clock: HandClock):
    released = asyncio.Event()

    async def hang() -> None:
        await released.wait()

    stand.answer = hang
    with pytest.raises(EXPECTED):
        # a way has a limit of its own, or obeys the outbox's
        async with asyncio.timeout(0.5):
            await WayCarrier(stand.way, clock).carry(stand.action(clock))
    released.set()


async def quiet(_incident: str) -> bool:
    return True


async def test_a_quiet_incident_is_never_heard_near_the_household(stand: Stand, clock: HandClock):
    result = await WayCarrier(stand.way, clock, is_quiet=quiet).carry(stand.action(clock))
    if stand.way.near_household:
        assert (result.expired, stand.received) == (True, [])
    else:
        assert len(stand.received) == 1


async def test_what_was_planned_as_quiet_is_never_heard_near_the_household(
    stand: Stand, clock: HandClock
):
    await WayCarrier(stand.way, clock).carry(stand.action(clock, quiet=True))
    assert bool(stand.received) is not stand.way.near_household


@pytest.mark.parametrize("siren", ["siren", "relay"])
async def test_a_siren_is_switched_off_also_where_it_is_quiet(siren: str, clock: HandClock):
    async with STANDS[siren](clock) as stand:
        carrier = WayCarrier(stand.way, clock, is_quiet=quiet)
        await carrier.carry(stand.action(clock, on=False))
        assert [one["on"] for one in stand.received] == [False]


def test_not_sent_is_expected():
    assert issubclass(NotSent, EXPECTED)


async def test_relays_that_hang_keep_no_siren_of_another_way_waiting(clock: HandClock):
    async with STANDS["relay"](clock) as hung, STANDS["siren"](clock) as well:
        relays = hung.way._relays
        relays.has = lambda siren: said(siren.startswith("relay"))
        ways = SirenWays(relays, hung.way, well.way)
        never = asyncio.Event()

        async def hang() -> None:
            await never.wait()

        hung.answer = hang
        content = {"on": True, "until_ms": clock.ms + 60_000}
        hanging = [
            asyncio.create_task(ways.send(Message(f"a{n}", "i1", f"relay-{n}", content)))
            for n in range(AT_ONCE)
        ]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        # the next of them is told to come again; it takes no room from those of MQTT
        with pytest.raises(NotSent, match="too many"):
            await ways.send(Message("b", "i1", "relay-b", content))
        await ways.send(Message("c", "i1", "mqtt-c", content))
        assert [one["key"] for one in well.received] == ["c"]
        for task in hanging:
            task.cancel()
        await asyncio.gather(*hanging, return_exceptions=True)


async def said(answer: bool) -> bool:
    return answer
