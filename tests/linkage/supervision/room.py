"""Devices over a real store and the watch over them, with time in the test's hand."""

import asyncio
import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import insert, select, update

from alarms.model import DeviceReport
from alarms.store import Database
from alarms.store.tables import devices
from lianfang_timing import unix_ms
from linkage import schema as s
from linkage.supervision.model import Policy
from linkage.supervision.schema import maintenance_orders
from linkage.supervision.watch import SupervisionWatch

START = datetime.fromisoformat("2026-11-21T00:00:00+00:00")
MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0


class HandClock:
    """Both clocks stand still until a test moves them."""

    def __init__(self) -> None:
        self._now, self._monotonic = START, 1000.0

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)

    def forward(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)
        self._monotonic += seconds

    def set_by(self, seconds: float) -> None:
        """Somebody sets the wall clock."""
        self._now += timedelta(seconds=seconds)


@dataclass
class Room:
    database: Database
    clock: HandClock
    policy: Policy
    watch: SupervisionWatch
    stretch: int | None = 1
    """Which stretch of hearing this is; None: deaf."""

    # the registry

    async def place(self, *villages: str, groups: int = 1) -> None:
        """Villages with one grid each, and groups `{village}-g1`…"""

        def work(conn: Any) -> None:
            for village in villages:
                conn.execute(insert(s.villages).values(id=village, name=village))
                conn.execute(
                    insert(s.grids).values(id=f"{village}-w", village_id=village, name=village)
                )
                conn.execute(
                    insert(s.mutual_aid_groups),
                    [
                        {"id": f"{village}-g{n + 1}", "grid_id": f"{village}-w", "name": f"{n + 1}"}
                        for n in range(groups)
                    ],
                )

        await self.database.write(work)

    async def register(
        self, ids: Iterable[str], *, group: str | None = None, state: str = "enrolled"
    ) -> None:
        rows = [
            {"id": i, "kind": "button", "unsigned": True, "group_id": group, "state": state}
            for i in ids
        ]
        await self.database.write(lambda conn: conn.execute(insert(devices), rows))
        await self.look_anew()

    async def change(self, device: str, **values: Any) -> None:
        statement = update(devices).where(devices.c.id == device).values(**values)
        await self.database.write(lambda conn: conn.execute(statement))
        await self.look_anew()

    async def person(self, username: str, role: str, *places: str) -> None:
        row = {
            "username": username,
            "display_name": username,
            "unit": "",
            "role": role,
            "places": json.dumps(list(places or ("*",))),
            "password_hash": "x",
            "enabled": True,
            "created_at_ms": 0,
        }
        await self.database.write(lambda conn: conn.execute(insert(s.accounts).values(**row)))

    # the devices

    def say(self, *ids: str, online: bool = True, live: bool = True, **more: Any) -> None:
        """A status of each, every 600 s where nothing else is said."""
        more.setdefault("every_s", 600)
        self.watch.heard([DeviceReport(i, live=live, online=online, **more) for i in ids])

    # the watch

    async def look(self, after_s: float = 0.0) -> None:
        self.clock.forward(after_s)
        await self.watch.run_once()

    async def look_anew(self) -> None:
        """A look that reads the registry again, and writes what must outlive a restart."""
        self.watch._remembered_s = self.watch._registry = None
        await self.watch.run_once()

    async def restart(self, away_s: float = 0.0) -> None:
        """The service ends without a word and is there again after a while."""
        self.clock.forward(away_s)
        self.watch = new_watch(self)
        await self.watch.run_once()

    # what came of it

    async def orders(self, *columns: str, **where: Any) -> list[Any]:
        """All orders, in the order they were raised; single values where one column is asked."""
        c = maintenance_orders.c
        asked = [c[name] for name in columns or ("kind", "device_id", "state")]
        statement = select(*asked).order_by(c.raised_at_ms, c.kind, c.device_id)
        for name, value in where.items():
            statement = statement.where(c[name] == value)
        rows = await self.database.read(lambda conn: conn.execute(statement).all())
        return [row[0] if len(columns) == 1 else tuple(row) for row in rows]

    async def open(self, **where: Any) -> list[tuple[str, str | None]]:
        """Kind and device of every order that somebody must see to."""
        found = await self.orders("kind", "device_id", "state", **where)
        return [(kind, device) for kind, device, state in found if state in ("open", "recovered")]

    def ms(self, seconds: float = 0.0) -> int:
        """So long after the start, in Unix milliseconds."""
        return unix_ms(START + timedelta(seconds=seconds))


def new_watch(room: Room) -> SupervisionWatch:
    return SupervisionWatch(
        room.database,
        room.clock,
        policy=room.policy,
        hearing=lambda: room.stretch,
        time_zone=ZoneInfo("Asia/Shanghai"),
    )


def room_over(database: Database, **policy: Any) -> Room:
    room = Room(database, HandClock(), replace(Policy(), **policy), watch=None)  # type: ignore[arg-type]
    room.watch = new_watch(room)
    return room
