"""A service that is killed again and again while many incidents escalate over a webhook.

The reckoning: every step that was taken reached the receiver under one id, and none was missed.
"""

import asyncio
import json
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web
from aiohttp.test_utils import TestServer
from sqlalchemy import Connection, delete, func, insert, select

from alarms.log import AlarmLog
from alarms.model import AlarmKind, AlarmSource, NewAlarm
from alarms.store import Database
from lianfang_timing import SystemClock, unix_ms
from linkage.schema import actions, incident_events, incidents, sessions
from tests.polling import until
from tests.scenarios.house import House
from tests.scenarios.nursery import Nursery

SECRET = "a secret for the pager of this test"


@dataclass
class Pager:
    """A receiver that keeps what came by id."""

    url: str = ""
    came: Counter[str] = field(default_factory=Counter)

    async def receive(self, request: web.Request) -> web.Response:
        body = json.loads(await request.read())
        assert body["id"] == request.headers["webhook-id"]
        self.came[body["id"]] += 1
        return web.Response(status=204)


@asynccontextmanager
async def pager() -> AsyncIterator[Pager]:
    made = Pager()
    app = web.Application()
    app.router.add_post("/", made.receive)
    server = TestServer(app)
    await server.start_server()
    made.url = str(server.make_url("/"))
    try:
        yield made
    finally:
        await server.close()


def escalate_over(site: House, receiver: Pager, after_s: list[int]) -> None:
    """Every step of the plan tells the pager; the last is not repeated while the test lasts."""
    steps = "".join(
        f'[[plan.step]]\nafter = "{s}s"\ncall = ["role:duty-officer"]\n'
        'ways = ["console", "webhook:pager"]\n'
        for s in after_s
    )
    text = f'[[plan]]\nname = "default"\nrepeat = "120s"\n{steps}'
    (site.config / "escalation.toml").write_text(text, encoding="utf-8")
    (site.config / "pager.secret").write_text(SECRET, encoding="utf-8")
    (site.config / "notify.toml").write_text(
        f'[[webhook]]\nname = "pager"\nurl = "{receiver.url}"\nsecret_file = "pager.secret"\n',
        encoding="utf-8",
    )


@asynccontextmanager
async def at_the_console(database: Database, username: str) -> AsyncIterator[None]:
    """The officer sits there: no step is skipped for an empty chair."""

    def sit(conn: Connection) -> None:
        now_ms = unix_ms(SystemClock().now())
        conn.execute(delete(sessions).where(sessions.c.token_sha256 == "at the console"))
        conn.execute(
            insert(sessions).values(
                token_sha256="at the console",
                username=username,
                created_at_ms=now_ms,
                expires_at_ms=now_ms + 3_600_000,
                # as late as counts: the next word may be late on a busy machine
                presence_at_ms=now_ms + 20_000,
                sound_unlocked=True,
                visible=True,
            )
        )

    async def keep_sitting() -> None:
        while True:
            await database.write(sit)
            await asyncio.sleep(5)

    await database.write(sit)
    sitting = asyncio.create_task(keep_sitting())
    try:
        yield
    finally:
        sitting.cancel()
        await asyncio.gather(sitting, return_exceptions=True)


async def alarm_all(database: Database, count: int) -> None:
    """So many presses from nowhere known: each opens an incident of its own."""
    presses = [
        NewAlarm(
            source=AlarmSource.BUTTON,
            device=f"stranger-{number}",
            boot=1,
            seq=1,
            mac=f"{number}",
            kind=AlarmKind.PANIC,
            silent=False,
            mac_ok=True,
        )
        for number in range(count)
    ]
    await AlarmLog(database, SystemClock(), writer="test").append(presses)


async def die_often(site: House, nursery: Nursery, *, every_s: float, times: int) -> None:
    """Killed so many times, each a little before or after its time."""
    draw = random.Random(7)
    for _ in range(times):
        await asyncio.sleep(every_s * draw.uniform(0.6, 1.4))
        await site.kill()
        site.fork(nursery)
    await site.kill()
    await site.start_from(nursery)


async def all_told(database: Database, steps: int, count: int, *, within_s: float) -> None:
    """Return when so many incidents have taken so many steps, and nothing waits to be sent."""

    def done(conn: Connection) -> bool:
        a, e = actions.c, incident_events.c
        taken = conn.scalar(select(func.count()).where(e.type == "escalated")) or 0
        waiting = conn.scalar(select(func.count()).where(a.kind == "webhook", a.state == "planned"))
        return taken >= steps * count and not waiting

    async def is_done() -> bool:
        return await database.read(done)

    await until(is_done, timeout_s=within_s, every_s=0.2)


async def reckon(database: Database, receiver: Pager, steps: int, count: int) -> None:
    """Each step of each incident was told once by its id; nothing was told that is not planned."""

    def read(conn: Connection) -> tuple[list[tuple[str, int]], list[tuple[str, str, str]], int]:
        a, e = actions.c, incident_events.c
        taken = [
            (row.incident_id, json.loads(row.data)["step"])
            for row in conn.execute(select(e.incident_id, e.data).where(e.type == "escalated"))
        ]
        planned = [
            (row.id, row.incident_id, row.state)
            for row in conn.execute(select(a.id, a.incident_id, a.state).where(a.kind == "webhook"))
        ]
        return taken, planned, conn.scalar(select(func.count()).select_from(incidents)) or 0

    taken, planned, opened = await database.read(read)
    assert opened == count
    assert Counter(taken) == Counter(
        {(incident, step): 1 for incident in {i for i, _ in taken} for step in range(steps)}
    )
    assert {state for _, _, state in planned} == {"sent"}
    assert Counter(incident for _, incident, _ in planned) == dict.fromkeys(
        {i for i, _ in taken}, steps
    )
    assert set(receiver.came) == {id_ for id_, _, _ in planned}
