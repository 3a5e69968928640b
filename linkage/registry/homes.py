"""Writing households: what neighbours may see of them, and what is personal.

To be run inside `Database.write`; raises as `writing` does. The history says which fields changed,
never what they say.
"""

from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, select, update

from alarms.store import SealedBox
from linkage.registry import checks, places
from linkage.registry.errors import BadEntry, NotPossible
from linkage.registry.faults import same_label_fault
from linkage.registry.history import Caller, note
from linkage.registry.model import Change, Entity, HouseholdEntry, Outcome, Said, Written
from linkage.registry.moving import must_have_room, must_take_in, no_longer_leader
from linkage.registry.personal import Contact, contact_of, sealed_columns
from linkage.registry.places import must_cover
from linkage.registry.writing import must_be_there, put_row, size_warnings
from linkage.schema import households

NOTHING_SAID = Contact("", "", "")


def put_household(
    conn: Connection,
    caller: Caller,
    entry: HouseholdEntry,
    box: SealedBox,
    contact: Contact | None = None,
) -> Written:
    """Add a household, or change it, also to another group. `contact` None: as it is.

    Whoever left stays out of the net (`moving.move_household` takes them in again).
    """
    checks.check_id(entry.id)
    before = _before(conn, caller, entry.id)
    kept = contact_of(conn, box, entry.id)
    if contact is not None:
        contact = checks.tidy_contact(contact, kept)
    entry = _checked(entry, before, contact or kept or NOTHING_SAID)
    must_take_in(conn, caller, entry.group_id)
    _check_estate(conn, caller, entry)
    joins = before is None or before["group_id"] != entry.group_id
    if joins and (before is None or before["left_at_ms"] is None):
        must_have_room(conn, entry.group_id, 1)
    if (joins or before is None or before["label"] != entry.label) and (
        before is None or before["left_at_ms"] is None
    ):
        _must_be_told_apart(conn, entry)
    outcome, fields = put_row(conn, households, entry.id, _values(entry))
    if contact is not None:
        said = _put_contact(conn, box, entry.id, contact, kept)
        fields = [*fields, *said]
        if said and outcome is Outcome.UNCHANGED:
            outcome = Outcome.CHANGED
    _note(conn, caller, entry, outcome, fields, None if before is None else before["group_id"])
    groups = [entry.group_id]
    if before is not None and before["group_id"] != entry.group_id:
        groups.append(before["group_id"])
    return Written(outcome, size_warnings(conn, *groups))


def _checked(entry: HouseholdEntry, before: dict[str, Any] | None, now: Contact) -> HouseholdEntry:
    """The entry as it is kept. Raises BadEntry."""
    was = before or {"label": None, "latitude": None, "longitude": None}
    label = checks.tidy_label(entry.label, kept=was["label"], contact_name=now.name)
    if (entry.latitude, entry.longitude) != (was["latitude"], was["longitude"]):
        checks.check_position(entry.latitude, entry.longitude)
    return replace(entry, label=label)


def _must_be_told_apart(conn: Connection, entry: HouseholdEntry) -> None:
    h = households.c
    other = conn.scalar(
        select(h.id).where(
            h.group_id == entry.group_id,
            h.left_at_ms.is_(None),
            h.id != entry.id,
            h.label == entry.label,
        )
    )
    if other is not None:
        raise BadEntry("label", same_label_fault(entry.label, other).said)


def _note(
    conn: Connection,
    caller: Caller,
    entry: HouseholdEntry,
    outcome: Outcome,
    fields: list[str],
    group_before: str | None,
) -> None:
    if outcome is Outcome.CREATED:
        note(conn, caller, Entity.HOUSEHOLD, entry.id, Change.CREATED, {"group": entry.group_id})
        return
    if group_before is not None and group_before != entry.group_id:
        no_longer_leader(conn, caller, [entry.id], group_before)
        data = {"from": group_before, "to": entry.group_id}
        note(conn, caller, Entity.HOUSEHOLD, entry.id, Change.MOVED, data)
    other = sorted(set(fields) - {"group_id"})
    if other:
        note(conn, caller, Entity.HOUSEHOLD, entry.id, Change.CHANGED, {"fields": other})


def _before(conn: Connection, caller: Caller, household_id: str) -> dict[str, Any] | None:
    h = households.c
    row = (
        conn.execute(
            select(
                h.group_id, h.label, h.latitude, h.longitude, h.left_at_ms, h.erased_at_ms
            ).where(h.id == household_id)
        )
        .mappings()
        .first()
    )
    if row is None:
        return None
    must_cover(caller.places, places.village_of_household(conn, household_id))
    if row["erased_at_ms"] is not None:
        raise NotPossible(Said("该户资料已删除", "this household was erased"))
    return dict(row)


def _check_estate(conn: Connection, caller: Caller, entry: HouseholdEntry) -> None:
    if entry.estate_id is None:
        return
    estate = places.village_of_estate(conn, entry.estate_id)
    must_be_there(caller, estate, "estate", entry.estate_id)
    if estate != places.village_of_group(conn, entry.group_id):
        raise BadEntry(
            "estate", Said("小区不在本村", "the estate lies in another village than the group")
        )


def _values(entry: HouseholdEntry) -> dict[str, Any]:
    return {
        "group_id": entry.group_id,
        "label": entry.label,
        "estate_id": entry.estate_id,
        "latitude": entry.latitude,
        "longitude": entry.longitude,
        "wants_notices": entry.wants_notices,
        "told_by": entry.told_by.value,
    }


def _put_contact(
    conn: Connection, box: SealedBox, household_id: str, contact: Contact, kept: Contact | None
) -> list[str]:
    """The names of its fields that changed; sealing the same again would look like a change."""
    if kept == contact:
        return []
    h = households.c
    key = conn.scalar(select(h.data_key_sealed).where(h.id == household_id))
    columns = sealed_columns(box, household_id, contact, key_sealed=key)
    conn.execute(update(households).where(h.id == household_id).values(columns))
    was = kept or NOTHING_SAID
    return [name for name in vars(contact) if getattr(contact, name) != getattr(was, name)]


def with_fields(kept: Contact | None, **said: Any) -> Contact:
    """The contact with only these fields replaced: what a masked form left out stays."""
    return replace(kept or NOTHING_SAID, **said)
