"""All devices under supervision, in memory: what they said goes in, what is to be written comes
out.

No store and no clock: the watch brings both. Each look touches only devices whose time has come or
that said something out of the ordinary, however many there are.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence, Set

from alarms.model import DeviceState
from linkage.supervision.changes import (
    NOT_SUPERVISED,
    Change,
    Close,
    Fold,
    Maintained,
    Orders,
    Raise,
    Recover,
    Registered,
    Reopen,
    StandingOrder,
    end_of_all,
)
from linkage.supervision.deciding import (
    Listening,
    Report,
    Watched,
    excuse,
    fallen_together,
    faults_of,
    is_village_back,
    look_at,
    off_together,
    take_press,
    take_report,
)
from linkage.supervision.due import DueQueue
from linkage.supervision.model import Fault, OrderState, Policy

MOST_EARLY = 1000
"""Reports kept of devices that the registry was not yet read with."""


class Roll:
    """Owned by the watch; nobody else changes it."""

    def __init__(self, policy: Policy, *, new_id: Callable[[], str]) -> None:
        self._policy = policy
        self._new_id = new_id
        self._devices: dict[str, Watched] = {}
        self._placed: dict[str, Registered] = {}
        self._villages: defaultdict[str, set[str]] = defaultdict(set)
        self._orders = Orders()
        self._of_device: dict[str, dict[Fault, StandingOrder]] = {}
        self._down: dict[str, StandingOrder] = {}
        """The open order of each village that is down."""
        self._own_clock: StandingOrder | None = None
        """The open order for our own clock."""
        self._maintained = Maintained()
        self._to_look_at: set[str] = set()
        self._due = DueQueue()
        self._unsaved: set[str] = set()
        self._looked: set[str] = set()
        """Looked at, and what came of it is not in the store yet."""
        self._known_since: dict[str, int] = {}
        """Since when we know of each order."""
        self._early: dict[str, tuple[Report, int]] = {}
        """The last word, and its time, of each device that spoke before `place` brought it."""

    @property
    def supervised(self) -> int:
        return sum(device.supervised for device in self._devices.values())

    @property
    def standing(self) -> Sequence[StandingOrder]:
        return self._orders.standing

    def device(self, device_id: str) -> Watched | None:
        return self._devices.get(device_id)

    # what comes in

    def place(
        self, registered: Iterable[Registered], known: Mapping[str, Watched], now: int
    ) -> list[str]:
        """Follow the registry. `known` is what was remembered of devices that are new here.

        The ids of those that are gone from it.
        """
        before, self._placed = self._placed, {one.id: one for one in registered}
        for device_id, one in self._placed.items():
            if before.get(device_id) == one:
                continue
            device = self._devices.get(device_id)
            if device is None:
                self._add(one, known.get(device_id), now)
            else:
                self._move(device, one)
        gone = [device_id for device_id in before if device_id not in self._placed]
        for device_id in gone:
            device = self._devices.pop(device_id)
            if device.village_id is not None:
                self._villages[device.village_id].discard(device_id)
            self._unsaved.discard(device_id)
            self._to_look_at.add(device_id)
        return gone

    def begin(self, orders: Orders, now: int) -> None:
        """Take what stands in the store, at the start."""
        self._stand(orders, now)
        self._to_look_at |= set(self._of_device)

    def sync(self, orders: Orders, now: int) -> None:
        """Take what stands in the store; what was ended by others since is seen to."""
        before = {order.id: order for order in self._orders.standing}
        self._stand(orders, now)
        for order in orders.standing:
            before.pop(order.id, None)
        for order in before.values():
            device = None if order.device_id is None else self._devices.get(order.device_id)
            if device is not None:
                self._excuse(device, order.fault, now)

    def report(self, device_id: str, report: Report, now: int) -> None:
        """A status came live."""
        device = self._devices.get(device_id)
        if device is None:
            # made a moment ago: its next word may be a day away
            self._early.pop(device_id, None)
            if len(self._early) >= MOST_EARLY:
                del self._early[next(iter(self._early))]
            self._early[device_id] = report, now
            return
        never, every = device.heard is None, device.every
        take_report(device, report, now, self._policy)
        self._unsaved.add(device_id)
        if never or every != device.every or self._is_odd(device):
            self._to_look_at.add(device_id)

    def press(self, device_id: str, now: int, *, clock_suspect: bool, told_time: bool) -> None:
        """A press is in the log."""
        device = self._devices.get(device_id)
        if device is None:
            return
        take_press(device, now, clock_suspect=clock_suspect, told_time=told_time)
        self._unsaved.add(device_id)
        self._to_look_at.add(device_id)

    def hold_back(self, maintained: Maintained) -> None:
        """What is being worked on now: nothing new is found of it until that is over."""
        before, self._maintained = self._maintained, maintained
        if before != maintained:
            over = (d.id for d in self._devices.values() if before.covers(d.id, d.village_id))
            self._to_look_at |= set(over)

    # what comes out

    def changes(self, listening: Listening) -> list[Change]:
        """What must be written now. Until `settle`, the same again."""
        self._take_due(listening)
        self._looked |= self._to_look_at
        self._to_look_at = set()
        changes: list[Change] = []
        found: defaultdict[str | None, list[Watched]] = defaultdict(list)
        off: list[Watched] = []
        for device_id in sorted(self._looked):
            device = self._devices.get(device_id)
            if device is None:
                of_gone = self._of_device.get(device_id, {}).values()
                changes += [Close(order.id, NOT_SUPERVISED) for order in of_gone]
                continue
            known = set(self._of_device.get(device_id, {}))
            faults = faults_of(device, listening, self._policy, self._held(device_id))
            if self._is_maintained(device):
                faults &= known | {Fault.REVOKED}
            changes += self._of_one(device, faults)
            if Fault.SILENT in faults - known:
                found[device.village_id].append(device)
            if Fault.CLOCK in faults - known:
                off.append(device)
        for village_id, silent in found.items():
            changes += self._of_village(village_id, silent, listening)
        if off:
            changes += self._of_clocks(off)
        return changes + self._back(changes)

    def settle(self, changes: Iterable[Change], orders: Orders, listening: Listening) -> None:
        """`changes` are in the store, and this is what stands there now."""
        self._stand(orders, listening.now)
        for change in changes:
            if isinstance(change, Close) and change.anew and change.device_id is not None:
                device = self._devices.get(change.device_id)
                if device is not None:
                    self._excuse(device, change.fault, listening.now)
        looked, self._looked = self._looked, set()
        for device_id in looked:
            self._schedule(device_id, listening)

    def unsaved(self) -> list[Watched]:
        """Those of whom more is known than was remembered; until `saved`."""
        return [self._devices[i] for i in sorted(self._unsaved)]

    def saved(self, devices: Iterable[Watched]) -> None:
        for device in devices:
            device.kept = True
            self._unsaved.discard(device.id)

    # inside

    def _add(self, one: Registered, known: Watched | None, now: int) -> None:
        device = known or Watched(one.id, one.state, one.village_id, first=now)
        device.state, device.in_the_net = one.state, one.in_the_net
        device.household_id, device.group_id = one.household_id, one.group_id
        device.village_id = one.village_id
        if one.state is DeviceState.REVOKED and Fault.REVOKED not in self._held(one.id):
            device.heard = None  # it spoke before
        self._devices[one.id] = device
        if one.village_id is not None:
            self._villages[one.village_id].add(one.id)
        if known is None:
            self._unsaved.add(one.id)
        self._to_look_at.add(one.id)
        early = self._early.pop(one.id, None)
        if early is not None:
            self.report(one.id, *early)

    def _move(self, device: Watched, one: Registered) -> None:
        if one.state is not device.state and one.state is DeviceState.REVOKED:
            device.heard = None
        if one.village_id != device.village_id:
            if device.village_id is not None:
                self._villages[device.village_id].discard(device.id)
            if one.village_id is not None:
                self._villages[one.village_id].add(device.id)
        device.state, device.in_the_net = one.state, one.in_the_net
        device.household_id, device.group_id = one.household_id, one.group_id
        device.village_id = one.village_id
        self._unsaved.add(device.id)
        self._to_look_at.add(device.id)

    def _stand(self, orders: Orders, now: int) -> None:
        self._orders = orders
        before = self._known_since
        self._known_since = {order.id: before.get(order.id, now) for order in orders.standing}
        of_device: dict[str, dict[Fault, StandingOrder]] = {}
        down = {}
        self._own_clock = None
        for order in orders.standing:
            if order.device_id is not None:
                of_device.setdefault(order.device_id, {})[order.fault] = order
            elif order.state is not OrderState.OPEN:
                continue
            elif order.fault is Fault.OWN_CLOCK:
                self._own_clock = order
            elif order.village_id is not None:
                down[order.village_id] = order
        self._of_device, self._down = of_device, down

    def _excuse(self, device: Watched, fault: Fault, now: int) -> None:
        excuse(device, fault, now)
        self._unsaved.add(device.id)
        self._to_look_at.add(device.id)

    def _held(self, device_id: str) -> dict[Fault, int]:
        orders = self._of_device.get(device_id, {})
        return {
            fault: self._known_since[order.id]
            for fault, order in orders.items()
            if order.state is not OrderState.RECOVERED
        }

    def _is_odd(self, device: Watched) -> bool:
        return (
            device.id in self._of_device
            or device.id in self._looked
            or device.away is not None
            or not device.supervised
            or (device.battery is not None and device.battery < self._policy.battery_low)
            or bool(device.tampered)
            or device.weak.count > 0
            or device.clock_off > 0
        )

    def _take_due(self, listening: Listening) -> None:
        for device_id in self._due.due(listening.now):
            later = self._look_at(device_id, listening)
            if later is not None and later > listening.now:
                # it spoke since it was queued
                self._due.set(device_id, later)
            else:
                self._to_look_at.add(device_id)

    def _look_at(self, device_id: str, listening: Listening) -> int | None:
        device = self._devices.get(device_id)
        if device is None:
            return None
        return look_at(device, listening, self._policy, self._held(device_id))

    def _schedule(self, device_id: str, listening: Listening) -> None:
        at = self._look_at(device_id, listening)
        # a look that comes too soon finds nothing and is set anew
        if at is not None:
            self._due.set_sooner(device_id, at)

    def _of_one(self, device: Watched, faults: Set[Fault]) -> Iterable[Change]:
        """All but a silence and a wrong clock that are new: those may be many devices' together."""
        orders = self._of_device.get(device.id, {})
        changes: list[Change] = [
            Raise(self._new_id(), fault, device, device.village_id)
            for fault in sorted(faults - set(orders) - {Fault.SILENT, Fault.CLOCK})
        ]
        for fault, order in orders.items():
            recovered = order.state is OrderState.RECOVERED
            if fault in faults:
                changes += [Reopen(order.id)] * recovered
            elif not device.supervised and fault is not Fault.REVOKED:
                changes.append(Close(order.id, NOT_SUPERVISED))
            elif not recovered:
                changes.append(Recover(order.id, closes=not fault.must_be_confirmed))
        return changes

    def _of_village(
        self, village_id: str | None, silent: list[Watched], listening: Listening
    ) -> Iterable[Change]:
        changes: list[Change] = []
        into: str | None = None
        if village_id is not None:
            down = self._down.get(village_id)
            into = None if down is None else down.id
            if down is None:
                there = (self._devices[i] for i in self._villages[village_id])
                village = [device for device in there if not self._is_maintained(device)]
                together = fallen_together(silent, village, listening, self._policy)
                if together:
                    into = self._new_id()
                    changes.append(Raise(into, Fault.VILLAGE, None, village_id))
                    changes += self._folded(together, Fault.SILENT, into)
        changes += [
            Raise(self._new_id(), Fault.SILENT, device, village_id, into) for device in silent
        ]
        return changes

    def _of_clocks(self, off: list[Watched]) -> list[Change]:
        changes: list[Change] = []
        into = None if self._own_clock is None else self._own_clock.id
        if into is None:
            devices = [d for d in self._devices.values() if not self._is_maintained(d)]
            together = off_together(off, devices, self._policy)
            if together:
                into = self._new_id()
                changes.append(Raise(into, Fault.OWN_CLOCK, None, None))
                changes += self._folded(together, Fault.CLOCK, into)
        changes += [
            Raise(self._new_id(), Fault.CLOCK, device, device.village_id, into) for device in off
        ]
        return changes

    def _is_maintained(self, device: Watched) -> bool:
        return self._maintained.covers(device.id, device.village_id)

    def _folded(self, together: Iterable[str], fault: Fault, into: str) -> list[Change]:
        """The orders that were made before so many were seen to have it."""
        found = (self._of_device.get(i, {}).get(fault) for i in sorted(together))
        return [Fold(o.id, into) for o in found if o is not None and o.state is OrderState.OPEN]

    def _back(self, changes: Iterable[Change]) -> list[Change]:
        """What was wrong with many at once, and is over."""
        common = [*self._down.values()]
        if self._own_clock is not None:
            common.append(self._own_clock)
        if not common:
            return []
        ending = {c.order_id for c in changes if isinstance(c, Recover | Close)}
        ill: defaultdict[str, list[StandingOrder]] = defaultdict(list)
        for order in self._orders.standing:
            if order.folded_into is not None and order.id not in ending:
                ill[order.folded_into].append(order)
        back: list[Change] = []
        for order in common:
            left = ill[order.id]
            why = end_of_all(order.fault)
            if is_village_back(len(left), self._orders.folded.get(order.id, 0), self._policy):
                back.append(Recover(order.id, closes=True))
                back += [Close(o.id, why, o.device_id, anew=True, fault=o.fault) for o in left]
        return back
