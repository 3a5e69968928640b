"""The first page: from an alarm's commit to the webhook's arrival, beside prometheus-alertmanager.

    python -m benchmarks.first_page [--count N] [--singles N]

The same alarms to the same receiver in the same run: one at a time while all is idle, then many at
once. Ours is durable: the alarm is in the log, the incident, its calls, its neighbours' notices and
pictures and the message itself are planned on disk before anything is sent; alertmanager keeps
nothing. Alone, ours is counted from the commit. Many at once are counted from the moment they are
handed over, for both: ours has to commit them first. Ours is measured twice: with a POST for each
message, as alertmanager sends them, and with the webhook's `batch = true`, where messages of the
same moment share one; which of the two is compared is said. Beside it what the HTTP client alone
takes for as many POSTs.

Debian: apt-get install prometheus-alertmanager. Without it there are only our own numbers.
"""

import argparse
import asyncio
import json
import logging
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

import aiohttp
import structlog
from sqlalchemy import func, select

from alarms.log import AlarmLog
from alarms.model import AlarmKind, AlarmSource, NewAlarm
from alarms.store import Database, SealedBox
from benchmarks.storm_linkage import NothingToDo, _settle
from benchmarks.webhook_receiver import receiving, seen
from lianfang_timing import SystemClock, unix_ms
from linkage.carrier_port import Carrier
from linkage.carriers import PageCarrier
from linkage.changes import Changes
from linkage.engine import Engine
from linkage.escalation.carrier import EscalateCarrier
from linkage.escalation.plans import built_in_plans
from linkage.fan_out_carrier import FanOutCarrier
from linkage.garbage import look_seldom
from linkage.lanes import LANES
from linkage.model.action import ActionKind
from linkage.model.event import EventType
from linkage.outbox import Outbox
from linkage.right_of_way import RightOfWay
from linkage.rules.model import Rules
from linkage.schema import actions
from linkage.ways.carrying import WayCarrier
from linkage.ways.settings import Use, Ways, Webhook
from linkage.ways.station_desk import StationCarrier
from linkage.ways.subject import Sender
from linkage.ways.subject_reading import Subjects
from linkage.ways.webhook import CONNECTIONS, WebhookWay

ALERTMANAGER = "prometheus-alertmanager"
SECRET = bytes(32)
IDLE_S = 0.020
MESSAGE_BYTES = 1200
"""About as long as our messages are."""
SHANGHAI = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True)
class Site:
    database: Database
    log: AlarmLog


@asynccontextmanager
async def site(
    folder: Path, groups: int, receiver: str, *, batch: bool = False
) -> AsyncIterator[Site]:
    """A town of so many groups with engine and outbox at work."""
    database = Database(f"sqlite:///{folder}/town-{batch}.db")
    clock, changes = SystemClock(), Changes()
    await database.open()
    await database.write(lambda conn: _settle(conn, groups, unix_ms(clock.now())))
    log = AlarmLog(database, clock, writer="intake")
    webhook = Webhook("station", f"{receiver}/", SECRET, frozenset({Use.STATION}), batch=batch)
    ways = Ways(webhooks={"station": webhook})
    right_of_way = RightOfWay(clock)
    engine = Engine(
        database,
        log,
        clock,
        changes,
        rules=Rules(),
        time_zone=SHANGHAI,
        writer="linkage",
        ways=ways,
        right_of_way=right_of_way,
    )
    box = SealedBox(bytes(32))
    subjects = Subjects(database, box)
    sender = Sender("main", "示范镇", SHANGHAI)
    async with WebhookWay(ways.webhooks, subjects.of, sender, clock, box) as way:
        carriers: dict[ActionKind, Carrier] = {
            ActionKind.WEBHOOK: WayCarrier(way, clock),
            ActionKind.ESCALATE: EscalateCarrier(
                database, clock, changes, plans=built_in_plans(), writer="linkage"
            ),
            ActionKind.STATION: StationCarrier(database, clock, changes, writer="linkage"),
            ActionKind.FAN_OUT: FanOutCarrier(database, clock),
            ActionKind.PAGE: PageCarrier(),
            ActionKind.REPLY: NothingToDo(EventType.REPLY_SENT),
            ActionKind.NOTICE: NothingToDo(EventType.NOTICE_SENT),
            ActionKind.SNAPSHOT: NothingToDo(EventType.EVIDENCE_ADDED),
        }
        outbox = Outbox(
            database,
            clock,
            carriers,
            changes,
            writer="linkage",
            webhooks=list(ways.webhooks),
            right_of_way=right_of_way,
        )
        engine.hands_over_to(outbox.hand_over)
        working = [asyncio.create_task(run()) for run in (engine.run, outbox.run)]
        yield Site(database, log)
        for task in working:
            task.cancel()
        await asyncio.gather(*working, return_exceptions=True)
    await database.close()


def presses(groups: Sequence[int], home: int) -> list[NewAlarm]:
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
        for group in groups
    ]


async def ours(
    folder: Path, receiver: str, singles: int, count: int, *, batch: bool
) -> tuple[list[float], ...]:
    """Seconds from commit to arrival: one at a time, then `count` at once."""
    async with site(folder, singles + count, receiver, batch=batch) as town:
        alone: dict[str, int] = {}
        for group in range(singles):
            (kept,) = await town.log.append(presses([group], 0))
            alone[kept.alarm_id] = time.monotonic_ns()
            await _arrived(receiver, [kept.alarm_id])
            await _nothing_due(town.database)
        at = time.monotonic_ns()
        kept_all = await town.log.append(presses(range(singles, singles + count), 0))
        together = {kept.alarm_id: at for kept in kept_all}
        await _arrived(receiver, list(together))
        await _nothing_due(town.database)
    return await _taken(receiver, alone), await _taken(receiver, together)


async def theirs(folder: Path, receiver: str, singles: int, count: int) -> tuple[list[float], ...]:
    """As `ours`, for alertmanager."""
    with alertmanager(folder, receiver) as url:
        alone: dict[str, int] = {}
        for number in range(singles):
            alone[f"single-{number}"] = time.monotonic_ns()
            await asyncio.to_thread(_post, url, [f"single-{number}"])
            await _arrived(receiver, [f"single-{number}"])
            await asyncio.sleep(0.05)
        names = [f"many-{number}" for number in range(count)]
        at = time.monotonic_ns()
        await asyncio.to_thread(_post, url, names)
        await _arrived(receiver, names)
    return await _taken(receiver, alone), await _taken(receiver, dict.fromkeys(names, at))


async def bare(receiver: str, count: int) -> list[float]:
    """Seconds to arrival for so many POSTs by the HTTP client alone, as wide as a webhook's lane:
    what no work of ours on single messages can go below."""
    width = asyncio.Semaphore(LANES[ActionKind.WEBHOOK].width)
    filling = "0" * MESSAGE_BYTES
    connector = aiohttp.TCPConnector(limit=CONNECTIONS)

    async def post(session: aiohttp.ClientSession, name: str) -> None:
        body = json.dumps({"alarm": name, "filling": filling}).encode()
        async with width, session.post(f"{receiver}/", data=body) as response:
            await response.read()

    async with aiohttp.ClientSession(connector=connector) as session:
        await asyncio.gather(*(post(session, f"warm-{n}") for n in range(CONNECTIONS)))
        names = [f"bare-{number}" for number in range(count)]
        at = time.monotonic_ns()
        await asyncio.gather(*(post(session, name) for name in names))
    return await _taken(receiver, dict.fromkeys(names, at))


@contextmanager
def alertmanager(folder: Path, receiver: str) -> Iterator[str]:
    """Its address, with a route that sends every alert at once and alone."""
    settings = folder / "alertmanager.yml"
    settings.write_text(
        "route:\n  receiver: station\n  group_by: ['...']\n  group_wait: 0s\n"
        "  group_interval: 5m\n  repeat_interval: 4h\n"
        f"receivers:\n  - name: station\n    webhook_configs:\n      - url: {receiver}/\n"
    )
    port = 19093
    process = subprocess.Popen(
        [
            shutil.which(ALERTMANAGER) or ALERTMANAGER,
            f"--config.file={settings}",
            f"--storage.path={folder / 'alertmanager'}",
            f"--web.listen-address=127.0.0.1:{port}",
            "--cluster.listen-address=",
            "--log.level=error",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_until_ready(url)
        yield url
    finally:
        process.terminate()
        process.wait()


def _wait_until_ready(url: str) -> None:
    for _ in range(200):
        try:
            urllib.request.urlopen(f"{url}/-/ready").close()
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.05)
        else:
            return
    raise SystemExit("alertmanager did not start")


def _post(url: str, names: Sequence[str]) -> None:
    alerts = [{"labels": {"alertname": "panic", "alarm": name}} for name in names]
    request = urllib.request.Request(
        f"{url}/api/v2/alerts",
        data=json.dumps(alerts).encode(),
        headers={"Content-Type": "application/json"},
    )
    urllib.request.urlopen(request).close()


async def _arrived(receiver: str, names: Sequence[str]) -> None:
    async with asyncio.timeout(60):
        while True:
            # the look itself is work: it must not fall into what is measured
            await asyncio.sleep(0.1 if len(names) == 1 else 1.0)
            found = await asyncio.to_thread(seen, receiver)
            if all(name in found for name in names):
                return


async def _nothing_due(database: Database) -> None:
    """Until what was planned is carried and marked: the next alarm meets an idle house."""

    def due(conn: object) -> int:
        now_ms = unix_ms(SystemClock().now())
        waiting = actions.c.state == "planned", actions.c.due_at_ms <= now_ms
        return int(conn.scalar(select(func.count()).where(*waiting)) or 0)  # type: ignore[attr-defined]

    while await database.read(due):  # noqa: ASYNC110 - a look from outside
        await asyncio.sleep(0.01)


async def _taken(receiver: str, sent: Mapping[str, int]) -> list[float]:
    found = await asyncio.to_thread(seen, receiver)
    twice = [name for name in sent if found[name][1] != 1]
    if twice:
        print(f"  {len(twice)} arrived more than once")
    return [max(0, found[name][0] - at) / 1e9 for name, at in sent.items()]


def _show(what: str, seconds: Sequence[float]) -> float:
    p95 = statistics.quantiles(seconds, n=100)[94]
    print(
        f"{what:44}{statistics.median(seconds) * 1e3:9.1f} ms p50{p95 * 1e3:9.1f} ms p95"
        f"{max(seconds) * 1e3:9.1f} ms at most",
        flush=True,
    )
    return p95


async def measure(folder: Path, singles: int, count: int) -> int:
    found = {}
    for batch, name in ((False, "ours"), (True, "ours, batch = true")):
        # a receiver each: both towns call their alarms alike
        with receiving() as receiver:
            mine = await ours(folder, receiver, singles, count, batch=batch)
        found[batch] = (
            _show(f"{name}, one at a time", mine[0]),
            _show(f"{name}, {count} at once", mine[1]),
        )
    with receiving() as receiver:
        _show(f"the HTTP client alone, {count} at once", await bare(receiver, count))
    idle = found[False][0]
    if shutil.which(ALERTMANAGER) is None:
        print(f"NOT COMPARED: {ALERTMANAGER} is missing: apt-get install {ALERTMANAGER}")
        return int(idle > IDLE_S)
    with receiving() as receiver:
        other = await theirs(folder, receiver, singles, count)
    _show("alertmanager, one at a time", other[0])
    limit = _show(f"alertmanager, {count} at once", other[1])
    print(f"{'one at a time within 20 ms':52}{_yes(idle <= IDLE_S)}")
    for batch, how in ((False, "a POST each"), (True, "batch = true")):
        many = found[batch][1]
        said = f"at once no slower than alertmanager, {how}"
        print(f"{said:52}{_yes(many <= limit)} ({many / limit:.1f} x)")
    return int(idle > IDLE_S or found[True][1] > limit)


def _yes(holds: bool) -> str:
    return f"{'yes' if holds else 'NO':>5}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=400)
    parser.add_argument("--singles", type=int, default=60)
    asked = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    look_seldom()  # as the daemon does when all is imported
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(measure(Path(folder), asked.singles, asked.count))


if __name__ == "__main__":
    sys.exit(main())
