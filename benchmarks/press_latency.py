"""Press → `received` at the button, against its floor: an MQTT round trip and a synced commit.

    python -m benchmarks.press_latency [--presses N]

The floor is measured in the same run, on the same broker and disk: p99 of a QoS 1 loopback round
trip between two clients, plus p99 of one synced commit. The budget is 3 × (design.md §7).
"""

import argparse
import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from sqlalchemy import text

from alarms.store import Database
from tests.scenarios.house import house

BUDGET = 3.0
PAUSE_S = 0.1
"""Between two presses: the budget is for an idle service, not for one still linking the last."""


def p99(seconds: Sequence[float]) -> float:
    return statistics.quantiles(seconds, n=100)[98]


async def round_trips(port: int, count: int) -> list[float]:
    """Seconds from publishing to hearing it back, one after another, QoS 1."""
    loop = asyncio.get_running_loop()
    heard: asyncio.Queue[float] = asyncio.Queue()
    ready = asyncio.Event()
    listener = paho.Client(CallbackAPIVersion.VERSION2, client_id="floor-listener")
    listener.on_connect = lambda c, *_: c.subscribe("floor", qos=1)
    listener.on_subscribe = lambda *_: loop.call_soon_threadsafe(ready.set)
    listener.on_message = lambda *_: loop.call_soon_threadsafe(
        heard.put_nowait, time.perf_counter()
    )
    sender = paho.Client(CallbackAPIVersion.VERSION2, client_id="floor-sender")
    for client in (listener, sender):
        client.connect("127.0.0.1", port)
        client.loop_start()
    await ready.wait()
    taken = []
    for _ in range(count):
        begun = time.perf_counter()
        sender.publish("floor", b"x" * 200, qos=1)
        taken.append(await heard.get() - begun)
    for client in (listener, sender):
        client.disconnect()
        await asyncio.to_thread(client.loop_stop)
    return taken


async def commits(folder: Path, count: int) -> list[float]:
    """Seconds of one synced commit of one row, through the store's own writer."""
    database = Database(f"sqlite:///{folder}/floor.db")
    await database.open()
    taken = []
    for number in range(count):
        row = {"reader": f"r{number}", "position": number}
        begun = time.perf_counter()
        await database.write(
            lambda conn, row=row: conn.execute(
                text("INSERT INTO cursors (reader, position) VALUES (:reader, :position)"), row
            )
        )
        taken.append(time.perf_counter() - begun)
    await database.close()
    return taken


async def presses(folder: Path, count: int, broker: str) -> tuple[list[float], list[float]]:
    """Seconds from pressing to `received`, and round trips on the same broker."""
    async with house(folder, broker=broker) as site:
        await site.start()
        trips = await round_trips(site.mqtt_port, count) if broker == "mosquitto" else []
        taken = []
        buttons = [site.button(n) for n in range(5)]
        for button in buttons:
            await button.__aenter__()
            await button.wait_connected(20)
        for number in range(count):
            outcome = await buttons[number % 5].press("test", timeout_s=20)
            assert outcome.state == "received", outcome
            taken.append(outcome.waited_s)
            await asyncio.sleep(PAUSE_S)
        for button in buttons:
            await button.__aexit__()
        await site.stop()
        return taken, trips


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--presses", type=int, default=300)
    count = parser.parse_args().presses
    os.environ.setdefault("LIANFANG_LOG", "warning")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        synced = asyncio.run(commits(folder, count))
        (folder / "m").mkdir()
        (folder / "e").mkdir()
        taken, trips = asyncio.run(presses(folder / "m", count, "mosquitto"))
        embedded, _ = asyncio.run(presses(folder / "e", count, "embedded"))
    floor = p99(trips) + p99(synced)
    print(f"{'leg':44}{'p50 ms':>9}{'p99 ms':>9}{'÷ floor':>9}")
    for label, seconds in (
        ("MQTT round trip, mosquitto, QoS 1", trips),
        ("one synced commit, SQLite", synced),
        ("press → received, mosquitto", taken),
        ("press → received, embedded broker", embedded),
    ):
        ratio = f"{p99(seconds) / floor:9.2f}"
        print(f"{label:44}{statistics.median(seconds) * 1e3:9.2f}{p99(seconds) * 1e3:9.2f}{ratio}")
    print(f"budget: press → received, p99 at most {BUDGET:g} × floor ({floor * 1e3:.2f} ms)")


if __name__ == "__main__":
    main()
