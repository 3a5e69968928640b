"""What a viewer is sent and what is left out, the film's time, and the codec's name: all pure."""

from fractions import Fraction

import pytest

from camerad.evidence.model import Chunk, StreamFormat
from camerad.live.codec import codec_name
from camerad.live.model import WINDOW
from camerad.live.pacing import (
    LATE_S,
    PART_BYTES,
    FilmTime,
    Window,
    as_parts,
    due,
    newest_key,
    worth_encoding,
)

FORM = StreamFormat("h264", 320, 240, b"", Fraction(1, 90_000))
OTHER = StreamFormat("h264", 640, 480, b"", Fraction(1, 90_000))


def chunk(number: int, *, key: bool = False, size: int = 1, form: StreamFormat = FORM) -> Chunk:
    """One of ten a second."""
    return Chunk(number, b"x" * size, key, number / 10, number * 100, None, form)


def stream(first: int, last: int, *, key_every: int = 10) -> list[Chunk]:
    return [chunk(n, key=n % key_every == 0) for n in range(first, last + 1)]


def test_so_many_parts_are_under_way_and_no_more():
    window = Window()
    assert [window.next_number() for _ in range(WINDOW)] == list(range(1, WINDOW + 1))
    assert not window.is_open
    window.note_taken(1)
    assert window.is_open


def test_what_was_never_sent_cannot_have_been_taken():
    window = Window(size=1)
    window.next_number()
    window.note_taken(900)
    assert (window.taken, window.is_open) == (1, True)
    window.note_taken(0)
    assert window.taken == 1


def test_a_viewer_that_keeps_up_is_sent_everything():
    waiting = stream(15, 22)
    assert due(waiting, 2.3, expected=15) == (waiting, False)


def test_a_viewer_that_is_late_goes_on_at_the_newest_keyframe():
    waiting = stream(5, 35)
    chunks, left_out = due(waiting, 3.6, expected=5)
    assert ([c.number for c in chunks], left_out) == ([30, 31, 32, 33, 34, 35], True)


def test_a_late_viewer_is_sent_everything_where_no_keyframe_came_since():
    waiting = stream(20, 29)
    assert due(waiting, 2.0 + LATE_S + 9, expected=20) == (waiting, False)
    waiting = stream(21, 29)
    assert due(waiting, 2.1 + LATE_S + 9, expected=21) == (waiting, False)


def test_what_the_ring_has_forgotten_is_left_out():
    waiting = stream(30, 32)
    assert due(waiting, 3.3, expected=12) == (waiting, True)


def test_nothing_waiting_is_nothing_due():
    assert due([], 1.0, expected=7) == ([], False)
    assert newest_key(stream(1, 9)) is None


def test_parts_are_handy_and_of_one_format():
    big = PART_BYTES // 2 + 1
    chunks = [*(chunk(n, size=big) for n in (1, 2, 3)), chunk(4, form=OTHER)]
    assert [[c.number for c in part] for part in as_parts(chunks)] == [[1, 2], [3], [4]]
    assert as_parts([]) == []


def test_of_what_waits_the_newest_is_encoded_and_few_others():
    assert worth_encoding(0) == []
    assert worth_encoding(1) == [True]
    assert worth_encoding(3) == [True, True, True]
    assert worth_encoding(5) == [True, False, True, False, True]
    for waiting in range(1, 60):
        picked = worth_encoding(waiting)
        assert picked[-1]
        assert 1 <= sum(picked) <= 3


def test_a_film_begins_at_zero_and_keeps_the_streams_steps():
    time = FilmTime()
    assert [time.place(s) for s in (7.0, 7.1, 7.5)] == pytest.approx([0.0, 0.1, 0.5])


def test_a_film_has_no_hole_where_pictures_were_left_out():
    time = FilmTime()
    time.place(7.0)
    assert time.place(9.0, left_out=True) == pytest.approx(0.04)
    assert time.place(9.1) == pytest.approx(0.14)


def test_a_film_has_no_hole_where_the_camera_was_away():
    time = FilmTime()
    time.place(7.0)
    assert time.place(67.0) == pytest.approx(0.04)


SETS = "00000001 6742c01e d901 00000001 68cb83cb20"


@pytest.mark.parametrize(
    ("codec", "extradata", "name"),
    [
        ("h264", bytes.fromhex(SETS), "avc1.42C01E"),
        ("h264", bytes.fromhex("000001 27640028 ac"), "avc1.640028"),
        ("h264", bytes.fromhex("014d401f ffe1"), "avc1.4D401F"),
        ("h264", b"", None),
        ("h264", bytes.fromhex("00000001 68cb83cb20"), None),
        ("h264", bytes.fromhex("000001"), None),
        ("hevc", bytes.fromhex(SETS), None),
    ],
)
def test_a_codecs_name_says_profile_constraints_and_level(codec, extradata, name):
    assert codec_name(codec, extradata) == name
