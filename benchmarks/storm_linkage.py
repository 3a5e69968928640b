"""What the linkage makes of a storm: the engine, the outbox, and the presses that come meanwhile.

    python -m benchmarks.storm_linkage [--groups N] [--database URL]

Every group's ten households press once, on a real database file; carriers do nothing. First the
engine alone digests all presses, then the outbox alone carries what follows from them. Then, on a
fresh database, presses come in over ten seconds while engine and outbox work: how long the
intake's commits take meanwhile, beside one bare synced commit of the same run.
"""

import argparse
import asyncio
import logging
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import Connection, delete, func, insert, select

from alarms.log import AlarmLog, cursor, move_cursor
from alarms.model import AlarmKind, AlarmSource, NewAlarm
from alarms.store import Database, metadata
from alarms.store.tables import devices
from lianfang_timing import SystemClock, unix_ms
from linkage.carrier_port import Carrier, CarryResult
from linkage.carriers import PageCarrier
from linkage.changes import Changes
from linkage.engine import READER, Engine
from linkage.escalation.carrier import EscalateCarrier
from linkage.escalation.plans import built_in_plans
from linkage.fan_out_carrier import FanOutCarrier
from linkage.model.action import Action, ActionKind
from linkage.model.event import EventType
from linkage.outbox import Outbox
from linkage.rules.model import Rules
from linkage.schema import (
    accounts,
    actions,
    cameras,
    grids,
    households,
    incident_events,
    mutual_aid_groups,
    villages,
)
from linkage.timeline import NewEvent

VILLAGES, GRIDS, CAMERAS, HOMES = 21, 254, 116, 10
STORM_S = 10.0
INTAKE_BATCH = 40


class NothingToDo:
    """A carrier whose every action succeeds at once."""

    def __init__(self, event: EventType) -> None:
        self._event = event

    async def carry(self, action: Action) -> CarryResult:
        return CarryResult(NewEvent(self._event, {"device": action.target}))


@dataclass(frozen=True)
class Site:
    database: Database
    log: AlarmLog
    engine: Engine
    outbox: Outbox
    changes: Changes


@asynccontextmanager
async def site(url: str, groups: int) -> AsyncIterator[Site]:
    """A fresh town of so many groups, its engine and its outbox."""
    database, clock, changes = Database(url), SystemClock(), Changes()
    await database.open()
    await database.write(lambda conn: _settle(conn, groups, unix_ms(clock.now())))
    log = AlarmLog(database, clock, writer="intake")
    engine = Engine(
        database,
        log,
        clock,
        changes,
        rules=Rules(),
        time_zone=ZoneInfo("Asia/Shanghai"),
        writer="linkage",
    )
    carriers: dict[ActionKind, Carrier] = {
        ActionKind.ESCALATE: EscalateCarrier(
            database, clock, changes, plans=built_in_plans(), writer="linkage"
        ),
        ActionKind.FAN_OUT: FanOutCarrier(database, clock),
        ActionKind.PAGE: PageCarrier(),
        ActionKind.REPLY: NothingToDo(EventType.REPLY_SENT),
        ActionKind.NOTICE: NothingToDo(EventType.NOTICE_SENT),
        ActionKind.SNAPSHOT: NothingToDo(EventType.EVIDENCE_ADDED),
    }
    outbox = Outbox(database, clock, carriers, changes, writer="linkage")
    yield Site(database, log, engine, outbox, changes)
    await database.close()


def _settle(conn: Connection, groups: int, now_ms: int) -> None:
    for table in reversed(metadata.sorted_tables):
        conn.execute(delete(table))
    conn.execute(insert(villages), [{"id": f"v{n}", "name": f"{n}村"} for n in range(VILLAGES)])
    conn.execute(
        insert(grids),
        [{"id": f"g{n}", "village_id": f"v{n % VILLAGES}", "name": f"{n}"} for n in range(GRIDS)],
    )
    conn.execute(
        insert(mutual_aid_groups),
        [{"id": f"m{n}", "grid_id": f"g{n % GRIDS}", "name": f"{n}组"} for n in range(groups)],
    )
    homes = [(group, home) for group in range(groups) for home in range(HOMES)]
    conn.execute(
        insert(households),
        [
            {
                "id": f"h{group}-{home}",
                "group_id": f"m{group}",
                "label": f"{group}组{home:02d}号",
                "latitude": 30.0 + (group % 20) * 0.0025 + home * 0.0004,
                "longitude": 120.0 + (group // 20) * 0.0025,
                "wants_notices": True,
            }
            for group, home in homes
        ],
    )
    conn.execute(
        insert(devices),
        [
            {
                "id": f"b{group}-{home}",
                "kind": "button",
                "household_id": f"h{group}-{home}",
                "unsigned": True,
            }
            for group, home in homes
        ],
    )
    conn.execute(
        insert(cameras),
        [
            {
                "id": f"cam{n}",
                "name": f"cam{n}",
                "village_id": f"v{n % VILLAGES}",
                "legal_class": "public",
                "layer": "area",
                "latitude": 30.0 + (n % 11) * 0.0045,
                "longitude": 120.0 + (n // 11) * 0.0045,
                "enabled": True,
            }
            for n in range(CAMERAS)
        ],
    )
    conn.execute(
        insert(accounts),
        [
            {
                "username": f"duty{n}",
                "display_name": f"值班员{n}",
                "unit": "综治中心",
                "role": "duty-officer",
                "places": '["*"]',
                "password_hash": "-",
                "enabled": True,
                "created_at_ms": now_ms,
            }
            for n in range(3)
        ],
    )


def presses(groups: int) -> list[NewAlarm]:
    """One press of every household, all groups' firsts before their seconds."""
    return [
        NewAlarm(
            source=AlarmSource.BUTTON,
            device=f"b{group}-{home}",
            boot=1,
            seq=1,
            mac=f"{group}-{home}",
            kind=AlarmKind.PANIC,
            silent=False,
            mac_ok=True,
        )
        for home in range(HOMES)
        for group in range(groups)
    ]


async def engine_alone(town: Site, new: Sequence[NewAlarm]) -> float:
    """Alarms a second."""
    for start in range(0, len(new), 500):
        await town.log.append(new[start : start + 500])
    begun = time.perf_counter()
    while await town.engine.run_once():
        pass
    return len(new) / (time.perf_counter() - begun)


async def outbox_alone(town: Site) -> tuple[int, float]:
    """How many actions, and how many a second."""
    begun = time.perf_counter()
    carried = await town.outbox.run_once()
    return carried, carried / (time.perf_counter() - begun)


async def bare_commits(database: Database, count: int) -> list[float]:
    """Seconds of one synced commit of one row, through the store's own writer."""
    taken = []
    for number in range(count):
        begun = time.perf_counter()
        await database.write(partial(move_cursor, reader=f"floor{number}", position=number))
        taken.append(time.perf_counter() - begun)
    return taken


@dataclass(frozen=True)
class Storm:
    appends_s: list[float]
    linked_after_s: float
    """From the last press to when the engine has linked it."""
    carried_after_s: float
    """From the last press to when nothing due is left in the outbox."""
    loop_late_s: float
    """The longest the event loop was late: what `/readyz`, which asks nobody, would wait."""


async def storm(town: Site, new: Sequence[NewAlarm]) -> Storm:
    """Presses over ten seconds with engine and outbox at work."""
    late: list[float] = []
    town.engine.hands_over_to(town.outbox.hand_over)
    loops = (town.engine.run, town.outbox.run, partial(_watch_loop, late))
    working = [asyncio.create_task(run()) for run in loops]
    begun, taken = time.perf_counter(), []
    for start in range(0, len(new), INTAKE_BATCH):
        due = begun + STORM_S * start / len(new)
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        at = time.perf_counter()
        await town.log.append(new[start : start + INTAKE_BATCH])
        taken.append(time.perf_counter() - at)
    ended = time.perf_counter()
    newest = (await town.log.read(after=0, limit=10 * len(new)))[-1].position
    await _until(town.database, lambda conn: cursor(conn, READER) >= newest)
    linked = time.perf_counter() - ended
    await _until(town.database, lambda conn: not _due(conn))
    carried = time.perf_counter() - ended
    for task in working:
        task.cancel()
    await asyncio.gather(*working, return_exceptions=True)
    return Storm(taken, linked, carried, max(late))


async def _watch_loop(late: list[float]) -> None:
    while True:
        begun = time.perf_counter()
        await asyncio.sleep(0.01)
        late.append(time.perf_counter() - begun - 0.01)


async def _until(database: Database, holds: Callable[[Connection], bool]) -> None:
    while not await database.read(holds):  # noqa: ASYNC110 - a look from outside, as a user's
        await asyncio.sleep(0.05)


def _due(conn: Connection) -> int:
    now_ms = unix_ms(SystemClock().now())
    waiting = actions.c.state == "planned", actions.c.due_at_ms <= now_ms
    return int(conn.scalar(select(func.count()).where(*waiting)) or 0)


def quantile(seconds: Sequence[float], percent: int) -> float:
    return statistics.quantiles(seconds, n=100)[percent - 1]


async def measure(urls: Sequence[str], groups: int) -> None:
    new = presses(groups)
    async with site(urls[0], groups) as town:
        print(f"{'engine alone':32}{await engine_alone(town, new):9.0f} alarms/s")
        carried, rate = await outbox_alone(town)
        events = await town.database.read(
            lambda conn: conn.scalar(select(func.count()).select_from(incident_events))
        )
        print(f"{'outbox alone':32}{rate:9.0f} actions/s  ({carried} actions, {events} events)")
    async with site(urls[1], groups) as town:
        bare = await bare_commits(town.database, 300)
        seen = await storm(town, new)
    floor = quantile(bare, 99)
    print(f"{'bare synced commit':32}{statistics.median(bare) * 1e3:9.1f} ms p50", end="")
    print(f"{floor * 1e3:9.1f} ms p99")
    print(f"{'intake append in the storm':32}{statistics.median(seen.appends_s) * 1e3:9.1f} ms p50")
    worst = quantile(seen.appends_s, 99)
    print(f"{'':32}{worst * 1e3:9.1f} ms p99  ({worst / floor:.1f} × the bare commit)")
    print(f"{'last press → linked':32}{seen.linked_after_s:9.1f} s")
    print(f"{'last press → nothing due':32}{seen.carried_after_s:9.1f} s")
    print(f"{'event loop at most late':32}{seen.loop_late_s * 1e3:9.1f} ms")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--groups", type=int, default=400)
    parser.add_argument("--database", help="an empty PostgreSQL database instead of SQLite files")
    asked = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with tempfile.TemporaryDirectory() as folder:
        urls = [f"sqlite:///{Path(folder)}/{name}.db" for name in ("alone", "storm")]
        if asked.database:
            urls = [asked.database] * 2
        asyncio.run(measure(urls, asked.groups))


if __name__ == "__main__":
    main()
