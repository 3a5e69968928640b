"""Maintenance orders as the API shows them, and the sentences that say what is wrong."""

import json
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct

from linkage.supervision.model import Fault
from linkage.web.answering import moment, moment_or_none


class MaintenancePerson(Struct, frozen=True, kw_only=True):
    username: str
    name: str


class MaintenanceOwners(Struct, frozen=True, kw_only=True):
    items: list[MaintenancePerson]


class MaintenanceOrder(Struct, frozen=True, kw_only=True):
    id: str
    kind: str
    label_zh: str
    label_en: str
    state: str
    """`open`, `recovered` (well again, to be confirmed) or `done`."""
    device: str | None
    """None: the whole village."""
    household: str | None
    """Its label."""
    household_id: str | None
    group: str | None
    group_id: str | None
    village: str | None
    village_id: str | None
    devices: int
    """How many devices it stands for."""
    raised_at: str
    due_at: str
    owner: MaintenancePerson | None
    """None: nobody could be found; somebody must be named."""
    overdue_at: str | None
    """When it was handed up, because its due time had passed."""
    handed_to: MaintenancePerson | None
    recovered_at: str | None
    done_at: str | None
    done_by: MaintenancePerson | None
    """None: it ended by itself."""
    note: str | None


class MaintenanceList(Struct, frozen=True, kw_only=True):
    items: list[MaintenanceOrder]
    total: int
    next: str | None


class MaintenanceCounts(Struct, frozen=True, kw_only=True):
    """Orders that somebody must see to."""

    open: int = 0
    overdue: int = 0
    unowned: int = 0


def order_view(
    row: Mapping[str, Any], names: Mapping[str, tuple[str, str]], zone: ZoneInfo, *, devices: int
) -> MaintenanceOrder:
    """`names`: display name and role by user name; `devices`: for how many a village's stands."""
    zh, en = Fault(row["kind"]).label

    def person(username: str | None) -> MaintenancePerson | None:
        if username is None:
            return None
        found = names.get(username)
        return MaintenancePerson(username=username, name=username if found is None else found[0])

    return MaintenanceOrder(
        id=row["id"],
        kind=row["kind"],
        label_zh=zh,
        label_en=en,
        state=row["state"],
        device=row["device_id"],
        household=row["household"],
        household_id=row["household_id"],
        group=row["group"],
        group_id=row["group_id"],
        village=row["village"],
        village_id=row["village_id"],
        devices=devices if row["device_id"] is None else 1,
        raised_at=moment(row["raised_at_ms"], zone),
        due_at=moment(row["due_at_ms"], zone),
        owner=person(row["owner"]),
        overdue_at=moment_or_none(row["overdue_at_ms"], zone),
        handed_to=person(row["handed_to"]),
        recovered_at=moment_or_none(row["recovered_at_ms"], zone),
        done_at=moment_or_none(row["done_at_ms"], zone),
        done_by=person(row["done_by"]),
        note=json.loads(row["detail"]).get("note"),
    )
