"""Intake with a link in memory: what is acknowledged when, and what a failing store changes."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
import structlog.testing
from sqlalchemy import Connection

from alarms import signature
from alarms.errors import StoreBusy
from alarms.intake import Intake
from alarms.log import AlarmLog, V
from alarms.model import Appended, RefusalReason, SeenNotice
from alarms.mqtt import Inbound
from lianfang_timing import SystemClock
from tests.alarms.conftest import Door

DEVICE = "dongcun-017-1"


@dataclass
class LinkInMemory:
    """Keeps the port of `alarms.intake.Link`; writes down what happens in its order."""

    happened: list[str]
    key: bytes
    prefix: str = "lianfang"
    messages: asyncio.Queue[Inbound] = field(default_factory=asyncio.Queue)
    generation: int = 1
    replies: list[dict[str, object]] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def ack(self, message: Inbound) -> bool:
        if message.generation != self.generation:
            return False
        self._note(f"ack {message.mid}")
        return True

    def post(self, topic: str, payload: bytes) -> None:
        reply = json.loads(payload)
        self.replies.append(reply)
        self._note(f"reply {reply.get('seq')} {reply['state']}")

    @contextmanager
    def together(self) -> Iterator[None]:
        yield
        self._note("sent")

    def press(self, seq: int, *, mid: int | None = None, again: bool = False) -> None:
        """A signed press arrives; `again`: the broker says that it sends it once more."""
        mac = signature.sign(self.key, DEVICE, 7, seq, "panic", silent=False, at_ms=None)
        body = {"v": 1, "boot": 7, "seq": seq, "kind": "panic", "silent": False, "mac": mac}
        self.arrive("press", json.dumps(body).encode(), mid=mid or seq, again=again)

    def arrive(self, leaf: str, payload: bytes, *, mid: int, again: bool = False) -> None:
        topic = f"lianfang/button/{DEVICE}/{leaf}"
        self.messages.put_nowait(
            Inbound(topic, payload, False, again, mid, self.generation, time.monotonic())
        )

    async def until(self, what: str) -> None:
        async with asyncio.timeout(10):
            while what not in self.happened:
                await self.news.wait()

    def _note(self, what: str) -> None:
        self.happened.append(what)
        self.news.set()
        self.news = asyncio.Event()


class ObservedLog(AlarmLog):
    """The real log; a test decides when its commits may go on, and how often they fail before."""

    happened: list[str]
    open: asyncio.Event
    failures: int = 0
    tried: asyncio.Event

    async def take_in(self, judge: Callable[[Connection], V]) -> tuple[V, list[Appended]]:
        self.tried.set()
        await self.open.wait()
        if self.failures:
            self.failures -= 1
            self.happened.append("commit failed")
            raise StoreBusy("disk full")
        verdict, appended = await super().take_in(judge)
        self.happened.append(f"commit of {len(verdict.alarms)}")
        return verdict, appended


@dataclass
class Room:
    door: Door
    link: LinkInMemory
    log: ObservedLog
    intake: Intake
    running: asyncio.Task[None]
    seen: "asyncio.Queue[Sequence[SeenNotice]]"
    seen_open: asyncio.Event

    @property
    def happened(self) -> list[str]:
        return self.link.happened


@pytest.fixture
async def room(door: Door) -> AsyncIterator[Room]:
    happened: list[str] = []
    link = LinkInMemory(happened, door.button.key)
    log = ObservedLog(door.database, SystemClock(), writer="test")
    log.happened, log.open, log.tried = happened, asyncio.Event(), asyncio.Event()
    log.open.set()
    seen: asyncio.Queue[Sequence[SeenNotice]] = asyncio.Queue()
    seen_open = asyncio.Event()
    seen_open.set()

    async def on_seen(said: Sequence[SeenNotice]) -> None:
        seen.put_nowait(said)
        await seen_open.wait()

    intake = Intake(link, log, door.devices, SystemClock(), on_seen=on_seen)
    running = asyncio.create_task(intake.run())
    yield Room(door, link, log, intake, running, seen, seen_open)
    log.open.set()
    seen_open.set()
    intake.stop()
    await running


async def _count(room: Room) -> int:
    return len(await room.door.log.read(after=0))


async def test_puback_and_reply_come_only_after_the_commit(room: Room) -> None:
    room.log.open.clear()
    room.link.press(1)
    await room.log.tried.wait()
    assert room.happened == []
    room.log.open.set()
    await room.link.until("reply 1 received")
    assert room.happened == ["commit of 1", "ack 1", "reply 1 received", "sent"]


async def test_an_empty_message_that_clears_a_retained_press_is_nobodys_press(room: Room) -> None:
    room.link.arrive("press", b"", mid=1)
    room.link.press(2)
    await room.link.until("reply 2 received")
    assert [reply["seq"] for reply in room.link.replies] == [2]
    assert "ack 1" in room.happened
    assert room.intake.counters.refused == 0
    assert await _count(room) == 1


async def test_presses_that_wait_share_one_commit(room: Room) -> None:
    room.log.open.clear()
    room.link.press(1)
    await room.log.tried.wait()
    for seq in (2, 3, 4):
        room.link.press(seq)
    room.log.open.set()
    await room.link.until("reply 4 received")
    assert [h for h in room.happened if h.startswith("commit")] == ["commit of 1", "commit of 3"]


async def test_a_failed_commit_keeps_the_batch_and_acknowledges_nothing(room: Room) -> None:
    room.log.failures = 2
    room.link.press(1)
    await room.link.until("reply 1 received")
    assert room.happened == [
        "commit failed",
        "commit failed",
        "commit of 1",
        "ack 1",
        "reply 1 received",
        "sent",
    ]
    assert room.intake.counters.commits_failed == 2
    assert await _count(room) == 1


async def test_the_store_is_said_to_be_failing_until_it_commits_again(room: Room) -> None:
    failing: list[bool] = []

    class Watched(ObservedLog):
        async def take_in(self, judge: Callable[[Connection], V]) -> tuple[V, list[Appended]]:
            failing.append(room.intake.cannot_commit_since is not None)
            return await super().take_in(judge)

    room.log.__class__ = Watched
    room.log.failures = 1
    room.link.press(1)
    await room.link.until("reply 1 received")
    assert failing == [False, True]
    assert room.intake.cannot_commit_since is None


async def test_a_press_of_a_lost_connection_is_kept_and_answered_but_not_acknowledged(
    room: Room,
) -> None:
    room.log.open.clear()
    room.link.press(1)
    await room.log.tried.wait()
    room.link.generation += 1  # the connection is lost and made again while the commit runs
    room.log.open.set()
    await room.link.until("reply 1 received")
    assert room.happened == ["commit of 1", "reply 1 received", "sent"]
    assert room.intake.counters.stale_acks == 1


async def test_what_the_broker_sends_again_is_counted(room: Room) -> None:
    room.link.press(1)
    await room.link.until("reply 1 received")
    assert room.intake.counters.redelivered == 0
    room.link.press(1, again=True)
    await room.link.until("reply 1 duplicate")
    assert room.intake.counters.redelivered == 1


async def test_every_leg_of_a_press_is_timed_and_the_legs_make_up_the_whole(room: Room) -> None:
    room.log.open.clear()
    room.link.press(1)
    await room.log.tried.wait()
    for seq in (2, 3):
        room.link.press(seq)
    room.log.open.set()
    await room.link.until("reply 3 received")
    legs = room.intake.legs
    apart = [legs.taken, legs.turn, legs.commit, legs.answer]
    assert [leg.cumulative()[-1][1] for leg in [*apart, legs.whole]] == [3] * 5
    assert sum(leg.total_s for leg in apart) == pytest.approx(legs.whole.total_s)
    assert legs.batches.cumulative()[-1][1] == 2


async def test_refusals_of_one_device_are_counted_one_by_one_and_logged_once(
    room: Room,
) -> None:
    with structlog.testing.capture_logs() as lines:
        for mid in range(1, 301):
            room.link.arrive("press", b"nonsense", mid=mid)
        await room.link.until("ack 300")
    assert room.intake.counters.refusals == {RefusalReason.MALFORMED: 300}
    said = [line for line in lines if line["event"] == "intake.refused"]
    assert [(line["device"], line["reason"]) for line in said] == [(DEVICE, "malformed")]


async def test_its_redelivery_is_acknowledged_as_a_duplicate(room: Room) -> None:
    room.link.press(1, mid=11)
    await room.link.until("reply 1 received")
    room.link.generation += 1
    room.link.press(1, mid=1)
    await room.link.until("reply 1 duplicate")
    assert "ack 1" in room.happened
    assert room.link.replies[0]["alarm"] == room.link.replies[1]["alarm"]
    assert await _count(room) == 1


async def test_one_bad_press_in_a_batch_costs_the_others_nothing(room: Room) -> None:
    room.log.open.clear()
    room.link.press(1)
    await room.log.tried.wait()
    room.link.press(2)
    room.link.arrive("press", b"nonsense", mid=3)
    room.link.press(4)
    room.log.open.set()
    await room.link.until("reply 4 received")
    assert "reply None rejected" in room.happened
    assert "ack 3" in room.happened
    assert await _count(room) == 3


async def test_stopping_finishes_the_batch_in_hand_and_takes_no_other(room: Room) -> None:
    room.log.open.clear()
    room.link.press(1)
    await room.log.tried.wait()
    room.link.press(2)
    room.intake.stop()
    room.log.open.set()
    async with asyncio.timeout(10):
        await room.running
    assert room.happened == ["commit of 1", "ack 1", "reply 1 received", "sent"]
    assert room.intake.waiting == 1  # the broker keeps it, unacknowledged


async def test_an_idle_intake_stops_at_once(room: Room) -> None:
    room.intake.stop()
    async with asyncio.timeout(10):
        await room.running


async def test_a_press_does_not_wait_for_what_neighbours_say(room: Room) -> None:
    room.seen_open.clear()
    room.link.arrive("seen", b'{"v":1,"id":"notice-1","state":"delivered"}', mid=1)
    assert await room.seen.get() == [SeenNotice(DEVICE, "notice-1", "delivered")]
    room.link.press(2)
    await room.link.until("reply 2 received")
    assert "ack 1" not in room.happened
    room.seen_open.set()
    await room.link.until("ack 1")


async def test_what_neighbours_say_is_noted_together(room: Room) -> None:
    room.seen_open.clear()
    room.link.arrive("seen", b'{"v":1,"id":"n1","state":"delivered"}', mid=1)
    await room.seen.get()
    for mid, state in ((2, "read"), (3, "coming")):
        room.link.arrive("seen", b'{"v":1,"id":"n1","state":"%s"}' % state.encode(), mid=mid)
    room.link.press(4)
    await room.link.until("reply 4 received")  # so both are waiting
    room.seen_open.set()
    async with asyncio.timeout(10):
        said = await room.seen.get()
    assert [one.state for one in said] == ["read", "coming"]


async def test_unreadable_news_are_dropped_and_acknowledged(room: Room) -> None:
    room.link.arrive("status", b"\xff", mid=1)
    room.link.arrive("seen", b"[", mid=2)
    await room.link.until("ack 2")
    assert room.seen.empty()
