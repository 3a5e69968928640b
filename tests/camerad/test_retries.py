"""Waiting before a lost camera is tried again: each by itself, and a street that fails together."""

import heapq
import random
from collections import Counter

import pytest

from camerad.retries import Retries
from camerad.rtsp_probe import Outage
from camerad.wire import Limits
from tests.scenarios.relay import busiest_second

GONE = Outage("unreachable", "")
STALLED = Outage("no-frames", "", stalled=True)
REFUSED = Outage("refused", "", login_refused=True)
CAMERAS, WORKERS = 60, 2
OPENING_S = 0.25
"""A worker opens one stream at a time."""


def waits(outage: Outage, count: int, draw: float = 0.0) -> list[float]:
    retries = Retries(Limits())
    return [retries.after(outage, 0.0, draw=draw) for _ in range(count)]


def test_waits_grow_up_to_a_cap_of_a_few_seconds() -> None:
    assert waits(GONE, 5) == [0.5, 1.0, 2.0, 2.5, 2.5]


def test_who_stalls_the_others_is_tried_less_often() -> None:
    assert waits(STALLED, 4) == [1.0, 2.0, 4.0, 5.0]


def test_a_refused_login_is_tried_less_than_twenty_times_an_hour() -> None:
    assert sum(waits(REFUSED, 20, draw=1.0)) > 3600


def test_a_good_life_begins_the_waits_anew() -> None:
    retries = Retries(Limits())
    for _ in range(5):
        retries.after(GONE, 1.0)
    assert retries.after(GONE, 29.0, draw=0.0) == 2.5
    assert retries.after(GONE, 31.0, draw=0.0) == 0.5


def reboot(outage_s: float, seed: int) -> tuple[list[float], list[float]]:
    """When cameras that all fail at 0 are asked, and when each is watched again, with the shipped
    limits and a virtual clock: each is gone for `outage_s`, then opens in its worker's turn."""
    draws = random.Random(seed)
    keepers = [Retries(Limits()) for _ in range(CAMERAS)]
    due = [(k.after(GONE, 3600.0, draw=draws.random()), n) for n, k in enumerate(keepers)]
    heapq.heapify(due)
    free_at_s = [0.0] * WORKERS
    asked_s, back_s = [], []
    while due:
        now_s, n = heapq.heappop(due)
        asked_s.append(now_s)
        if now_s < outage_s:
            again_s = now_s + keepers[n].after(GONE, 0.0, draw=draws.random())
            heapq.heappush(due, (again_s, n))
        else:
            worker = n % WORKERS
            free_at_s[worker] = max(free_at_s[worker], now_s) + OPENING_S
            back_s.append(free_at_s[worker])
    return asked_s, back_s


@pytest.mark.parametrize("outage_s", [5.0, 45.0, 600.0])
def test_sixty_cameras_that_reboot_together_are_back_in_time_and_make_no_storm(
    outage_s: float,
) -> None:
    asked_s, back_s = reboot(outage_s, seed=7)
    assert len(back_s) == CAMERAS
    assert max(back_s) <= outage_s + 10.0
    # none is asked twice within a second but at the very beginning
    assert busiest_second(asked_s) <= 2 * CAMERAS
    later = [at_s for at_s in asked_s if at_s >= 5.0]
    assert busiest_second(later) <= CAMERAS


def test_the_longer_they_are_gone_the_less_they_are_in_step() -> None:
    asked_s, _ = reboot(600.0, seed=11)
    by_tenth = Counter(round(at_s, 1) for at_s in asked_s if at_s > 60.0)
    # in step it would be all of them at once; spread evenly about three
    assert max(by_tenth.values()) <= CAMERAS / 4
