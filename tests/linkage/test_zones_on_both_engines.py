"""Zones in the store, on both engines: versions, and who saw an older one."""

import pytest
from sqlalchemy import insert

from alarms.store import Database
from linkage import schema as s
from linkage.accounts.rights import Places
from linkage.registry.history import Caller
from linkage.zones import writing
from linkage.zones.errors import ZonesChanged
from linkage.zones.writing import NewZones

CALLER = Caller("leader", "", Places(None), 1_000, "test")
GATE = {"name": "东门", "kind": "loiter", "polygon": [[0, 0], [1, 0], [1, 1]], "dwell": "20s"}
STREET = {"name": "street", "kind": "motion", "polygon": [[0, 0], [1, 0], [1, 1]]}


def _town(conn) -> None:
    conn.execute(insert(s.villages).values(id="v", name="村"))
    camera = {"id": "cam", "name": "路口", "village_id": "v", "enabled": True}
    conn.execute(insert(s.cameras).values(**camera, legal_class="public", layer="area"))


async def test_zones_are_kept_as_versions(either_database: Database) -> None:
    await either_database.write(_town)

    async def keep(seen: int, *zones):
        wanted = NewZones(seen, zones, "徘徊")
        return await either_database.write(lambda conn: writing.keep(conn, CALLER, "cam", wanted))

    assert (await keep(0, GATE)).version == 1
    two = await keep(1, GATE, STREET)
    assert (two.version, {zone.name for zone in two.zones}) == (2, {"东门", "street"})
    with pytest.raises(ZonesChanged, match="street"):
        await keep(1, GATE)
    history = await either_database.read(lambda conn: writing.history(conn, "cam"))
    assert [one.changes.added for one in history] == [("street",), ("东门",)]
