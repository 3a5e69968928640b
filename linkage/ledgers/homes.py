"""The buttons of the households in the net, with where they hang; what every ledger begins with."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, and_, select

from alarms.device_topics import BUTTON
from alarms.model import DeviceState
from alarms.store.tables import devices
from linkage.accounts.rights import Places
from linkage.camera_events.schema import camera_inputs
from linkage.registry.model import ToldBy
from linkage.schema import grids, households, mutual_aid_groups, villages

_IN_USE = (DeviceState.ISSUED.value, DeviceState.ENROLLED.value)


@dataclass(frozen=True)
class HomeButton:
    """A button that somebody has at home. Times are Unix milliseconds."""

    device: str
    household_id: str
    label: str
    wants_notices: bool
    group_id: str
    group: str
    leader_household_id: str | None
    village_id: str
    village: str
    tested_at_ms: int | None
    issued_at_ms: int | None

    def was_due_by(self, before_ms: int) -> bool:
        """Whether somebody had time enough to test it: since its last test, or since they got it.
        Of one that was never tested and never given out, nobody can say."""
        since_ms = self.tested_at_ms or self.issued_at_ms
        return since_ms is not None and since_ms < before_ms


def home_buttons(
    conn: Connection,
    places: Places,
    *,
    village_id: str | None = None,
    group_id: str | None = None,
) -> Sequence[HomeButton]:
    """Those in use and within these places, by village, group and household."""
    d, h, g, r, v = (
        devices.c,
        households.c,
        mutual_aid_groups.c,
        grids.c,
        villages.c,
    )
    statement = (
        select(
            d.id,
            h.id.label("household_id"),
            h.label,
            and_(
                h.wants_notices,
                h.told_by != ToldBy.PHONE.value,
                # a contact on a camera shows nothing
                d.id.not_in(select(camera_inputs.c.button)),
            ).label("wants_notices"),
            g.id.label("group_id"),
            g.name.label("group_name"),
            g.leader_household_id,
            v.id.label("village_id"),
            v.name.label("village_name"),
            d.tested_at_ms,
            d.issued_at_ms,
        )
        .join_from(devices, households, h.id == d.household_id)
        .join(mutual_aid_groups, g.id == h.group_id)
        .join(grids, r.id == g.grid_id)
        .join(villages, v.id == r.village_id)
        .where(
            d.kind == BUTTON,
            d.state.in_(_IN_USE) | d.unsigned,
            d.state != DeviceState.REVOKED.value,
            h.left_at_ms.is_(None),
        )
        .order_by(v.name, v.id, g.name, g.id, h.label, d.id)
    )
    if village_id is not None:
        statement = statement.where(v.id == village_id)
    if group_id is not None:
        statement = statement.where(g.id == group_id)
    return [HomeButton(*row) for row in conn.execute(statement) if places.covers(row.village_id)]
