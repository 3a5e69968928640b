"""An incident's way through the six steps, with all that can come between."""

from typing import Any

from tests.scenarios.days.day import Day
from tests.scenarios.days.hearing import page, reply
from tests.scenarios.house import Officer


async def taken(officer: Officer, alarm: str, step: str, **body: object) -> dict[str, Any]:
    """The incident after this step, which was allowed."""
    incident = await officer.incident_of(alarm)
    assert await officer.step(incident, step, **body) == 200, step
    return await officer.detail(incident)


async def test_the_six_steps_each_have_their_own_time_and_the_button_hears_of_them(
    day: Day,
) -> None:
    duty, leader = await day.sits_down("duty"), await day.sits_down("leader")
    alarm = await day.presses(0)
    steps: list[tuple[str, dict[str, object]]] = [
        ("acknowledge", {}),
        ("verify", {"note": "已回拨"}),
        ("dispatch", {"to": "一队"}),
        ("set-out", {}),
        ("arrive", {}),
        ("respond", {"note": "纠纷已劝开"}),
        ("close", {"outcome": "real"}),
    ]
    for step, body in steps:
        await day.pass_time(10)
        incident = await taken(duty, alarm, step, **body)
    await day.pass_time(10)
    incident = await taken(leader, alarm, "review", note="响应及时")
    assert incident["stage"] == "reviewed"
    times = [incident["times"][name] for name in TIMES]
    assert times == sorted(times)
    assert len(set(times)) == len(TIMES)
    heard = [reply(day.device(0), s) for s in ("received", "acknowledged", "dispatched", "closed")]
    await day.was_sent(heard, day.neighbours(0), page("duty"), day.neighbours(0, over=True))


TIMES = (
    "acknowledged",
    "verified",
    "dispatched",
    "set_out",
    "arrived",
    "responded",
    "closed",
    "reviewed",
)


async def test_merged_after_dispatch_the_presses_follow_the_incident_that_stays(day: Day) -> None:
    duty = await day.sits_down("duty")
    near, far = await day.presses(0), await day.presses(45)
    for alarm in (near, far):
        await taken(duty, alarm, "acknowledge")
    await taken(duty, near, "verify")
    await taken(duty, near, "dispatch", to="一队")
    await day.settle()
    stays = await duty.incident_of(near)
    gone = await taken(duty, far, "merge", into=stays["id"], reason="同一伙人")
    assert (gone["stage"], gone["outcome"]) == ("closed", "duplicate")
    assert gone["merged_into"]["id"] == stays["id"]
    stays = await duty.detail(stays)
    assert {alarm["id"] for alarm in stays["alarms"]} == {near, far}
    assert stays["stage"] == "dispatched"
    heard = [reply(day.device(0), s) for s in ("received", "acknowledged", "dispatched")]
    await day.settle()
    new = [str(one.word) for one in day.listener.heard if one.target == day.device(45)]
    assert new[:2] == ["received", "acknowledged"]
    assert "closed" not in new  # its incident goes on under another number
    more = [reply(day.device(45), word) for word in new]
    await day.was_sent(heard, more, page("duty", "duty"), day.neighbours(0), day.neighbours(45))


async def test_reopened_after_close_it_rings_until_somebody_signs_again(day: Day) -> None:
    duty = await day.sits_down("duty")
    await day.sits_down("leader")
    alarm = await day.presses(0)
    for step, body in (
        ("acknowledge", {}),
        ("verify", {}),
        ("close", {"outcome": "accidental"}),
    ):
        await taken(duty, alarm, step, **body)
    heard = [reply(day.device(0), s) for s in ("received", "acknowledged", "closed")]
    await day.was_sent(heard, day.neighbours(0), page("duty"), day.neighbours(0, over=True))
    incident = await taken(duty, alarm, "reopen", reason="住户再次来电")
    assert (incident["stage"], incident["acknowledged"], incident["outcome"]) == (
        "verified",
        None,
        None,
    )
    await day.was_sent(page("duty"))
    await day.pass_time(30)
    await day.was_sent(page("leader"))


async def test_a_step_that_is_late_calls_the_shift_leader_and_is_marked(day: Day) -> None:
    duty = await day.sits_down("duty")
    await day.sits_down("leader")
    alarm = await day.presses(0)
    await taken(duty, alarm, "acknowledge")
    heard = [reply(day.device(0), s) for s in ("received", "acknowledged")]
    await day.was_sent(heard, day.neighbours(0), page("duty"))
    await day.pass_time(59)
    await day.was_sent()
    await day.pass_time(1)  # verified within a minute, or the shift leader hears of it
    await day.was_sent(page("duty", "leader"))
    assert (await duty.incident_of(alarm))["overdue"] == 1


async def test_two_officers_never_take_the_same_incident_unknowingly(day: Day) -> None:
    duty, leader = await day.sits_down("duty"), await day.sits_down("leader")
    alarm = await day.presses(0)
    seen = await duty.incident_of(alarm)
    assert await duty.step(seen, "acknowledge") == 200
    assert await leader.step(seen, "acknowledge") == 412
    assert await leader.step(await leader.incident_of(alarm), "acknowledge") == 409
    assert (await leader.incident_of(alarm))["acknowledged"]["username"] == "duty"
    heard = [reply(day.device(0), s) for s in ("received", "acknowledged")]
    await day.was_sent(heard, day.neighbours(0), page("duty"))


async def test_a_suspended_incident_comes_back_by_itself(day: Day) -> None:
    duty = await day.sits_down("duty")
    alarm = await day.presses(0, "missing")
    await taken(duty, alarm, "acknowledge")
    await taken(duty, alarm, "verify")
    heard = [reply(day.device(0), s) for s in ("received", "acknowledged")]
    await day.was_sent(heard, day.neighbours(0), page("duty"))
    until = "2026-11-21T20:30:00+08:00"
    assert (await taken(duty, alarm, "suspend", reason="等家属", until=until))["suspended_until"]
    await day.pass_time(29 * 60)
    await day.was_sent()
    await day.pass_time(60)
    incident = await duty.incident_of(alarm)
    assert incident["suspended_until"] is None
    assert await day.events(incident, "resumed")
    await day.was_sent(page("duty"))
