"""The load's other side: starts its processes, commands them, watches the service meanwhile.

What must hold afterwards is read from the store: `assert_told_the_truth`.
"""

import asyncio
import json
import os
import statistics
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
from sqlalchemy import Connection, func, select

from alarms.store import chain
from alarms.store.tables import alarm_identities, alarms, refusals
from linkage.schema import audit_entries, incident_alarms, incident_events
from tests.polling import until
from tests.scenarios.house import House
from tests.scenarios.load_clients import (
    TOLD_110_AFTER_S,
    Asked,
    Command,
    Connect,
    Enough,
    Flow,
    LoadDevice,
    Order,
    Pressed,
    Storm,
)

_ROOT = Path(__file__).resolve().parents[2]
_LINE_BYTES = 1 << 28
_LOOK_EVERY_S = 0.05


class _Helper:
    """One process of clients."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._asked: dict[int, asyncio.Future[Any]] = {}
        self._number = 0
        self._reading = asyncio.create_task(self._read())

    async def ask(self, command: Command) -> Any:
        assert self._process.stdin is not None
        self._number += 1
        asked = self._asked[self._number] = asyncio.get_running_loop().create_future()
        self._process.stdin.write(msgspec.json.encode(Asked(self._number, command)) + b"\n")
        return await asked

    async def end(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        async with asyncio.timeout(30):
            await self._process.wait()
        await self._reading

    async def _read(self) -> None:
        assert self._process.stdout is not None
        while line := await self._process.stdout.readline():
            said = json.loads(line)
            self._asked.pop(said["number"]).set_result(said["answer"])
        for asked in self._asked.values():
            asked.set_exception(AssertionError("a process of clients ended"))


class Load:
    """All clients, in as many processes as it was made of."""

    def __init__(self, helpers: Sequence[_Helper]) -> None:
        self._helpers = helpers

    async def connect(self) -> int:
        """Return when every client is connected and subscribed: how many they are."""
        return sum(await self._ask(Connect()))

    async def storm(self, storm: Storm) -> list[Pressed]:
        return self._pressed(await self._ask(storm))

    async def flow(self, flow: Flow) -> list[Pressed]:
        """Returns once `enough` was called, or all presses are made."""
        return self._pressed(await self._ask(flow))

    async def enough(self) -> None:
        await self._ask(Enough())

    async def _ask(self, command: Command) -> list[Any]:
        return await asyncio.gather(*(helper.ask(command) for helper in self._helpers))

    @staticmethod
    def _pressed(answers: list[Any]) -> list[Pressed]:
        return [Pressed(**told) for answer in answers for told in answer]


@asynccontextmanager
async def load_on(
    site: House,
    *,
    devices: int | None = None,
    processes: int = 1,
    first_repeat_s: float = 2.0,
    repeat_cap_s: float = 30.0,
    notices: bool = False,
) -> AsyncIterator[Load]:
    """Clients for the site's buttons (or its first so many), not connected yet."""
    given = [b.credentials for b in site.buttons[:devices]]
    helpers = []
    for number in range(processes):
        order = Order(
            port=site.mqtt_port,
            devices=[
                LoadDevice(g.device, g.login, g.password, g.key_text)
                for g in given[number::processes]
            ],
            first_repeat_s=first_repeat_s,
            repeat_cap_s=repeat_cap_s,
            notices=notices,
        )
        path = site.folder / f"load-{number}.json"
        path.write_bytes(msgspec.json.encode(order))
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.scenarios.load_clients",
            str(path),
            cwd=_ROOT,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=_LINE_BYTES,
            env=os.environ | {"PYTHONPATH": str(_ROOT)},
        )
        helpers.append(_Helper(process))
    try:
        yield Load(helpers)
    finally:
        for helper in helpers:
            await helper.end()


class ReadyWatch:
    """Asks `readyz` again and again; knows the slowest answer and how many said no."""

    def __init__(self) -> None:
        self.answers_s: list[float] = []
        self.not_ready = 0
        self.failed = 0

    @property
    def worst_s(self) -> float:
        return max(self.answers_s)

    async def run(self, site: House) -> None:
        async with aiohttp.ClientSession() as session:
            while True:
                begun = time.monotonic()
                try:
                    async with session.get(f"{site.url}/readyz") as answer:
                        self.not_ready += answer.status != 200
                except aiohttp.ClientError:
                    self.failed += 1
                self.answers_s.append(time.monotonic() - begun)
                await asyncio.sleep(_LOOK_EVERY_S)


@asynccontextmanager
async def watching_readyz(site: House) -> AsyncIterator[ReadyWatch]:
    watch = ReadyWatch()
    task = asyncio.create_task(watch.run(site))
    try:
        yield watch
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def linked(site: House, *, within_s: float = 60.0) -> None:
    """Return when the engine has dealt with everything in the log."""
    database = site.database()

    def behind(conn: Connection) -> bool:
        logged = conn.scalar(select(func.count()).select_from(alarms))
        done = conn.scalar(select(func.count()).select_from(incident_alarms))
        return logged != done

    async def is_done() -> bool:
        return not await database.read(behind)

    try:
        await until(is_done, timeout_s=within_s, every_s=0.1)
    finally:
        await database.close()


def assert_told_the_truth(site: House, pressed: Sequence[Pressed], *, others: int = 0) -> None:
    """Every genuine press is in the log once, under the id its device was told; every forged one
    is a refusal; who waited long said so. `others` presses came from elsewhere.
    """
    genuine = [p for p in pressed if not p.forged]
    forged = [p for p in pressed if p.forged]
    states = Counter(p.state for p in genuine)
    assert set(states) <= {"received", "duplicate"}, states
    assert {p.state for p in forged} <= {"rejected"}, Counter(p.state for p in forged)
    assert {p.again for p in genuine} <= {None, "duplicate"}, Counter(p.again for p in genuine)
    for told in genuine:
        late = told.waited_s > TOLD_110_AFTER_S + 0.5
        assert told.told_110 or not late, f"waited {told.waited_s} s and showed nothing"
    database = site.database()
    try:
        database.read_now(lambda conn: _check(conn, genuine, forged, others))
    finally:
        database.close_now()


def _check(
    conn: Connection, genuine: Sequence[Pressed], forged: Sequence[Pressed], others: int
) -> None:
    rows = conn.execute(select(alarms.c.id, alarms.c.device, alarms.c.boot, alarms.c.seq))
    logged = {(r.device, r.boot, r.seq): r.id for r in rows}
    count = conn.scalar(select(func.count()).select_from(alarms))
    assert count == len(genuine) + others
    told = {(p.device, p.boot, p.seq): p.alarm for p in genuine}
    assert {key: logged.get(key) for key in told} == told
    assert conn.scalar(select(func.count()).select_from(alarm_identities)) == count
    refused = conn.scalar(select(func.count()).select_from(refusals)) or 0
    assert refused >= len(forged)
    once = conn.scalar(select(func.count(func.distinct(incident_alarms.c.alarm_id))))
    assert conn.scalar(select(func.count()).select_from(incident_alarms)) == once
    for table in (alarms, incident_events, audit_entries):
        assert list(chain.faults(conn, table)) == []


def quantiles(seconds: Sequence[float]) -> tuple[float, float, float]:
    """p50, p99 and the slowest."""
    cut = statistics.quantiles(seconds, n=100)
    return cut[49], cut[98], max(seconds)
