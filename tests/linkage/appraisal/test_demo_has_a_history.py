"""The demo's town has closed incidents behind it: each says that it was made up, none is open."""

import json
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from alarms.devices import Credentials
from alarms.store import Database, SealedBox, chain
from linkage.accounts.rights import Places
from linkage.appraisal.appraising import Period, appraise, visits
from linkage.appraisal.grouping import By
from linkage.appraisal.model import Part
from linkage.appraisal.reading import Asked, gather
from linkage.demo.history import MADE_UP, seed_history
from linkage.demo.town import buttons_of, seed_places
from linkage.schema import incident_events, incidents
from tests.linkage.appraisal.appraisal_stories import ZONE, local
from tests.stores import migrated_sqlite

NOW = local(2026, 11, 22, 12)


@pytest.fixture
async def demo(tmp_path):
    database = Database(migrated_sqlite(tmp_path / "demo.db"))
    await database.open()

    def found(conn):
        seed_places(conn, SealedBox(bytes(range(32))))
        buttons = buttons_of(lambda home: Credentials(f"{home}-1", f"{home}-1", "secret", b""))
        seed_history(conn, buttons, zone=ZONE, writer="demo", now_ms=NOW)

    await database.write(found)
    yield database
    await database.close()


async def test_what_happened_is_over_says_it_was_made_up_and_fills_the_page(demo):
    first = datetime(2026, 11, 22, tzinfo=ZONE).date() - timedelta(days=60)
    last = datetime(2026, 11, 21, tzinfo=ZONE).date()
    period = Period(first, last, local(first.year, first.month, first.day), local(2026, 11, 22))
    gathered = await gather(demo, Asked(Places(None), period), ZONE)
    found = appraise(gathered, list(By), now_ms=NOW)
    assert found.counts.total == found.counts.parts[Part.COUNTED] > 20
    assert all(spread.measured >= 10 for spread in found.spreads)
    assert not any(spread.unclear for spread in found.spreads)
    assert len(found.groups[By.VILLAGE]) == 3
    assert visits(gathered)

    def read(conn):
        rows = conn.execute(select(incidents.c.id, incidents.c.stage, incidents.c.next_due_at_ms))
        events = conn.execute(select(incident_events.c.incident_id, incident_events.c.data))
        told = {e.incident_id for e in events if json.loads(e.data).get("note") == MADE_UP}
        return rows.all(), told

    rows, told = await demo.read(read)
    assert {row.stage for row in rows} == {"closed"}
    assert {row.next_due_at_ms for row in rows} == {None}
    assert told == {row.id for row in rows}


async def test_the_timelines_chain_is_whole(demo):
    assert await demo.read(lambda conn: list(chain.faults(conn, incident_events))) == []
