"""What open incidents must hear of cameras that look at them: the deciding itself."""

from camerad.model import Trouble
from linkage.facts import MEANT_FOR
from linkage.scene_faults import Scene, Told, for_others

LOST, COVERED = Trouble.SIGNAL_LOST.value, Trouble.COVERED.value
AT = 1_000_000
OLDER = Scene("older", AT - 60_000, frozenset({"c1", "c2"}))
NEWER = Scene("newer", AT - 30_000, frozenset({"c1"}))


def told(incident: str = "newer", *cameras: str, trouble: str = LOST, at: int = AT, **more) -> Told:
    names = list(cameras) or ["c1"]
    about = {"camera": names[0]} | ({"cameras": names} if len(names) > 1 else {})
    return Told(incident, {"trouble": trouble, **about, **more}, at)


def raised(*known: Told, scenes=(NEWER, OLDER), wrong=("c1", "c2")) -> list[tuple[object, ...]]:
    found = for_others(known, scenes, wrong)
    assert all(alarm.device == alarm.detail["camera"] for alarm in found)
    return [(alarm.detail[MEANT_FOR], alarm.device, alarm.detail.get("cameras")) for alarm in found]


def test_the_older_incident_hears_what_the_newer_took() -> None:
    assert raised(told()) == [("older", "c1", None)]


def test_it_hears_what_was_told_of_a_whole_switch_in_one_alarm() -> None:
    found = raised(told("switch", "c9", "c2", "c1"))
    assert found == [("newer", "c1", None), ("older", "c2", ["c2", "c1"])]


def test_who_has_heard_is_not_told_again() -> None:
    assert raised(told(), told("older", at=AT - 5_000)) == []
    again = told("older", at=AT + 2_000, **{MEANT_FOR: "older"})
    assert raised(told(), again) == []


def test_what_is_lost_again_later_is_told_again_and_once() -> None:
    first, again = told(at=AT - 20_000), told()
    assert raised(first, again, told("older", at=AT - 19_000)) == [("older", "c1", None)]
    assert raised(first, again) == [("older", "c1", None)]


def test_another_fault_is_other_news() -> None:
    covered = told("older", trouble=COVERED)
    assert raised(told(), covered) == [("older", "c1", None), ("newer", "c1", None)]


def test_what_was_meant_for_one_goes_no_further() -> None:
    assert raised(told("older", **{MEANT_FOR: "older"})) == []


def test_who_presses_when_it_is_gone_already_is_not_told() -> None:
    assert raised(told("older", at=NEWER.opened_at_ms - 1)) == []


def test_what_is_well_again_is_not_told() -> None:
    assert raised(told(), wrong=("c2",)) == []


def test_what_no_picture_shows_is_not_told() -> None:
    assert raised(told(trouble=Trouble.BUTTON_DEAD.value)) == []


def test_it_is_the_same_alarm_until_it_is_linked() -> None:
    [first], [again] = (for_others([told(reason="hung")], (OLDER,), ["c1"]) for _ in range(2))
    assert first == again
    assert first.detail["reason"] == "hung"
    [other] = for_others([told()], (Scene("third", 0, frozenset({"c1"})),), ["c1"])
    assert (first.boot, first.seq) != (other.boot, other.seq)
