"""Neighbours who were told that help is needed are told that it is over: who, and when not."""

from pathlib import Path

from alarms.model import AlarmKind, SeenNotice
from linkage.model.person import Actor, Role
from linkage.quiet import storage
from linkage.quiet.ledger import ledger
from linkage.quiet.model import Drill
from linkage.steps.checks import Ask
from linkage.steps.moves import Step
from tests.linkage.town import actions_of, press, rows
from tests.linkage.way_house import WayTown, close, way_town

DUTY = Actor("duty", "张伟", Role.DUTY_OFFICER)
TEN_MINUTES = 600


def heard(town: WayTown, state: str) -> dict[str, tuple[object, object]]:
    """Of each device the notice's id and time that it was sent with this state."""
    return {
        topic.split("/")[2]: (said["id"], said["until_ms"])
        for topic, said in town.publisher.sent
        if topic.endswith("/notice") and said["state"] == state
    }


def notices(town: WayTown) -> int:
    return sum(topic.endswith("/notice") for topic, _ in town.publisher.sent)


async def take(town: WayTown, incident_id: str, step: Step, **said: object) -> None:
    [now] = [i for i in await rows(town.database, "incidents") if i["id"] == incident_id]
    await town.desk.take(incident_id, Ask(step, DUTY, now["version"], **said))  # type: ignore[arg-type]


async def test_whom_we_told_hears_at_the_close_that_it_is_over(tmp_path: Path):
    async with way_town(tmp_path) as town:
        incident = await town.happens(press("b1", 1))
        told = heard(town, "active")
        assert set(told) == {"b2", "b3"}
        assert heard(town, "over") == {}
        await close(town, incident)
        await town.later(1)
        assert heard(town, "over") == told
        await town.later(1)
        assert notices(town) == 4


async def test_it_is_said_under_the_same_id_on_postgresql_too(tmp_path: Path, postgres_url: str):
    async with way_town(tmp_path, url=postgres_url) as town:
        incident = await town.happens(press("b1", 1))
        await close(town, incident)
        await town.later(1)
        assert heard(town, "over") == heard(town, "active") != {}


async def test_who_was_never_told_hears_nothing_at_the_close(tmp_path: Path):
    async with way_town(tmp_path) as town:
        town.publisher.away = True
        incident = await town.happens(press("b1", 1))
        await close(town, incident)
        town.publisher.away = False
        await town.later(30)
        assert notices(town) == 0


async def test_a_notice_whose_time_is_past_is_not_taken_away(tmp_path: Path):
    async with way_town(tmp_path) as town:
        incident = await town.happens(press("b1", 1))
        await town.later(TEN_MINUTES)
        await close(town, incident)
        await town.later(1)
        assert heard(town, "over") == {}


async def test_nothing_is_taken_away_after_its_time_however_late_the_broker_returns(
    tmp_path: Path,
):
    async with way_town(tmp_path) as town:
        incident = await town.happens(press("b1", 1))
        await close(town, incident)
        town.publisher.away = True
        await town.later(1)
        town.publisher.away = False
        await town.later(TEN_MINUTES)
        assert heard(town, "over") == {}
        assert await town.events("notice_failed") == []


async def test_a_device_that_sent_something_quiet_hears_nothing_more(tmp_path: Path):
    async with way_town(tmp_path) as town:
        await town.happens(press("b1", 1))
        incident = await town.happens(press("b2", 1, AlarmKind.DURESS))
        before = notices(town)
        assert before == 2  # a duress tells nobody near
        await close(town, incident)
        await town.later(1)
        assert set(heard(town, "over")) == {"b3"}


async def test_merged_it_is_over_when_the_incident_that_stays_is_closed(tmp_path: Path):
    async with way_town(tmp_path) as town:
        gone = await town.happens(press("b1", 1))
        stays = await town.happens(press("b5", 1))
        assert stays["id"] != gone["id"]
        told = heard(town, "active")
        await take(town, gone["id"], Step.ACKNOWLEDGE)
        await take(town, gone["id"], Step.MERGE, into=stays["id"], reason="同一事")
        await town.later(1)
        assert heard(town, "over") == {}
        for step in (Step.ACKNOWLEDGE, Step.VERIFY):
            await take(town, stays["id"], step)
        await take(town, stays["id"], Step.CLOSE, outcome="accidental", note="误按")
        await town.later(1)
        assert heard(town, "over") == told != {}


async def test_a_notice_that_was_on_its_way_at_the_close_is_taken_away_too(tmp_path: Path):
    async with way_town(tmp_path) as town:

        async def closed_meanwhile() -> None:
            await close(town, await town.incident())

        town.publisher.meanwhile = closed_meanwhile
        await town.happens(press("b1", 1))
        await town.later(1)
        told = heard(town, "active")
        assert heard(town, "over") == told != {}
        states = {a["state"] for a in await actions_of(town.database, "notice")}
        assert states == {"cancelled", "sent"}
        await town.later(1)
        assert notices(town) == 2 * len(told)


async def test_closed_once_more_nobody_is_told_twice(tmp_path: Path):
    async with way_town(tmp_path) as town:
        incident = await town.happens(press("b1", 1))
        await close(town, incident)
        await town.later(1)
        await take(town, incident["id"], Step.REOPEN, reason="再次来电")
        await close_again(town, incident["id"])
        await town.later(1)
        assert notices(town) == 4


async def test_reopened_before_it_was_said_it_is_said_at_the_next_close(tmp_path: Path):
    async with way_town(tmp_path) as town:
        incident = await town.happens(press("b1", 1))
        await close(town, incident)
        await take(town, incident["id"], Step.REOPEN, reason="再次来电")
        await close_again(town, incident["id"])
        await town.later(1)
        assert heard(town, "over") == heard(town, "active")
        assert len(await actions_of(town.database, "notice")) == 6
        assert notices(town) == 4


async def close_again(town: WayTown, incident_id: str) -> None:
    await take(town, incident_id, Step.ACKNOWLEDGE)
    await take(town, incident_id, Step.CLOSE, outcome="accidental", note="误按")


async def test_how_a_neighbour_answered_stays_in_the_ledger_of_a_drill(tmp_path: Path):
    async with way_town(tmp_path) as town:
        hour_ms = 3_600_000
        drill = Drill(
            id="d1",
            name="秋季演练",
            begin_ms=town.clock.ms,
            end_ms=town.clock.ms + hour_ms,
            made_by="leader",
            made_at_ms=town.clock.ms,
            groups=frozenset({"g3"}),
            started_by="leader",
            started_at_ms=town.clock.ms,
        )
        await town.database.write(lambda conn: storage.add_drill(conn, drill))
        incident = await town.happens(press("b1", 1))
        notice_id, _ = heard(town, "active")["b2"]
        await town.desk.seen([SeenNotice("b2", str(notice_id), "coming")])
        await close(town, incident)
        await town.later(1)
        assert set(heard(town, "over")) == {"b2", "b3"}
        lines = await town.database.read(lambda conn: ledger(conn, drill))
        assert {line.device: line.notice for line in lines if line.notice} == {
            "b2": "coming",
            "b3": "sent",
        }
