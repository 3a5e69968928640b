"""Nothing personal lies on disk in the clear, whatever door it came in by; and an erased household
is gone from everything that can be read, while every chain stays whole."""

import json

import pytest
from sqlalchemy import insert, select
from structlog.testing import capture_logs

from alarms.model import AlarmSource
from alarms.store import SealedBox, chain
from alarms.store.tables import metadata
from linkage import timeline
from linkage.accounts.rights import Places
from linkage.chains import CHAINED
from linkage.duty.schema import patrol_teams
from linkage.model.event import EventType
from linkage.registry import erasing, homes, writing
from linkage.registry.history import Caller, note_unmasking
from linkage.registry.mentions import Mentions
from linkage.registry.model import GridEntry, GroupEntry, HouseholdEntry, VillageEntry
from linkage.registry.personal import Contact, FurtherContact, contact_of
from linkage.registry.search import HouseholdFinder
from linkage.registry.texts import TextOpener, seal_text
from linkage.schema import incident_events, incidents
from tests.linkage.personal_doors import (
    ADDRESS,
    CONTACT,
    HEALTH,
    LABEL,
    NAME,
    NOTE,
    OTHER,
    OTHER_PHONE,
    PERSONAL,
    PHONE,
    SAID,
    STEPS,
    chain_faults,
    on_disk,
    readable,
    report_by_telephone,
    seen_in,
    step,
    through_every_door,
)
from tests.linkage.registry_room import API, GROUP, HOME, registry_as
from tests.linkage.web_house import EAST, house


@pytest.fixture
async def town(tmp_path):
    async with house(tmp_path, real_desk=True) as h:
        h.folder = tmp_path
        await h.person("shift", "shift-leader")
        await h.person("duty", "duty-officer")
        yield h


async def test_the_search_of_the_bytes_would_find_it(town):
    await town.database.write(
        lambda conn: conn.exec_driver_sql("UPDATE villages SET name = ?", (SAID,))
    )
    assert seen_in(on_disk(town.folder)) == set(PERSONAL)


async def test_nothing_personal_lies_in_the_store_its_backup_or_the_log(town):
    with capture_logs() as logged:
        async with registry_as(town, "admin") as registry:
            await through_every_door(town, registry)
    assert seen_in(on_disk(town.folder)) == set()
    assert seen_in(repr(logged).encode()) == set()


async def test_nothing_personal_of_an_imported_sheet_lies_on_disk(town):
    with capture_logs() as logged:
        async with registry_as(town, "admin") as registry:
            async with registry.browser.get(f"{API}/households.csv") as answer:
                sheet = await answer.text()
            for is_there, said in (
                ("王小明", NAME),
                ("13812340001", PHONE),
                ("东村三组十七号", ADDRESS),
            ):
                assert is_there in sheet
                sheet = sheet.replace(is_there, said)
            headers = {"Content-Type": "text/csv"}
            async with registry.browser.post(
                f"{API}/import", data=sheet.encode(), headers=headers
            ) as answer:
                report = await answer.json()
            shown = await registry.post(f"/households/{HOME}/unmask", {"reason": "x"})
    assert report["ok"]
    assert shown["contact"]["name"] == NAME
    assert seen_in(on_disk(town.folder)) == set()
    assert seen_in(repr(logged).encode()) == set()


async def test_what_was_said_can_be_read_by_those_who_may(town):
    async with registry_as(town, "admin") as registry:
        handover = await through_every_door(town, registry)
        text = await readable(registry, handover)
        sheet = await (await registry.browser.get(f"/api/v1/handover/{handover}")).json()
        incident = await (await registry.browser.get("/api/v1/incidents/i-1")).json()
    assert all(one in text for one in PERSONAL)
    assert (sheet["sheet"]["notes"], sheet["since"]["notes"]) == (SAID, SAID)
    said = [i["data"].get("note") or i["data"].get("reason") for i in incident["timeline"]]
    assert said.count(SAID) >= len(STEPS)
    assert [i["data"]["to"] for i in incident["timeline"] if "to" in i["data"]] == [SAID] * 4
    confirmed = [i for i in incident["timeline"] if i["type"] == "station_confirmed"]
    assert [i["data"]["reference"] for i in confirmed] == [SAID]


async def test_whom_officers_sent_in_words_of_their_own_is_sealed_an_account_or_team_is_not(town):
    team = {"id": "crew", "name": "巡防一组", "villages": "[]", "grids": "[]", "slots": "[]"}
    await town.database.write(
        lambda conn: conn.execute(insert(patrol_teams).values(**team, usernames="[]"))
    )
    await town.incident("i-1")

    def kept(conn):
        event = select(incident_events.c.data).order_by(incident_events.c.position.desc())
        row = conn.scalar(select(incidents.c.dispatched_to))
        return row, json.loads(conn.scalar(event.limit(1)))["to"]

    async with town.browser("shift") as browser:
        for name in ("acknowledge", "verify"):
            await step(browser, name, NOTE)
        for name in ("duty", "crew", "巡防一组"):
            await step(browser, "dispatch", {"to": name})
            assert await town.database.read(kept) == (name, name)
        await step(browser, "dispatch", {"to": SAID})
        assert SAID not in await town.database.read(kept)
        (shown,) = (await (await browser.get("/api/v1/incidents")).json())["items"]
    assert shown["responder"]["to"] == SAID


async def test_the_longest_words_about_who_was_sent_fit_sealed_on_either_engine(either_database):
    box = SealedBox(bytes(range(32)))

    def write(conn):
        long = seal_text(conn, box, None, "𠮷" * 200)
        incident = dict.fromkeys(("priority", "silent", "drill", "opened_at_ms", "ring"), 0)
        conn.execute(
            insert(incidents).values(
                **{**incident, "silent": False, "drill": False, "cancel_claimed": False},
                id="i-1", number="1", stage="dispatched", kind="fire", plan="x", version=1,
                changed_position=1, dispatched_to=long,
            )
        )  # fmt: skip
        return TextOpener(conn, box).open(conn.scalar(select(incidents.c.dispatched_to)))

    assert await either_database.write(write) == "𠮷" * 200


async def test_an_erased_household_is_gone_from_every_page_and_every_chain_is_whole(town):
    async with registry_as(town, "admin") as registry:
        handover = await through_every_door(town, registry)
        await registry.put(
            f"/estates/{EAST}-e1", {"village": EAST, "name": "花园", "property_phone": None}
        )
        await registry.post(f"/households/{HOME}/erase", {"reason": "本人要求"})
        text = await readable(registry, handover)
        by_search = [await registry.get(f"/households?gone=1&search={one}") for one in PERSONAL]
    assert seen_in(text.encode()) == set()
    assert LABEL not in text
    assert "（已删除）" in text
    assert [page["total"] for page in by_search] == [0] * len(PERSONAL)
    assert await chain_faults(town) == []


async def test_the_key_of_an_erased_household_is_in_no_byte_of_the_store(town):
    async with registry_as(town, "admin") as registry:
        await registry.put(
            f"/households/{HOME}", {"group": GROUP, "label": LABEL, "contact": CONTACT}
        )

        def sealed(conn):
            row = conn.exec_driver_sql(
                "SELECT data_key_sealed, personal_sealed FROM households WHERE id = ?", (HOME,)
            ).one()
            return bytes(row[0]), bytes(row[1])

        key, personal = await town.database.read(sealed)
        found = on_disk(town.folder)
        assert key in found
        assert personal in found
        await registry.post(f"/households/{HOME}/erase", {"reason": "本人要求"})
    found = on_disk(town.folder)
    assert key not in found
    assert personal not in found


async def test_what_a_caller_said_is_told_on_the_incident_s_page(town):
    def link(conn):
        event = {"alarm": alarm, "source": AlarmSource.REPORT.value, "household": HOME}
        return timeline.record(
            conn,
            "i-1",
            [timeline.NewEvent(EventType.ALARM_ADDED, event)],
            writer="test",
            at_ms=1,
            new_version=False,
        )

    await town.incident("i-1")
    await report_by_telephone(town)
    (logged,) = await town.log.read(after=0)
    alarm = logged.id
    await town.database.write(link)
    async with town.browser("duty") as browser:
        incident = await (await browser.get("/api/v1/incidents/i-1")).json()
    (added,) = [i for i in incident["timeline"] if i["type"] == "alarm_added"]
    assert added["data"]["text"] == SAID
    assert added["data"]["label"] == "3组017号"


async def test_the_same_holds_on_either_engine(either_database):
    """Whatever the columns of all tables hold, as the engine gives it back."""
    box = SealedBox(bytes(range(32)))
    caller = Caller("admin", "", Places.of(["*"]), 1_000, "test")
    contact = Contact(NAME, PHONE, ADDRESS, HEALTH, (FurtherContact(OTHER, OTHER_PHONE),))

    def fill(conn):
        writing.put_village(conn, caller, VillageEntry(EAST, "东村", 10))
        writing.put_grid(conn, caller, GridEntry("g1", EAST, "网格"))
        writing.put_group(conn, caller, GroupEntry("t1", "g1", "1组"))
        homes.put_household(conn, caller, HouseholdEntry(HOME, "t1", LABEL), box, contact)
        note_unmasking(conn, caller, box, f"household:{HOME}", SAID, {}, household_id=HOME)

    def dump(conn):
        rows = [row for table in metadata.sorted_tables for row in conn.execute(table.select())]
        return b"\n".join(
            bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()
            for row in rows
            for value in row
        )

    def erase(conn):
        erasing.erase(conn, caller, box, HOME, "本人要求", Mentions())
        return TextOpener(conn, box).open_all(
            {"reason": sealed, "other": "in the clear"}
        ), contact_of(conn, box, HOME)

    await either_database.write(fill)
    assert seen_in(await either_database.read(dump)) == set()
    finder = HouseholdFinder(box)
    assert await either_database.read(lambda c: finder.find(c, "ouyang")) == {HOME}
    sealed = await either_database.write(lambda c: seal_text(c, box, HOME, SAID))
    opened, kept = await either_database.write(erase)
    assert opened == {"reason": "（已删除） / (erased)", "other": "in the clear"}
    assert kept is None
    assert await either_database.read(lambda c: finder.find(c, "ouyang")) == set()
    faults = await either_database.read(
        lambda conn: [f for table in CHAINED for f in chain.faults(conn, table, box)]
    )
    assert faults == []
