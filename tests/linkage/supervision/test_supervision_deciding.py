"""What one status, or somebody's word, changes of what is known of a device."""

from collections.abc import Callable

import pytest

from alarms.model import DeviceState
from linkage.supervision.deciding import (
    Listening,
    Report,
    Streak,
    Watched,
    excuse,
    fell_at,
    take_report,
)
from linkage.supervision.model import Fault, Policy

POLICY = Policy()
BETWEEN = (POLICY.rssi_weak + POLICY.rssi_ok) / 2


def device(**more) -> Watched:
    return Watched("d", DeviceState.ENROLLED, "dongcun", first=0, **more)


def test_last_will_counts_once_and_only_of_who_was_there():
    there, gone, never = device(heard=5), device(heard=5, away=7), device()
    for one in (there, gone, never):
        take_report(one, Report(online=False), 9, POLICY)
    assert [one.away for one in (there, gone, never)] == [9, 7, None]
    assert [one.goings for one in (there, gone, never)] == [[9], [], []]


def test_signal_between_weak_and_good_ends_either_streak():
    one = device(weak=Streak(1, 2, 2), strong=Streak(1, 2, 2))
    take_report(one, Report(online=True, rssi=BETWEEN), 9, POLICY)
    assert (one.weak.count, one.strong.count) == (0, 0)


@pytest.mark.parametrize(
    ("fault", "left"),
    [
        (Fault.SILENT, lambda one: (one.excused, one.away) == (9, None)),
        (Fault.LOW, lambda one: one.battery is None),
        (Fault.TAMPERED, lambda one: one.tampered is None),
        (Fault.WEAK, lambda one: one.weak.count == 0),
        (Fault.CLOCK, lambda one: one.clock_off == 0),
        (Fault.FLAPPING, lambda one: one.goings == []),
        (Fault.REVOKED, lambda one: one.heard is None),
    ],
)
def test_what_a_device_said_before_somebody_saw_to_it_counts_no_more(
    fault: Fault, left: Callable[[Watched], bool]
):
    one = device(heard=5, away=7, battery=0.1, tampered=True, clock_off=3, goings=[7])
    one.weak.add(5)
    assert not left(one)
    excuse(one, fault, 9)
    assert left(one)


def test_device_that_nobody_waits_for_is_not_behind():
    assert fell_at(device(in_the_net=False), Listening(10**12, 0), POLICY) is None
