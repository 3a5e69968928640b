"""The shapes of the registry's villages, grids and estates, and making them."""

import json
from collections.abc import Iterable, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct
from sqlalchemy import Row

from linkage.registry.history import HistoryEntry
from linkage.registry.reading import GroupInTree, VillageInTree
from linkage.web.incident_detail import masked_phone
from linkage.web.registry_change_views import RegistryChange, changes


class TreeGroup(Struct, frozen=True, kw_only=True):
    id: str
    name: str
    households: int
    leader_household_id: str | None
    retired: bool


class TreeGrid(Struct, frozen=True, kw_only=True):
    id: str
    name: str
    groups: list[TreeGroup]


class TreeEstate(Struct, frozen=True, kw_only=True):
    id: str
    name: str
    property_company: str | None


class TreeVillage(Struct, frozen=True, kw_only=True):
    id: str
    name: str
    households_total: int | None
    grids: list[TreeGrid]
    estates: list[TreeEstate]


class RegistryTree(Struct, frozen=True, kw_only=True):
    villages: list[TreeVillage]


class RegistryVillage(Struct, frozen=True, kw_only=True):
    id: str
    name: str
    households_total: int | None
    boundary: Any
    """GeoJSON Polygon, or null."""
    history: list[RegistryChange]


class RegistryEstate(Struct, frozen=True, kw_only=True):
    id: str
    name: str
    village: str
    property_company: str | None
    property_phone: str | None
    """Masked."""
    groups: list[TreeGroup]
    """Those with households there, and how many of them."""
    history: list[RegistryChange]


class UnmaskedEstate(Struct, frozen=True, kw_only=True):
    id: str
    property_phone: str | None


def tree(villages: Iterable[VillageInTree]) -> RegistryTree:
    return msgspec.convert({"villages": list(villages)}, RegistryTree, from_attributes=True)


def village(row: Row[Any], history: Sequence[HistoryEntry], zone: ZoneInfo) -> RegistryVillage:
    return RegistryVillage(
        id=row.id,
        name=row.name,
        households_total=row.households_total,
        boundary=None if row.boundary is None else json.loads(row.boundary),
        history=changes(history, zone),
    )


def estate(
    row: Row[Any],
    phone: str | None,
    groups: Sequence[GroupInTree],
    history: Sequence[HistoryEntry],
    zone: ZoneInfo,
) -> RegistryEstate:
    return RegistryEstate(
        id=row.id,
        name=row.name,
        village=row.village_id,
        property_company=row.property_company,
        property_phone=None if phone is None else masked_phone(phone),
        groups=msgspec.convert(list(groups), list[TreeGroup], from_attributes=True),
        history=changes(history, zone),
    )
