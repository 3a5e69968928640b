"""Gathering a period from SQLite and PostgreSQL alike: its edges, its pages, its parts."""

from datetime import date, time, timedelta

import pytest
from sqlalchemy import insert

from alarms.store import Database, SealedBox
from alarms.store.tables import alarms
from linkage import schema as s
from linkage.accounts.rights import Places
from linkage.appraisal import visits
from linkage.appraisal.appraising import Period, appraise, sources
from linkage.appraisal.grouping import By
from linkage.appraisal.model import Measure, Part
from linkage.appraisal.reading import Asked, gather
from linkage.appraisal.sources import SourceSort
from linkage.duty import registry
from linkage.duty.model import Pattern, Post
from linkage.model.event import EventType as E
from linkage.model.person import Role
from linkage.registry.errors import BadEntry, NoSuchEntry, NotPossible
from linkage.registry.history import Caller
from linkage.schema import incidents
from tests.linkage.appraisal.appraisal_stories import USUAL, ZONE, local, tell
from tests.stores import migrated_sqlite

EVERYWHERE = Places(None)
BOX = SealedBox(bytes(range(32)))
NOVEMBER = Period(date(2026, 11, 1), date(2026, 11, 30), local(2026, 11, 1), local(2026, 12, 1))
HOME = "dongcun-017"


def settle(conn):
    conn.execute(
        insert(s.villages), [{"id": "dongcun", "name": "东村"}, {"id": "xicun", "name": "西村"}]
    )
    grid = {"id": "g1", "village_id": "dongcun", "name": "网格"}
    conn.execute(insert(s.grids).values(**grid))
    conn.execute(insert(s.mutual_aid_groups).values(id="t3", grid_id="g1", name="3组"))
    home = {"id": HOME, "group_id": "t3", "label": "3组017号", "wants_notices": True}
    conn.execute(insert(s.households).values(**home))
    person = {"display_name": "张三", "unit": "综治中心", "role": "duty-officer", "places": '["*"]'}
    conn.execute(
        insert(s.accounts).values(
            username="zhang", **person, password_hash="", enabled=True, created_at_ms=0
        )
    )
    registry.put_post(conn, Post("desk", "值班席", Role.DUTY_OFFICER), now_ms=0)
    registry.put_pattern(
        conn,
        Pattern("day", "desk", time(8), timedelta(hours=12), (("zhang",),), date(2026, 1, 1)),
    )


@pytest.fixture
async def town(tmp_path):
    """For what is decided beside the database."""
    database = Database(migrated_sqlite(tmp_path / "town.db"))
    await database.open()
    await database.write(settle)
    yield database
    await database.close()


@pytest.fixture
async def either_town(either_database):
    """For what is asked of the database in a way of its own."""
    await either_database.write(settle)
    return either_database


async def november(town, *, places=EVERYWHERE, village=None, **limits):
    return await gather(town, Asked(places, NOVEMBER, village), ZONE, **limits)


async def test_a_period_begins_and_ends_at_the_sites_own_midnight(town):
    def write(conn):
        for number, moment in enumerate(
            [
                local(2026, 11, 1) - 1,
                local(2026, 11, 1),
                local(2026, 12, 1) - 1,
                local(2026, 12, 1),
            ],
            1,
        ):
            tell(conn, number, moment)

    await town.write(write)
    found = await november(town)
    assert [case.number for case in found.cases] == ["20261101-0002", "20261130-0003"]


async def test_what_was_measured_is_the_timelines(town):
    await town.write(lambda conn: tell(conn, 1, local(2026, 11, 2, 9)))
    (case,) = (await november(town)).cases
    assert case.took_ms == {
        Measure.SIGN_FOR: 20_000,
        Measure.SET_OUT: 120_000,
        Measure.ARRIVAL: 660_000,
        Measure.FEEDBACK: 2_400_000,
    }
    assert case.part is Part.COUNTED
    assert case.source is not None
    assert (case.source.device, case.source.household_id) == (f"{HOME}-1", HOME)


async def test_each_goes_into_its_part_and_only_the_real_ones_ring(either_town):
    def write(conn):
        at = local(2026, 11, 2, 9)
        tell(conn, 1, at, presses=3)
        tell(conn, 2, at, drill=True, presses=9, outcome="drill")
        tell(conn, 3, at, presses=0, merged_into="i-20261102-1", outcome="duplicate")
        tell(conn, 4, at, USUAL[:1], stage="reported", outcome=None)
        tell(conn, 5, at, (), kind="unattended", household_id=None)
        reopened = (*USUAL, (E.REOPENED, 9000, {"stage": "verified"}))
        tell(conn, 6, at, reopened, stage="verified", outcome=None, supervised_at_ms=at)

    await either_town.write(write)
    found = await november(either_town)
    shown = appraise(found, [By.SHIFT], now_ms=local(2026, 12, 1))
    assert {part: n for part, n in shown.counts.parts.items() if n} == {
        Part.COUNTED: 1,
        Part.PRACTICE: 1,
        Part.FOLDED: 1,
        Part.OPEN: 2,
        Part.TECHNICAL: 1,
    }
    assert [case.is_reopened for case in found.cases if case.is_supervised] == [True]
    assert shown.load is not None
    assert {sort.value: n for sort, n in shown.load.sorts.items()} == {
        "help": 5,
        "camera": 0,
        "technical": 1,
    }
    assert [group.name.id for group in shown.groups[By.SHIFT]] == ["08:00-20:00"]


async def test_a_returned_and_reassigned_order_is_read_from_the_timeline(town):
    events = (
        (E.DISPATCHED, 60, {}),
        (E.REASSIGNED, 600, {"sign_for": False, "to": "t2"}),
        (E.SET_OUT, 720, {}),
        (E.RESPONDED, 900, {}),
        (E.RETURNED, 960, {"stage": "dispatched"}),
        (E.RESPONDED, 1200, {}),
    )
    await town.write(lambda conn: tell(conn, 1, local(2026, 11, 2, 9), events))
    (case,) = (await november(town)).cases
    assert case.took_ms == {Measure.SET_OUT: 120_000, Measure.FEEDBACK: 600_000}


async def test_it_is_read_in_pages(either_town):
    await either_town.write(
        lambda conn: [tell(conn, n, local(2026, 11, 1 + n % 3, 9)) for n in range(1, 6)]
    )
    found = await november(either_town, at_once=2)
    assert len(found.cases) == len({case.id for case in found.cases}) == 5
    assert sum(found.alarms.values()) == 5


async def test_too_many_are_refused_with_what_to_do(town):
    await town.write(lambda conn: [tell(conn, n, local(2026, 11, 2, 9)) for n in (1, 2)])
    with pytest.raises(NotPossible, match="shorter time"):
        await november(town, most=1)


async def test_a_part_of_the_site_is_only_that_part_and_has_no_load(town):
    def write(conn):
        tell(conn, 1, local(2026, 11, 2, 9))
        tell(conn, 2, local(2026, 11, 2, 9), village_id="xicun", household_id=None)
        tell(conn, 3, local(2026, 11, 2, 9), village_id=None, household_id=None)

    await town.write(write)
    for asked in ({"places": Places(frozenset({"xicun"}))}, {"village": "xicun"}):
        found = await november(town, **asked)
        assert [case.number for case in found.cases] == ["20261102-0002"]
        assert found.alarms == {}
    assert len((await november(town)).cases) == 3


async def test_a_cameras_zone_is_what_the_log_still_has(either_town):
    def write(conn):
        at = local(2026, 11, 2, 9)
        camera = {"kind": "loitering", "household_id": None, "camera_id": "cam"}
        incident = tell(conn, 1, at, outcome="false", **camera)
        tell(conn, 2, at, outcome="false", **camera)
        conn.execute(
            insert(alarms).values(
                id=f"{incident}-a0",
                source="camera",
                device="cam",
                boot=1,
                seq=1,
                kind="loitering",
                silent=False,
                received_at_ms=at,
                mac_ok=False,
                flags="",
                writer="test",
                number=1,
                payload='{"detail":{"zone":"gate"}}',
                digest="",
                link="",
            )
        )

    await either_town.write(write)
    zones = sources(await november(either_town))[SourceSort.ZONE]
    assert {(one.source.id, one.source.zone) for one in zones} == {("cam", "gate"), ("cam", None)}


def caller(at_ms, places=EVERYWHERE):
    return Caller("zhang", "", places, at_ms, "test")


async def test_a_visit_is_kept_sealed_and_read_back(either_town):
    at_ms = local(2026, 11, 20, 10)
    said = {"visited_on": date(2026, 11, 19), "said": " 按钮挂得太低 ", "zone": ZONE}
    await either_town.write(lambda conn: visits.note(conn, caller(at_ms), BOX, HOME, **said))
    await either_town.write(lambda conn: tell(conn, 1, local(2026, 11, 18), outcome="accidental"))
    found = await november(either_town)
    # the whole of that day was talked about
    assert found.visited_ms == {HOME: local(2026, 11, 20)}

    def read(conn):
        lies = conn.exec_driver_sql("SELECT said FROM household_visits").scalar_one()
        seen = {"begin_ms": NOVEMBER.begin_ms, "end_ms": NOVEMBER.end_ms}
        shown = visits.noted(conn, BOX, EVERYWHERE, **seen)
        elsewhere = visits.noted(conn, BOX, Places(frozenset({"xicun"})), **seen)
        other = visits.noted(conn, BOX, EVERYWHERE, village="xicun", **seen)
        return lies, shown, [*elsewhere, *other]

    lies, (shown,), elsewhere = await either_town.read(read)
    assert "按钮" not in lies
    assert (shown.said, shown.label, shown.noted_by_name) == ("按钮挂得太低", "3组017号", "张三")
    assert shown.visited_on == "2026-11-19"
    assert elsewhere == []


async def test_a_visit_that_cannot_be_is_refused(town):
    at_ms = local(2026, 11, 20, 10)

    async def refused(error, home=HOME, places=EVERYWHERE, **facts):
        said = {"visited_on": None, "said": "看过", "zone": ZONE, **facts}
        with pytest.raises(error):
            await town.write(
                lambda conn: visits.note(conn, caller(at_ms, places), BOX, home, **said)
            )

    await refused(BadEntry, visited_on=date(2026, 11, 21))
    await refused(BadEntry, visited_on=date(2025, 1, 1))
    await refused(BadEntry, said="  ")
    await refused(NoSuchEntry, home="nobody")
    await refused(NoSuchEntry, places=Places(frozenset({"xicun"})))
    erased = s.households.update().values(erased_at_ms=1)
    await town.write(lambda conn: conn.execute(erased))
    await refused(NotPossible)


async def test_a_page_of_incidents_is_found_without_going_through_all(town):
    """What a year has left behind must not be read for a month's figures."""
    query = str(
        incidents.select()
        .where(incidents.c.number > "20261031", incidents.c.number < "20261202")
        .order_by(incidents.c.number)
        .limit(10)
        .compile(compile_kwargs={"literal_binds": True})
    )
    plan = await town.read(lambda conn: conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}").all())
    assert "USING INDEX" in plan[0][3]
