"""A household that leaves the net, and one whose data is erased.

To be run inside `Database.write`. Erasing forgets the household's key and everything personal of
its row; ids, times and what was done stay, so that the chains and the ledgers stay whole. Export
what is kept first (`household_export`): nothing of it can be brought back.
"""

import json

from sqlalchemy import Connection, select, update

from alarms.credentials import revoke_in
from alarms.store import SealedBox, chain
from alarms.store.tables import devices
from linkage.model.action import ActionKind
from linkage.model.incident import OPEN_STAGES
from linkage.registry import places
from linkage.registry.errors import NotPossible
from linkage.registry.history import REASON_LIMIT, Caller, note
from linkage.registry.model import ERASED_LABEL, Change, Entity, Outcome, Said, ToldBy, Written
from linkage.registry.moving import no_longer_leader
from linkage.registry.places import must_cover
from linkage.registry.texts import seal_text
from linkage.registry.writing import size_warnings
from linkage.schema import actions, households, incident_alarms, incidents

_REVOKED = "revoked"  # alarms.model.DeviceState


def leave(conn: Connection, caller: Caller, household_id: str) -> Written:
    """Out of the net: neighbours are not told through its devices any more, and it counts in no
    coverage. A press of its button is an alarm still, until the device is revoked."""
    group_id = _in_net(conn, caller, household_id)
    conn.execute(
        update(households).where(households.c.id == household_id).values(left_at_ms=caller.at_ms)
    )
    no_longer_leader(conn, caller, [household_id], group_id)
    note(conn, caller, Entity.HOUSEHOLD, household_id, Change.LEFT, {"from": group_id})
    warnings = size_warnings(conn, group_id)
    count = len(_devices_of(conn, household_id))
    if count:
        left = Said(
            f"该户仍有 {count} 台设备，请收回并吊销",
            f"{count} devices are still there: collect and revoke them",
        )
        warnings = (left, *warnings)
    return Written(Outcome.CHANGED, warnings)


def erase(
    conn: Connection, caller: Caller, box: SealedBox, household_id: str, reason: str
) -> Written:
    """Forget everything personal of the household, for a reason that is written down. Raises
    NotPossible while an incident of it is open: help may need to find it."""
    must_cover(caller.places, places.village_of_household(conn, household_id))
    h = households.c
    row = conn.execute(
        select(h.group_id, h.left_at_ms, h.erased_at_ms).where(h.id == household_id)
    ).one()
    if row.erased_at_ms is not None:
        raise NotPossible(Said("该户资料已删除", "this household was erased already"))
    if _has_open_incident(conn, household_id):
        raise NotPossible(
            Said("该户有未结警情，结案后再删除", "an incident of this household is open: close it")
        )
    no_longer_leader(conn, caller, [household_id], row.group_id)
    revoked = _revoke_devices(conn, caller, household_id)
    _forget_label(conn, household_id)
    values = {
        "label": ERASED_LABEL,
        "estate_id": None,
        "latitude": None,
        "longitude": None,
        "wants_notices": False,
        "told_by": ToldBy.BUTTON.value,
        "data_key_sealed": None,
        "personal_sealed": None,
        "left_at_ms": caller.at_ms if row.left_at_ms is None else row.left_at_ms,
        "erased_at_ms": caller.at_ms,
    }
    conn.execute(update(households).where(h.id == household_id).values(values))
    _forget_positions(conn, household_id)
    note(
        conn,
        caller,
        Entity.HOUSEHOLD,
        household_id,
        Change.ERASED,
        # under the site key: why it was done must be known when the household's own is gone
        {"devices": revoked, "reason": seal_text(conn, box, None, reason[:REASON_LIMIT])},
    )
    return Written(Outcome.CHANGED, size_warnings(conn, row.group_id))


def _in_net(conn: Connection, caller: Caller, household_id: str) -> str:
    """The group. Raises NoSuchEntry, NotPossible."""
    must_cover(caller.places, places.village_of_household(conn, household_id))
    h = households.c
    row = conn.execute(select(h.group_id, h.left_at_ms).where(h.id == household_id)).one()
    if row.left_at_ms is not None:
        raise NotPossible(Said("该户已退出", "this household has left already"))
    return str(row.group_id)


def _devices_of(conn: Connection, household_id: str) -> list[str]:
    """Those that are not revoked."""
    d = devices.c
    statement = select(d.id).where(d.household_id == household_id, d.state != _REVOKED)
    return list(conn.scalars(statement.order_by(d.id)))


def _revoke_devices(conn: Connection, caller: Caller, household_id: str) -> list[str]:
    found = _devices_of(conn, household_id)
    for device in found:
        revoke_in(conn, device, at_ms=caller.at_ms)
        data = {"household": household_id, "why": "erased"}
        note(conn, caller, Entity.DEVICE, device, Change.REVOKED, data)
    return found


def _has_open_incident(conn: Connection, household_id: str) -> bool:
    stages = [stage.value for stage in OPEN_STAGES]
    i, a = incidents.c, incident_alarms.c
    own = select(i.id).where(i.household_id == household_id, i.stage.in_(stages))
    pressed = (
        select(i.id)
        .join(incident_alarms, a.incident_id == i.id)
        .where(a.household_id == household_id, i.stage.in_(stages))
    )
    return conn.scalar(own.union(pressed).limit(1)) is not None


def _forget_label(conn: Connection, household_id: str) -> None:
    """In what was planned for its neighbours: who pressed, as they knew the household."""
    a = actions.c
    of_household = (
        select(incident_alarms.c.incident_id)
        .where(incident_alarms.c.household_id == household_id)
        .union(select(incidents.c.id).where(incidents.c.household_id == household_id))
    )
    rows = conn.execute(
        select(a.id, a.payload).where(
            a.incident_id.in_(of_household), a.kind == ActionKind.NOTICE.value
        )
    ).all()
    for row in rows:
        payload = json.loads(row.payload)
        if payload.get("household") == household_id and "from" in payload:
            kept = chain.canonical({**payload, "from": ERASED_LABEL})
            conn.execute(update(actions).where(a.id == row.id).values(payload=kept))


def _forget_positions(conn: Connection, household_id: str) -> None:
    """Where its incidents began is where it lives."""
    conn.execute(
        update(incidents)
        .where(incidents.c.household_id == household_id)
        .values(latitude=None, longitude=None, cell=None)
    )
