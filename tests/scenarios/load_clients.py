"""Thousands of devices in a process of their own, each with its own connection and login.

They press, repeat and give up as the contract says (§3) and write down what they were told. Run as
a program with the file of an `Order`: each line on standard input is a command, each line on
standard output its answer, both JSON. It ends when the input closes. `tests.scenarios.load` starts
it; the service never shares its interpreter.
"""

import asyncio
import json
import random
import resource
import secrets
import sys
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

import msgspec

from alarms.signature import key_from_text, sign
from tests.scenarios.tiny_mqtt import TinyMqtt

TOLD_110_AFTER_S = 10.0


class LoadDevice(msgspec.Struct, frozen=True):
    """Who one of them is."""

    device: str
    login: str
    password: str
    key: str


class Order(msgspec.Struct, frozen=True):
    """What a process of them is started with."""

    port: int
    devices: list[LoadDevice]
    first_repeat_s: float = 2.0
    repeat_cap_s: float = 30.0
    connect_at_once: int = 100
    notices: bool = False


class Storm(msgspec.Struct, frozen=True, tag="storm"):
    """Everyone presses once, at a moment drawn from `over_s`."""

    over_s: float
    kind: str = "panic"
    repeated: float = 0.0
    """The share that sends its press again after it was answered."""
    forged: float = 0.0
    """The share that sends one more press, with a mac of another key."""
    give_up_s: float = 120.0


class Flow(msgspec.Struct, frozen=True, tag="flow"):
    """Everyone presses again and again, `pause_s` after each answer at most, until `Enough`."""

    pause_s: float
    kind: str = "panic"
    devices: int | None = None
    """Only the first so many of this process; None: all."""
    presses_each: int | None = None
    at_once: int = 1
    """How many presses a device has under way at one time."""
    give_up_s: float = 120.0


class Connect(msgspec.Struct, frozen=True, tag="connect"):
    """Connect all; answered when all are up."""


class Enough(msgspec.Struct, frozen=True, tag="enough"):
    """No new presses in the flow under way; it is answered when those under way are."""


Command = Connect | Storm | Flow | Enough


class Asked(msgspec.Struct, frozen=True):
    """A line of standard input; its answer is {"number", "answer"}."""

    number: int
    do: Command


@dataclass
class Pressed:
    """One press and what its device was told; times are seconds of the device's own clock."""

    device: str
    boot: int
    seq: int
    forged: bool = False
    state: str = ""
    """received, duplicate, rejected; empty while nothing came."""
    alarm: str | None = None
    again: str | None = None
    """The answer to the same press sent once more."""
    sendings: int = 0
    pressed_at: float = 0.0
    waited_s: float = 0.0
    told_110: bool = False
    """It showed 未送达，请拨打110 before an answer came."""


@dataclass
class _Waiting:
    answer: asyncio.Future[tuple[str, str | None]] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )


class Client:
    """One device."""

    def __init__(self, made: LoadDevice, order: Order) -> None:
        self.device = made.device
        self.boot = secrets.randbelow(2**53)
        self._made, self._order = made, order
        self._key = key_from_text(made.key)
        self._seq = 0
        self._base = f"lianfang/button/{made.device}"
        self._waiting: dict[int, _Waiting] = {}
        self._wire: TinyMqtt | None = None
        self.connected = asyncio.Event()

    async def stay_connected(self, at_once: asyncio.Semaphore) -> None:
        """Connect, and again whenever the line is lost, until cancelled."""
        loop = asyncio.get_running_loop()
        attempt = 0
        leaves = ["reply", "notice"] if self._order.notices else ["reply"]
        while True:
            wire = TinyMqtt(
                self.device,
                (self._made.login, self._made.password),
                [f"{self._base}/{leaf}" for leaf in leaves],
                on_message=self._heard,
            )
            try:
                async with at_once:
                    await loop.create_connection(lambda w=wire: w, "127.0.0.1", self._order.port)
                    await _first(wire.up, wire.lost)
            except OSError:
                wire.lost.set()
            if wire.up.is_set():
                attempt = 0
                self._wire = wire
                self.connected.set()
            await wire.lost.wait()
            self.connected.clear()
            attempt += 1
            await asyncio.sleep(random.uniform(0.2, 0.5) * min(2.0**attempt, 10))

    async def press(self, kind: str, *, give_up_s: float, forged: bool = False) -> Pressed:
        """Press and repeat until answered or `give_up_s` have passed."""
        self._seq += 1
        told = Pressed(self.device, self.boot, self._seq, forged=forged)
        waiting = self._waiting[told.seq] = _Waiting()
        payload = self._payload(told, kind)
        told.pressed_at = time.monotonic()
        timer = asyncio.get_running_loop().call_later(TOLD_110_AFTER_S, self._show_110, told)
        pause_s = self._order.first_repeat_s
        while not waiting.answer.done() and time.monotonic() - told.pressed_at < give_up_s:
            self._send(payload)
            told.sendings += 1
            await asyncio.wait({waiting.answer}, timeout=pause_s)
            pause_s = min(pause_s * 2, self._order.repeat_cap_s)
        timer.cancel()
        told.waited_s = time.monotonic() - told.pressed_at
        if waiting.answer.done():
            told.state, told.alarm = waiting.answer.result()
        del self._waiting[told.seq]
        return told

    async def press_again(self, told: Pressed, kind: str, *, give_up_s: float) -> None:
        """Send an answered press once more, as a device does that did not hear the answer."""
        waiting = self._waiting[told.seq] = _Waiting()
        self._send(self._payload(told, kind))
        await asyncio.wait({waiting.answer}, timeout=give_up_s)
        if waiting.answer.done():
            state, alarm = waiting.answer.result()
            told.again = state if alarm == told.alarm else f"{state} of another alarm"

    def _payload(self, told: Pressed, kind: str) -> bytes:
        key = bytes(32) if told.forged else self._key
        mac = sign(key, self.device, told.boot, told.seq, kind, silent=False, at_ms=None)
        press = {"v": 1, "boot": told.boot, "seq": told.seq, "kind": kind, "mac": mac}
        return json.dumps(press).encode()

    def _send(self, payload: bytes) -> None:
        if self._wire is not None:
            self._wire.publish(f"{self._base}/press", payload)

    def _heard(self, topic: str, payload: bytes) -> None:
        if not topic.endswith("/reply"):
            return
        said = json.loads(payload)
        waiting = self._waiting.get(said.get("seq"))
        if said.get("boot") == self.boot and waiting is not None and not waiting.answer.done():
            waiting.answer.set_result((said["state"], said.get("alarm")))

    @staticmethod
    def _show_110(told: Pressed) -> None:
        told.told_110 = True


class Crowd:
    """All clients of this process."""

    def __init__(self, order: Order) -> None:
        self.clients = [Client(made, order) for made in order.devices]
        self._at_once = asyncio.Semaphore(order.connect_at_once)
        self._enough = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def obey(self, command: Command) -> object:
        """Carry out a command and give its answer."""
        match command:
            case Connect():
                if not self._tasks:
                    self._tasks = [
                        asyncio.create_task(client.stay_connected(self._at_once))
                        for client in self.clients
                    ]
                for client in self.clients:
                    await client.connected.wait()
                return len(self.clients)
            case Storm():
                parts = await asyncio.gather(*(self._storm(c, command) for c in self.clients))
            case Flow():
                self._enough.clear()
                flowing = self.clients[: command.devices]
                parts = await asyncio.gather(
                    *(self._flow(c, command) for c in flowing for _ in range(command.at_once))
                )
            case Enough():
                self._enough.set()
                return None
        return [asdict(told) for part in parts for told in part]

    async def _storm(self, client: Client, storm: Storm) -> list[Pressed]:
        await asyncio.sleep(random.uniform(0, storm.over_s))
        told = await client.press(storm.kind, give_up_s=storm.give_up_s)
        found = [told]
        if random.random() < storm.repeated and told.state:
            await client.press_again(told, storm.kind, give_up_s=storm.give_up_s)
        if random.random() < storm.forged:
            found.append(await client.press(storm.kind, give_up_s=storm.give_up_s, forged=True))
        return found

    async def _flow(self, client: Client, flow: Flow) -> list[Pressed]:
        found: list[Pressed] = []
        stopping = asyncio.ensure_future(self._enough.wait())
        try:
            while not self._enough.is_set():
                pause_s = random.uniform(0, flow.pause_s)
                await asyncio.wait({stopping}, timeout=pause_s)
                if stopping.done() or len(found) == flow.presses_each:
                    break
                found.append(await client.press(flow.kind, give_up_s=flow.give_up_s))
        finally:
            stopping.cancel()
        return found


async def _first(*events: asyncio.Event) -> None:
    tasks = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()


async def serve(order: Order) -> None:
    """Read commands until the input closes; answer each when it is done, whichever is first."""
    crowd = Crowd(order)
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    decoder = msgspec.json.Decoder(Asked)
    running: set[asyncio.Task[None]] = set()

    async def answer(line: bytes) -> None:
        asked = decoder.decode(line)
        result = {"number": asked.number, "answer": await crowd.obey(asked.do)}
        sys.stdout.write(json.dumps(result) + "\n")
        sys.stdout.flush()

    while line := await reader.readline():
        task = asyncio.create_task(answer(line))
        running.add(task)
        task.add_done_callback(_or_die)
    for task in running:
        task.cancel()


def _or_die(task: "asyncio.Task[None]") -> None:
    """An answer that cannot be given must not leave the asker waiting."""
    if not task.cancelled() and (error := task.exception()) is not None:
        sys.stderr.write(f"load: {error!r}\n")
        asyncio.get_running_loop().stop()


def main() -> None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    order = msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=Order)
    asyncio.run(serve(order))


if __name__ == "__main__":
    main()
