"""From "motion began" and "motion ended" to intervals: joined, cut, bounded."""

import pytest

from linkage.motion.intervals import (
    AGAIN_MS,
    JOINED_WITHIN_MS,
    LONGEST_MS,
    Interval,
    MotionBook,
)

CAM, ZONE = "cam-1", "street"
BOX = (0.1, 0.2, 0.1, 0.2)
ALL = 1000


@pytest.fixture
def book() -> MotionBook:
    return MotionBook()


def passing(book: MotionBook, from_ms: int, to_ms: int, *, zone: str = ZONE, box=BOX) -> None:
    book.began(CAM, zone, from_ms, box)
    book.ended(CAM, zone, to_ms)


def spans(found: list[Interval]) -> list[tuple[int, int]]:
    return [(one.from_ms, one.to_ms) for one in found]


def test_what_began_and_ended_is_one_interval(book: MotionBook) -> None:
    passing(book, 1000, 5000)
    assert book.due(6000, at_most=ALL) == [Interval(CAM, ZONE, 1000, 5000, BOX)]


def test_motion_that_pauses_is_one_interval_around_all_of_it(book: MotionBook) -> None:
    passing(book, 1000, 5000)
    passing(book, 5000 + JOINED_WITHIN_MS, 20000, box=(0.5, 0.1, 0.2, 0.2))
    (one,) = book.due(20001, at_most=ALL)
    assert (one.from_ms, one.to_ms) == (1000, 20000)
    assert one.area == pytest.approx((0.1, 0.1, 0.6, 0.3))


def test_motion_that_begins_again_later_is_another_interval(book: MotionBook) -> None:
    passing(book, 1000, 5000)
    passing(book, 5001 + JOINED_WITHIN_MS, 20000)
    assert spans(book.due(20001, at_most=ALL)) == [(1000, 5000), (15001, 20000)]


def test_zones_are_kept_apart(book: MotionBook) -> None:
    passing(book, 1000, 5000)
    passing(book, 2000, 3000, zone="yard")
    assert {one.zone for one in book.due(6000, at_most=ALL)} == {ZONE, "yard"}


def test_where_no_box_was_told_the_other_one_holds(book: MotionBook) -> None:
    passing(book, 1000, 2000, box=None)
    passing(book, 3000, 4000)
    assert book.due(5000, at_most=ALL)[0].area == BOX


def test_where_it_moved_is_told_of_all_of_it(book: MotionBook) -> None:
    cells = ("8" + 35 * "0", "4" + 34 * "0" + "1", None)
    for n, one in enumerate(cells):
        book.began(CAM, ZONE, 1000 + 2000 * n, BOX)
        book.ended(CAM, ZONE, 2000 + 2000 * n, one)
    (whole,) = book.due(60_000, at_most=ALL)
    assert whole.cells == "c" + 34 * "0" + "1"


def test_motion_that_lasts_is_written_at_once_and_then_now_and_then(book: MotionBook) -> None:
    book.began(CAM, ZONE, 1000, BOX)
    first = book.due(2000, at_most=ALL)
    assert spans(first) == [(1000, 2000)]
    book.written(first, 2000)
    assert book.due(2000 + AGAIN_MS - 1, at_most=ALL) == []
    assert spans(book.due(2000 + AGAIN_MS, at_most=ALL)) == [(1000, 2000 + AGAIN_MS)]


def test_what_is_over_is_written_once_more_with_its_end(book: MotionBook) -> None:
    passing(book, 1000, 5000)
    book.written(book.due(2000, at_most=ALL), 2000)
    over = book.due(5001 + JOINED_WITHIN_MS, at_most=ALL)
    assert spans(over) == [(1000, 5000)]
    book.written(over, 16000)
    assert book.due(16000 + AGAIN_MS, at_most=ALL) == []


def test_motion_without_end_is_cut(book: MotionBook) -> None:
    book.began(CAM, ZONE, 0, BOX)
    found = book.due(LONGEST_MS + 500, at_most=ALL)
    assert spans(found) == [(0, LONGEST_MS), (LONGEST_MS + 500, LONGEST_MS + 500)]


def test_pauses_do_not_make_an_interval_longer_than_the_longest(book: MotionBook) -> None:
    passing(book, 0, LONGEST_MS - 1000)
    passing(book, LONGEST_MS, LONGEST_MS + 5000)
    found = book.due(LONGEST_MS + 6000, at_most=ALL)
    assert spans(found) == [(0, LONGEST_MS - 1000), (LONGEST_MS, LONGEST_MS + 5000)]


def test_a_clock_that_is_set_back_makes_no_interval_that_ends_before_it_begins(
    book: MotionBook,
) -> None:
    passing(book, 100_000, 50_000)
    assert spans(book.due(100_001, at_most=ALL)) == [(100_000, 100_000)]
    passing(book, 40_000, 41_000)
    assert spans(book.due(41_001, at_most=ALL)) == [(100_000, 100_000), (40_000, 41_000)]


def test_an_end_without_a_beginning_says_nothing(book: MotionBook) -> None:
    book.ended(CAM, ZONE, 5000)
    passing(book, 6000, 7000)
    book.ended(CAM, ZONE, 9000)
    assert spans(book.due(9001, at_most=ALL)) == [(6000, 7000)]


def test_a_camera_that_is_no_longer_watched_moves_no_more(book: MotionBook) -> None:
    book.began(CAM, ZONE, 1000, BOX)
    book.began("cam-2", ZONE, 1000, BOX)
    passing(book, 1000, 2000, zone="yard")
    book.lost(lambda camera: camera == "cam-2", 4000)
    found = {(one.camera_id, one.zone): one.to_ms for one in book.due(9000, at_most=ALL)}
    assert found == {(CAM, ZONE): 4000, ("cam-2", ZONE): 9000, (CAM, "yard"): 2000}


def test_a_batch_is_no_larger_than_asked_for_and_nothing_is_forgotten(book: MotionBook) -> None:
    for number in range(5):
        passing(book, number * 100_000, number * 100_000 + 1000)
    seen = []
    while batch := book.due(900_000, at_most=2):
        assert len(batch) <= 2
        seen += spans(batch)
        book.written(batch, 900_000)
    assert seen == [(n * 100_000, n * 100_000 + 1000) for n in range(5)]


def test_while_nothing_can_be_written_the_oldest_goes_and_is_counted() -> None:
    book = MotionBook(finished_at_most=3)
    for number in range(6):
        passing(book, number * 100_000, number * 100_000 + 1000)
    found = spans(book.due(900_000, at_most=ALL))
    assert (book.dropped, book.waiting) == (3, 3)
    assert [begin for begin, _ in found] == [300_000, 400_000, 500_000]


def test_at_the_end_everything_is_told_as_it_stands(book: MotionBook) -> None:
    passing(book, 1000, 2000, zone="yard")
    book.began(CAM, ZONE, 1000, BOX)
    assert {(one.zone, one.to_ms) for one in book.close(7000)} == {("yard", 2000), (ZONE, 7000)}
    assert book.due(8000, at_most=ALL) == book.close(8000)


def test_what_lasts_waits_for_its_turn_where_a_batch_is_full(book: MotionBook) -> None:
    for zone in (ZONE, "yard"):
        book.began(CAM, zone, 1000, BOX)
    first = book.due(2000, at_most=1)
    book.written(first, 2000)
    second = book.due(2000, at_most=1)
    assert {one.zone for one in (*first, *second)} == {ZONE, "yard"}
