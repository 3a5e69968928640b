"""Which faults of cameras are raised, and which are over: the deciding itself."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from camerad.model import CameraHealth, CameraState, Trouble
from linkage.camera_losses import (
    MANY,
    NOTHING_STANDS,
    Lost,
    Standing,
    TakenIn,
    all_retired,
    cameras_of,
    is_over,
    loss_alarms,
    picture_alarm,
)

BEGUN = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
LOST = Trouble.SIGNAL_LOST.value


def at(seconds: float) -> datetime:
    return BEGUN + timedelta(seconds=seconds)


def health(
    camera: str = "c1",
    state: CameraState = CameraState.DOWN,
    *,
    since_s: float = 0.0,
    trouble: Trouble | None = None,
    seen: bool = False,
) -> CameraHealth:
    age_s = 1.0 if seen else None
    return CameraHealth(
        camera, state, "hung", "", at(since_s), newest_frame_age_s=age_s, trouble=trouble
    )


def names(found: list[CameraHealth]) -> list[str]:
    return [one.camera_id for one in found]


def look(lost: Lost, now_s: float, *healths: CameraHealth, **more: object) -> list[str]:
    return names(lost.look({one.camera_id: one for one in healths}, at(now_s), **more))


def test_a_stream_that_was_watched_between_two_looks_only_is_lost_too() -> None:
    assert look(Lost(), 10, health()) == []
    assert look(Lost(), 10, health(seen=True)) == ["c1"]


def test_a_stream_that_comes_and_goes_is_told_once_an_hour_unless_it_stays_away() -> None:
    lost = Lost()

    def told(at_s: float, state: CameraState, since_s: float) -> bool:
        return bool(look(lost, at_s, health(state=state, since_s=since_s)))

    assert not told(0, CameraState.WATCHING, 0)
    assert told(14, CameraState.DOWN, 10)
    for minute in range(1, 50):
        at_s = 60.0 * minute
        assert not told(at_s, CameraState.WATCHING, at_s - 30)
        assert not told(at_s + 20, CameraState.DOWN, at_s + 1)
    assert told(3000 + 91, CameraState.DOWN, 3000)
    # an hour later a cable that is pulled is told of at once, as ever
    assert not told(7000, CameraState.WATCHING, 6900)
    assert told(7014, CameraState.DOWN, 7010)


def test_what_comes_and_goes_is_told_at_once_where_people_deal_with_what_it_sees() -> None:
    lost = Lost()
    assert look(lost, 0, health(state=CameraState.WATCHING)) == []
    assert look(lost, 10, health(since_s=5)) == ["c1"]
    assert look(lost, 20, health(state=CameraState.WATCHING, since_s=15)) == []
    gone = health(since_s=30)
    assert look(lost, 34, gone) == []
    assert look(lost, 34, gone, needed={"c1"}) == ["c1"]
    # and then that incident has heard of it
    assert look(lost, 40, health(state=CameraState.WATCHING, since_s=36)) == []
    standing = Standing(elsewhere=frozenset({("c1", LOST)}))
    assert look(lost, 54, health(since_s=50), standing=standing, needed={"c1"}) == []


def test_one_that_was_never_seen_has_a_minute() -> None:
    lost = Lost()
    assert look(lost, 59, health()) == []
    assert look(lost, 60, health()) == ["c1"]
    assert look(lost, 600, health()) == []


@pytest.mark.parametrize(
    "standing",
    [
        Standing(own=frozenset({("c1", LOST)})),
        Standing(elsewhere=frozenset({("c1", LOST)})),
    ],
    ids=["own", "elsewhere"],
)
def test_one_that_stands_since_before_a_restart_is_not_told_again(standing: Standing) -> None:
    lost = Lost()
    assert look(lost, 60, health(), standing=standing) == []
    assert look(lost, 90, health()) == []
    # another fault of it is not this one
    spoilt = Standing(own=frozenset({("c1", "covered")}))
    assert look(Lost(), 60, health(), standing=spoilt) == ["c1"]


def test_one_that_is_lost_again_is_told_again_although_it_stands() -> None:
    lost, standing = Lost(), Standing(elsewhere=frozenset({("c1", LOST)}))
    assert look(lost, 0, health(state=CameraState.WATCHING)) == []
    assert look(lost, 10, health(since_s=5), standing=standing) == ["c1"]


def test_those_that_fall_together_wait_for_each_other_a_moment() -> None:
    lost = Lost()
    well = [health(f"c{n}", CameraState.WATCHING) for n in range(5)]
    gone = [health(f"c{n}", since_s=100 + 0.6 * n) for n in range(5)]
    assert look(lost, 100, *well) == []
    assert look(lost, 104, *gone) == []
    assert look(lost, 106, *gone) == ["c0", "c1", "c2", "c3", "c4"]


def test_no_one_waits_long_for_those_who_go_on_falling() -> None:
    lost = Lost()
    assert look(lost, 100, *(health(f"c{n}", CameraState.WATCHING) for n in range(9))) == []
    gone = [health(f"c{n}", since_s=100 + n) for n in range(7)]
    assert look(lost, 107, *gone) == ["c0", "c1", "c2", "c3", "c4"]


def test_three_do_not_wait() -> None:
    lost = Lost()
    assert look(lost, 100, *(health(f"c{n}", CameraState.WATCHING) for n in range(3))) == []
    gone = [health(f"c{n}", since_s=100 + n) for n in range(3)]
    assert look(lost, 103.5, *gone) == ["c0"]


def test_what_is_settled_is_told_again_at_once_where_it_is_gone_still() -> None:
    lost = Lost()
    assert look(lost, 0, health(state=CameraState.WATCHING)) == []
    assert look(lost, 10, health(since_s=5)) == ["c1"]
    lost.tell_again("c1")
    assert look(lost, 12, health(since_s=5)) == ["c1"]


def test_a_fault_is_let_go_when_no_open_incident_holds_it() -> None:
    taken = TakenIn()
    covered, gone = ("c1", "covered"), ("c2", LOST)
    assert taken.let_go(Standing(elsewhere=frozenset({covered, gone}))) == []
    assert taken.let_go(Standing(own=frozenset({gone}))) == [covered]
    assert taken.let_go(NOTHING_STANDS) == []


def test_a_few_are_raised_one_by_one() -> None:
    raised = loss_alarms([health(f"c{n}") for n in range(3)], [{"c1"}], at(5))
    assert [one.device for one in raised] == ["c0", "c1", "c2"]
    assert raised[0].detail == {"camera": "c0", "trouble": LOST, "reason": "hung"}


def test_many_are_one_and_one_for_each_scene() -> None:
    lost = [health(f"c{n}", since_s=n) for n in range(6)]
    raised = loss_alarms(lost, [{"c1", "c2"}, {"c2"}, {"c4"}, {"c9"}], at(9))
    assert [one.device for one in raised] == [MANY, "c1", "c4"]
    assert [cameras_of(one.detail) for one in raised] == [
        [f"c{n}" for n in range(6)],
        ["c1", "c2"],
        ["c4"],
    ]


def test_the_same_outage_told_again_is_a_new_alarm() -> None:
    first, again = (loss_alarms([health()], [], at(now))[0] for now in (5, 10))
    assert (first.boot, first.at_ms) != (again.boot, again.at_ms)
    assert first.at_ms == again.at_ms


def test_a_picture_goes_with_what_is_wrong_with_it() -> None:
    with_it = picture_alarm("c1", Trouble.BLACK, run=1, seq=2, at=at(0), shown={"picture": "p"})
    without = picture_alarm("c1", Trouble.BLACK, run=1, seq=2, at=at(0))
    assert with_it.detail == {**without.detail, "picture": "p"}


WELL = health(state=CameraState.WATCHING)


@pytest.mark.parametrize(
    ("told", "known", "ended", "now_s", "over"),
    [
        (LOST, WELL, False, 5, True),
        (LOST, WELL, False, 4, False),
        (LOST, health(), False, 600, False),
        (LOST, replace(WELL, trouble=Trouble.BLACK), False, 600, False),
        ("turned", WELL, True, 1, True),
        ("turned", WELL, False, 600, False),
        ("covered", WELL, False, 89, False),
        ("covered", WELL, False, 90, True),
    ],
)
def test_a_fault_is_over_when_the_camera_is_well(
    told: str, known: CameraHealth, ended: bool, now_s: float, over: bool
) -> None:
    about = [{"camera": "c1", "trouble": told}]
    well = frozenset({"c1"}) if ended else frozenset[str]()
    assert is_over(about, {"c1": known}, well, at(now_s)) is over


def test_of_one_that_nobody_looked_at_yet_nothing_is_known() -> None:
    about = [{"cameras": ["c1", "c2"], "trouble": LOST}]
    nobody = frozenset[str]()
    assert not is_over(about, {}, nobody, at(9), {"c1"})
    assert not all_retired(about, {}, {"c1"})
    assert not all_retired(about, {"c2": WELL}, nobody)


def test_those_taken_out_of_service_are_no_longer_a_matter_of_ours() -> None:
    about = [{"camera": "c1", "trouble": "turned"}]
    assert is_over(about, {}, frozenset(), at(9), {"c2"})
    assert all_retired(about, {}, {"c2"})
    assert cameras_of({"camera": None}) == []


def test_what_no_picture_shows_is_over_when_who_looks_after_it_says_so() -> None:
    about = [{"camera": "c1", "trouble": Trouble.BUTTON_DEAD.value}]
    watched = {"c1": CameraHealth("c1", CameraState.WATCHING, "", "", at(0))}
    assert not is_over(about, watched, frozenset({"c1"}), at(900))
    asked: list[tuple[str, str]] = []

    def is_mended(camera: str, trouble: str) -> bool:
        asked.append((camera, trouble))
        return True

    assert is_over(about, {}, frozenset(), at(9), {"c1"}, is_mended)
    assert asked == [("c1", "button-dead")]
