"""The way in: message → decode → check → log → PUBACK and reply. Its loop is the group commit.

Everything that waits is taken together and shares one synced transaction; while it commits, the
next batch gathers. A commit that fails keeps its batch and is tried again; meanwhile nothing is
acknowledged, so the broker keeps it too. Devices take turns in a batch: who presses ten thousand
times holds up nobody but itself. What devices say besides (status, seen) has a loop of its
own: one press makes many neighbours speak, and the next press must not wait for them.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar

import msgspec
import structlog
from sqlalchemy import Connection

from alarms.decode import check_press, counters_of, decode_press, device_of
from alarms.devices import DeviceRegistry
from alarms.errors import StoreBusy, Unacceptable
from alarms.lanes import Lanes
from alarms.log import AlarmLog
from alarms.model import (
    Appended,
    DeviceRecord,
    NewAlarm,
    Refusal,
    RefusalReason,
    ReplyState,
    SeenNotice,
)
from alarms.mqtt import Inbound
from lianfang_timing import Backoff, Clock, unix_ms

_BATCH = 512
_OF_ONE_DEVICE = 32
"""In one batch: committed in a few milliseconds, so a neighbour of a flood waits no longer."""

_NEWS_BATCH = 64
"""In one transaction; presses that come meanwhile wait for its end."""

_RETRY = Backoff(first_s=0.1, cap_s=2.0)
_HEAD_BYTES = 256

T = TypeVar("T")

log = structlog.get_logger()


class Link(Protocol):
    """What intake needs of the MQTT connection (`alarms.mqtt.MqttLink`)."""

    prefix: str
    messages: asyncio.Queue[Inbound]

    def ack(self, message: Inbound) -> bool: ...
    def post(self, topic: str, payload: bytes) -> None: ...
    def flush(self) -> None: ...


class OnSeen(Protocol):
    """Told when members' devices have shown notices (contract `seen`), in the order they spoke."""

    async def __call__(self, seen: Sequence[SeenNotice], /) -> object: ...


class DeviceStatus(msgspec.Struct):
    """The `status` payload of a device."""

    online: bool
    every_s: float | None = None
    battery: float | None = None
    rssi: float | None = None
    fw: str | None = None


class Seen(msgspec.Struct):
    """The `seen` payload of a member's device."""

    id: str
    state: str


@dataclass(frozen=True)
class _Asked:
    """One message and what became of it: an alarm for the log, or a refusal."""

    message: Inbound
    device: str | None
    boot: int | None
    seq: int | None
    alarm: NewAlarm | None
    refusal: Refusal | None


@dataclass(frozen=True)
class _Judged:
    """A batch, judged: what `AlarmLog.take_in` keeps, and whom to answer."""

    asked: Sequence[_Asked]
    alarms: Sequence[NewAlarm]
    refusals: Sequence[Refusal]
    devices: Mapping[str, DeviceRecord]


@dataclass
class IntakeCounters:
    """Since the process started."""

    received: int = 0
    duplicates: int = 0
    refused: int = 0
    commits: int = 0
    commits_failed: int = 0
    stale_acks: int = 0


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
    ) -> None:
        self.counters = IntakeCounters()
        self.cannot_commit_since: datetime | None = None
        """Set while the store refuses our commits: presses are waiting and nobody is told."""
        self._link = link
        self._log = alarm_log
        self._devices = devices
        self._clock = clock
        self._on_seen = on_seen
        self._stopping = asyncio.Event()
        self._idle: set[asyncio.Task[None] | None] = set()
        # unbounded like the link's queue, and bounded like it by what the broker sends unconfirmed
        self._news: asyncio.Queue[Inbound] = asyncio.Queue()
        self._presses: Lanes[Inbound] = Lanes(at_a_turn=_OF_ONE_DEVICE)

    @property
    def waiting(self) -> int:
        """Presses that have arrived and are not in the log yet, those in hand not counted."""
        return self._link.messages.qsize() + len(self._presses)

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
        for message in (*messages, *_waiting(arrived, arrived.qsize())):
            if message.topic.endswith("/press"):
                self._presses.put(message.topic, message)
            else:
                self._news.put_nowait(message)

    async def _take_in(self, presses: Sequence[Inbound]) -> None:
        judged, appended = await self._until_it_works(
            lambda: self._log.take_in(lambda conn: self._judge(conn, presses))
        )
        self.counters.commits += 1
        self._answer(judged.asked, appended)
        self._link.flush()

    async def _until_it_works(self, work: Callable[[], Awaitable[T]]) -> T:
        attempt = 0
        while True:
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
                if self.cannot_commit_since is not None:
                    log.info("intake.commits_again", attempts=attempt)
                    self.cannot_commit_since = None
                return result

    def _judge(self, conn: Connection, presses: Sequence[Inbound]) -> _Judged:
        """In the writer's thread, by what the registry says in the transaction that appends."""
        ids = {device_of(m.topic, self._link.prefix, "press") for m in presses}
        known = self._devices.lookup_in(conn, {i for i in ids if i is not None})
        now_ms = unix_ms(self._clock.now())
        asked = [self._judge_one(m, known, now_ms) for m in presses]
        return _Judged(
            asked=asked,
            alarms=[a.alarm for a in asked if a.alarm is not None],
            refusals=[a.refusal for a in asked if a.refusal is not None],
            devices=known,
        )

    def _judge_one(
        self, message: Inbound, known: Mapping[str, DeviceRecord], now_ms: int
    ) -> _Asked:
        device = device_of(message.topic, self._link.prefix, "press")
        boot, seq = None, None
        try:
            if device is None:
                raise Unacceptable(RefusalReason.MALFORMED, "the topic holds no valid device id")
            press = decode_press(device, message.payload)
            boot, seq = press.boot, press.seq
            alarm = check_press(press, known.get(device), now_ms=now_ms, retained=message.retained)
        except Unacceptable as why:
            if boot is None:
                boot, seq = counters_of(message.payload)
            refusal = Refusal(
                device=device,
                topic=message.topic,
                reason=why.reason,
                detail=why.detail,
                size=len(message.payload),
                head=message.payload[:_HEAD_BYTES],
            )
            return _Asked(message, device, boot, seq, None, refusal)
        return _Asked(message, device, boot, seq, alarm, None)

    def _answer(self, asked: Sequence[_Asked], appended: Sequence[Appended]) -> None:
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
                self.counters.refused += 1
                log.warning(
                    "intake.refused",
                    device=one.device,
                    reason=one.refusal.reason.value,
                    detail=one.refusal.detail,
                )
                now_ms = unix_ms(self._clock.now())
                reason = one.refusal.reason.value
                state = ReplyState.REJECTED.value
                self._reply(one, {"state": state, "reason": reason, "time_ms": now_ms})

    def _count(self, kept: Appended) -> None:
        if kept.duplicate:
            self.counters.duplicates += 1
        else:
            self.counters.received += 1

    def _reply(self, one: _Asked, answer: dict[str, object]) -> None:
        if one.device is None:
            return
        counters = {"boot": one.boot, "seq": one.seq}
        known = {k: v for k, v in counters.items() if v is not None}
        payload = msgspec.json.encode({"v": 1, **known, **answer})
        self._link.post(f"{self._link.prefix}/button/{one.device}/reply", payload)

    async def _take_news(self, messages: Sequence[Inbound]) -> None:
        """Status and seen messages: no alarms, so what cannot be read is only logged."""
        prefix = self._link.prefix
        statuses: dict[str, dict[str, object]] = {}
        seen: list[SeenNotice] = []
        for message in messages:
            try:
                if (device := device_of(message.topic, prefix, "status")) is not None:
                    status = msgspec.json.decode(message.payload, type=DeviceStatus)
                    statuses[device] = msgspec.to_builtins(status)
                elif (device := device_of(message.topic, prefix, "seen")) is not None:
                    said = msgspec.json.decode(message.payload, type=Seen)
                    seen.append(SeenNotice(device, said.id, said.state))
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
                log.warning("intake.unreadable", topic=message.topic, detail=str(error))
        # one commit for all: after a broker restart every device speaks at once
        if seen:
            await self._until_it_works(lambda: self._on_seen(seen))
        if statuses:
            at_ms = unix_ms(self._clock.now())
            await self._until_it_works(lambda: self._devices.note_statuses(statuses, at_ms=at_ms))
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
