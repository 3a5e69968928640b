"""How each part is, in one word."""

import pytest

from linkage import parts
from linkage.parts import Cameras, Disk, Level, Outbox, People, Upkeep
from linkage.policy import lines_of, named_lines

GB = 10**9


def test_the_intake_is_well_or_it_is_not():
    assert parts.link_part("intake", up=True, since_ms=1, detail="").level is Level.OK
    down = parts.link_part("intake", up=False, since_ms=1, detail="代理断开 / away")
    assert (down.level, down.since_ms, down.detail) == (Level.BAD, 1, "代理断开 / away")


@pytest.mark.parametrize(
    ("embedded", "up", "level"),
    [(False, True, Level.OK), (True, True, Level.WARN), (True, False, Level.BAD)],
)
def test_a_site_that_lives_by_the_embedded_broker_is_told(embedded, up, level):
    assert parts.broker_part(embedded=embedded, up=up, since_ms=1).level is level


@pytest.mark.parametrize(
    ("late", "failed", "level", "since"),
    [(0, 0, Level.OK, None), (0, 1, Level.WARN, None), (1, 1, Level.BAD, 7)],
)
def test_what_is_late_is_worse_than_what_was_given_up(late, failed, level, since):
    found = parts.outbox_part(Outbox(late, 7, failed))
    assert (found.level, found.since_ms) == (level, since)


@pytest.mark.parametrize(
    ("down", "connecting", "level"),
    [(0, 0, Level.OK), (0, 1, Level.WARN), (1, 0, Level.BAD), (1, 1, Level.BAD)],
)
def test_a_camera_that_is_down_is_bad_and_one_that_connects_is_not(down, connecting, level):
    found = parts.cameras_part(Cameras(3, down, connecting, 5 if down else None, 0))
    assert (found.level, found.since_ms) == (level, 5 if down else None)
    assert found.figures["total"] == 3 + down + connecting


@pytest.mark.parametrize(
    ("free_gb", "total_gb", "level"),
    [(1, 100, Level.BAD), (3, 100, Level.WARN), (40, 1000, Level.WARN), (60, 1000, Level.OK)],
)
def test_the_disk_is_low_before_it_is_full(free_gb, total_gb, level):
    assert parts.disk_part(Disk(free_gb * GB, total_gb * GB, GB)).level is level


def test_a_disk_that_cannot_be_looked_at_is_not_said_to_be_well():
    assert parts.disk_part(None).level is Level.UNKNOWN


@pytest.mark.parametrize(
    ("own", "off", "level"),
    [(None, 0, Level.OK), (None, 2, Level.WARN), (9, 0, Level.BAD)],
)
def test_our_own_clock_is_worse_than_a_cameras(own, off, level):
    found = parts.clock_part(own_wrong_since_ms=own, cameras_off=off)
    assert (found.level, found.since_ms) == (level, own)


@pytest.mark.parametrize(
    ("officers", "rota", "level"),
    [(0, 2, Level.BAD), (1, 0, Level.WARN), (1, 1, Level.OK)],
)
def test_nobody_at_a_console_is_bad_whatever_the_rota_says(officers, rota, level):
    assert parts.people_part(People(officers, rota, None)).level is level


@pytest.mark.parametrize(
    ("found", "level"),
    [
        (Upkeep(0, 0, 0), Level.OK),
        (Upkeep(2, 0, 1), Level.WARN),
        (Upkeep(2, 1, 0), Level.BAD),
    ],
)
def test_an_overdue_order_is_worse_than_an_open_one(found, level):
    assert parts.upkeep_part(found).level is level


def test_accounts_that_should_have_a_second_factor_are_counted():
    assert parts.accounts_part(without_factor=0, ending_soon=0).level is Level.OK
    assert parts.accounts_part(without_factor=1, ending_soon=0).level is Level.WARN
    assert parts.accounts_part(without_factor=0, ending_soon=1).level is Level.WARN


RULES = """\
# [[rule]]
[[rule]]
name = "one"

  [[ rule ]]  # indented
name = "two"

[[rule.more]]
"""


def test_entries_are_found_by_the_line_they_begin_on():
    assert lines_of(RULES, "rule") == [2, 5]
    assert named_lines(RULES, "rule") == {"one": 2, "two": 5}
    assert named_lines(RULES, "plan") == {}


@pytest.mark.parametrize("text", ["rule = [{ name = 'one' }]", "rule = 3", "not [ toml", ""])
def test_where_entries_cannot_be_told_apart_no_line_is_claimed(text):
    assert named_lines(text, "rule") == {}
