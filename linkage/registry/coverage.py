"""How much of each village is in the net, counted by what works and not by what was handed out."""

from collections import Counter
from dataclasses import dataclass

from sqlalchemy import Connection, select

from alarms.store.tables import devices
from linkage.accounts.rights import Places
from linkage.schema import grids, households, mutual_aid_groups, villages

MODEL_VILLAGE = 0.83
"""Share of its households from which a village counts as 示范村, where the settings say nothing."""

_ENROLLED, _REVOKED = "enrolled", "revoked"  # alarms.model.DeviceState


@dataclass(frozen=True)
class VillageCoverage:
    """One village. A household is enrolled when it is in the net, covered when it has a device
    whose test was heard and that was not revoked."""

    id: str
    name: str
    total: int | None
    """All households of the village; None: not counted yet."""
    enrolled: int
    covered: int
    model_village: bool
    boundary: str | None
    """GeoJSON."""

    @property
    def rate(self) -> float | None:
        """Covered ÷ total, at most 1; None where the total is not known."""
        return _rate(self.covered, self.total)


def covers(state: str, tested_at_ms: int | None) -> bool:
    """Whether a device in this state covers its household: a test was heard, it is not revoked.

    A signed device is enrolled by its first test; an unsigned one is only ever tested.
    """
    return state != _REVOKED and (state == _ENROLLED or tested_at_ms is not None)


def read_coverage(
    conn: Connection, places: Places, *, model_village: float = MODEL_VILLAGE
) -> list[VillageCoverage]:
    """Every village of these places, by name."""
    h, g, r, d, v = households.c, mutual_aid_groups.c, grids.c, devices.c, villages.c
    in_net = {
        row.id: row.village_id
        for row in conn.execute(
            select(h.id, r.village_id)
            .join(mutual_aid_groups, g.id == h.group_id)
            .join(grids, r.id == g.grid_id)
            .where(h.left_at_ms.is_(None))
        )
    }
    working = {
        row.household_id
        for row in conn.execute(
            select(d.household_id, d.state, d.tested_at_ms).where(d.household_id.is_not(None))
        )
        if covers(row.state, row.tested_at_ms)
    }
    enrolled = Counter(in_net.values())
    covered = Counter(village for home, village in in_net.items() if home in working)
    found = []
    for row in conn.execute(select(villages).order_by(v.name, v.id)):
        if not places.covers(row.id):
            continue
        rate = _rate(covered[row.id], row.households_total)
        found.append(
            VillageCoverage(
                row.id,
                row.name,
                row.households_total,
                enrolled[row.id],
                covered[row.id],
                rate is not None and rate >= model_village,
                row.boundary,
            )
        )
    return found


def _rate(covered: int, total: int | None) -> float | None:
    return None if not total else min(1.0, covered / total)
