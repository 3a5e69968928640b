"""Which wired buttons are dead, and when somebody is told."""

from dataclasses import replace

import pytest

from alarms.model import AlarmKind
from camerad.device_events.inputs import Known
from camerad.device_events.model import EventsHealth, EventsState
from lianfang_timing import from_unix_ms
from linkage.camera_events.dead_buttons import GRACE_MS, STUCK_MS, Book, dead
from linkage.camera_events.model import WhyDead, WiredInput

NOW = 1_800_000_000_000
ONE = WiredInput("cam", "1", "b1", wired_at_ms=1)


def health(state: EventsState, since_ms: int = NOW) -> EventsHealth:
    return EventsHealth(state, from_unix_ms(since_ms))


WELL = {"cam": health(EventsState.LISTENING)}
LOST = {"cam": health(EventsState.LOST)}


@pytest.mark.parametrize(
    ("healths", "why"),
    [
        (WELL, None),
        (LOST, WhyDead.UNHEARD),
        ({"cam": health(EventsState.BEGINNING, NOW - GRACE_MS)}, WhyDead.UNHEARD),
        ({"cam": health(EventsState.BEGINNING, NOW - GRACE_MS + 1)}, None),
        ({"cam": None}, WhyDead.UNHEARD),
        ({}, WhyDead.NO_CAMERA),
    ],
    ids=str,
)
def test_a_button_lives_as_long_as_its_cameras_events_reach_us(healths, why) -> None:
    assert [one.why for one in dead([ONE], healths, NOW)] == ([] if why is None else [why])


@pytest.mark.parametrize(
    ("active", "changed_ms", "is_dead"),
    [
        (True, NOW - STUCK_MS, True),
        (True, NOW - STUCK_MS + 1, False),
        (True, None, False),
        (False, NOW - STUCK_MS, False),
    ],
)
def test_one_that_stays_pressed_is_dead(active, changed_ms, is_dead) -> None:
    held = replace(ONE, known=Known(active=active), changed_ms=changed_ms)
    assert bool(dead([held], WELL, NOW)) is is_dead


def told(book: Book, healths: dict, at_ms: int, one: WiredInput = ONE) -> bool:
    return bool(book.look(dead([one], healths, NOW + at_ms), NOW + at_ms))


def test_it_is_told_after_the_grace_once_and_again_after_it_was_well() -> None:
    book = Book()
    assert not told(book, LOST, GRACE_MS - 1)
    assert told(book, LOST, GRACE_MS)
    assert book.told == {"b1"}
    assert not told(book, LOST, GRACE_MS + 5000)
    assert not told(book, WELL, GRACE_MS + 6000)
    assert book.told == frozenset()
    assert told(book, LOST, 2 * GRACE_MS)


def test_where_it_was_told_it_is_settled_and_it_is_told_again() -> None:
    book = Book()
    assert told(book, LOST, GRACE_MS)
    book.tell_again(["b1", "another"])
    assert told(book, LOST, GRACE_MS + 2000)


def test_an_outage_that_changes_its_name_is_one_outage() -> None:
    book = Book()
    assert not told(book, {}, 0)
    refused = {"cam": health(EventsState.REFUSED, NOW + GRACE_MS - 1)}
    assert told(book, refused, GRACE_MS)


def test_one_that_is_stuck_has_waited_long_enough() -> None:
    assert told(Book(), WELL, 0, replace(ONE, known=Known(active=True), changed_ms=NOW - STUCK_MS))


def test_while_somebody_works_on_the_camera_nothing_is_told_and_afterwards_it_is() -> None:
    book, found = Book(), dead([ONE], LOST, NOW + GRACE_MS)
    assert not book.look(found, NOW + GRACE_MS, lambda camera: camera == "cam")
    assert book.look(found, NOW + GRACE_MS)


def test_words_are_there_for_every_reason() -> None:
    assert all(all(why.label) for why in WhyDead)


def test_a_contact_that_opens_is_pressed_when_it_is_open() -> None:
    assert replace(ONE, normally_closed=True).pressed(active=False)
    assert not replace(ONE, normally_closed=True).pressed(active=True)
    assert ONE.pressed(active=True)
    assert ONE.kind is AlarmKind.PANIC
