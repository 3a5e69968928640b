"""The audit: chained, so that nobody takes back what was written down."""

import asyncio

import pytest
from sqlalchemy import delete, select, update

from alarms.store import Database, chain
from lianfang_timing import SystemClock
from linkage.audit import Audit, AuditAction, AuditEntry, record
from linkage.schema import audit_entries
from tests.stores import migrated_sqlite

LOOK = AuditEntry("duty", AuditAction.LOOK, "camera:cam-1", "10.0.0.7", {"purpose": "核查"})


@pytest.fixture
async def database(tmp_path):
    database = Database(migrated_sqlite(tmp_path / "town.db"))
    await database.open()
    yield database
    await database.close()


async def faults(database):
    return await database.read(lambda conn: list(chain.faults(conn, audit_entries)))


async def test_an_entry_is_kept_with_all_it_says(database):
    await Audit(database, SystemClock(), writer="node").record(LOOK)
    row = await database.read(lambda conn: conn.execute(select(audit_entries)).one())
    assert (row.actor, row.action, row.object, row.address) == (
        "duty",
        "look",
        "camera:cam-1",
        "10.0.0.7",
    )
    assert row.detail == '{"purpose":"核查"}'


async def test_entries_written_at_once_make_one_whole_chain(database):
    audit = Audit(database, SystemClock(), writer="node")
    await asyncio.gather(*(audit.record(LOOK, LOOK) for _ in range(10)))
    assert await faults(database) == []
    count = await database.read(lambda conn: len(conn.execute(select(audit_entries)).all()))
    assert count == 20


@pytest.mark.parametrize(
    "tamper",
    [
        update(audit_entries).where(audit_entries.c.number == 2).values(actor="somebody"),
        update(audit_entries).where(audit_entries.c.number == 2).values(detail="{}"),
        delete(audit_entries).where(audit_entries.c.number == 2),
        delete(audit_entries).where(audit_entries.c.number == 3),
    ],
)
async def test_what_was_changed_or_removed_later_shows(database, tamper):
    await Audit(database, SystemClock(), writer="node").record(LOOK, LOOK, LOOK)
    await database.write(lambda conn: conn.execute(tamper))
    (fault,) = await faults(database)
    assert "row" in fault


async def test_an_entry_fails_with_the_transaction_it_belongs_to(database):
    def work(conn):
        record(conn, "node", [LOOK], at_ms=1)
        raise ValueError("the rest failed")

    with pytest.raises(ValueError, match="the rest failed"):
        await database.write(work)
    assert await database.read(lambda conn: conn.execute(select(audit_entries)).all()) == []
    assert await faults(database) == []


async def test_no_entries_write_nothing(database):
    await database.write(lambda conn: record(conn, "node", [], at_ms=1))
    assert await faults(database) == []
