"""When a camera is turned for an incident, and when it is given back."""

import pytest

from camerad.model import Position
from linkage.camera_events.turning import (
    FRESH_MS,
    ByHand,
    Doing,
    No,
    Scene,
    Turned,
    Wanted,
    gives_up,
    is_where_we_left_it,
    no_sounding,
    no_turning,
    to_do,
)

NOW = 1_800_000_000_000
WANTED = Wanted("cam", "gate", None, back_after_s=600)
NEW, OLD = Scene("i1", NOW - 1000), Scene("i0", NOW - FRESH_MS)
HERE = Position(0.4, 0.1, 0.2)
AWAY = Turned("i1", NOW - 60_000, away=True, left=HERE)


@pytest.mark.parametrize(
    ("turned", "scenes", "doing"),
    [
        (Turned(), (), Doing.NOTHING),
        (Turned(), (NEW,), Doing.TURN),
        (Turned(), (OLD,), Doing.NOTHING),
        (Turned("i0", 0), (OLD, NEW), Doing.TURN),
        # it is tried for a while, and then no more; once it was given back, neither
        (Turned("i1", NOW - 2000), (NEW,), Doing.TURN),
        # a person asked for it, long after the incident began
        (Turned("i0", NOW - 2000), (OLD,), Doing.TURN),
        (Turned("i1", NOW - 60_000), (NEW,), Doing.NOTHING),
        (Turned("i1", NOW - 2000, left=HERE), (NEW,), Doing.NOTHING),
        (AWAY, (NEW,), Doing.NOTHING),
        (AWAY, (), Doing.BACK),
        # closed, while another is open
        (AWAY, (Scene("i2", NOW),), Doing.BACK),
        (Turned("i1", NOW - 600_000, away=True), (NEW,), Doing.BACK),
    ],
)
def test_what_is_to_be_done(turned, scenes, doing) -> None:
    assert to_do(WANTED, turned, scenes, NOW) is doing


def test_it_gives_up_after_a_while() -> None:
    assert not gives_up(Turned("i1", NOW - 19_999), NOW)
    assert gives_up(Turned("i1", NOW - 20_000), NOW)


@pytest.mark.parametrize(
    ("left", "now", "ours"),
    [
        (HERE, HERE, True),
        (HERE, Position(0.41, 0.1, 0.2), True),
        (HERE, Position(0.5, 0.1, 0.2), False),
        (HERE, Position(0.4, 0.1, 0.9), False),
        (HERE, Position(None, None, None), True),
        (HERE, Position(0.4, 0.1, 0.2, moving=True), False),
        (None, HERE, True),
        (Position(None, None, 0.2), Position(0.9, 0.9, 0.2), True),
    ],
)
def test_whoever_else_turned_it_is_not_fought(left, now, ours) -> None:
    assert is_where_we_left_it(left, now) is ours


@pytest.mark.parametrize(
    ("changed", "turning", "sounding"),
    [
        ({}, None, None),
        ({"is_open": False}, No.CLOSED, No.CLOSED),
        ({"is_quiet": True}, No.QUIET, No.QUIET),
        ({"is_drill": True}, No.DRILL, No.DRILL),
        ({"is_of_help": False}, No.OTHER_KIND, No.OTHER_KIND),
        ({"is_in_service": False}, No.OUT_OF_SERVICE, No.OUT_OF_SERVICE),
        ({"is_private": True}, No.PRIVATE, None),
        ({"is_veiled": True}, No.VEILED, None),
        ({"is_taken": True}, No.TAKEN, None),
    ],
)
def test_what_a_person_may_have_it_do_for_an_incident(changed, turning, sounding) -> None:
    assert no_turning(ByHand(**changed)) is turning
    assert no_sounding(ByHand(**changed)) is sounding


@pytest.mark.parametrize("no", list(No))
def test_every_refusal_is_said_in_both_languages(no: No) -> None:
    zh, en = no.label
    assert any("\u4e00" <= letter <= "\u9fff" for letter in zh)
    assert en.isascii()
