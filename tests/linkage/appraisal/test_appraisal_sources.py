"""What often turns out to be nothing, whom a visit helps, which periods are compared."""

from datetime import date

import pytest

from linkage.appraisal.periods import before
from linkage.appraisal.sources import Advice, SourceSort, tallies, to_visit
from linkage.model.incident import Outcome
from tests.linkage.appraisal.appraisal_cases import case, lingered, pressed

HOME, DEVICE, ZONE = SourceSort.HOUSEHOLD, SourceSort.DEVICE, SourceSort.ZONE
REAL, FALSE, MALICIOUS = Outcome.REAL, Outcome.FALSE, Outcome.MALICIOUS


def test_a_households_devices_are_one_source_and_each_device_is_one():
    cases = [pressed("a", device="a-1"), pressed("a", device="a-2"), pressed("a", REAL)]
    (home,) = tallies(cases, HOME)
    assert (home.judged, home.unneeded) == (3, 2)
    assert {one.source.id: one.judged for one in tallies(cases, DEVICE)} == {"a-1": 2, "a-2": 1}
    assert tallies(cases, ZONE) == []


def test_a_cameras_zones_are_told_apart():
    cases = [lingered("cam", "gate"), lingered("cam", "wall"), lingered("cam", None)]
    assert [one.source.zone for one in tallies(cases, ZONE)] == [None, "gate", "wall"]
    assert tallies(cases, HOME) == []


def test_what_has_no_source_or_no_outcome_says_nothing():
    cases = [case(), pressed("a", None), pressed("a", Outcome.DUPLICATE), pressed(None)]
    assert tallies(cases, HOME) == []


def test_a_share_is_told_of_ten_and_more():
    nine = [pressed("a") for _ in range(9)]
    assert tallies(nine, HOME)[0].share is None
    assert tallies([*nine, pressed("a", REAL)], HOME)[0].share == 0.9


def test_those_most_often_without_need_come_first():
    cases = [pressed("b", REAL), pressed("c"), pressed("a"), pressed("d"), pressed("d", FALSE)]
    assert [one.source.id for one in tallies(cases, HOME)] == ["d", "a", "c", "b"]


def test_a_visit_is_proposed_from_twice_on():
    cases = [pressed("once"), pressed("twice"), pressed("twice"), pressed("never", REAL)]
    (visit,) = to_visit(tallies(cases, HOME), {})
    assert visit.tally.source.id == "twice"


def test_who_was_visited_since_is_not_visited_again():
    cases = [pressed("a", opened_at_ms=1000), pressed("a", opened_at_ms=5000)]
    found = tallies(cases, HOME)
    assert to_visit(found, {"a": 5000}) == []
    assert len(to_visit(found, {"a": 4999})) == 1


@pytest.mark.parametrize(
    ("outcomes", "advice"),
    [
        ((Outcome.ACCIDENTAL, FALSE), Advice.HANDLING),
        ((FALSE, FALSE, Outcome.ACCIDENTAL), Advice.DEVICE),
        ((MALICIOUS, MALICIOUS), Advice.LISTEN),
    ],
)
def test_what_to_look_at_first_follows_what_it_mostly_was(outcomes, advice):
    cases = [pressed("a", outcome) for outcome in outcomes]
    (visit,) = to_visit(tallies(cases, HOME), {})
    assert visit.advice is advice
    assert all(advice.label)


def test_no_word_of_advice_threatens():
    words = "".join(zh + en for zh, en in (advice.label for advice in Advice))
    assert not any(word in words for word in ("处罚", "罚款", "停用", "黑名单", "warn", "fine"))


@pytest.mark.parametrize(
    ("period", "other"),
    [
        # a month beside the month before, as long as each is
        (("2026-03-01", "2026-03-31"), ("2026-02-01", "2026-02-28")),
        (("2026-02-01", "2026-02-28"), ("2026-01-01", "2026-01-31")),
        (("2026-01-01", "2026-01-31"), ("2025-12-01", "2025-12-31")),
        # a begun month beside as many days of the one before
        (("2026-11-01", "2026-11-22"), ("2026-10-01", "2026-10-22")),
        (("2026-03-01", "2026-03-30"), ("2026-02-01", "2026-02-28")),
        # anything else beside as many days just before
        (("2026-11-05", "2026-11-05"), ("2026-11-04", "2026-11-04")),
        (("2026-11-05", "2026-11-11"), ("2026-10-29", "2026-11-04")),
        (("2026-01-01", "2026-02-28"), ("2025-11-03", "2025-12-31")),
    ],
)
def test_a_period_is_laid_beside_the_one_before(period, other):
    assert before(*map(date.fromisoformat, period)) == tuple(map(date.fromisoformat, other))
