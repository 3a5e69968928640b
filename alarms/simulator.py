"""A button as the contract wants it, without the plastic: for the demo, `button press` and tests.

It speaks MQTT to a broker and imports nothing of intake, so that both sides of the contract are
written twice and checked against each other. Hundreds can live in one event loop.
"""

import asyncio
import json
import secrets
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Self, TypeVar

import msgspec
import structlog

from alarms.button import ButtonTiming, Face, Notice, Outcome, Reply, ServiceStatus
from alarms.device_link import DeviceLink
from alarms.signature import sign
from lianfang_timing import Clock, SystemClock, unix_ms

_GOODBYE_S = 2.0
_T = TypeVar("_T")
_FURTHEST_FIRST = (
    ("closed", Face.CLOSED),
    ("dispatched", Face.DISPATCHED),
    ("acknowledged", Face.ACKNOWLEDGED),
    ("received", Face.RECEIVED),
    ("duplicate", Face.RECEIVED),
    ("rejected", Face.REJECTED),
)

log = structlog.get_logger()


@dataclass
class _Pending:
    answer: asyncio.Future[Reply]
    sendings: int = 0
    late: bool = False


class SimulatedButton:
    """One button; entering it begins connecting and does not wait for the broker."""

    def __init__(
        self,
        *,
        device: str,
        login: str,
        password: str,
        key: bytes,
        host: str = "127.0.0.1",
        port: int = 1883,
        prefix: str = "lianfang",
        every_s: int = 600,
        timing: ButtonTiming | None = None,
        clock: Clock | None = None,
        boot: int | None = None,
        ca_file: str | None = None,
        second_sender: bool = False,
    ) -> None:
        """`key` is the 32-byte signing key; `boot` is drawn at random when left out.

        `second_sender` presses for a device that may be there itself: under a client id of its own
        (two of one name would throw each other out for ever), saying nothing of the device's state
        and leaving its notices alone. `ca_file` switches TLS on.
        """
        self.device = device
        self.boot = secrets.randbelow(2**53) if boot is None else boot
        self.history: list[Reply] = []
        """Every reply in the order it came, and `undelivered` where the button gave up waiting."""
        self.notices: list[Notice] = []
        """Notices that were still valid when they came."""
        self.service_online: bool | None = None
        """None until the broker has told us."""
        self._key = key
        self._timing = timing or ButtonTiming()
        self._clock = clock or SystemClock()
        self._every_s = every_s
        self._seq = 0
        self._pending: dict[tuple[int, int], _Pending] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Event()
        self._service_topic = f"{prefix}/service/status"
        self._base = f"{prefix}/button/{device}"
        self._second_sender = second_sender
        own_id = f"{prefix}-{device}"
        will = (f"{self._base}/status", _json(v=1, online=False, every_s=every_s))
        leaves = ["reply"] if second_sender else ["reply", "notice"]
        self._link = DeviceLink(
            host,
            port,
            client_id=f"{prefix}-press-{secrets.token_hex(4)}" if second_sender else own_id,
            login=(login, password),
            will=None if second_sender else will,
            topics=[f"{self._base}/{leaf}" for leaf in leaves] + [self._service_topic],
            ca_file=ca_file,
            lasting=not second_sender,
            reconnect=self._timing.reconnect,
            on_message=self._on_message,
            on_up=self._publish_status,
        )

    def __repr__(self) -> str:
        return f"SimulatedButton({self.device!r}, boot={self.boot}, seq={self._seq})"

    @property
    def connected(self) -> bool:
        return self._link.up.is_set()

    @property
    def face(self) -> Face:
        """What it shows now."""
        if any(pending.late for pending in self._pending.values()):
            return Face.UNDELIVERED
        if self._pending:
            return Face.SENDING
        if self.service_online is False:
            return Face.RING_110
        mine = {r.state for r in self.history if (r.boot, r.seq) == (self.boot, self._seq)}
        # a repeat's `duplicate` may come after better news: the furthest state stands
        return next((face for state, face in _FURTHEST_FIRST if state in mine), Face.READY)

    async def __aenter__(self) -> Self:
        self._start(self._link.run())
        self._start(self._keep_status())
        return self

    async def __aexit__(self, *exc: object) -> None:
        if self.connected:
            if not self._second_sender:
                self._publish("status", self._status(online=False), retain=True)
            await self._link.say_goodbye(_GOODBYE_S)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._link.close()

    async def wait_connected(self, timeout_s: float = 10.0) -> None:
        """Return when connected and subscribed; raises TimeoutError."""
        async with asyncio.timeout(timeout_s):
            await self._link.up.wait()

    def lose_connection(self) -> None:
        """Drop the connection without a goodbye, as a bad radio link does; it comes back."""
        self._link.drop()

    async def press(
        self,
        kind: str = "panic",
        *,
        silent: bool = False,
        timeout_s: float | None = None,
        with_clock: bool = True,
    ) -> Outcome:
        """Press, and wait for the reply for `timeout_s` (left out: until it counts as undelivered).

        After that it goes on repeating in the background until a reply comes or the button closes.
        """
        self._seq += 1
        seq, begun_s = self._seq, self._clock.monotonic()
        at_ms = unix_ms(self._clock.now()) if with_clock else None
        body: dict[str, Any] = {"v": 1, "boot": self.boot, "seq": seq, "kind": kind}
        body |= {"silent": silent} | ({} if at_ms is None else {"at_ms": at_ms})
        mac = sign(self._key, self.device, self.boot, seq, kind, silent=silent, at_ms=at_ms)
        pending = _Pending(asyncio.get_running_loop().create_future())
        self._pending[self.boot, seq] = pending
        self._start(self._repeat(seq, _json(**body, mac=mac), pending))
        patience_s = self._timing.undelivered_after_s if timeout_s is None else timeout_s
        try:
            async with asyncio.timeout(patience_s):
                reply = await asyncio.shield(pending.answer)
        except TimeoutError:
            reply = Reply("undelivered")
        waited_s = self._clock.monotonic() - begun_s
        return Outcome(
            self.boot, seq, reply.state, reply.alarm, reply.reason, pending.sendings, waited_s
        )

    async def wait_for(
        self, state: str, timeout_s: float = 10.0, *, seq: int | None = None
    ) -> Reply:
        """The first reply with this state, of press `seq` or of any; raises TimeoutError."""

        def found() -> Reply | None:
            heard = (r for r in self.history if r.state == state)
            return next((r for r in heard if seq is None or r.seq == seq), None)

        return await self._until(found, timeout_s)

    async def wait_for_notice(self, timeout_s: float = 10.0, *, state: str = "active") -> Notice:
        """The first valid notice with this state; raises TimeoutError."""
        return await self._until(
            lambda: next((n for n in self.notices if n.state == state), None), timeout_s
        )

    async def wait_for_service(self, *, online: bool, timeout_s: float = 10.0) -> None:
        """Return when the service is known to be online or not; raises TimeoutError."""
        await self._until(lambda: True if self.service_online is online else None, timeout_s)

    def answer_notice(self, notice_id: str, state: str) -> None:
        """Tell the duty room what became of a notice: delivered, read, coming or cannot."""
        self._publish("seen", _json(v=1, id=notice_id, state=state))

    # sending

    async def _repeat(self, seq: int, payload: bytes, pending: _Pending) -> None:
        alarm_bell = asyncio.get_running_loop().call_later(
            self._timing.undelivered_after_s, self._give_warning, seq, pending
        )
        try:
            while not pending.answer.done():
                # asyncio.wait, not wait_for: the answer must survive a wait that ends without it
                up = asyncio.create_task(self._link.up.wait())
                either: set[asyncio.Future[Any]] = {up, pending.answer}
                await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
                up.cancel()
                if pending.answer.done():
                    break
                pending.sendings += 1
                self._publish("press", payload)
                await asyncio.wait(
                    {pending.answer}, timeout=self._timing.repeat_after_s(pending.sendings)
                )
        finally:
            alarm_bell.cancel()

    def _give_warning(self, seq: int, pending: _Pending) -> None:
        if not pending.answer.done():
            pending.late = True
            self._remember(Reply("undelivered", self.boot, seq))

    async def _keep_status(self) -> None:
        while True:
            await asyncio.sleep(self._every_s)
            if self.connected:
                self._publish_status()

    def _publish_status(self) -> None:
        if self._second_sender:
            return
        self._publish("status", self._status(online=True), retain=True)

    def _status(self, *, online: bool) -> bytes:
        return _json(
            v=1, online=online, every_s=self._every_s, battery=0.93, rssi=-70, fw="simulated-1"
        )

    def _publish(self, leaf: str, payload: bytes, *, retain: bool = False) -> None:
        self._link.publish(f"{self._base}/{leaf}", payload, retain=retain)

    # hearing

    def _on_message(self, topic: str, payload: bytes) -> None:
        try:
            if topic == self._service_topic:
                self._on_service(msgspec.json.decode(payload, type=ServiceStatus))
            elif topic.endswith("/reply"):
                self._on_reply(msgspec.json.decode(payload, type=Reply))
            else:
                self._on_notice(msgspec.json.decode(payload, type=Notice))
        except msgspec.DecodeError as error:
            log.warning("button.not_understood", device=self.device, topic=topic, why=str(error))

    def _on_service(self, status: ServiceStatus) -> None:
        self.service_online = status.online
        self._wake()

    def _on_reply(self, reply: Reply) -> None:
        if reply.boot is not None and reply.seq is not None:
            pending = self._pending.pop((reply.boot, reply.seq), None)
            if pending is not None and not pending.answer.done():
                pending.answer.set_result(reply)
        self._remember(reply)

    def _on_notice(self, notice: Notice) -> None:
        if notice.until_ms <= unix_ms(self._clock.now()):
            log.info("button.notice_too_old", device=self.device)
            return
        self.notices.append(notice)
        self.answer_notice(notice.id, "delivered")
        self._wake()

    def _remember(self, reply: Reply) -> None:
        self.history.append(reply)
        self._wake()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    async def _until(self, found: Callable[[], _T | None], timeout_s: float) -> _T:
        async with asyncio.timeout(timeout_s):
            while (what := found()) is None:
                await self._changed.wait()
        return what

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _json(**fields: object) -> bytes:
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()
