"""A tiny town in a database: two groups, three cameras, people on duty. For tests of linkage.

东村: group g3 with households h1…h4 (h4 wants no notices), one button each (`b1`…`b4`), and group
g4 with h5. 西村: nothing but a camera. `cam-near` is 40 m from h1, `cam-far` 2 km.
"""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, insert, select, update

from alarms.errors import StoreBusy
from alarms.model import AlarmKind, AlarmSource, NewAlarm
from alarms.store import Database
from alarms.store.tables import alarms, devices
from lianfang_timing import unix_ms
from linkage.custody.schema import evidence_gaps
from linkage.schema import (
    accounts,
    actions,
    cameras,
    grids,
    households,
    incident_alarms,
    incident_events,
    incidents,
    mutual_aid_groups,
    sessions,
    villages,
)
from tests.stores import migrated_sqlite

NOON = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
"""Noon in Shanghai."""

SHANGHAI = ZoneInfo("Asia/Shanghai")

PEOPLE = {
    "duty": ("张伟", "duty-officer", ["*"]),
    "leader": ("李强", "shift-leader", ["*"]),
    "station": ("王芳", "dispatcher", ["dongcun"]),
    "head-west": ("赵磊", "village-head", ["xicun"]),
    "audit": ("钱进", "auditor", ["*"]),
}


class HandClock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: datetime = NOON) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._now.timestamp()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    @property
    def ms(self) -> int:
        return unix_ms(self._now)

    def forward(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)


class Crash(Exception):
    """The process dies here."""


class CrashingDatabase(Database):
    """Dies at a named point of the next write, as often as it is told to."""

    crashes: list[str]

    async def write(self, work, *, urgent=False):
        if not getattr(self, "crashes", None):
            return await super().write(work, urgent=urgent)
        point = self.crashes.pop(0)
        if point == "before":
            raise Crash
        if point == "busy":
            raise StoreBusy("locked")
        if point == "inside":

            def dies(conn):
                work(conn)
                raise Crash

            return await super().write(dies)
        await super().write(work)
        raise Crash


async def open_town(
    folder: Path, kind: type[Database] = Database, *, url: str | None = None
) -> Database:
    """The town in a fresh SQLite file under `folder`, or at `url`; the caller closes it."""
    database = kind(url or migrated_sqlite(folder / "town.db"))
    await database.open()
    await database.write(_seed)
    return database


def press(
    device: str, seq: int, kind: AlarmKind = AlarmKind.PANIC, *, silent: bool = False
) -> NewAlarm:
    """A press as the intake would append it; (device, seq) is its identity."""
    return NewAlarm(
        source=AlarmSource.BUTTON,
        device=device,
        boot=1,
        seq=seq,
        mac=f"{device}-{seq}",
        kind=kind,
        silent=silent,
        mac_ok=True,
    )


def loitering(camera: str, seq: int, picture: dict[str, object] | None = None) -> NewAlarm:
    """Somebody lingers before the camera."""
    return NewAlarm(
        source=AlarmSource.CAMERA,
        device=camera,
        boot=9,
        seq=seq,
        mac="",
        kind=AlarmKind.LOITERING,
        detail={"zone": "gate", "dwell_s": 20.0, "picture": picture},
    )


async def attend(database: Database, clock: HandClock, *usernames: str) -> None:
    """These people, and nobody else, have an attended console at this moment."""

    def work(conn: Connection) -> None:
        conn.execute(update(sessions).values(presence_at_ms=None))
        for name in usernames:
            conn.execute(
                update(sessions)
                .where(sessions.c.username == name)
                .values(presence_at_ms=clock.ms, sound_unlocked=True, visible=True)
            )

    await database.write(work)


async def rows(database: Database, table: str) -> list[dict[str, object]]:
    """All rows of a table of linkage, in the order they came, JSON columns decoded."""
    known = {
        "incidents": (incidents, incidents.c.number),
        "incident_alarms": (incident_alarms, incident_alarms.c.position),
        "incident_events": (incident_events, incident_events.c.position),
        "actions": (actions, actions.c.planned_at_ms),
        "alarms": (alarms, alarms.c.position),
        "evidence_gaps": (evidence_gaps, evidence_gaps.c.id),
    }
    source, order = known[table]

    def work(conn: Connection) -> list[dict[str, object]]:
        found = [dict(r) for r in conn.execute(select(source).order_by(order)).mappings()]
        for row in found:
            for column in ("data", "payload"):
                if column in row and table in ("incident_events", "actions"):
                    row[column] = json.loads(str(row[column]))
        return found

    return await database.read(work)


async def event_types(database: Database) -> list[str]:
    """The timeline's types in their order."""
    return [str(r["type"]) for r in await rows(database, "incident_events")]


async def actions_of(database: Database, kind: str, state: str | None = None) -> list[dict]:
    """The planned actions of a kind (and state)."""
    found = [r for r in await rows(database, "actions") if r["kind"] == kind]
    return [r for r in found if state is None or r["state"] == state]


def _seed(conn: Connection) -> None:
    conn.execute(
        insert(villages), [{"id": "dongcun", "name": "东村"}, {"id": "xicun", "name": "西村"}]
    )
    conn.execute(insert(grids), [{"id": "grid2", "village_id": "dongcun", "name": "东村第2网格"}])
    conn.execute(
        insert(mutual_aid_groups),
        [
            {"id": "g3", "grid_id": "grid2", "name": "东村3组"},
            {"id": "g4", "grid_id": "grid2", "name": "东村4组"},
        ],
    )
    for number, group in ((1, "g3"), (2, "g3"), (3, "g3"), (4, "g3"), (5, "g4")):
        conn.execute(
            insert(households).values(
                id=f"h{number}",
                group_id=group,
                label=f"{group[1]}组0{number}号",
                # h5 lives 130 m from the others: no neighbour that a fold would take in
                latitude=30.0012 if number == 5 else 30.0,
                longitude=120.0 + number * 0.0001,
                wants_notices=number != 4,
            )
        )
        conn.execute(
            insert(devices).values(
                id=f"b{number}", kind="button", household_id=f"h{number}", unsigned=True
            )
        )
    for name, village, latitude in (
        ("cam-near", "dongcun", 30.00036),
        ("cam-far", "dongcun", 30.018),
        ("cam-west", "xicun", 31.0),
    ):
        conn.execute(
            insert(cameras).values(
                id=name,
                name=name,
                village_id=village,
                legal_class="public",
                layer="area",
                latitude=latitude,
                longitude=120.0001,
                enabled=True,
            )
        )
    for username, (display_name, role, places) in PEOPLE.items():
        conn.execute(
            insert(accounts).values(
                username=username,
                display_name=display_name,
                unit="综治中心",
                role=role,
                places=json.dumps(places),
                password_hash="-",
                enabled=True,
                created_at_ms=0,
            )
        )
        conn.execute(
            insert(sessions).values(
                token_sha256=username,
                username=username,
                created_at_ms=0,
                expires_at_ms=unix_ms(NOON) + 10**9,
                presence_at_ms=None,
                sound_unlocked=True,
                visible=True,
            )
        )


class EndlessRoom:
    """Refuses no evidence: the port `EvidenceRoom`."""

    async def refusal(self, camera_id: str, *, wanted_bytes: int, is_routine: bool) -> None:
        return None
