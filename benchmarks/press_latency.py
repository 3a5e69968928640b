"""Press → `received` at the button, against its floor: an MQTT round trip and a synced commit.

    python -m benchmarks.press_latency [--presses N] [--only mosquitto+sqlite]

The floor is p99 of a QoS 1 loopback round trip between two clients, plus p99 of one synced commit
by the bare driver; the budget is 3 × (design.md §7). Both are taken side by side with the presses:
in the same run, on the same broker and the same disk, one of each in turn, every one after the
same pause. A floor measured in a tight loop would flatter nobody but be false: what has rested for
a moment finds its caches cold, its threads asleep and the processor's clock low, and a button is
always pressed after a pause.
"""

import argparse
import asyncio
import os
import sqlite3
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import paho.mqtt.client as paho
import psycopg
from paho.mqtt.enums import CallbackAPIVersion
from sqlalchemy.engine import make_url

from alarms.mqtt import BrokerAddress
from alarms.paho_client import no_delay
from linkage.storage import broker_address
from tests.scenarios.house import house
from tests.stores import postgres

BUDGET = 3.0
PAUSE_S = 0.1
"""Before each measurement: the budget is for an idle service, not for one that links the last."""

WARM_UP = 10
"""Rounds that are not counted: first connections, first statements, first imports."""

BUTTONS = 5


@dataclass
class Legs:
    """Seconds of each leg, one of each a round."""

    trips: list[float] = field(default_factory=list)
    commits: list[float] = field(default_factory=list)
    presses: list[float] = field(default_factory=list)

    @property
    def floor(self) -> float:
        return p99(self.trips) + p99(self.commits)

    @property
    def ratio(self) -> float:
        return p99(self.presses) / self.floor


def p99(seconds: Sequence[float]) -> float:
    return statistics.quantiles(seconds, n=100)[98]


class RoundTrip:
    """Two clients of the site's broker; one hears what the other says."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._heard: asyncio.Queue[float] = asyncio.Queue()
        self._ready = asyncio.Event()
        self._listener = self._client("floor-listener")
        self._sender = self._client("floor-sender")
        self._listener.on_connect = lambda c, *_: c.subscribe("floor", qos=1)
        self._listener.on_subscribe = lambda *_: self._call(self._ready.set)
        self._listener.on_message = lambda *_: self._call(
            self._heard.put_nowait, time.perf_counter()
        )

    async def open(self, address: BrokerAddress) -> None:
        for client in (self._listener, self._sender):
            if address.username is not None:
                client.username_pw_set(address.username, address.password)
            # not in the loop's thread only because connecting blocks
            await asyncio.to_thread(client.connect, address.host, address.port)
            client.loop_start()
        await self._ready.wait()

    async def close(self) -> None:
        for client in (self._listener, self._sender):
            client.disconnect()
            await asyncio.to_thread(client.loop_stop)

    async def measure(self) -> float:
        begun = time.perf_counter()
        self._sender.publish("floor", b"x" * 200, qos=1)
        return await self._heard.get() - begun

    def _client(self, client_id: str) -> paho.Client:
        client = paho.Client(CallbackAPIVersion.VERSION2, client_id=client_id)
        client.on_socket_open = no_delay
        return client

    def _call(self, function: Callable[..., object], *args: object) -> None:
        self._loop.call_soon_threadsafe(function, *args)


@contextmanager
def bare_commits(folder: Path, url: str) -> Iterator[Callable[[int], float]]:
    """Measures one synced commit of one row by the driver alone: on the disk or the server that
    the service uses, in a database beside its own."""
    if url.startswith("sqlite"):
        lite = sqlite3.connect(folder / "floor.db", isolation_level=None)
        lite.execute("PRAGMA journal_mode=WAL")
        lite.execute("PRAGMA synchronous=FULL")
        begin, run, end = "BEGIN IMMEDIATE", lite.execute, lite.close
        insert = "INSERT INTO floor VALUES (?, ?)"
    else:
        at = make_url(url).set(drivername="postgresql")
        with psycopg.connect(at.render_as_string(), autocommit=True) as own:
            own.execute("CREATE DATABASE floor")
        pg = psycopg.connect(at.set(database="floor").render_as_string(), autocommit=True)
        begin, run, end = "BEGIN", pg.execute, pg.close
        insert = "INSERT INTO floor VALUES (%s, %s)"
    run("CREATE TABLE floor (number INTEGER PRIMARY KEY, said TEXT)")

    def measure(number: int) -> float:
        begun = time.perf_counter()
        run(begin)
        run(insert, (number, "x" * 200))
        run("COMMIT")
        return time.perf_counter() - begun

    try:
        yield measure
    finally:
        end()


@asynccontextmanager
async def measuring(
    folder: Path, broker: str, url: str | None
) -> AsyncIterator[Callable[[int, Legs], object]]:
    """A running site; what it gives measures one round into `Legs`."""
    async with AsyncExitStack() as stack:
        site = await stack.enter_async_context(house(folder, broker=broker, database_url=url))
        await site.start("-m", "linkage.cli", "run", "--config", str(site.config))
        stack.push_async_callback(site.stop)
        trip = RoundTrip()
        await trip.open(broker_address(site.settings))
        stack.push_async_callback(trip.close)
        commit = stack.enter_context(bare_commits(folder, url or "sqlite"))
        buttons = [await stack.enter_async_context(site.button(n)) for n in range(BUTTONS)]
        for button in buttons:
            await button.wait_connected(20)

        async def measure(number: int, into: Legs) -> None:
            await asyncio.sleep(PAUSE_S)
            into.trips.append(await trip.measure())
            await asyncio.sleep(PAUSE_S)
            into.commits.append(commit(number))
            await asyncio.sleep(PAUSE_S)
            outcome = await buttons[number % BUTTONS].press("test", timeout_s=20)
            assert outcome.state == "received", outcome
            into.presses.append(outcome.waited_s)

        yield measure


async def legs(folder: Path, broker: str, url: str | None, count: int) -> Legs:
    async with measuring(folder, broker, url) as measure:
        counted, not_counted = Legs(), Legs()
        for number in range(WARM_UP + count):
            await measure(number, not_counted if number < WARM_UP else counted)
        return counted


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--presses", type=int, default=200)
    parser.add_argument("--only", default="", help="such as mosquitto+sqlite")
    given = parser.parse_args()
    os.environ.setdefault("LIANFANG_LOG", "warning")
    print(f"{'':24}{'round trip':>16}{'commit':>16}{'floor':>8}{'press':>17}{'÷ floor':>9}")
    print(
        f"{'ms':24}{'p50      p99':>16}{'p50      p99':>16}{'p99':>8}{'p50      p99':>17}{'p99':>9}"
    )
    for store in ("sqlite", "postgresql"):
        for broker in ("mosquitto", "embedded"):
            if given.only in ("", f"{broker}+{store}"):
                _one(broker, store, given.presses)
    print(
        f"budget: press → received, p99 at most {BUDGET:g} × floor; {given.presses} rounds each, "
    )
    print(f"one of each leg in turn, each after {PAUSE_S * 1e3:.0f} ms of rest; ", end="")
    print(f"load average {os.getloadavg()[0]:.1f}")


def _one(broker: str, store: str, count: int) -> None:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = stack.enter_context(postgres(synced=True)) if store == "postgresql" else None
        took = asyncio.run(legs(folder, broker, url, count))
    cells = "".join(_two(leg) for leg in (took.trips, took.commits))
    floor = f"{took.floor * 1e3:8.2f}"
    print(f"{f'{broker} + {store}':24}{cells}{floor} {_two(took.presses)}{took.ratio:9.2f}")


def _two(seconds: Sequence[float]) -> str:
    return f"{statistics.median(seconds) * 1e3:8.2f}{p99(seconds) * 1e3:8.2f}"


if __name__ == "__main__":
    main()
