"""Erasing reaches what others wrote of a household, wherever they did; and nothing else."""

import json

import pytest
from sqlalchemy import String, select

from alarms.store import SealedBox
from alarms.store.tables import metadata
from linkage.accounts.rights import Places
from linkage.fanning_out import fan_out
from linkage.records import plan
from linkage.registry import erasing, homes, mentions, writing
from linkage.registry.history import Caller
from linkage.registry.mentions import PLACES
from linkage.registry.model import ERASED_LABEL, GridEntry, GroupEntry, HouseholdEntry, VillageEntry
from linkage.registry.personal import Contact
from linkage.registry.schema import registry_changes, text_keys
from linkage.registry.texts import TextOpener, seal_for_site, seal_text, text_ids
from linkage.schema import actions, audit_entries, incidents
from tests.linkage.personal_doors import (
    ADDRESS,
    CONTACT,
    LABEL,
    NAME,
    NEIGHBOUR,
    PHONE,
    SAID,
    chain_faults,
    on_disk,
    seen_in,
    step,
    through_every_door,
)
from tests.linkage.registry_room import GROUP, HOME, registry_as
from tests.linkage.web_house import EAST, house

ASKED = {"reason": "本人要求"}
ERASED = "（已删除） / (erased)"


@pytest.fixture
async def town(tmp_path):
    async with house(tmp_path, real_desk=True) as h:
        h.folder = tmp_path
        await h.person("shift", "shift-leader")
        await h.person("duty", "duty-officer")
        yield h


@pytest.fixture
async def admin(town):
    async with registry_as(town, "admin") as registry:
        await registry.put(
            f"/households/{HOME}", {"group": GROUP, "label": LABEL, "contact": CONTACT}
        )
        yield registry


async def noted(town, *texts, incident="i-2", home=NEIGHBOUR, close=True):
    """An incident of the neighbour with these notes; closed."""
    await town.incident(incident, household_id=home)
    async with town.browser("shift") as browser:
        for text in texts:
            await step(browser, "note", {"note": text}, incident)
    if close:
        over = incidents.update().where(incidents.c.id == incident).values(stage="closed")
        await town.database.write(lambda conn: conn.execute(over))


async def notes_of(town, incident="i-2"):
    async with town.browser("duty") as browser:
        found = await (await browser.get(f"/api/v1/incidents/{incident}")).json()
    return [one["data"]["note"] for one in found["timeline"] if "note" in one["data"]]


async def test_every_column_that_holds_a_sealed_text_is_looked_through(town, admin):
    def holding(conn):
        return {
            column
            for table in metadata.sorted_tables
            for column in table.columns
            if isinstance(column.type, String)
            and conn.scalar(select(column).where(column.like("%sealed:2:%")).limit(1))
        }

    await through_every_door(town, admin)
    # the payload of a chained row repeats its columns; of the log's there is nothing else
    twice = {c for c in await town.database.read(holding) if c.name == "payload"}
    looked_through = {where.column for where in PLACES}
    assert await town.database.read(holding) - twice <= looked_through
    assert {c.table.name for c in looked_through} >= {c.table.name for c in twice}
    assert len(await town.database.read(holding)) > 10


async def test_in_another_households_incident_only_what_mentions_it_is_taken_out(town, admin):
    spelled = f"请打 {PHONE[:3]}-{PHONE[3:7]} {PHONE[7:]}"
    await noted(town, f"问过{NAME}", spelled, f"在{ADDRESS}隔壁", f"到{LABEL}门口", "狗叫，无事")
    done = await admin.post(f"/households/{HOME}/erase", ASKED)
    assert await notes_of(town) == [ERASED] * 4 + ["狗叫，无事"]
    assert "4 texts elsewhere" in str(done["warnings"])
    assert await chain_faults(town) == []


async def test_what_is_taken_out_is_in_no_byte_of_the_store_under_any_key(town, admin):
    await noted(town, f"问过{NAME}")
    keys = "SELECT key_sealed FROM text_keys WHERE household_id = ?"
    rows = await town.database.read(lambda c: c.exec_driver_sql(keys, (NEIGHBOUR,)).all())
    assert [row[0] in on_disk(town.folder) for row in rows] == [True]
    await admin.post(f"/households/{HOME}/erase", ASKED)
    assert [row[0] in on_disk(town.folder) for row in rows] == [False]


async def test_what_its_namesake_is_told_of_itself_stays(town, admin):
    other = {"name": NAME, "phone": "13000000000", "address": "别处九十九号"}
    body = {"group": GROUP, "label": "别户人家", "contact": other}
    await admin.put(f"/households/{NEIGHBOUR}", body)
    await noted(town, f"{NAME}本人接听", f"打不通{PHONE}")
    await admin.post(f"/households/{HOME}/erase", ASKED)
    assert await notes_of(town) == [f"{NAME}本人接听", ERASED]


async def test_by_what_else_it_was_known_the_administrator_says(town, admin):
    await noted(town, "老欧家的狗", "旧号 13700001111")
    await admin.post(f"/households/{HOME}/erase", {**ASKED, "also": ["老欧家", "137-0000-1111"]})
    assert await notes_of(town) == [ERASED] * 2


async def test_an_open_incident_that_mentions_it_is_not_touched(town, admin):
    await noted(town, f"钥匙在{NAME}家", close=False)
    problem = await admin.post(f"/households/{HOME}/erase", ASKED, status=409)
    assert "20261121-i-2" in problem["detail"]
    assert await notes_of(town) == [f"钥匙在{NAME}家"]
    assert (await admin.get(f"/households/{HOME}"))["household"]["erased_at"] is None


async def test_what_was_written_while_records_were_looked_through_is_taken_out_too(town, admin):
    box, words = town.box, frozenset({NAME})
    before = await town.database.read(lambda c: mentions.find(c, box, HOME, words))
    await noted(town, f"问过{NAME}")
    later = await town.database.read(
        lambda c: mentions.find(c, box, HOME, words, after=before.seen)
    )
    again = await town.database.read(lambda c: mentions.find(c, box, HOME, words, after=later.seen))
    assert (len(before.texts), list(later.texts.values()), again.texts) == (0, ["i-2"], {})


async def test_texts_without_a_key_of_their_own_are_counted_and_said(town, admin):
    def write(conn):
        old = seal_for_site(town.box, SAID)
        conn.execute(incidents.update().values(dispatched_to=old))

    await noted(town)
    await town.database.write(write)
    done = await admin.post(f"/households/{HOME}/erase", ASKED)
    assert "1 older texts" in str(done["warnings"])


async def test_why_and_what_was_taken_out_is_in_the_history(town, admin):
    await noted(town, f"问过{NAME}")
    await admin.post(f"/households/{HOME}/erase", ASKED)
    entry = (await admin.get(f"/households/{HOME}"))["history"][0]
    gone = await town.database.read(
        lambda c: list(c.scalars(select(text_keys.c.id).where(text_keys.c.key_sealed.is_(None))))
    )
    assert (entry["change"], entry["data"]["texts"]) == ("erased", gone)
    assert entry["data"]["reason"] == "本人要求"


async def test_the_notes_of_a_hand_over_are_taken_out_for_a_reason(town, admin):
    async with town.browser("shift") as browser:
        drafted = await (await browser.post("/api/v1/handover", json={"notes": "东门"})).json()
        path = f"/api/v1/handover/{drafted['id']}"
    async with town.browser("duty") as browser:
        await browser.post(f"{path}/sign", json={"notes": "收到"})
        assert (await browser.post(f"{path}/redact", json=ASKED)).status == 403
    assert (await admin.browser.post(f"{path}/redact", json={"reason": " "})).status == 422
    answer = await admin.browser.post(f"{path}/redact", json=ASKED)
    assert (answer.status, await answer.json()) == (200, {"texts": 2})
    sheet = await (await admin.browser.get(path)).json()
    assert (sheet["sheet"]["notes"], sheet["since"]["notes"]) == (ERASED, ERASED)
    assert (await admin.browser.post(f"{path}/redact", json=ASKED)).status == 409
    assert await chain_faults(town) == []

    def last(conn):
        entry = select(audit_entries).order_by(audit_entries.c.position.desc()).limit(1)
        row = conn.execute(entry).one()
        return row.actor, row.object, TextOpener(conn, town.box).open_json(row.detail)

    actor, about, detail = await town.database.read(last)
    assert (actor, about) == ("admin", f"handover:{drafted['id']}")
    assert "本人要求" in detail


async def test_one_entry_of_a_timeline_is_taken_out_and_the_others_stay(town, admin):
    await noted(town, "甲的事", "乙的事")
    found = await (await admin.browser.get("/api/v1/incidents/i-2")).json()
    (seq,) = [one["seq"] for one in found["timeline"] if one["data"].get("note") == "甲的事"]
    path = "/api/v1/incidents/i-2/timeline"
    answer = await admin.browser.post(f"{path}/{seq}/redact", json=ASKED)
    assert (answer.status, await answer.json()) == (200, {"texts": 1})
    assert await notes_of(town) == [ERASED, "乙的事"]
    for nothing in (f"{path}/999999/redact", f"{path}/x/redact"):
        assert (await admin.browser.post(nothing, json=ASKED)).status == 404


async def test_who_typed_what_looks_like_a_sealed_text_breaks_no_page(town):
    typed = ["sealed:1::AAAA", f"sealed:1:{HOME}:AAAA", "sealed:1:nobody:AAAA", "sealed:2:x:AAAA"]
    opened = await town.database.read(
        lambda c: [TextOpener(c, town.box).open(f"见 {one}") for one in typed]
    )
    assert opened == [f"见 {typed[0]}", f"见 {typed[1]}", f"见 {ERASED}", f"见 {typed[3]}"]


async def test_words_in_the_middle_of_others_are_opened(town):
    sealed = await town.database.write(lambda c: seal_text(c, town.box, HOME, "集市"))
    opened = await town.database.read(lambda c: TextOpener(c, town.box).open(f"（{sealed}），完"))
    assert opened == "（集市），完"


async def test_it_holds_on_either_engine(either_database):
    box = SealedBox(bytes(range(32)))
    caller = Caller("admin", "", Places.of(["*"]), 1_000, "test")

    def fill(conn):
        writing.put_village(conn, caller, VillageEntry(EAST, "东村", 10))
        writing.put_grid(conn, caller, GridEntry("g1", EAST, "网格"))
        writing.put_group(conn, caller, GroupEntry("t1", "g1", "1组"))
        for home, name, phone in ((HOME, NAME, PHONE), ("h2", "别人", "13000000000")):
            entry, contact = HouseholdEntry(home, "t1", f"{home} 的户"), Contact(name, phone, "")
            homes.put_household(conn, caller, entry, box, contact)
        kept = [seal_text(conn, box, home, f"问{NAME}") for home in (HOME, "h2", None)]
        row = {"at_ms": 1, "actor": "x", "entity": "group", "entity_id": "t1", "change": "x"}
        conn.execute(registry_changes.insert().values(**row, data=" ".join(kept)))
        return kept

    def erase(conn):
        words = mentions.words_of(conn, box, HOME)
        found = mentions.find(conn, box, HOME, words)
        done = erasing.erase(conn, caller, box, HOME, "本人要求", found)
        opener = TextOpener(conn, box)
        return set(found.texts), str(done.warnings[0]), [opener.open(one) for one in kept]

    kept = await either_database.write(fill)
    texts, said, opened = await either_database.write(erase)
    assert texts == {id_ for one in kept[1:] for id_ in text_ids(one)}
    assert "2 texts" in said
    assert opened == [ERASED] * 3
    assert seen_in(" ".join(kept).encode()) == set()


async def test_what_is_still_to_be_told_to_neighbours_forgets_its_label(town, admin):
    told = {"household": HOME, "from": LABEL, "phrase": "", "drill": False, "until_ms": 0}
    note = fan_out("a", group_id=GROUP, told=told, spared=[], cameras=[], ring=1, due_at_ms=0)
    await town.incident("i-9", household_id=HOME)

    def close(conn):
        plan(conn, "i-9", [note], now_ms=0)
        conn.execute(incidents.update().values(stage="closed"))

    await town.database.write(close)
    await admin.post(f"/households/{HOME}/erase", ASKED)
    payload = select(actions.c.payload).where(actions.c.id == note.id)
    kept = json.loads(await town.database.read(lambda conn: conn.scalar(payload)))
    assert kept["notice"]["from"] == ERASED_LABEL
