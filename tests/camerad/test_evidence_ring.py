"""The last half minute in memory: what it holds, and within which bounds."""

import itertools

import pytest

from camerad.errors import NoClip
from camerad.evidence.desk import ClipDesk
from camerad.evidence.model import MIB, ClipFacts, ClipOrder, Cut, RecordingSettings
from camerad.evidence.ring import Ring
from camerad.evidence.stitching import Stitching
from camerad.wire import ClipBegun, ClipDone
from tests.camerad.evidence_chunks import START_MS, chunks, form


def ring(before_s: float = 5.0, max_bytes: int = MIB) -> Ring:
    return Ring(before_s=before_s, max_bytes=max_bytes)


def test_it_holds_what_was_asked_and_at_most_one_group_more():
    held = ring()
    for chunk in chunks(seconds=60):
        held.add(chunk)
        kept = list(held)
        assert kept[0].is_key
        span_s = kept[-1].arrived_s - kept[0].arrived_s
        assert span_s <= 5.0 + 1.0
    assert span_s >= 5.0
    assert held.dropped_early == 0


def test_it_never_holds_more_bytes_than_it_may_and_counts_what_went_early():
    held = ring(max_bytes=3_000)
    for chunk in chunks(seconds=20):
        held.add(chunk)
        assert held.bytes_held == sum(len(c.data) for c in held) <= 3_000
    assert held.dropped_early > 0


def test_a_group_that_is_too_large_by_itself_is_not_held_in_part():
    held = ring(max_bytes=500)
    for chunk in chunks(seconds=2):
        held.add(chunk)
        assert held.bytes_held <= 500
    assert all(next(iter(held)).is_key for _ in [0] if held.bytes_held)
    assert held.dropped_early > 0


def test_what_comes_before_the_first_keyframe_is_left_out():
    held = ring()
    late = itertools.islice(chunks(seconds=2), 3, None)
    taken = [held.add(chunk) for chunk in late]
    assert taken == [False] * 7 + [True] * 10


def test_after_a_break_it_waits_for_the_new_streams_keyframe():
    held = ring()
    for chunk in chunks(seconds=1):
        held.add(chunk)
    again = chunks(seconds=2, first=11, start_s=1.5, of=form())
    assert [held.add(chunk) for chunk in itertools.islice(again, 5, 8)] == [False] * 3
    assert held.add(next(c for c in again if c.is_key))


def test_what_is_pinned_stays_beyond_its_time_but_not_beyond_the_bytes():
    held = ring(max_bytes=8_500)
    held.pin("clip", 11)
    for chunk in chunks(seconds=8):
        held.add(chunk)
    assert next(iter(held)).number == 11
    held.unpin("clip")
    for chunk in chunks(seconds=2, first=81, start_s=8):
        held.add(chunk)
    assert next(iter(held)).number == 41
    held.pin("clip", 41)
    for chunk in chunks(seconds=10, first=101, start_s=10):
        held.add(chunk)
    assert held.bytes_held <= 8_500
    assert next(iter(held)).number > 41


def test_a_stream_that_stopped_is_forgotten_in_its_time():
    held = ring()
    for chunk in chunks(seconds=3):
        held.add(chunk)
    held.forget_old(6.0)
    assert next(iter(held)).number == 11
    held.forget_old(7.8)
    assert held.bytes_held > 0
    held.forget_old(8.0)
    assert held.bytes_held == 0
    held.forget_old(9.0)


def test_a_pinned_stream_that_stopped_is_kept():
    held = ring()
    held.pin("clip", 1)
    for chunk in chunks(seconds=1):
        held.add(chunk)
    held.forget_old(60.0)
    assert held.bytes_held == 1_000


def test_a_moment_is_shown_from_the_keyframe_before_it():
    held = ring()
    for chunk in chunks(seconds=4):
        held.add(chunk)
    assert held.start_for(START_MS + 2_500) == 21
    assert [c.number for c in held.up_to(START_MS + 2_300)] == [21, 22, 23, 24]
    assert held.start_for(START_MS - 9_000) == 1
    assert [c.number for c in held.up_to(START_MS - 9_000)] == [1]
    assert [c.number for c in held.since(39)] == [39, 40]


def test_an_empty_ring_shows_nothing():
    assert ring().start_for(START_MS) is None
    assert ring().up_to(START_MS) == []
    assert ring().since(0) == []


@pytest.mark.parametrize(("cameras", "each"), [(0, 64), (1, 64), (16, 64), (64, 16)])
def test_cameras_share_what_a_worker_may_hold(cameras: int, each: int):
    assert RecordingSettings().bytes_for_each(cameras) == each * MIB


def test_every_cut_is_said_in_both_languages():
    assert all(len(cut.label) == 2 and all(cut.label) for cut in Cut)


def test_two_formats_fit_only_when_a_player_sees_no_difference():
    assert form().fits(form())
    assert not form().fits(form(width=640))


# -- stitching ------------------------------------------------------------------------------------


def test_the_cameras_own_stamps_give_the_steps():
    times = Stitching()
    got = [times.time_of(c) for c in chunks(seconds=2, stamps_from_s=5_000.0)]
    assert got == pytest.approx([n / 10 for n in range(20)])


def test_a_break_is_as_long_in_the_file_as_it_was():
    times = Stitching()
    before = [times.time_of(c) for c in chunks(seconds=1, stamps_from_s=70.0)]
    after = [times.time_of(c) for c in chunks(seconds=1, start_s=9.0, of=form())]
    assert after[0] - before[-1] == pytest.approx(8.1)


def test_a_clock_that_jumps_is_anchored_anew():
    times = Stitching()
    shape = form()
    [*_] = map(times.time_of, chunks(seconds=1, of=shape))
    jumped = chunks(seconds=1, first=11, start_s=1.0, stamps_from_s=10_800.0, of=shape)
    assert [times.time_of(c) for c in jumped] == pytest.approx([1 + n / 10 for n in range(10)])


def test_without_stamps_the_arrival_counts_and_times_always_grow():
    times = Stitching()
    first = list(chunks(seconds=1, stamps_from_s=None))
    got = [times.time_of(c) for c in [*first, first[-1]]]
    assert got[:10] == pytest.approx([n / 10 for n in range(10)])
    assert got[10] > got[9]


# -- who makes a clip -----------------------------------------------------------------------------


async def test_a_clip_runs_until_it_is_done_or_its_worker_is_lost():
    desk = ClipDesk()

    async def begin(clip: str, camera: str) -> None:
        order = ClipOrder(clip, camera, 0, 0, 0, "base", 0)
        await desk.begin(1, order, lambda asked: desk.heard(ClipBegun(asked.request)), timeout_s=5)

    for clip, camera in (("one", "east"), ("two", "west"), ("three", "north")):
        await begin(clip, camera)
    desk.heard(ClipDone(ClipFacts("one", "east", ())))
    desk.lost({"west"})
    assert [desk.runs(clip) for clip in ("one", "two", "three")] == [False, False, True]
    assert desk.done("one") == ClipFacts("one", "east", ())


async def test_a_clip_that_cannot_be_begun_says_why():
    desk = ClipDesk()
    order = ClipOrder("one", "east", 0, 0, 0, "base", 0)
    with pytest.raises(NoClip, match="过多"):
        await desk.begin(
            1, order, lambda asked: desk.heard(ClipBegun(asked.request, "过多")), timeout_s=5
        )
    with pytest.raises(NoClip, match="did not answer in time"):
        await desk.begin(2, order, lambda asked: None, timeout_s=0.01)
    assert not desk.runs("one")
