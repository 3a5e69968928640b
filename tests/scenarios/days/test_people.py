"""The people of the duty room: at the console, away, signed out."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, delete, select

from lianfang_timing import unix_ms
from linkage import schema as s
from linkage.accounts import people
from linkage.model.person import Role
from tests.scenarios.days.day import Day
from tests.scenarios.days.hearing import page, reply
from tests.scenarios.house import Officer

DUTY_ROOM = {
    "name": "值班室",
    "role": "duty-officer",
    "villages": ["*"],
    "grids": [],
    "must_be_manned": True,
    "hours": None,
}


async def wrote(officer: Officer, noun: str, entry: dict[str, Any]) -> str:
    """The id of an entry of the rota, written by this officer."""
    async with officer.session.post(f"/api/v1/duty/{noun}", json=entry) as answer:
        assert answer.status == 201, await answer.text()
        return str((await answer.json())["id"])


def shifts(post: str, crews: Sequence[Sequence[str]], ends_on: str | None = None) -> dict[str, Any]:
    """Of 24 hours from ten past eight in the morning, the crews in turn."""
    return {
        "post": post,
        "start": "08:10",
        "hours": 24,
        "crews": crews,
        "begins_on": "2026-11-20",
        "ends_on": ends_on,
        "weekdays": [1, 2, 3, 4, 5, 6, 7],
        "turn": "shift",
    }


async def hires(day: Day, username: str) -> None:
    """One more duty officer, with the password of the first."""
    at_ms = unix_ms(day.clock.now())

    def add(conn: Connection) -> None:
        same = conn.scalar(
            select(s.accounts.c.password_hash).where(s.accounts.c.username == "duty")
        )
        people.add(
            conn,
            username,
            display_name="陈值班",
            unit="综治中心",
            role=Role.DUTY_OFFICER,
            places=["*"],
            password_hash=str(same),
            now_ms=at_ms,
        )

    await day.database.write(add)
    day.site.accounts[username] = day.site.accounts["duty"]


async def test_the_first_officer_is_off_sick_and_only_the_other_is_called(day: Day) -> None:
    await hires(day, "chen")
    leader = await day.signs_in("leader")
    post = await wrote(leader, "posts", DUTY_ROOM)
    await wrote(leader, "patterns", shifts(post, [["duty", "chen"]]))
    sick = {"username": "duty", "reason": "sick", "note": ""}
    day_off = {"from": "2026-11-21T08:00:00+08:00", "until": "2026-11-24T08:00:00+08:00"}
    await wrote(leader, "absences", {**sick, **day_off})
    await day.sits_down("chen")
    await day.presses(0)
    await day.was_sent(reply(day.device(0)), day.neighbours(0), page("chen"))


async def test_a_gap_in_the_rota_is_an_alarm_half_a_day_ahead_and_goes_when_it_is_filled(
    day: Day,
) -> None:
    leader = await day.sits_down("leader")
    post = await wrote(leader, "posts", DUTY_ROOM)
    await wrote(leader, "patterns", shifts(post, [["duty"]], ends_on="2026-11-21"))
    await day.pass_time(9 * 60)
    await day.was_sent()  # tomorrow at ten past eight is more than twelve hours off
    await day.pass_time(90)
    (incident,) = (await leader.get("/incidents?state=open"))["items"]
    assert incident["kind"] == "rota_gap"
    await day.was_sent(page("leader", "admin"))
    more = {"post": post, "username": "duty", "replaces": None}
    when = {"from": "2026-11-22T08:10:00+08:00", "until": "2026-12-22T08:10:00+08:00"}
    await wrote(leader, "overrides", {**more, **when, "reason": "顶班"})
    await day.pass_time(30)
    assert (await leader.get("/incidents?state=open"))["items"] == []
    assert await day.events(incident, "recovered")


async def test_an_empty_chair_is_an_alarm_at_once_and_goes_when_somebody_sits_down(
    day: Day,
) -> None:
    duty = await day.sits_down("duty")
    await day.pass_time(10)
    await day.leaves("duty")
    await day.pass_time(60)
    (incident,) = (await duty.get("/incidents?state=open"))["items"]
    assert incident["kind"] == "unattended"
    await day.was_sent(page("leader", "admin"))
    await day.sits_down("leader")
    await day.pass_time(10)
    assert (await duty.get("/incidents?state=open"))["items"] == []


async def test_a_muted_page_is_an_empty_chair_and_the_press_goes_on_to_the_next(
    day: Day,
) -> None:
    duty = await day.sits_down("duty")
    await day.sits_down("leader")
    await duty.here(sound="locked")
    day.at_console.pop("duty")
    await day.presses(0)
    await day.was_sent(reply(day.device(0)), day.neighbours(0), page("leader"))


async def test_a_session_that_ends_in_the_middle_is_an_empty_chair(day: Day) -> None:
    await day.sits_down("duty")
    await day.sits_down("leader")
    await day.presses(0)
    await day.was_sent(reply(day.device(0)), day.neighbours(0), page("duty"))
    day.at_console.pop("duty")

    def end(conn: Connection) -> None:
        conn.execute(delete(s.sessions).where(s.sessions.c.username == "duty"))

    await day.database.write(end)
    await day.pass_time(30)
    await day.was_sent(page("leader"))
    await day.presses(45)  # the duty officer's page is gone: the leader hears of it at once
    await day.was_sent(reply(day.device(45)), day.neighbours(45), page("leader"))
