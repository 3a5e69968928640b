"""Is this device well, and when must it be looked at next? Pure.

All times here are milliseconds of *listening*: a count that goes on only while we run, our link
to the broker is up and our commits hold. While we were deaf nobody could be heard, so nobody fell
silent; a wall clock that is set does not move it.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from alarms.model import DeviceState
from linkage.supervision.model import Fault, Policy


@dataclass(frozen=True)
class Listening:
    """How long we have listened."""

    now: int
    """In all, over every run of the service."""
    since: int
    """`now` when we last began to hear: at our start, when the link came back, when the wall clock
    was set. Everybody gets his time to speak again from here."""


@dataclass
class Streak:
    """Reports in a row that say the same."""

    first: int = 0
    last: int = 0
    count: int = 0

    def add(self, now: int) -> None:
        if self.count == 0:
            self.first = now
        self.last = now
        self.count += 1

    def clear(self) -> None:
        self.count = 0

    def holds(self, policy: Policy) -> bool:
        """Whether they are enough, over long enough, to be believed."""
        return self.count >= policy.sustained_reports and self.last - self.first >= policy.sustained


@dataclass
class Watched:
    """One device and all that its faults are decided by."""

    id: str
    state: DeviceState
    village_id: str | None
    first: int
    """When it came under supervision."""
    in_the_net: bool = True
    """False: its household has left."""
    household_id: str | None = None
    group_id: str | None = None
    every: int | None = None
    """What it says of its interval, ms; None: it never said one."""
    heard: int | None = None
    """When it last spoke itself."""
    excused: int | None = None
    """Its time began anew: somebody saw to it."""
    away: int | None = None
    """When its last will came; None: it is there, as far as anybody knows."""
    battery: float | None = None
    tampered: bool | None = None
    weak: Streak = field(default_factory=Streak)
    strong: Streak = field(default_factory=Streak)
    clock_off: int = 0
    """Statuses in a row that show a wrong clock."""
    clock_good: int = 0
    told: int | None = None
    """When it last told the time."""
    off_since: int = 0
    """While its clock is off: since when it says so."""
    goings: list[int] = field(default_factory=list)
    """When it went, within the last hour or so; oldest first."""
    kept: bool = False
    """It has a row of what is remembered."""

    @property
    def supervised(self) -> bool:
        return self.in_the_net and self.state in (DeviceState.ISSUED, DeviceState.ENROLLED)

    @property
    def time_begins(self) -> int:
        """What its silence is counted from."""
        return max(self.first if self.heard is None else self.heard, self.excused or 0)


@dataclass(frozen=True)
class Report:
    """What one status says that counts here."""

    online: bool
    every: int | None = None
    battery: float | None = None
    rssi: float | None = None
    tamper: bool | None = None
    clock_off: int | None = None
    """How far its clock was from ours when the status came, ms; None: it told no time."""


def every_of(device: Watched, policy: Policy) -> int:
    """The interval it is held to, ms."""
    if device.every is None:
        return policy.usual_every
    return min(max(device.every, policy.shortest_every), policy.longest_every)


def time_of(device: Watched, policy: Policy) -> int:
    """How long it may say nothing: its interval and the grace."""
    every = every_of(device, policy)
    return every + max(policy.grace, round(every * policy.grace_share))


def take_report(device: Watched, report: Report, now: int, policy: Policy) -> None:
    """Note a status that came live; one that a broker had retained is none."""
    if report.every is not None:
        device.every = report.every
    if not report.online:
        if device.away is None and device.heard is not None:
            device.away = now
            _note_going(device, now, policy)
        return
    device.heard, device.away = now, None
    if report.battery is not None:
        device.battery = report.battery
    if report.tamper is not None:
        device.tampered = report.tamper
    if report.rssi is not None:
        _note_signal(device, report.rssi, now, policy)
    if report.clock_off is not None:
        _note_clock(device, now, off=abs(report.clock_off) > policy.clock_off)


def take_press(device: Watched, now: int, *, clock_suspect: bool, told_time: bool) -> None:
    """Note a press: it spoke. One press is enough to know of its clock."""
    device.heard, device.away = now, None
    if clock_suspect:
        _note_clock(device, now, off=True)
        device.clock_off = _SURE
    elif told_time:
        _note_clock(device, now, off=False)
        device.clock_good = _SURE


_SURE = 1_000_000
"""More statuses in a row than any setting asks for."""


def _note_going(device: Watched, now: int, policy: Policy) -> None:
    since = now - policy.flaps_within
    device.goings = [*(at for at in device.goings if at > since), now][-policy.flaps :]


def _note_signal(device: Watched, rssi: float, now: int, policy: Policy) -> None:
    if rssi < policy.rssi_weak:
        device.weak.add(now)
        device.strong.clear()
    elif rssi >= policy.rssi_ok:
        device.strong.add(now)
        device.weak.clear()
    else:
        # between the two nothing is sure, and nothing changes
        device.weak.clear()
        device.strong.clear()


def _note_clock(device: Watched, now: int, *, off: bool) -> None:
    device.told = now
    if off:
        if device.clock_off == 0:
            device.off_since = now
        device.clock_off, device.clock_good = device.clock_off + 1, 0
    else:
        device.clock_off, device.clock_good = 0, device.clock_good + 1


def excuse(device: Watched, fault: Fault, now: int) -> None:
    """Somebody says that he saw to it: what the device said before counts no more."""
    match fault:
        case Fault.SILENT | Fault.NEVER | Fault.VILLAGE:
            device.excused, device.away = now, None
        case Fault.LOW:
            device.battery = None
        case Fault.TAMPERED:
            device.tampered = None
        case Fault.WEAK:
            device.weak.clear()
        case Fault.CLOCK:
            device.clock_off = 0
        case Fault.FLAPPING:
            device.goings.clear()
        case _:  # revoked
            device.heard = None


def silent_at(
    device: Watched, listening: Listening, policy: Policy, standing: Mapping[Fault, int]
) -> int | None:
    """From when on it counts as silent if it says nothing; None: it was never heard and need not
    have been.

    Its time must pass in one piece of listening, or twice in several: a service that restarts
    every hour must not leave a dead device unfound that speaks once a day.
    """
    if device.heard is None and device.state is DeviceState.ISSUED:
        return None
    begins, allowed = device.time_begins, time_of(device, policy)
    due = min(max(begins, listening.since) + allowed, begins + 2 * allowed)
    away = _away_since(device, listening)
    # what comes and goes is found as that; only its own interval says that it is gone for good
    if away is not None and Fault.FLAPPING not in standing:
        due = min(due, away + policy.will_grace)
    return due


def _away_since(device: Watched, listening: Listening) -> int | None:
    # while we were deaf it may have come back
    if device.away is None or device.away < listening.since:
        return None
    return device.away


def faults_of(
    device: Watched, listening: Listening, policy: Policy, standing: Mapping[Fault, int]
) -> set[Fault]:
    """What is wrong with it now.

    `standing`: the faults of its open orders, which hold until the opposite is sure, and since when
    we know of each order.
    """
    if not device.supervised:
        spoke = device.state is DeviceState.REVOKED and device.heard is not None
        at = device.time_begins + policy.revoked_for
        return {Fault.REVOKED} if spoke and listening.now < at else set()
    found = set()
    due = silent_at(device, listening, policy, standing)
    if Fault.SILENT in standing:
        # only its own word ends it: not a restart, nor time that began anew
        if device.heard is None or device.heard < standing[Fault.SILENT]:
            found.add(Fault.SILENT)
    elif due is not None and listening.now >= due:
        found.add(Fault.SILENT)
    if due is None and (
        Fault.NEVER in standing or listening.now >= device.time_begins + policy.never_after
    ):
        found.add(Fault.NEVER)
    if _is_flapping(device, listening.now, policy, standing):
        found.add(Fault.FLAPPING)
    if _is_low(device, policy, standing):
        found.add(Fault.LOW)
    if Fault.TAMPERED in standing if device.tampered is None else device.tampered:
        found.add(Fault.TAMPERED)
    if device.weak.holds(policy) or (Fault.WEAK in standing and not device.strong.holds(policy)):
        found.add(Fault.WEAK)
    if device.clock_off >= policy.clock_reports or (
        Fault.CLOCK in standing and device.clock_good < policy.clock_reports
    ):
        found.add(Fault.CLOCK)
    return found


def _is_flapping(device: Watched, now: int, policy: Policy, standing: Mapping[Fault, int]) -> bool:
    lately = [at for at in device.goings if at > now - policy.flaps_within]
    return len(lately) >= (1 if Fault.FLAPPING in standing else policy.flaps)


def _is_low(device: Watched, policy: Policy, standing: Mapping[Fault, int]) -> bool:
    if device.battery is None:
        return Fault.LOW in standing
    bound = policy.battery_ok if Fault.LOW in standing else policy.battery_low
    return device.battery < bound


def look_at(
    device: Watched, listening: Listening, policy: Policy, standing: Mapping[Fault, int]
) -> int | None:
    """When time alone changes what is wrong with it; None: only its own words can."""
    if not device.supervised:
        return device.time_begins + policy.revoked_for if Fault.REVOKED in standing else None
    moments = []
    due = silent_at(device, listening, policy, standing)
    if due is None:
        if Fault.NEVER not in standing:
            moments.append(device.time_begins + policy.never_after)
    elif Fault.SILENT not in standing:
        moments.append(due)
    if Fault.FLAPPING in standing and device.goings:
        moments.append(device.goings[-1] + policy.flaps_within)
    return min(moments, default=None)


def fallen_together(
    found: Collection[Watched], village: Collection[Watched], listening: Listening, policy: Policy
) -> frozenset[str]:
    """The devices of a village that fell silent together: at least so many, and at least such a
    share of those that should have spoken meanwhile; else none.

    `found` are those of the village found silent at this moment. Those that are behind, though not
    found yet, count too: else a mast that fails is noticed device by device.
    """
    fell = {d.id: at for d in village if (at := fell_at(d, listening, policy)) is not None}
    first = min((fell[d.id] for d in found if d.id in fell), default=listening.now)
    longest = max((time_of(d, policy) for d in found), default=0)
    earliest = first - max(policy.village_within, longest)
    together = {device: at for device, at in fell.items() if at >= earliest}
    if len(together) < policy.village_count:
        return frozenset()
    began = min(together.values())
    spoke = sum(
        d.supervised and d.id not in fell and d.heard is not None and d.heard >= began
        for d in village
    )
    if len(together) < policy.village_share * (len(together) + spoke):
        return frozenset()
    return frozenset(together)


def fell_at(device: Watched, listening: Listening, policy: Policy) -> int | None:
    """Since when it is behind with what it should have said; None: it is not."""
    if not device.supervised or silent_at(device, listening, policy, {}) is None:
        return None
    away = _away_since(device, listening)
    at = max(device.time_begins, listening.since) + every_of(device, policy)
    at = min(at, device.time_begins + 2 * time_of(device, policy))
    if away is not None:
        at = min(at, away)
    return at if at <= listening.now else None


def off_together(
    found: Collection[Watched], devices: Collection[Watched], policy: Policy
) -> frozenset[str]:
    """The devices that tell another time than we do because it is our clock that is wrong: as many
    as a village's network takes with it, and such a share of all that told the time since the
    first of `found` said so, and not in one village only; else none."""
    began = min(device.off_since for device in found)
    told = [d for d in devices if d.supervised and d.told is not None and d.told >= began]
    off = [d for d in told if d.clock_off > 0]
    if len(off) < max(policy.village_count, policy.village_share * len(told)):
        return frozenset()
    somewhere = {d.village_id for d in devices if d.supervised}
    if len({d.village_id for d in off}) < min(2, len(somewhere)):
        return frozenset()
    return frozenset(d.id for d in off)


def is_village_back(silent: int, folded: int, policy: Policy) -> bool:
    """Whether so many of its devices speak again that the rest are silent for their own reasons.

    `folded`: those that the village's order stood for at any time; `silent`: those it still does.
    """
    return silent < policy.village_share * folded
