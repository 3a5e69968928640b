"""The reference sender as firmware makers run it: a process, a real mosquitto, the real intake."""

import asyncio
import importlib.util
import json
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from alarms.intake import Intake
from alarms.model import SeenNotice
from alarms.mqtt import BrokerAddress, MqttLink
from lianfang_timing import SystemClock, unix_ms
from tests.alarms.conftest import Door
from tests.brokers import Mosquitto, mosquitto

SENDER = Path(__file__).resolve().parents[2] / "examples" / "button_sender.py"
DEVICE = "dongcun-017-1"


@pytest.fixture
async def broker(tmp_path: Path) -> AsyncIterator[Mosquitto]:
    async with mosquitto(tmp_path) as running:
        yield running


@pytest.fixture
def seen() -> asyncio.Queue[SeenNotice]:
    return asyncio.Queue()


@pytest.fixture
async def link(
    door: Door, broker: Mosquitto, seen: asyncio.Queue[SeenNotice]
) -> AsyncIterator[MqttLink]:
    """The duty room's side, up."""
    async with served(door, broker, seen) as up:
        yield up


@asynccontextmanager
async def served(
    door: Door, broker: Mosquitto, seen: asyncio.Queue[SeenNotice]
) -> AsyncIterator[MqttLink]:
    async def on_seen(notices: object) -> None:
        for notice in notices:  # type: ignore[attr-defined]
            seen.put_nowait(notice)

    address = BrokerAddress("127.0.0.1", broker.port)
    link = MqttLink(address, node="test", prefix="lianfang", clock=SystemClock())
    await link.start()
    intake = Intake(link, door.log, door.devices, SystemClock(), on_seen=on_seen)
    running = asyncio.create_task(intake.run())
    await asyncio.wait_for(link.wait_connected(), 10)
    yield link
    intake.stop()
    await running
    await link.close()


class Sender:
    """One running example, line by line."""

    def __init__(self, process: Process) -> None:
        self._process = process

    async def says(self, word: str) -> str:
        """Its next line that begins with `word`; fails when it ends before."""
        assert self._process.stdout is not None
        async with asyncio.timeout(30):
            while line := (await self._process.stdout.readline()).decode():
                if line.split()[0] == word:
                    return line
        raise AssertionError(f"it ended without saying {word}")

    async def status(self) -> int:
        return await asyncio.wait_for(self._process.wait(), 30)


Start = Callable[..., "asyncio.Future[Sender]"]


@pytest.fixture
async def start(door: Door, broker: Mosquitto) -> AsyncIterator[Start]:
    running: list[Process] = []

    async def begin(*arguments: str, key: str | None = None) -> Sender:
        process = await asyncio.create_subprocess_exec(
            sys.executable, SENDER, "--device", DEVICE, "--port", str(broker.port), *arguments,
            stdout=PIPE,
            env={"LIANFANG_KEY": key or door.button.key_text, "PYTHONIOENCODING": "utf-8"},
        )  # fmt: skip
        running.append(process)
        return Sender(process)

    yield begin  # type: ignore[misc]
    for process in running:
        if process.returncode is None:
            process.kill()
        await process.communicate()


VECTORS = [
    (42, "panic", False, 1780000000123,
     "072bd2bb3f777502c957804a6f976dbffb1a22f7d1ba448da4a63570849b91ea"),
    (43, "duress", True, None,
     "e625d8604c03089ca3fed64e7261205a06df6a5aac4a80b9f9f39529f1c9ea6f"),
]  # fmt: skip


@pytest.mark.parametrize(("seq", "kind", "silent", "at_ms", "mac"), VECTORS)
def test_sender_and_its_papers_hold_the_vectors(
    seq: int, kind: str, silent: bool, at_ms: int | None, mac: str
) -> None:
    spec = importlib.util.spec_from_file_location("button_sender", SENDER)
    assert spec is not None
    assert spec.loader is not None
    sender = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sender)
    payload = sender.press_payload(
        bytes(range(32)), DEVICE, 17, seq, kind, silent=silent, at_ms=at_ms
    )
    assert json.loads(payload)["mac"] == mac
    papers = (SENDER.parents[1] / "docs" / "buttons.md").read_text(encoding="utf-8")
    assert mac in papers


async def test_press_is_in_the_log_when_the_sender_says_received(
    door: Door, link: MqttLink, start: Start
) -> None:
    sender = await start("--kind", "fire", "--once")
    line = await sender.says("received")
    logged = await door.log.read(after=0)
    assert [(a.kind.value, a.mac_ok) for a in logged] == [("fire", True)]
    assert logged[0].id in line
    assert await sender.status() == 0


async def test_button_without_a_clock_is_heard(door: Door, link: MqttLink, start: Start) -> None:
    sender = await start("--no-clock", "--silent", "--once")
    await sender.says("received")
    (alarm,) = await door.log.read(after=0)
    assert (alarm.at_ms, alarm.silent, alarm.mac_ok) == (None, True, True)


async def test_when_nobody_answers_it_says_ring_110_and_still_delivers_later(
    door: Door, broker: Mosquitto, seen: asyncio.Queue[SeenNotice], start: Start
) -> None:
    sender = await start("--once")
    assert "未送达，请拨打110" in await sender.says("undelivered")
    async with served(door, broker, seen):
        # the broker kept nothing for us: we had never subscribed, so only the repeat brings it
        await sender.says("received")
    assert len(await door.log.read(after=0)) == 1
    assert await sender.status() == 0


async def test_wrong_key_is_refused_and_the_sender_says_ring_110(
    link: MqttLink, start: Start
) -> None:
    sender = await start("--once", key="A" * 43)
    line = await sender.says("rejected")
    assert "拨打110" in line
    assert "bad-signature" in line
    assert await sender.status() == 1


async def test_later_replies_and_a_neighbours_notice_are_shown_and_answered(
    door: Door, link: MqttLink, start: Start, seen: asyncio.Queue[SeenNotice]
) -> None:
    sender = await start()
    await sender.says("received")
    (alarm,) = await door.log.read(after=0)
    state = {"v": 1, "boot": alarm.boot, "seq": alarm.seq, "state": "acknowledged"}
    link.post(f"lianfang/button/{DEVICE}/reply", json.dumps(state).encode())
    await sender.says("acknowledged")
    now_ms = unix_ms(SystemClock().now())
    for name, until_ms in (("too-late", now_ms - 1), ("in-time", now_ms + 60_000)):
        notice = {"v": 1, "id": name, "state": "active", "from": "3组07号", "until_ms": until_ms}
        link.post(f"lianfang/button/{DEVICE}/notice", json.dumps(notice).encode())
    assert "3组07号" in await sender.says("notice")
    first = await asyncio.wait_for(seen.get(), 10)
    assert (first.device, first.notice_id, first.state) == (DEVICE, "in-time", "delivered")


async def test_service_that_goes_is_shown(link: MqttLink, start: Start) -> None:
    sender = await start()
    await sender.says("received")
    await link.close()
    assert "拨打110" in await sender.says("offline")


async def test_a_line_that_stays_down_is_shown_and_its_return_too(
    broker: Mosquitto, link: MqttLink, start: Start
) -> None:
    sender = await start("--link-down-for", "0.3")
    await sender.says("received")
    broker.kill()  # nobody is left to publish a will
    assert "拨打110" in await sender.says("offline")
    await broker.start()
    await sender.says("online")
