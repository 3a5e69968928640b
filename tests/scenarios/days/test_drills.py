"""A drill looks like one, answers like the real thing, and hides no real press."""

from typing import Any

import pytest

from tests.scenarios.days.day import Day
from tests.scenarios.days.hearing import page, reply
from tests.scenarios.house import Officer

DRILL = {
    "name": "东村一组冬季演练",
    "villages": [],
    "groups": ["dongcun-g1"],
    "devices": [],
    "begin": "2026-11-21T20:00:00+08:00",
    "end": "2026-11-21T21:00:00+08:00",
    "notice_to": "派出所指挥室",
    "noticed_at": "2026-11-21T19:00:00+08:00",
    "note": "",
}


async def posted(officer: Officer, path: str, body: dict[str, Any], status: int) -> dict[str, Any]:
    async with officer.session.post(f"/api/v1/{path}", json=body) as answer:
        assert answer.status == status, await answer.text()
        found: dict[str, Any] = await answer.json()
        return found


@pytest.fixture
async def duty(day: Day) -> Officer:
    """The duty officer at the console, while a drill of the first group runs."""
    leader = await day.signs_in("leader")
    drill = await posted(leader, "drills", DRILL, 201)
    await posted(leader, f"drills/{drill['id']}/start", {}, 200)
    return await day.sits_down("duty")


async def test_a_press_in_a_drill_rings_softly_and_its_neighbours_are_told_it_is_one(
    day: Day, duty: Officer
) -> None:
    alarm = await day.presses(0)
    await day.was_sent(reply(day.device(0)), day.neighbours(0, drill=True), page("duty"))
    incident = await duty.incident_of(alarm)
    assert (incident["drill"], incident["ring_style"]) == (True, "soft")
    await day.pass_time(120)
    await day.forget("page")  # the drill's plan calls the duty officer again, and nobody else
    assert {p.target for p in (await day._all_sent()) if p.way == "page"} == {"duty"}


async def test_a_second_press_of_the_household_in_a_drill_is_real(day: Day, duty: Officer) -> None:
    await day.sits_down("leader")
    alarm = await day.presses(0)
    await day.was_sent(reply(day.device(0)), day.neighbours(0, drill=True), page("duty"))
    await day.presses(0)
    await day.was_sent(reply(day.device(0)), day.neighbours(0), page("duty"))
    incident = await duty.incident_of(alarm)
    assert (incident["drill"], incident["ring_style"]) == (False, "normal")
    await day.pass_time(30)
    await day.was_sent(page("leader"))


@pytest.mark.parametrize("kind", ["fire", "duress"])
async def test_fire_and_duress_in_a_drill_are_real_at_once(
    day: Day, duty: Officer, kind: str
) -> None:
    alarm = await day.presses(0, kind)
    told = day.neighbours(0) if kind == "fire" else []
    await day.was_sent(reply(day.device(0)), told, page("duty"))
    assert (await duty.incident_of(alarm))["drill"] is False


async def test_an_officer_makes_a_drill_press_real_by_one_key(day: Day, duty: Officer) -> None:
    await day.sits_down("leader")
    alarm = await day.presses(0)
    await day.was_sent(reply(day.device(0)), day.neighbours(0, drill=True), page("duty"))
    assert await duty.step(await duty.incident_of(alarm), "make-real") == 200
    incident = await duty.incident_of(alarm)
    assert (incident["drill"], incident["ring_style"]) == (False, "normal")
    await day.forget("notice")
    await day.was_sent(page("duty"))
    await day.pass_time(30)
    await day.was_sent(page("leader"))


async def test_a_press_outside_the_drill_is_as_real_as_ever(day: Day, duty: Officer) -> None:
    inside, outside = await day.presses(0), await day.presses(45)
    await day.was_sent(
        [reply(day.device(0)), reply(day.device(45))],
        day.neighbours(0, drill=True),
        day.neighbours(45),
        page("duty", "duty"),
    )
    assert (await duty.incident_of(inside))["drill"] is True
    assert (await duty.incident_of(outside))["drill"] is False


async def test_the_drill_is_over_and_the_same_press_is_real(day: Day, duty: Officer) -> None:
    day.clock.forward(3601)
    await day.settle()
    await duty.here()
    await day.forget("page")
    alarm = await day.presses(0)
    assert (await duty.incident_of(alarm))["drill"] is False
    await day.was_sent(reply(day.device(0)), day.neighbours(0), page("duty"))
