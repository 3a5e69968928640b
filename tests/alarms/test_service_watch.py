"""When a device tells its people to ring 110 although it pressed nothing. Time is an argument."""

import pytest

from alarms.service_watch import DeviceTiming, ServiceStatus, ServiceWatch

TIMING = DeviceTiming(link_down_for_s=30, service_grace_s=15)
THERE, GONE = ServiceStatus(online=True, every_s=30), ServiceStatus(online=False, every_s=30)


def watch(*, linked_at_s: float | None = 0.0, told_at_s: float | None = 0.0) -> ServiceWatch:
    made = ServiceWatch(TIMING, now_s=0.0)
    if linked_at_s is not None:
        made.link(up=True, now_s=linked_at_s)
    if told_at_s is not None:
        made.heard(THERE, now_s=told_at_s)
    return made


def test_it_counts_as_gone_two_intervals_and_the_grace_after_its_last_word() -> None:
    made = watch(told_at_s=100.0)
    assert made.gone_at_s() == 175.0
    assert not made.gone(now_s=174.9)
    assert made.gone(now_s=175.0)


def test_each_word_begins_the_wait_anew() -> None:
    made = watch(told_at_s=100.0)
    made.heard(THERE, now_s=130.0)
    assert not made.gone(now_s=175.0)


def test_its_goodbye_or_will_counts_at_once_and_its_return_too() -> None:
    made = watch()
    made.heard(GONE, now_s=1.0)
    assert made.gone(now_s=1.0)
    made.heard(THERE, now_s=2.0)
    assert not made.gone(now_s=2.0)


def test_a_line_that_is_down_too_long_counts_as_gone_before_the_silence_does() -> None:
    made = watch(told_at_s=100.0)
    made.link(up=False, now_s=110.0)
    made.link(up=False, now_s=120.0)  # another try that failed begins no new wait
    assert not made.gone(now_s=139.9)
    assert made.gone(now_s=140.0)


def test_a_line_that_comes_back_in_time_changes_nothing() -> None:
    made = watch(told_at_s=100.0)
    made.link(up=False, now_s=110.0)
    made.link(up=True, now_s=120.0)
    assert not made.gone(now_s=150.0)


def test_a_line_that_comes_and_goes_without_a_word_from_the_service_does_not_put_it_off() -> None:
    made = watch(told_at_s=0.0)
    for at_s in range(10, 80, 10):
        made.link(up=at_s % 20 == 0, now_s=at_s)
    assert made.gone(now_s=75.0)


def test_who_never_got_a_line_is_told_so() -> None:
    assert watch(linked_at_s=None, told_at_s=None).gone(now_s=30.0)


def test_who_never_heard_of_a_service_is_told_so() -> None:
    made = watch(told_at_s=None)
    assert not made.gone(now_s=74.9)
    assert made.gone(now_s=75.0)


@pytest.mark.parametrize(("every_s", "gone_at_s"), [(1e12, 615.0), (-1e12, 15.0), (1, 17.0)])
def test_an_interval_beyond_reason_does_not_disarm_it(every_s: float, gone_at_s: float) -> None:
    made = watch()
    made.heard(ServiceStatus(online=True, every_s=every_s), now_s=0.0)
    assert made.gone_at_s() == gone_at_s
