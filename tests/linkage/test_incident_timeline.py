"""The timeline and the callers of an incident, on the other store."""

from pathlib import Path

from sqlalchemy import select

from alarms.model import AlarmKind
from alarms.store import SealedBox
from linkage import schema as s
from linkage.web.incident_reading import list_items
from linkage.web.incident_timeline import read_decisions, read_timeline
from tests.linkage.test_engine import Town
from tests.linkage.town import SHANGHAI, open_town, press


async def test_runs_and_callers_are_read_from_postgresql_too(tmp_path: Path, postgres_url: str):
    database = await open_town(tmp_path, url=postgres_url)
    presses = [press("b1", n, AlarmKind.MISSING) for n in range(1, 7)]
    await Town(database).happens(*presses, press("b2", 1, AlarmKind.DURESS))

    def read(conn):
        row = conn.execute(select(s.incidents)).one()
        (item,) = list_items(conn, [row], SHANGHAI, SealedBox(bytes(32)))
        timeline = read_timeline(conn, row.id, SHANGHAI, SealedBox(bytes(32)))
        return item, timeline, read_decisions(conn, row.id)

    item, timeline, decisions = await database.read(read)
    await database.close()
    assert [(c.household_id, c.kind, c.alarms) for c in item.callers] == [
        ("h2", "duress", 1),
        ("h1", "missing", 6),
    ]
    told = [(t.type, t.count, t.data["device"]) for t in timeline.items if "device" in t.data]
    assert told == [("opened", 1, "b1"), ("alarm_added", 5, "b1"), ("alarm_added", 1, "b2")]
    assert [d.stage for d in decisions].count("ring") == 7
