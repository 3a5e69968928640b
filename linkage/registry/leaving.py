"""A household that leaves the net; to be run inside `Database.write`. Erasing is in `erasing`."""

from sqlalchemy import Connection, select, update

from alarms.store.tables import devices
from linkage.consent.writing import withdraw_all_of
from linkage.registry import places
from linkage.registry.errors import NotPossible
from linkage.registry.history import Caller, note
from linkage.registry.model import Change, Entity, Outcome, Said, Written
from linkage.registry.moving import no_longer_leader
from linkage.registry.places import must_cover
from linkage.registry.writing import size_warnings
from linkage.schema import households

_REVOKED = "revoked"  # alarms.model.DeviceState


def leave(conn: Connection, caller: Caller, household_id: str) -> Written:
    """Out of the net: neighbours are not told through its devices any more, and it counts in no
    coverage. A press of its button is an alarm still, until the device is revoked."""
    group_id = _in_net(conn, caller, household_id)
    conn.execute(
        update(households).where(households.c.id == household_id).values(left_at_ms=caller.at_ms)
    )
    no_longer_leader(conn, caller, [household_id], group_id)
    withdraw_all_of(conn, caller, household_id)
    note(conn, caller, Entity.HOUSEHOLD, household_id, Change.LEFT, {"from": group_id})
    warnings = size_warnings(conn, group_id)
    count = len(devices_of(conn, household_id))
    if count:
        left = Said(
            f"该户仍有 {count} 台设备，请收回并吊销",
            f"{count} devices are still there: collect and revoke them",
        )
        warnings = (left, *warnings)
    return Written(Outcome.CHANGED, warnings)


def _in_net(conn: Connection, caller: Caller, household_id: str) -> str:
    """The group. Raises NoSuchEntry, NotPossible."""
    must_cover(caller.places, places.village_of_household(conn, household_id))
    h = households.c
    row = conn.execute(select(h.group_id, h.left_at_ms).where(h.id == household_id)).one()
    if row.left_at_ms is not None:
        raise NotPossible(Said("该户已退出", "this household has left already"))
    return str(row.group_id)


def devices_of(conn: Connection, household_id: str) -> list[str]:
    """The household's devices that are not revoked."""
    d = devices.c
    statement = select(d.id).where(d.household_id == household_id, d.state != _REVOKED)
    return list(conn.scalars(statement.order_by(d.id)))
