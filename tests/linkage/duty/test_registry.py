"""What is written into the duty room's registry comes out the same; on both engines."""

import json
from dataclasses import replace
from datetime import date, time, timedelta

import pytest

from alarms.model import AlarmKind
from alarms.store import SealedBox
from linkage.accounts.passwords import Passwords
from linkage.demo import town as demo_town
from linkage.demo.duty_room import seed_duty_room
from linkage.duty import recovering, registry
from linkage.duty.errors import BadEntry, NoSuchEntry
from linkage.duty.model import (
    Absence,
    AbsenceReason,
    Area,
    DayHours,
    Member,
    Override,
    Post,
    Slot,
    Team,
    Turn,
    VillageOfficer,
)
from linkage.duty.reading import load_officers, load_rota, load_teams, officer_username
from linkage.duty.rota import gaps
from linkage.duty.schema import patrol_teams
from linkage.model.person import Role
from tests.linkage.duty.rotas import SATURDAY, SHANGHAI, at, pattern

EAST = Area(frozenset({"dongcun"}), frozenset({"grid2"}))
GATE = Post("gate", "东门岗", Role.PATROL, EAST, False, DayHours(time(20), time(6)))
NIGHTS = replace(
    pattern(
        "20:00", 10, "duty leader", "", id="nights", post_id="gate", weekdays=frozenset({6, 7})
    ),
    turn=Turn.WEEK,
    ends_on=SATURDAY + timedelta(days=70),
)
SWAP = Override("swap", "gate", at("21 20:00"), at("22 06:00"), "leader", "duty", "换班")
SICK = Absence("sick", "duty", at("21 08:00"), at("23 08:00"), AbsenceReason.SICK, "感冒")


async def test_rota_comes_out_as_it_was_written(either_room):
    room = either_room
    await room.write(registry.put_post, GATE, now_ms=room.clock.ms)
    await room.write(registry.put_pattern, NIGHTS)
    await room.write(registry.put_override, SWAP)
    await room.write(registry.put_absence, SICK)
    rota = await room.write(load_rota, SHANGHAI)
    assert rota.posts == (replace(GATE, since=room.clock.now()),)
    assert (rota.patterns, rota.overrides, rota.absences) == ((NIGHTS,), (SWAP,), (SICK,))
    assert rota.absences[0].reason.label == ("病假", "Sick")


async def test_rota_since_a_moment_leaves_out_what_is_over(either_room):
    room = either_room
    await room.write(registry.put_post, GATE, now_ms=room.clock.ms)
    await room.write(registry.put_override, SWAP)
    await room.write(registry.put_absence, SICK)
    since_ms = round(at("22 12:00").timestamp() * 1000)
    rota = await room.write(load_rota, SHANGHAI, since_ms=since_ms)
    assert (rota.overrides, rota.absences) == ((), (SICK,))


async def test_post_that_goes_takes_its_patterns_and_overrides_along(either_room):
    room = either_room
    await room.write(registry.put_post, GATE, now_ms=room.clock.ms)
    await room.write(registry.put_pattern, NIGHTS)
    await room.write(registry.put_override, SWAP)
    assert await room.write(registry.area_of_post, "gate") == EAST
    await room.write(registry.delete_post, "gate")
    rota = await room.write(load_rota, SHANGHAI)
    assert (rota.posts, rota.patterns, rota.overrides) == ((), (), ())
    assert await room.write(registry.area_of_post, "gate") == Area(frozenset())


async def test_post_that_is_changed_keeps_the_moment_when_it_was_set_up(either_room):
    room = either_room
    await room.write(registry.put_post, GATE, now_ms=room.clock.ms)
    begun = room.clock.now()
    room.clock.forward(3600)
    await room.write(registry.put_post, replace(GATE, name="西门岗"), now_ms=room.clock.ms)
    (post,) = (await room.write(load_rota, SHANGHAI)).posts
    assert (post.name, post.since) == ("西门岗", begun)


async def test_team_and_officer_come_out_with_their_telephones(either_room):
    room = either_room
    members = (Member("duty"), Member(name="老王", phone="13812345678"))
    slots = (
        Slot(DayHours(time(20), time(2)), frozenset({5, 6})),
        Slot(DayHours(time(8), time(12)), every_weeks=3, since=date(2026, 11, 16)),
    )
    team = Team("t", "巡防一队", EAST, slots, members, (30.0, 120.0))
    officer = VillageOfficer("dongcun", Member("station", "周警官", "110"), "派出所")
    await room.write(registry.put_team, room.box, team)
    await room.write(registry.put_officer, room.box, officer)
    assert await room.write(load_teams, room.box) == [team]
    assert await room.write(load_officers, room.box) == [officer]
    assert await room.write(officer_username, "dongcun") == "station"
    assert await room.write(officer_username, "xicun") is None
    assert "13812345678" not in repr(team)


@pytest.mark.parametrize("name", ["override", "absence", "team", "officer", "pattern"])
async def test_what_is_not_there_cannot_be_removed(room, name):
    with pytest.raises(NoSuchEntry, match="gone"):
        await room.write(getattr(registry, f"delete_{name}"), "gone")


@pytest.mark.parametrize("days", [frozenset(), frozenset({0})])
async def test_days_that_are_none_are_refused(room, days):
    await room.write(registry.put_post, GATE, now_ms=0)
    with pytest.raises(BadEntry, match="Monday"):
        await room.write(registry.put_pattern, replace(NIGHTS, weekdays=days))
    team = Team("t", "一队", EAST, (Slot(DayHours(time(20), time(2)), days),))
    with pytest.raises(BadEntry, match="Monday"):
        await room.write(registry.put_team, room.box, team)


async def test_turn_of_which_nobody_knows_the_week_is_refused(room):
    team = Team("t", "一队", EAST, (Slot(DayHours(time(20), time(2)), every_weeks=2),))
    with pytest.raises(BadEntry, match="since which week"):
        await room.write(registry.put_team, room.box, team)


async def test_slot_that_was_kept_before_there_were_turns_is_every_week(room):
    team = Team("t", "一队", EAST, (Slot(DayHours(time(20), time(2))),))
    await room.write(registry.put_team, room.box, team)
    old = json.dumps([{"weekdays": [1, 2, 3, 4, 5, 6, 7], "hours": "20:00-02:00"}])
    await room.write(lambda conn: conn.execute(patrol_teams.update().values(slots=old)))
    assert await room.write(load_teams, room.box) == [team]


async def test_area_of_nothing_is_refused(room):
    with pytest.raises(BadEntry, match="at least one village"):
        await room.write(registry.put_post, replace(GATE, area=Area(frozenset())), now_ms=0)


async def test_incident_that_somebody_closed_meanwhile_is_left_alone(room):
    await room.sit("duty")
    await room.look(31)

    def close_twice(conn):
        kind = AlarmKind.UNATTENDED
        found = recovering.open_incidents(conn, kind)
        said = {"writer": "main", "now_ms": room.clock.ms}
        first = recovering.close(conn, found, kind, "…", **said)
        return first, recovering.close(conn, found, kind, "…", **said)

    first, second = await room.write(close_twice)
    assert first > 0
    assert second == 0


async def test_rota_of_the_demo_town_has_no_gap(either_database):
    box = SealedBox(bytes(32))

    def found(conn):
        demo_town.seed_places(conn, box)
        demo_town.seed_accounts(conn, Passwords(), now_ms=0)
        seed_duty_room(conn, box, now_ms=0)
        return load_rota(conn, SHANGHAI), load_teams(conn, box), load_officers(conn, box)

    rota, teams, officers = await either_database.write(found)
    assert gaps(rota, at("21 00:00"), at("30 00:00")) == []
    assert (len(rota.posts), len(teams), len(officers)) == (3, 2, 3)
