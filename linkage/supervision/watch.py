"""The watch over the devices: it hears what they say, looks every few seconds, writes the orders.

What is decided is in `deciding` and `roll`; what is written, in `orders` and `storage`. Behind a
bulkhead: whatever goes wrong here, no press waits for it.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import Connection

from alarms.log import move_cursor
from alarms.model import DeviceReport
from alarms.store import Database
from lianfang_timing import Backoff, Clock, unix_ms
from linkage.registry import history
from linkage.supervision import orders, storage
from linkage.supervision.changes import Change, Maintained, Orders, Raise, Registered
from linkage.supervision.deciding import Listening, Report, Watched
from linkage.supervision.ears import Ears, Hearing
from linkage.supervision.model import Fault, Policy
from linkage.supervision.owners import Owners
from linkage.supervision.roll import Roll
from linkage.supervision.storage import Pressed
from linkage.watching import Pace, keep_watching

LOOK_EVERY_S = 5.0
REMEMBER_EVERY_S = 60.0
"""How often what must outlive a restart is written."""
REGISTRY_EVERY_S = 3600.0
"""How often the registry is read again though its history says that nothing changed."""

_PACE = Pace(every_s=LOOK_EVERY_S, after_a_bug_s=60.0, retry=Backoff(first_s=1.0, cap_s=30.0))

logger = structlog.get_logger()


@dataclass(frozen=True)
class _Seen:
    """What one look reads."""

    orders: Orders
    presses: Sequence[Pressed]
    registered: Sequence[Registered] | None
    """None: it is as it was."""
    registry: int
    """Where its history stands."""
    maintained: Maintained
    some_are_late: bool


@dataclass(frozen=True)
class _Looked:
    """What one look wants to write."""

    now: datetime
    listening: Listening
    changes: Sequence[Change]
    presses: Sequence[Pressed]
    position: int
    jumped: timedelta
    gone: Sequence[str]
    unsaved: Sequence[Watched] | None
    """None: nothing is to be remembered this time."""

    @property
    def is_something(self) -> bool:
        if self.unsaved is not None or self.jumped:
            return True
        return bool(self.changes or self.presses)


class SupervisionWatch:
    """One a site."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        policy: Policy,
        hearing: Hearing,
        time_zone: ZoneInfo,
    ) -> None:
        self._database = database
        self._clock = clock
        self._policy = policy
        self._hearing = hearing
        self._time_zone = time_zone
        self._roll: Roll | None = None
        self._ears: Ears | None = None
        self._position = 0
        self._remembered_s: float | None = None
        self._registry: tuple[int, float] | None = None
        """Where the registry's history stood when it was read, and when that was."""
        self._jumped = timedelta()
        self._gone: set[str] = set()
        self.failed = 0
        """Looks that ended in an error."""

    @property
    def supervised(self) -> int:
        """Devices whose silence would be found."""
        return 0 if self._roll is None else self._roll.supervised

    @property
    def silent(self) -> int:
        """Devices that are silent, be it for a village's network."""
        stand = () if self._roll is None else self._roll.standing
        return sum(order.fault is Fault.SILENT for order in stand)

    @property
    def hears(self) -> bool:
        return self._ears is not None and self._ears.hears

    @property
    def faults(self) -> dict[Fault, int]:
        """Orders that are not done, by what is wrong."""
        return dict(orders.by_fault(() if self._roll is None else self._roll.standing))

    def heard(self, reports: Sequence[DeviceReport]) -> None:
        """Devices said something of themselves. Called by intake; raises nothing."""
        roll, ears = self._roll, self._ears
        if roll is None or ears is None:
            return  # everybody has his time from our start on
        now, now_ms = ears.listening().now, unix_ms(self._clock.now())
        for said in reports:
            if not said.live:
                continue
            try:
                roll.report(said.device, _report(said, now_ms), now)
            except Exception:  # bulkhead: whatever one device says, the others are heard
                self.failed += 1
                logger.exception("supervision.not_noted", device=said.device)

    async def run(self) -> None:
        """Look until cancelled."""
        await keep_watching(
            "supervision", self.run_once, self._clock.sleep, _PACE, after_a_bug=self._begin_anew
        )

    def _begin_anew(self) -> None:
        # what is in memory may be half changed
        self.failed += 1
        self._roll = self._ears = None

    async def run_once(self) -> None:
        """One look. Raises StoreBusy: then the next one finds the same again."""
        if self._roll is None or self._ears is None:
            await self._begin()
        roll, ears = self._roll, self._ears
        assert roll is not None, "begun"
        assert ears is not None, "begun"
        listening = ears.listening()
        remember = self._is_time_to_remember()
        position, registry = self._position, self._known_registry()
        now_ms = unix_ms(self._clock.now())
        seen = await self._database.read(
            lambda conn: _read(conn, position, registry, now_ms=now_ms)
        )
        roll.sync(seen.orders, listening.now)
        roll.hold_back(seen.maintained)
        if seen.registered is not None:
            self._gone |= set(roll.place(seen.registered, {}, listening.now))
            self._registry = seen.registry, self._clock.monotonic()
        for press in seen.presses:
            if press.is_life:
                roll.press(
                    press.device,
                    listening.now,
                    clock_suspect=press.clock_suspect,
                    told_time=press.told_time,
                )
        if seen.presses:
            # noted once, even where the store is busy below: the cursor in the store moves later
            self._position = seen.presses[-1].position
        self._jumped += ears.jumped()
        looked = _Looked(
            now=self._clock.now(),
            listening=listening,
            changes=roll.changes(listening),
            presses=seen.presses,
            position=self._position,
            jumped=self._jumped,
            gone=sorted(self._gone) if remember else (),
            unsaved=roll.unsaved() if remember else None,
        )
        stand = seen.orders
        if looked.is_something or seen.some_are_late:
            stand = await self._database.write(lambda conn: self._write(conn, looked))
        roll.settle(looked.changes, stand, listening)
        self._jumped -= looked.jumped
        if looked.unsaved is not None:
            roll.saved(looked.unsaved)
            self._gone.clear()
            self._remembered_s = self._clock.monotonic()
        _say(looked.changes)

    async def _begin(self) -> None:
        def read(
            conn: Connection,
        ) -> tuple[int, dict[str, Watched], list[Registered], Orders, int]:
            return (
                storage.listened(conn),
                storage.remembered(conn),
                storage.registered(conn),
                orders.standing(conn),
                storage.first_position(conn),
            )

        listened, known, registered, stand, self._position = await self._database.read(read)
        ears = Ears(self._clock, self._hearing, listened_ms=listened)
        roll = Roll(self._policy, new_id=lambda: uuid.uuid4().hex)
        now = ears.listening().now
        roll.begin(stand, now)
        self._gone = set(known) - {one.id for one in registered}
        roll.place(registered, known, now)
        self._remembered_s = None
        self._roll, self._ears = roll, ears

    def _is_time_to_remember(self) -> bool:
        if self._remembered_s is None:
            return True
        return self._clock.monotonic() - self._remembered_s >= REMEMBER_EVERY_S

    def _known_registry(self) -> int | None:
        """Where the history of the registry stood that we know; None: it is to be read anew."""
        if self._registry is None:
            return None
        position, at_s = self._registry
        return position if self._clock.monotonic() - at_s < REGISTRY_EVERY_S else None

    def _write(self, conn: Connection, looked: _Looked) -> Orders:
        now_ms = unix_ms(looked.now)
        owners = Owners(conn, looked.now, self._time_zone)
        if looked.jumped:
            orders.move_dues(conn, looked.jumped)
        orders.apply(conn, looked.changes, owners, self._policy, now_ms)
        handed = orders.hand_up(conn, owners, now_ms)
        if handed:
            logger.warning("supervision.handed_up", orders=len(handed))
        if looked.presses:
            storage.note_heard(conn, {p.device for p in looked.presses if p.is_life}, now_ms)
        if looked.unsaved is not None:
            move_cursor(conn, storage.READER, looked.position)
            orders.find_owners(conn, owners)
            storage.forget(conn, looked.gone)
            storage.remember(conn, looked.unsaved, looked.listening.now)
        return orders.standing(conn)


def _read(conn: Connection, position: int, registry: int | None, *, now_ms: int) -> _Seen:
    stands = history.position(conn)
    return _Seen(
        orders=orders.standing(conn),
        presses=storage.presses_after(conn, position),
        registered=None if stands == registry else storage.registered(conn),
        registry=stands,
        maintained=storage.maintained(conn, now_ms),
        some_are_late=orders.some_are_late(conn, now_ms),
    )


def _report(said: DeviceReport, now_ms: int) -> Report:
    return Report(
        online=said.online,
        # whatever number a device sends
        every=None if said.every_s is None else round(min(max(said.every_s, 0.0), 1e9) * 1000),
        battery=said.battery,
        rssi=said.rssi,
        tamper=said.tamper,
        clock_off=None if said.at_ms is None else said.at_ms - now_ms,
    )


def _say(changes: Sequence[Change]) -> None:
    for change in changes:
        if isinstance(change, Raise) and change.into is None:
            logger.warning(
                "supervision.found",
                fault=change.fault.value,
                device=None if change.device is None else change.device.id,
                village=change.village_id,
            )
