"""A town whose devices speak for a week, fast-forward, with faults planted at known times.

What must be found, and when, is reckoned here from the plan alone; nothing of the program's own
deciding is used for it.
"""

import random
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from alarms.model import DeviceReport
from tests.linkage.supervision.room import Room

VILLAGES = 21
STEP_MIN = 20
"""The town is looked at so often: all that is planted falls on these minutes."""
WEEK_MIN = 7 * 24 * 60

_GRACE_MIN = 20
"""As `POLICY` has it: whole steps, so that due times are exact."""
POLICY = {"grace": _GRACE_MIN * 60_000, "flaps_within": 3 * 3600_000}


@dataclass
class Button:
    id: str
    village: int
    every_min: int
    phase_min: int
    """It speaks at this minute and every `every_min` after."""
    dies_at: int | None = None
    weak_from: int | None = None
    low_from: int | None = None
    clock_from: int | None = None
    flaps_from: int | None = None
    revoked_at: int | None = None

    def speaks(self, minute: int) -> bool:
        if self.dies_at is not None and minute >= self.dies_at:
            return False
        return minute >= self.phase_min and (minute - self.phase_min) % self.every_min == 0

    def last_word(self, before: int) -> int:
        """The last minute before this one at which it spoke."""
        return before - 1 - (before - 1 - self.phase_min) % self.every_min

    def first_word(self, since: int) -> int:
        """The first minute from this one on at which it speaks."""
        return since + (self.phase_min - since) % self.every_min


@dataclass
class Plan:
    buttons: list[Button]
    mast: tuple[int, int, int]
    """Village, and from which minute to before which its mast is down."""
    restart_at: int
    expected: dict[tuple[str, str | None], int] = field(default_factory=dict)
    """Kind and device (None: the village) to the minute at which the order must be raised."""


def planned(count: int, every_min: int, *, seed: int = 1) -> Plan:
    """`count` buttons over all villages, each kind of fault ten times and more."""
    draw = random.Random(seed)
    buttons = [
        Button(
            f"b{n:04}", n % VILLAGES, every_min, STEP_MIN * draw.randrange(every_min // STEP_MIN)
        )
        for n in range(count)
    ]
    plan = Plan(buttons, mast=(7, 3 * 1440 + 600, 3 * 1440 + 1320), restart_at=4 * 1440 + 600)
    ill = draw.sample([b for b in buttons if b.village != plan.mast[0]], 90)
    allowed = every_min + _GRACE_MIN

    def at(begin_day: int, end_day: int) -> int:
        return STEP_MIN * draw.randrange(begin_day * 72, end_day * 72)

    for n, button in enumerate(ill):
        match n % 6:
            case 0:
                button.dies_at = at(1, 4) if n % 12 else at(5, 6)
                last = button.last_word(button.dies_at)
                plan.expected["silent", button.id] = last + allowed
            case 1:
                button.weak_from = at(1, 4)
                first = button.first_word(button.weak_from)
                reports = max(2, -(-360 // every_min))
                plan.expected["weak", button.id] = first + reports * every_min
            case 2:
                button.low_from = at(1, 6)
                plan.expected["low", button.id] = button.first_word(button.low_from)
            case 3:
                button.clock_from = at(1, 4)
                first = button.first_word(button.clock_from)
                plan.expected["clock", button.id] = first + 2 * every_min
            case 4:
                # six last wills, one every step, beginning right after it spoke
                button.flaps_from = button.first_word(at(1, 6)) + STEP_MIN
                plan.expected["flapping", button.id] = button.flaps_from + 5 * STEP_MIN
            case 5:
                button.revoked_at = at(1, 6)
                plan.expected["revoked", button.id] = button.first_word(
                    button.revoked_at + STEP_MIN
                )
    _expect_the_mast(plan, allowed)
    return plan


def _expect_the_mast(plan: Plan, allowed: int) -> None:
    village, down, _up = plan.mast
    there = [b for b in plan.buttons if b.village == village]
    first_found = min(b.first_word(down) for b in there) + allowed - there[0].every_min
    plan.expected["village", None] = first_found


async def seed_town(room: Room, plan: Plan) -> None:
    await room.place(*(f"v{n}" for n in range(VILLAGES)))
    for village in range(VILLAGES):
        ids = [b.id for b in plan.buttons if b.village == village]
        await room.register(ids, group=f"v{village}-g1")


async def live(room: Room, plan: Plan, *, through_the_store: Any = None) -> None:
    """A week of it. `through_the_store` keeps each batch of statuses as intake does."""
    by_phase: defaultdict[int, list[Button]] = defaultdict(list)
    every_min = plan.buttons[0].every_min
    for button in plan.buttons:
        by_phase[button.phase_min].append(button)
    flappers = [b for b in plan.buttons if b.flaps_from is not None]
    village, down, up = plan.mast
    for minute in range(0, WEEK_MIN, STEP_MIN):
        for button in (b for b in plan.buttons if b.revoked_at == minute):
            await room.change(button.id, state="revoked")
        said = [
            _status(room, button, minute)
            for button in by_phase[minute % every_min]
            if button.speaks(minute)
            and not (button.village == village and down <= minute < up)
            and button.revoked_at != minute
        ]
        for button in flappers:
            assert button.flaps_from is not None
            if 0 <= minute - button.flaps_from < 6 * STEP_MIN:
                gone = DeviceReport(button.id, live=True, online=False, every_s=every_min * 60)
                said += [gone, _status(room, button, minute)]
        if through_the_store is not None and said:
            await through_the_store(said)
        room.watch.heard(said)
        if minute == plan.restart_at:
            await room.look_anew()
            await room.restart()
        else:
            await room.look()
        room.clock.forward(STEP_MIN * 60)


def _status(room: Room, button: Button, minute: int) -> DeviceReport:
    now_ms = room.ms(minute * 60)
    off = button.clock_from is not None and minute >= button.clock_from
    weak = button.weak_from is not None and minute >= button.weak_from
    low = button.low_from is not None and minute >= button.low_from
    return DeviceReport(
        button.id,
        live=True,
        online=True,
        every_s=button.every_min * 60,
        battery=0.15 if low else 0.9,
        rssi=-101 if weak else -71,
        at_ms=now_ms - 3_600_000 if off else now_ms,
    )
