"""The way in: message → decode → check → log → PUBACK and reply. Its loop is the group commit.

Everything that waits is taken together and shares one synced transaction; while it commits, the
next batch gathers. A commit that fails keeps its batch and is tried again; meanwhile nothing is
acknowledged, so the broker keeps it too. Devices take turns in a batch: who presses ten thousand
times holds up nobody but itself. What devices say besides (status, seen) has a loop of its
own: one press makes many neighbours speak, and the next press must not wait for them.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol, TypeVar

import msgspec
import structlog

from alarms.devices import DeviceRegistry
from alarms.errors import StoreBusy
from alarms.histogram import Histogram
from alarms.intake_measures import IntakeCounters, IntakeLegs
from alarms.judging import Asked, Judge
from alarms.lanes import Lanes
from alarms.log import AlarmLog
from alarms.model import (
    Appended,
    DeviceReport,
    ReplyState,
    SeenNotice,
    SounderStatus,
)
from alarms.mqtt import Inbound
from alarms.news import read_news
from alarms.seldom import Seldom
from lianfang_timing import Backoff, Clock, unix_ms

_BATCH = 512
_OF_ONE_DEVICE = 32
"""In one batch: committed in a few milliseconds, so a neighbour of a flood waits no longer."""

_NEWS_BATCH = 64
"""In one transaction; presses that come meanwhile wait for its end."""

_SAY_EVERY_S, _SAID_APART = 10.0, 200
"""How often a refusal that recurs is logged, and how many pairs of device and reason apart."""

_RETRY = Backoff(first_s=0.1, cap_s=2.0)

T = TypeVar("T")

log = structlog.get_logger()


class Link(Protocol):
    """What intake needs of the MQTT connection (`alarms.mqtt.MqttLink`)."""

    prefix: str
    messages: asyncio.Queue[Inbound]

    def ack(self, message: Inbound) -> bool: ...
    def post(self, topic: str, payload: bytes) -> None: ...
    def together(self) -> AbstractContextManager[None]: ...


class OnSeen(Protocol):
    """Told when members' devices have shown notices (contract `seen`), in the order they spoke."""

    async def __call__(self, seen: Sequence[SeenNotice], /) -> object: ...


class OnSounders(Protocol):
    """Told what sirens and loudspeakers say they do."""

    async def __call__(self, said: Sequence[SounderStatus], /) -> object: ...


class OnReports(Protocol):
    """Told what devices say of themselves, once it is in the store. Raises nothing."""

    def __call__(self, reports: Sequence[DeviceReport], /) -> object: ...


class _Waiting(msgspec.Struct, frozen=True):
    """A press that waits for its device's turn."""

    message: Inbound
    since_s: float


class Intake:
    """Takes presses, status and seen messages from one link."""

    def __init__(
        self,
        link: Link,
        alarm_log: AlarmLog,
        devices: DeviceRegistry,
        clock: Clock,
        *,
        on_seen: OnSeen,
        on_sounders: OnSounders | None = None,
        on_reports: OnReports | None = None,
    ) -> None:
        self.counters = IntakeCounters()
        self.legs = IntakeLegs()
        self.cannot_commit_since: datetime | None = None
        """Set while the store refuses our commits: presses are waiting and nobody is told."""
        self._link = link
        self._log = alarm_log
        self._devices = devices
        self._clock = clock
        self._on_seen = on_seen
        self._on_sounders = on_sounders
        self._on_reports = on_reports
        self._judge = Judge(devices, clock, link.prefix)
        self._stopping = asyncio.Event()
        self._idle: set[asyncio.Task[None] | None] = set()
        # unbounded like the link's queue, and bounded like it by what the broker sends unconfirmed
        self._news: asyncio.Queue[Inbound] = asyncio.Queue()
        self._presses: Lanes[_Waiting] = Lanes(at_a_turn=_OF_ONE_DEVICE)
        self._refusals: Seldom[tuple[str | None, str]] = Seldom(
            period_s=_SAY_EVERY_S, keys=_SAID_APART, others=(None, "various")
        )
        self._unreadable: Seldom[str] = Seldom(
            period_s=_SAY_EVERY_S, keys=_SAID_APART, others="various"
        )

    @property
    def waiting(self) -> int:
        """Presses that have arrived and are not in the log yet, those in hand not counted."""
        return self._link.messages.qsize() + len(self._presses)

    @property
    def news_waiting(self) -> int:
        """Status and seen messages that have arrived and are not dealt with yet."""
        return self._news.qsize()

    async def run(self) -> None:
        """Take messages until `stop`; the batch in hand is finished first."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._follow_news())
            group.create_task(self._follow_presses())

    def stop(self) -> None:
        """Finish the batch in hand, then let `run` return."""
        self._stopping.set()
        for task in self._idle:
            if task is not None:
                task.cancel()

    async def _follow_presses(self) -> None:
        while (first := await self._next(self._link.messages)) is not None:
            self._sort_in([first])
            while len(self._presses) and not self._stopping.is_set():
                await self._take_in(self._presses.take(_BATCH))
                self._sort_in([])

    async def _follow_news(self) -> None:
        while (first := await self._next(self._news)) is not None:
            await self._take_news([first, *_waiting(self._news, _NEWS_BATCH - 1)])

    async def _next(self, queue: asyncio.Queue[Inbound]) -> Inbound | None:
        """The queue's next message, or None when it is time to stop; `stop` cancels who waits."""
        if self._stopping.is_set():
            return None
        me = asyncio.current_task()
        self._idle.add(me)
        try:
            return await queue.get()
        finally:
            self._idle.discard(me)

    def _sort_in(self, messages: Sequence[Inbound]) -> None:
        """Put these and all that has arrived where they wait for their turn."""
        arrived = self._link.messages
        now_s = self._clock.monotonic()
        for message in (*messages, *_waiting(arrived, arrived.qsize())):
            if message.topic.endswith("/press"):
                self.counters.redelivered += message.redelivered
                self.legs.taken.observe(now_s - message.arrived_s)
                self._presses.put(message.topic, _Waiting(message, now_s))
            else:
                self._news.put_nowait(message)

    async def _take_in(self, presses: Sequence[_Waiting]) -> None:
        begun_s, messages = self._clock.monotonic(), [press.message for press in presses]
        judged, appended = await self._until_it_works(
            lambda: self._log.take_in(lambda conn: self._judge(conn, messages)),
            timed=self.legs.batches,
        )
        committed_s = self._clock.monotonic()
        self.counters.commits += 1
        with self._link.together():
            self._answer(judged.asked, appended)
        self._time(presses, begun_s, committed_s)
        self._say_refusals()

    def _time(self, presses: Sequence[_Waiting], begun_s: float, committed_s: float) -> None:
        answered_s, legs = self._clock.monotonic(), self.legs
        # most came together with others
        for since_s, times in Counter(press.since_s for press in presses).items():
            legs.turn.observe(begun_s - since_s, times)
        for arrived_s, times in Counter(press.message.arrived_s for press in presses).items():
            legs.whole.observe(answered_s - arrived_s, times)
        legs.commit.observe(committed_s - begun_s, times=len(presses))
        legs.answer.observe(answered_s - committed_s, times=len(presses))

    def _say_refusals(self) -> None:
        for (device, reason), times, detail in self._refusals.due(self._clock.monotonic()):
            log.warning("intake.refused", device=device, reason=reason, times=times, detail=detail)

    async def _until_it_works(
        self, work: Callable[[], Awaitable[T]], *, timed: Histogram | None = None
    ) -> T:
        attempt = 0
        while True:
            begun_s = self._clock.monotonic()
            try:
                result = await work()
            except StoreBusy as error:
                self.counters.commits_failed += 1
                if self.cannot_commit_since is None:
                    self.cannot_commit_since = self._clock.now()
                    log.error("intake.cannot_commit", detail=str(error))
                await asyncio.sleep(_RETRY.delay_s(attempt))
                attempt += 1
            else:
                if timed is not None:
                    timed.observe(self._clock.monotonic() - begun_s)
                if self.cannot_commit_since is not None:
                    log.info("intake.commits_again", attempts=attempt)
                    self.cannot_commit_since = None
                return result

    def _answer(self, asked: Sequence[Asked], appended: Sequence[Appended]) -> None:
        """PUBACK and reply; only ever called after the commit that it speaks of."""
        answers = iter(appended)
        for one in asked:
            if not self._link.ack(one.message):
                self.counters.stale_acks += 1
            if one.alarm is not None:
                kept = next(answers)
                self._count(kept)
                self._reply(one, _kept_reply(kept))
            elif one.refusal is not None:
                reason = one.refusal.reason
                self.counters.refusals[reason] += 1
                self._refusals.count((one.device, reason.value), one.refusal.detail)
                now_ms = unix_ms(self._clock.now())
                state = ReplyState.REJECTED.value
                self._reply(one, {"state": state, "reason": reason.value, "time_ms": now_ms})

    def _count(self, kept: Appended) -> None:
        if kept.duplicate:
            self.counters.duplicates += 1
        else:
            self.counters.received += 1

    def _reply(self, one: Asked, answer: dict[str, object]) -> None:
        if one.device is None:
            return
        counters = {"boot": one.boot, "seq": one.seq}
        known = {k: v for k, v in counters.items() if v is not None}
        payload = msgspec.json.encode({"v": 1, **known, **answer})
        self._link.post(f"{self._link.prefix}/button/{one.device}/reply", payload)

    async def _take_news(self, messages: Sequence[Inbound]) -> None:
        news = read_news(((m.topic, m.payload, m.retained) for m in messages), self._link.prefix)
        for topic, why in news.unreadable:
            self._unreadable.count(topic, why)
        for topic, times, why in self._unreadable.due(self._clock.monotonic()):
            log.warning("intake.unreadable", topic=topic, times=times, detail=why)
        # one commit for all: after a broker restart every device speaks at once
        if news.seen:
            await self._until_it_works(lambda: self._on_seen(news.seen))
        if news.statuses:
            at_ms = unix_ms(self._clock.now())
            spoke = {r.device for r in news.reports if r.live and r.online}
            await self._until_it_works(
                lambda: self._devices.note_statuses(news.statuses, at_ms=at_ms, spoke=spoke)
            )
            if self._on_reports is not None:
                self._on_reports(news.reports)
        on_sounders = self._on_sounders
        if news.sounders and on_sounders is not None:
            await self._until_it_works(lambda: on_sounders(news.sounders))
        with self._link.together():
            for message in messages:
                self._link.ack(message)


def _waiting(queue: asyncio.Queue[Inbound], at_most: int) -> list[Inbound]:
    found: list[Inbound] = []
    while len(found) < at_most and not queue.empty():
        found.append(queue.get_nowait())
    return found


def _kept_reply(kept: Appended) -> dict[str, object]:
    state = ReplyState.DUPLICATE if kept.duplicate else ReplyState.RECEIVED
    return {"state": state.value, "alarm": kept.alarm_id, "time_ms": kept.received_at_ms}
