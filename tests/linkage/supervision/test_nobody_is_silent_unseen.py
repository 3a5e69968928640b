"""Whatever comes in whatever order: who has been silent for longer than its time has an open order,
and who spoke in time has none. Reckoned here in another way than the program does it: in a list of
all that happened.
"""

from dataclasses import dataclass, field

from hypothesis import example, given, settings
from hypothesis import strategies as st

from alarms.model import DeviceState
from linkage.supervision.changes import (
    Close,
    Orders,
    Raise,
    Recover,
    Registered,
    Reopen,
    StandingOrder,
)
from linkage.supervision.deciding import Report, Watched
from linkage.supervision.ears import Ears
from linkage.supervision.model import Fault, OrderState, Policy
from linkage.supervision.roll import Roll
from tests.linkage.supervision.room import HandClock

POLICY = Policy(village_count=1000)
INTERVALS = {"a": 600, "b": 600, "c": 3600}
ALLOWED = {"a": 720, "b": 720, "c": 3744}

steps = st.one_of(
    st.tuples(st.just("speak"), st.sampled_from("abc")),
    st.tuples(st.just("wait"), st.integers(1, 3600)),
    st.tuples(st.just("restart"), st.integers(0, 7200)),
    st.tuples(st.just("restart-often"), st.integers(1, 30)),
    st.tuples(st.just("deaf"), st.integers(1, 7200)),
    st.tuples(st.just("set-clock"), st.integers(-(10**6), 10**6)),
    st.tuples(st.just("see-to"), st.sampled_from("abc")),
)


@dataclass
class House:
    """The roll over a store that is a dict, and what happened meanwhile."""

    clock: HandClock = field(default_factory=HandClock)
    hearing: int | None = 1
    store: dict[str, StandingOrder] = field(default_factory=dict)
    made: int = 0
    kept: dict[str, Watched] = field(default_factory=dict)
    # what the test reckons with, in seconds of real time
    heard_s: dict[str, float] = field(default_factory=dict)
    seen_to_s: dict[str, float] = field(default_factory=dict)
    deaf: list[tuple[float, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.begin(0)
        for device in INTERVALS:
            self.speak(device)
        self.look()

    def begin(self, listened_ms: int) -> None:
        self.ears = Ears(self.clock, lambda: self.hearing, listened_ms=listened_ms)
        self.roll = Roll(POLICY, new_id=self.new_id)
        now = self.ears.listening().now
        self.roll.begin(self.standing(), now)
        devices = [Registered(i, DeviceState.ENROLLED) for i in INTERVALS]
        self.roll.place(devices, self.kept, now)

    def new_id(self) -> str:
        self.made += 1
        return f"o{self.made}"

    def standing(self) -> Orders:
        return Orders(list(self.store.values()))

    def speak(self, device: str) -> None:
        report = Report(online=True, every=INTERVALS[device] * 1000)
        self.roll.report(device, report, self.ears.listening().now)
        self.heard_s[device] = self.clock.monotonic()

    def see_to(self, device: str) -> None:
        for order in [o for o in self.store.values() if o.device_id == device]:
            del self.store[order.id]
            self.seen_to_s[device] = self.clock.monotonic()
        self.look()

    def wait(self, seconds: int) -> None:
        """Looking all the while."""
        for _ in range(seconds // 300):
            self.clock.forward(300)
            self.look()
        self.clock.forward(seconds % 300)
        self.look()

    def restart(self, away_s: int) -> None:
        self.look()
        self.kept = {i: self.watched(i) for i in INTERVALS}
        listened_ms = self.ears.listening().now
        begin_s = self.clock.monotonic()
        self.clock.forward(away_s)
        self.begin(listened_ms)
        self.look()
        self.deaf.append((begin_s, self.clock.monotonic()))

    def watched(self, device_id: str) -> Watched:
        """As the store keeps it."""
        d = self.roll.device(device_id)
        assert d is not None
        return Watched(
            d.id, d.state, None, d.first, every=d.every, heard=d.heard, excused=d.excused
        )

    def be_deaf(self, seconds: int) -> None:
        self.look()
        self.hearing, before = None, self.hearing
        begin_s = self.clock.monotonic()
        self.look()
        self.clock.forward(seconds)
        self.hearing = (before or 0) + 1
        self.look()
        self.deaf.append((begin_s, self.clock.monotonic()))

    def set_clock(self, seconds: int) -> None:
        self.clock.set_by(seconds)
        self.look()
        if abs(seconds) > 5:
            at_s = self.clock.monotonic()
            self.deaf.append((at_s, at_s))

    def look(self) -> None:
        listening = self.ears.listening()
        self.roll.sync(self.standing(), listening.now)
        changes = self.roll.changes(listening)
        for change in changes:
            match change:
                case Raise(order_id, fault, device):
                    assert device is not None
                    assert not any(
                        (o.device_id, o.fault) == (device.id, fault) for o in self.store.values()
                    ), "two orders of one device and fault"
                    self.store[order_id] = StandingOrder(
                        order_id, fault, OrderState.OPEN, device.id, None
                    )
                case Recover(order_id) | Close(order_id):
                    del self.store[order_id]
                case Reopen():
                    raise AssertionError("silence needs nobody's word")
        self.roll.settle(changes, self.standing(), listening)

    def check(self) -> None:
        now_s = self.clock.monotonic()
        open_for = {o.device_id for o in self.store.values() if o.fault is Fault.SILENT}
        for device, allowed in ALLOWED.items():
            since_s = max(self.heard_s[device], self.seen_to_s.get(device, 0.0))
            whole = now_s - max([since_s, *(end for _, end in self.deaf if end > since_s)])
            deaf = sum(max(0.0, end - max(begin, since_s)) for begin, end in self.deaf)
            pieces = now_s - since_s - deaf
            if whole >= allowed or pieces >= 2 * allowed:
                assert device in open_for, f"{device} is silent unseen"
            else:
                # what stood while we were deaf stands until it speaks; what is new is too soon
                assert device not in open_for or device in self.stood, f"{device} spoke in time"
        self.stood = open_for

    stood: set[str | None] = field(default_factory=set)


@settings(max_examples=150, deadline=None)
@given(st.lists(steps, max_size=40))
@example([("wait", 420), ("restart-often", 1)])
def test_whatever_happens_nobody_is_silent_unseen_and_nobody_is_found_who_spoke(
    happened: list[tuple[str, object]],
) -> None:
    house = House()
    for what, value in happened:
        match what, value:
            case "speak", str():
                house.speak(value)
                house.look()
                house.stood.discard(value)
            case "see-to", str():
                house.see_to(value)
                house.stood.discard(value)
            case "wait", int():
                house.wait(value)
            case "restart", int():
                house.restart(value)
            case "restart-often", int():
                for _ in range(value):
                    house.wait(300)
                    # whoever was found until here was found before we were deaf
                    house.check()
                    house.restart(1)
            case "deaf", int():
                house.be_deaf(value)
            case "set-clock", int():
                house.set_clock(value)
        house.check()
