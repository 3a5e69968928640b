"""How often a camera came back lately, and when its last picture came."""

from datetime import UTC, datetime

from camerad.model import CameraHealth, CameraState
from camerad.restlessness import Restlessness

DOWN, CONNECTING, WATCHING = CameraState.DOWN, CameraState.CONNECTING, CameraState.WATCHING


def health(state: CameraState, age_s: float | None = None) -> CameraHealth:
    now = datetime(2026, 11, 22, tzinfo=UTC)
    return CameraHealth("c1", state, "", "", now, newest_frame_age_s=age_s)


def returns(past: Restlessness, now_s: float) -> int:
    return past.told(health(WATCHING), now_s).reconnects_per_hour


def test_every_return_within_the_hour_counts_and_the_first_connection_does_not() -> None:
    past = Restlessness()
    for at_s in (0.0, 100.0, 200.0):
        past.note(health(CONNECTING), at_s)
        past.note(health(WATCHING), at_s + 10)
        past.note(health(WATCHING), at_s + 20)
        past.note(health(DOWN), at_s + 90)
    assert returns(past, 300.0) == 2
    assert returns(past, 3710.0) == 1
    assert returns(past, 3811.0) == 0


def test_what_we_connect_anew_ourselves_is_no_return() -> None:
    past = Restlessness()
    past.expect("c1")
    past.note(health(WATCHING), 0.0)
    past.expect("c1")
    past.note(health(CONNECTING), 1.0)
    past.note(health(WATCHING), 2.0)
    assert returns(past, 3.0) == 0


def test_the_last_picture_grows_old_while_the_camera_is_gone_and_its_worker_replaced() -> None:
    past = Restlessness()
    past.note(health(WATCHING, 0.5), 100.0)
    past.note(health(CONNECTING), 110.0)
    assert past.told(health(DOWN), 130.0).newest_frame_age_s == 30.5
    assert past.told(health(WATCHING, 0.1), 130.0).newest_frame_age_s == 0.1


def test_of_one_never_seen_nothing_is_told() -> None:
    past = Restlessness()
    past.note(health(DOWN), 0.0)
    told = past.told(health(DOWN), 5.0)
    assert (told.reconnects_per_hour, told.newest_frame_age_s) == (0, None)
    past.note(health(WATCHING, 0.1), 6.0)
    past.forget("c1")
    assert past.told(health(DOWN), 7.0).newest_frame_age_s is None
