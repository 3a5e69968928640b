"""Who is meant by the names in a plan, by the rota and by who sits there."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from linkage.duty.model import Area, Post
from linkage.duty.rota import Duty, Manning
from linkage.escalation.callees import Found, Roster, found
from linkage.escalation.plans import Callee
from linkage.model.person import Person, Role

NOW = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
LOCAL = NOW.astimezone(ZoneInfo("Asia/Shanghai"))


def person(name: str, role: Role, *places: str) -> Person:
    return Person(name, name, role, frozenset(places or ("*",)))


FIRST = person("first", Role.DUTY_OFFICER)
SECOND = person("second", Role.DUTY_OFFICER)
EAST = person("east", Role.PATROL, "dongcun")
GRID = person("grid", Role.PATROL, "dongcun")
WEST = person("west", Role.PATROL, "xicun")
CONSTABLE = person("constable", Role.DISPATCHER)
AUDITOR = person("auditor", Role.AUDITOR)
PEOPLE = (FIRST, SECOND, EAST, GRID, WEST, CONSTABLE, AUDITOR)

OFFICERS = (Callee(role=Role.DUTY_OFFICER),)
PATROL = (Callee(role=Role.PATROL),)


def post(
    name: str,
    role: Role,
    *present: str,
    absent: tuple[str, ...] = (),
    villages: tuple[str, ...] = ("*",),
    grids: tuple[str, ...] = (),
) -> Manning:
    area = Area(frozenset(villages), frozenset(grids))
    return Manning(Post(name, f"岗位{name}", role, area), present, absent)


def meant(
    callees: tuple[Callee, ...],
    *posts: Manning,
    away: tuple[str, ...] = (),
    attended: tuple[str, ...] = (),
    officer: str | None = None,
    rota: bool = True,
) -> Found:
    duty = Duty(NOW, posts, frozenset(away)) if rota else None
    roster = Roster(LOCAL, PEOPLE, frozenset(attended), duty, officer)
    return found(callees, roster, village_id="dongcun", grid_id="grid2")


def present(*args, **more) -> list[str]:
    return [p.username for p in meant(*args, **more).present]


def absent(*args, **more) -> list[str]:
    return [p.username for p in meant(*args, **more).absent]


def test_without_a_rota_a_role_is_everyone_of_it():
    assert present(OFFICERS, rota=False) == ["first", "second"]


def test_where_the_rota_knows_nobody_of_a_role_it_is_everyone_of_it():
    assert present(OFFICERS, post("gate", Role.PATROL, "east")) == ["first", "second"]


def test_a_role_is_those_of_it_who_are_on_duty():
    assert present(OFFICERS, post("desk", Role.DUTY_OFFICER, "second")) == ["second"]


def test_who_is_on_duty_but_has_no_account_here_is_nobody():
    assert present(OFFICERS, post("desk", Role.DUTY_OFFICER, "gone")) == ["first", "second"]


def test_where_those_on_duty_are_away_the_others_of_the_role_are_called():
    desk = post("desk", Role.DUTY_OFFICER, absent=("first",))
    assert present(OFFICERS, desk, away=("first",)) == ["second"]


def test_a_role_all_of_whom_are_away_is_nobody_present():
    desk = post("desk", Role.DUTY_OFFICER, absent=("first", "second"))
    assert present(OFFICERS, desk, away=("first", "second")) == []
    assert absent(OFFICERS, desk, away=("first", "second")) == ["first", "second"]


def test_who_sits_there_is_there_though_the_rota_names_another():
    desk = post("desk", Role.DUTY_OFFICER, "first")
    assert present(OFFICERS, desk, attended=("second",)) == ["first", "second"]


def test_who_sits_there_is_not_called_besides_an_attended_officer_on_duty():
    desk = post("desk", Role.DUTY_OFFICER, "first")
    assert present(OFFICERS, desk, attended=("first", "second")) == ["first"]


def test_who_is_away_is_not_called_though_their_console_is_attended():
    desk = post("desk", Role.DUTY_OFFICER, "first")
    assert present(OFFICERS, desk, away=("second",), attended=("second",)) == ["first"]


def test_who_holds_a_post_of_the_very_grid_comes_before_those_of_the_village():
    posts = (
        post("v", Role.PATROL, "east", villages=("dongcun",)),
        post("g", Role.PATROL, "grid", villages=("dongcun",), grids=("grid2",)),
    )
    assert present(PATROL, *posts) == ["grid"]


def test_who_holds_a_post_of_another_grid_comes_after_those_of_the_village():
    posts = (
        post("v", Role.PATROL, "east", villages=("dongcun",)),
        post("g", Role.PATROL, "grid", villages=("dongcun",), grids=("grid9",)),
    )
    assert present(PATROL, *posts) == ["east"]


def test_who_holds_a_post_of_another_grid_is_better_than_nobody_on_duty():
    other = post("g", Role.PATROL, "grid", villages=("dongcun",), grids=("grid9",))
    assert present(PATROL, other) == ["grid"]


def test_who_is_on_duty_elsewhere_is_called_where_the_place_is_theirs():
    elsewhere = post("w", Role.PATROL, "east", villages=("xicun",))
    assert present(PATROL, elsewhere) == ["east"]


def test_a_post_is_who_holds_it_now_by_its_id_or_its_name():
    desk = post("desk", Role.DUTY_OFFICER, "second")
    assert present((Callee(post="desk"),), desk) == ["second"]
    assert present((Callee(post="岗位desk"),), desk) == ["second"]


def test_a_post_whose_holder_is_away_is_empty():
    desk = post("desk", Role.DUTY_OFFICER, absent=("first",))
    assert present((Callee(post="desk"),), desk, away=("first",)) == []
    assert absent((Callee(post="desk"),), desk, away=("first",)) == ["first"]


def test_a_post_without_a_rota_is_nobody():
    assert meant((Callee(post="desk"),), rota=False) == Found((), ())


def test_the_village_officer_is_the_account_of_one_village_one_officer():
    assert present((Callee(village_officer=True),), officer="constable") == ["constable"]
    assert present((Callee(village_officer=True),)) == []


def test_a_named_user_who_is_away_is_absent():
    assert absent((Callee(username="first"),), away=("first",)) == ["first"]


def test_an_auditor_is_not_called_even_by_name():
    assert meant((Callee(username="auditor"),)) == Found((), ())


def test_nobody_is_meant_twice_in_the_order_of_the_plan():
    callees = (Callee(username="second"), *OFFICERS)
    assert present(callees) == ["second", "first"]


def test_the_name_of_a_callee_is_as_the_file_writes_it():
    named = (
        Callee(role=Role.PATROL),
        Callee(username="a"),
        Callee(post="门岗"),
        Callee(village_officer=True),
    )
    assert [str(c) for c in named] == ["role:patrol", "user:a", "post:门岗", "officer:village"]
