"""A button as the contract wants it, without the plastic: for the demo, `button press` and tests.

It speaks MQTT to a broker and imports nothing of intake, so that both sides of the contract are
written twice and checked against each other. Hundreds can live in one event loop.
"""

import asyncio
import secrets
from dataclasses import dataclass
from typing import Any

import msgspec
import structlog

from alarms.button import ButtonTiming, Face, Notice, Outcome, Reply
from alarms.device_topics import BUTTON, OWN
from alarms.signature import sign
from alarms.simulated_device import SimulatedDevice, to_json
from lianfang_timing import Clock, unix_ms

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


class SimulatedButton(SimulatedDevice):
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
        battery: float = 0.93,
    ) -> None:
        """`key` is the 32-byte signing key; `boot` is drawn at random when left out.

        `second_sender` presses for a device that may be there itself: under a client id of its own
        (two of one name would throw each other out for ever), saying nothing of the device's state
        and leaving its notices alone. `ca_file` switches TLS on.
        """
        timing = timing or ButtonTiming()
        super().__init__(
            kind=BUTTON,
            device=device,
            login=login,
            password=password,
            host=host,
            port=port,
            prefix=prefix,
            every_s=every_s,
            timing=timing,
            clock=clock,
            ca_file=ca_file,
            hears=["reply"] if second_sender else OWN[BUTTON].device_reads,
            client_id=f"{prefix}-press-{secrets.token_hex(4)}" if second_sender else None,
        )
        self.boot = secrets.randbelow(2**53) if boot is None else boot
        self.history: list[Reply] = []
        """Every reply in the order it came, and `undelivered` where the button gave up waiting."""
        self.notices: list[Notice] = []
        """Notices that were still valid when they came."""
        self._key = key
        self._battery = battery
        self._timing = timing
        self._seq = 0
        self._pending: dict[tuple[int, int], _Pending] = {}

    def __repr__(self) -> str:
        return f"SimulatedButton({self.device!r}, boot={self.boot}, seq={self._seq})"

    @property
    def face(self) -> Face:
        """What it shows now."""
        if any(pending.late for pending in self._pending.values()):
            return Face.UNDELIVERED
        if self._pending:
            return Face.SENDING
        if self.nobody_hears:
            return Face.RING_110
        mine = {r.state for r in self.history if (r.boot, r.seq) == (self.boot, self._seq)}
        # a repeat's `duplicate` may come after better news: the furthest state stands
        return next((face for state, face in _FURTHEST_FIRST if state in mine), Face.READY)

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
        self._start(self._repeat(seq, to_json(**body, mac=mac), pending))
        patience_s = self._timing.undelivered_after_s if timeout_s is None else timeout_s
        try:
            async with asyncio.timeout(patience_s):
                reply = await asyncio.shield(pending.answer)
        except TimeoutError:
            reply = Reply("undelivered")
            if timeout_s is None:
                # two timers of one length: whoever is told must see it on the face too
                self._give_warning(seq, pending)
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

    async def wait_for_face(self, face: Face, timeout_s: float = 10.0) -> None:
        """Return when it shows this; raises TimeoutError."""
        await self._until(lambda: True if self.face is face else None, timeout_s)

    @property
    def shown_notices(self) -> list[Notice]:
        """What the device shows now: neither taken away nor past its time."""
        over = {n.id for n in self.notices if n.state != "active"}
        now_ms = unix_ms(self._clock.now())
        return [n for n in self.notices if n.id not in over and n.until_ms > now_ms]

    def answer_notice(self, notice_id: str, state: str) -> None:
        """Tell the duty room what became of a notice: delivered, read, coming or cannot."""
        self._publish("seen", to_json(v=1, id=notice_id, state=state))

    # sending

    async def _repeat(self, seq: int, payload: bytes, pending: _Pending) -> None:
        alarm_bell = asyncio.get_running_loop().call_later(
            self._timing.undelivered_after_s, self._give_warning, seq, pending
        )
        try:
            while not pending.answer.done():
                if not self._link.up.is_set():
                    await self._up_or(pending.answer)
                    continue
                pending.sendings += 1
                self._publish("press", payload)
                await asyncio.wait(
                    {pending.answer}, timeout=self._timing.repeat_after_s(pending.sendings)
                )
        finally:
            alarm_bell.cancel()

    async def _up_or(self, answer: asyncio.Future[Reply]) -> None:
        # asyncio.wait, not wait_for: the answer must survive a wait that ends without it
        up = asyncio.create_task(self._link.up.wait())
        either: set[asyncio.Future[Any]] = {up, answer}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        up.cancel()

    def _give_warning(self, seq: int, pending: _Pending) -> None:
        if not pending.answer.done() and not pending.late:
            pending.late = True
            self._remember(Reply("undelivered", self.boot, seq))

    def _more_status(self) -> dict[str, object]:
        return {"battery": self._battery, "rssi": -70}

    # hearing

    def _hear(self, leaf: str, payload: bytes) -> None:
        if leaf == "reply":
            self._on_reply(msgspec.json.decode(payload, type=Reply))
        else:
            self._on_notice(msgspec.json.decode(payload, type=Notice))

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
        if notice.state == "active":
            self.answer_notice(notice.id, "delivered")
        self._wake()

    def _remember(self, reply: Reply) -> None:
        self.history.append(reply)
        self._wake()
