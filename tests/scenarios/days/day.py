"""A whole day of the duty room in seconds: the daemon in this process, its time in our hands.

Real parts: store, broker, MQTT devices, HTTP, the whole composition of `linkage.main`. Only time is
ours, so that an hour of escalation is a test of a second. What is sent and was not expected fails
the test at its end, as surely as what was expected and not sent.
"""

import asyncio
import functools
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, func, insert, select

from alarms.log import AlarmLog, cursor
from alarms.model import AlarmKind, AlarmSource, NewAlarm
from alarms.simulator import SimulatedButton
from alarms.store import Database
from alarms.store.tables import alarms
from camerad.fleet import Fleet
from camerad.model import CameraHealth, CameraState
from lianfang_timing import from_unix_ms, unix_ms
from linkage import schema as s
from linkage.carrier_port import Carrier
from linkage.composition.ground import Doors
from linkage.life import Service
from linkage.main import serve
from linkage.model.action import ActionKind, ActionState
from linkage.model.event import EventType
from tests.scenarios.days.fast_clock import FastClock
from tests.scenarios.days.hearing import Listener, Receiver, Sent, notice
from tests.scenarios.house import QUICK, House, Officer, house

EVENING = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
"""20:00 in the town."""

_PATIENT = replace(QUICK, first_repeat_s=60.0, repeat_cap_s=60.0)
"""Devices live in real time: on a busy machine a repeat would be answered `duplicate`."""
PRESENCE_EVERY_S = 10.0
GROUP = "dongcun-g1"
CAMERA = "cam-dongcun-1"


class Watching(Fleet):
    """The fleet, as if it watched the one camera: in these stories nothing is streamed."""

    def health(self) -> dict[str, CameraHealth]:
        return {CAMERA: CameraHealth(CAMERA, CameraState.WATCHING, "", "", EVENING)}


@dataclass
class Day:
    """The site, its people and its devices, and what has been sent since it was last asked."""

    site: House
    clock: FastClock
    listener: Listener
    receivers: dict[str, Receiver] = field(default_factory=dict)
    at_console: dict[str, Officer] = field(default_factory=dict)
    hold: Callable[[ActionKind, Carrier], Carrier] = lambda _kind, carrier: carrier
    """A door for actions: tests stop the world between a decision and its sending."""
    _until: asyncio.Event = field(default_factory=asyncio.Event)
    _serving: asyncio.Task[None] | None = None
    _loops: int = 0
    _database: Database | None = None
    _taken: Counter[Sent] = field(default_factory=Counter)
    _people: AsyncExitStack = field(default_factory=AsyncExitStack)

    # --- the daemon ------------------------------------------------------------------------------

    async def start(self) -> None:
        """Start the daemon in this process; return when it is ready and at rest."""
        ready, self._until = asyncio.Event(), asyncio.Event()

        async def is_ready(_: Service) -> None:
            ready.set()

        doors = Doors(clock=self.clock, fleet=Watching, carrier=lambda kind, c: self.hold(kind, c))
        serving = serve(self.site.settings, doors=doors, ready=is_ready, until=self._until)
        self._serving = asyncio.create_task(serving)
        waiting = asyncio.create_task(ready.wait())
        await asyncio.wait(
            {self._serving, waiting}, return_when=asyncio.FIRST_COMPLETED, timeout=30
        )
        if self._serving.done():
            await self._serving
        await self.site.ready()
        self._loops = 0
        steady = 0
        while steady < 10:
            await asyncio.sleep(0.005)  # the loops of the daemon come to rest by themselves
            steady = steady + 1 if self.clock.asleep == self._loops else 0
            self._loops = self.clock.asleep

    async def stop(self) -> None:
        """End it in good order."""
        self._until.set()
        await self._ended()

    async def crash(self) -> None:
        """End it in the middle of whatever it does."""
        if self._serving is not None:
            self._serving.cancel()
        await self._ended()

    async def _ended(self) -> None:
        serving, self._serving = self._serving, None
        if serving is not None:
            await asyncio.wait({serving}, timeout=30)
            if not serving.cancelled():
                serving.result()

    # --- time ------------------------------------------------------------------------------------

    async def settle(self) -> None:
        """Return when all that is due has been done, and all that was sent has been heard."""
        idle = 0
        async with asyncio.timeout(30):
            while True:
                assert self._serving is None or not self._serving.done(), "the daemon has ended"
                asleep = self.clock.asleep >= self._loops
                if asleep and await self.read(self._at_rest):
                    break
                await asyncio.sleep(0.005)  # the daemon's own threads and sockets; no one event
                idle = idle + 1 if asleep else 0
                if idle == 20:
                    # something is due, and its lane looks again in a moment of the daemon's time
                    self.clock.forward(0.1)
                    idle = 0
        await self.listener.catch_up()

    async def pass_time(self, seconds: float) -> None:
        """Let this much time go by; whatever becomes due meanwhile is done at its own moment."""
        # what has come is dealt with first: on a busy machine that may nudge the clock
        await self.settle()
        end = unix_ms(self.clock.now()) + round(seconds * 1000)
        while (now := unix_ms(self.clock.now())) < end:
            due = await self.read(self._next_due)
            step_ms = min(end, now + round(PRESENCE_EVERY_S * 1000), max(now + 1, due or end)) - now
            self.clock.forward(step_ms / 1000)
            for officer in self.at_console.values():
                await officer.here()
            await self.settle()

    def _at_rest(self, conn: Connection) -> bool:
        newest = conn.scalar(select(func.max(alarms.c.position))) or 0
        due = self._next_due(conn)
        return cursor(conn, "engine") >= newest and (due is None or due > unix_ms(self.clock.now()))

    def _next_due(self, conn: Connection) -> int | None:
        a = s.actions.c
        planned = select(func.min(a.due_at_ms)).where(a.state == ActionState.PLANNED.value)
        return conn.scalar(planned)

    # --- people and devices ----------------------------------------------------------------------

    async def sits_down(self, username: str) -> Officer:
        """This person signs in at a console, with its sound on, and stays there."""
        officer = await self.signs_in(username)
        await officer.here()
        self.at_console[username] = officer
        return officer

    async def signs_in(self, username: str) -> Officer:
        """This person signs in, and is at no console that could ring."""
        officer = await self._people.enter_async_context(Officer(self.site))
        await officer.sign_in(username)
        return officer

    async def leaves(self, username: str) -> None:
        """The chair is empty: the page says so no more, and its half minute goes by."""
        officer = self.at_console.pop(username)
        await officer.here(sound="locked", visible=False)

    async def button(self, number: int = 0) -> SimulatedButton:
        """A living button of the town; the first ten are of one group."""
        made = self.site.button(number, timing=_PATIENT)
        made._clock = self.clock  # a device's clock that is right
        await self._people.enter_async_context(made)
        await made.wait_connected()
        return made

    async def presses(self, number: int = 0, kind: str = "panic", **more: Any) -> str:
        """The household's button is pressed and answered; the alarm's id."""
        known = self._buttons.get(number) or await self.button(number)
        self._buttons[number] = known
        outcome = await known.press(kind, timeout_s=20, **more)
        assert outcome.alarm is not None, outcome
        await self.settle()
        return outcome.alarm

    _buttons: dict[int, SimulatedButton] = field(default_factory=dict)

    async def loiters(self, camera: str = CAMERA, **detail: object) -> str:
        """A camera reports loitering; the alarm's id."""
        log = AlarmLog(self.database, self.clock, writer="camera-of-the-test")
        self._seen += 1
        seen = NewAlarm(
            source=AlarmSource.CAMERA,
            device=camera,
            boot=1,
            seq=self._seen,
            mac="",
            kind=AlarmKind.LOITERING,
            at_ms=unix_ms(self.clock.now()),
            detail={"zone": "gate", "dwell_s": 20.0, "box": None, **detail},
        )
        (kept,) = await log.append([seen])
        self.clock.forward(1.0)  # another process's alarm: the engine looks for these each second
        await self.settle()
        return kept.alarm_id

    _seen: int = 0

    # --- what was sent ---------------------------------------------------------------------------

    async def was_sent(self, *expected: Sent | Iterable[Sent]) -> None:
        """Since the last call exactly this was sent, in whatever order."""
        await self.settle()
        wanted = Counter(
            one for item in expected for one in ([item] if isinstance(item, Sent) else item)
        )
        new = await self._all_sent() - self._taken
        assert new == wanted, _difference(new, wanted)
        self._taken += new

    async def forget(self, *ways: str) -> None:
        """What was sent by these ways is not looked at again: another test's claim."""
        await self.settle()
        new = await self._all_sent() - self._taken
        self._taken += Counter({one: n for one, n in new.items() if one.way in ways})

    def neighbours(self, number: int = 0, *, drill: bool = False, over: bool = False) -> list[Sent]:
        """A notice to every other household of the button's group."""
        group = self.site.buttons[number].group
        return [
            notice(b.credentials.device, drill=drill, over=over)
            for i, b in enumerate(self.site.buttons)
            if b.group == group and i != number
        ]

    def device(self, number: int = 0) -> str:
        return str(self.site.buttons[number].credentials.device)

    async def _all_sent(self) -> Counter[Sent]:
        found = Counter(self.listener.heard)
        for receiver in self.receivers.values():
            found += Counter(receiver.heard)
        pages = await self.read(_pages)
        return found + Counter(pages)

    # --- reading ---------------------------------------------------------------------------------

    @property
    def database(self) -> Database:
        if self._database is None:
            self._database = self.site.database()
        return self._database

    async def read(self, work: Callable[[Connection], Any]) -> Any:
        return await self.database.read(work)

    async def events(self, incident: dict[str, Any], *types: str) -> list[dict[str, Any]]:
        """The timeline's events of these types, as the store has them, with their seconds."""
        e = s.incident_events.c

        def found(conn: Connection) -> list[dict[str, Any]]:
            rows = conn.execute(
                select(s.incident_events)
                .where(e.incident_id == incident["id"], e.type.in_(types))
                .order_by(e.position)
            )
            return [
                {
                    "type": r.type,
                    "actor": r.actor,
                    "at": from_unix_ms(r.at_ms),
                    **json.loads(r.data),
                }
                for r in rows
            ]

        return await self.read(found)

    async def close(self) -> None:
        await self._people.aclose()
        await self.crash()
        if self._database is not None:
            await self._database.close()


def _pages(conn: Connection) -> list[Sent]:
    e = s.incident_events.c
    rows = conn.scalars(select(e.data).where(e.type == EventType.PAGED.value))
    return [Sent("page", str(json.loads(data)["username"]), "console") for data in rows]


def _difference(new: Counter[Sent], wanted: Counter[Sent]) -> str:
    missing = "\n  ".join(map(str, sorted((wanted - new).elements()))) or "nothing"
    unexpected = "\n  ".join(map(str, sorted((new - wanted).elements()))) or "nothing"
    return f"not sent:\n  {missing}\nsent and not expected:\n  {unexpected}"


@asynccontextmanager
async def duty_day(
    folder: Path, *, receivers: Iterable[str] = (), prepare: Callable[[House], None] | None = None
) -> AsyncIterator[Day]:
    """A site in the evening, not running yet. At its end nothing unexpected may have been sent.

    `receivers` are webhooks by name; `prepare` may change the settings files first.
    """
    async with AsyncExitStack() as stack:
        site = await stack.enter_async_context(house(folder))
        await asyncio.to_thread(functools.partial(_hang_cameras, site))
        made = {name: await stack.enter_async_context(Receiver(name)) for name in sorted(receivers)}
        if made:
            _announce(site, made)
        if prepare is not None:
            prepare(site)
        listener = await stack.enter_async_context(Listener(site.mqtt_port))
        day = Day(site, FastClock(EVENING), listener, made)
        try:
            yield day
            await day.was_sent()
        finally:
            await day.close()


def _hang_cameras(site: House) -> None:
    """One camera at the group's gate, known to the registry and without an address to watch."""
    database = site.database()

    def hang(conn: Connection) -> None:
        home = conn.execute(
            select(s.households).where(s.households.c.id == site.buttons[0].household)
        ).one()
        conn.execute(
            insert(s.cameras).values(
                id=CAMERA,
                name="东村东大门",
                village_id="dongcun",
                legal_class="public",
                layer="community",
                latitude=home.latitude,
                longitude=home.longitude,
                enabled=True,
            )
        )

    database.write_now(hang)
    database.close_now()


def _announce(site: House, receivers: dict[str, Receiver]) -> None:
    text = ""
    for name, receiver in receivers.items():
        (site.config / f"{name}.secret").write_text("whsec_c2VjcmV0LW9mLXRoZS10ZXN0LTEyMzQ1Njc4")
        use = "station" if name == "station" else "incidents"
        text += (
            f'[[webhook]]\nname = "{name}"\nurl = "{receiver.url}"\n'
            f'secret_file = "{name}.secret"\nfor = ["{use}"]\ntelephone = "0574-110"\n'
        )
    (site.config / "notify.toml").write_text(text, encoding="utf-8")
