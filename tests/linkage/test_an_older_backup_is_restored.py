"""Whoever restores a backup that was made before an erasing does not bring back what was erased."""

import json
import shutil
import sqlite3
from contextlib import closing

import pytest
from sqlalchemy import select
from structlog.testing import capture_logs

from alarms.errors import StoreUnusable
from alarms.store import Database, SealedBox, chain
from alarms.store.tables import devices
from linkage.accounts.rights import Places
from linkage.chains import CHAINED
from linkage.registry import erasing, homes, mentions, writing
from linkage.registry.erasures import ErasureList, Erasures, erased_in, fingerprint, keep_up
from linkage.registry.history import Caller
from linkage.registry.model import GridEntry, GroupEntry, HouseholdEntry, VillageEntry
from linkage.registry.personal import Contact, contact_of
from linkage.registry.schema import registry_changes
from linkage.registry.texts import TextOpener, seal_text
from linkage.schema import audit_entries, households, incidents
from tests.stores import migrated_sqlite

BOX = SealedBox(bytes(range(32)))
CALLER = Caller("admin", "", Places.of(["*"]), 1_000, "test")
NAME = "欧阳慕容绯"
NOTED = {"at_ms": 1, "actor": "x", "entity": "group", "entity_id": "t1", "change": "noted"}


def fill(conn):
    """Two households, and what was written of the first one elsewhere."""
    writing.put_village(conn, CALLER, VillageEntry("v1", "东村", 10))
    writing.put_grid(conn, CALLER, GridEntry("g1", "v1", "网格"))
    writing.put_group(conn, CALLER, GroupEntry("t1", "g1", "1组"))
    for home, name in (("h1", NAME), ("h2", "别人家")):
        contact = Contact(name, "13000000000", "")
        homes.put_household(conn, CALLER, HouseholdEntry(home, "t1", f"{home} 户"), BOX, contact)
        row = {"id": f"b-{home}", "kind": "button", "household_id": home, "unsigned": True}
        conn.execute(devices.insert().values(**row))
    text = seal_text(conn, BOX, "h2", f"问过{NAME}")
    conn.execute(registry_changes.insert().values(**NOTED, data=text))


def erase(conn):
    words = mentions.words_of(conn, BOX, "h1")
    found = mentions.find(conn, BOX, "h1", words)
    erasing.erase(conn, CALLER, BOX, "h1", "本人要求", found)


def state(conn):
    """Whether each is erased, what the text reads, and the first one's device."""
    h = households.c
    erased = {row.id: row.erased_at_ms for row in conn.execute(select(h.id, h.erased_at_ms))}
    noted = conn.scalar(select(registry_changes.c.data).where(registry_changes.c.change == "noted"))
    button = conn.scalar(select(devices.c.state).where(devices.c.id == "b-h1"))
    return erased, TextOpener(conn, BOX).open(noted), button


class Site:
    def __init__(self, folder):
        self.folder, self.list = folder, folder / "erased.jsonl"
        migrated_sqlite(folder / "town.db")
        self.database = self.opened()

    def opened(self):
        database = Database(f"sqlite:///{self.folder / 'town.db'}")
        database.prepare_now()
        return database

    def restore(self, backup):
        self.database.close_now()
        for old in self.folder.glob("town.db*"):
            old.unlink()
        shutil.copy(backup, self.folder / "town.db")
        self.database = self.opened()

    def backup(self):
        file = self.folder / "backup.sqlite"
        file.unlink(missing_ok=True)
        with closing(sqlite3.connect(self.folder / "town.db")) as conn:
            conn.execute("VACUUM INTO ?", (str(file),))
        return file

    def keep_up(self):
        keep_up(self.database, BOX, self.list, now_ms=9_000, writer="test")

    def bytes(self):
        return b"".join(one.read_bytes() for one in self.folder.glob("town.db*"))


@pytest.fixture
def site(tmp_path):
    made = Site(tmp_path)
    made.database.write_now(fill)
    yield made
    made.database.close_now()


def key_of(site, home):
    key = select(households.c.data_key_sealed).where(households.c.id == home)
    return bytes(site.database.read_now(lambda conn: conn.scalar(key)))


def test_a_restored_household_and_what_mentioned_it_are_erased_again(site):
    backup, key = site.backup(), key_of(site, "h1")
    site.database.write_now(erase)
    site.keep_up()
    site.restore(backup)
    assert site.database.read_now(state) == ({"h1": None, "h2": None}, f"问过{NAME}", "issued")
    assert key in site.bytes()
    with capture_logs() as logged:
        site.keep_up()
    erased, text, button = site.database.read_now(state)
    assert erased == {"h1": 9_000, "h2": None}
    assert (text, button) == ("（已删除） / (erased)", "revoked")
    assert site.database.read_now(lambda c: contact_of(c, BOX, "h2")).name == "别人家"
    assert key not in site.bytes()
    assert [one["event"] for one in logged] == ["erasures.erased_again"]


def test_the_audit_says_that_it_was_done_and_every_chain_is_whole(site):
    backup = site.backup()
    site.database.write_now(erase)
    site.keep_up()
    site.restore(backup)
    site.keep_up()

    def read(conn):
        by = audit_entries.c.actor == "restore"
        return set(conn.scalars(select(audit_entries.c.object).where(by))), [
            fault for table in CHAINED for fault in chain.faults(conn, table, BOX)
        ]

    assert site.database.read_now(read) == ({"household:h1", "device:b-h1"}, [])


def test_it_is_erased_again_also_while_its_incident_is_open(site):
    opened = dict.fromkeys(("priority", "opened_at_ms", "ring", "version", "changed_position"), 0)
    opened |= dict.fromkeys(("silent", "drill", "cancel_claimed"), False)
    row = {**opened, "id": "i1", "number": "1", "stage": "reported", "kind": "panic", "plan": "x"}
    site.database.write_now(
        lambda c: c.execute(incidents.insert().values(**row, household_id="h1"))
    )
    backup = site.backup()
    site.database.write_now(lambda c: c.execute(incidents.update().values(stage="closed")))
    site.database.write_now(erase)
    site.keep_up()
    site.restore(backup)
    site.keep_up()
    assert site.database.read_now(state)[0]["h1"] == 9_000


def test_what_was_not_written_down_when_the_machine_went_down_is_at_the_next_start(site):
    key = key_of(site, "h1")
    site.database.write_now(erase)
    assert not site.list.exists()
    site.keep_up()
    said = ErasureList(site.list).read()
    assert said == site.database.read_now(erased_in)
    assert said.households == {("h1", fingerprint(key))}
    assert len(said.texts) == 1
    before = site.list.read_bytes()
    site.keep_up()
    assert site.list.read_bytes() == before


def test_the_list_names_nobody(site):
    site.database.write_now(erase)
    site.keep_up()
    lines = [json.loads(line) for line in site.list.read_text().splitlines()]
    assert [sorted(one) for one in lines] == [["household", "key"], ["text"]]
    assert NAME not in site.list.read_text()
    assert site.list.stat().st_mode & 0o777 == 0o600


def test_another_household_that_has_the_id_in_a_new_database_is_not_touched(site):
    site.database.write_now(erase)
    site.keep_up()
    for old in site.folder.glob("town.db*"):
        old.unlink()
    site.database.close_now()
    migrated_sqlite(site.folder / "town.db")
    site.database = site.opened()
    site.database.write_now(fill)
    site.keep_up()
    assert site.database.read_now(state) == ({"h1": None, "h2": None}, f"问过{NAME}", "issued")


def test_a_line_cut_by_a_power_failure_is_written_again(site):
    site.database.write_now(erase)
    site.keep_up()
    whole = site.list.read_bytes()
    site.list.write_bytes(whole[:-20])
    with capture_logs() as logged:
        site.keep_up()
    assert [one["event"] for one in logged] == ["erasures.last_line_cut"]
    assert site.list.read_bytes() == whole


def test_a_list_that_is_none_stops_the_start(site):
    site.list.write_text('{"household": "h1", "key": null}\nnot a line\n{"text": "x"}\n')
    with pytest.raises(StoreUnusable, match="line 2 of the list of erasures"):
        site.keep_up()


@pytest.mark.parametrize("place", ["a folder", "not text"])
def test_a_list_that_cannot_be_read_stops_the_start(site, place):
    if place == "a folder":
        site.list.mkdir()
    else:
        site.list.write_bytes(b"\xff\xfe\xff")
    with pytest.raises(StoreUnusable, match="cannot read the list of erasures"):
        site.keep_up()


def test_a_list_that_cannot_be_written_is_said(site):
    nowhere = ErasureList(site.folder / "gone" / "erased.jsonl")
    with pytest.raises(StoreUnusable, match="cannot write the list of erasures"):
        nowhere.add(Erasures(texts=frozenset({"a"})))
