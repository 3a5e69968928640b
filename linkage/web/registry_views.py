"""The shapes of the registry in the API, and making them; personal data masked unless said."""

import json
from collections.abc import Iterable, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct
from sqlalchemy import Row

from linkage.registry.coverage import VillageCoverage
from linkage.registry.history import HistoryEntry
from linkage.registry.model import Said, ToldBy, Written, size_warning
from linkage.registry.personal import Contact
from linkage.registry.reading import DeviceWords, GroupShown, Home, VillageInTree
from linkage.web.incident_detail import masked_address, masked_name, masked_phone
from linkage.web.views import moment, moment_or_none


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


class RegistryWritten(Struct, frozen=True, kw_only=True):
    outcome: str
    """created, changed or unchanged."""
    warnings: list[str]
    """Chinese first."""


class RegistryDevice(Struct, frozen=True, kw_only=True):
    id: str
    kind: str
    state: str
    online: bool | None
    heard_at: str | None
    tested_at: str | None
    battery: Any
    """As the device last said."""
    rssi: Any
    fw: Any


class FurtherPerson(Struct, frozen=True, kw_only=True):
    name: str
    phone: str
    relation: str


class RegistryContact(Struct, frozen=True, kw_only=True):
    masked: bool
    name: str
    phone: str
    address: str
    health: str
    further: list[FurtherPerson]


class RegistryHousehold(Struct, frozen=True, kw_only=True):
    id: str
    label: str
    village: str
    grid: str
    group: str
    group_name: str
    estate: str | None
    latitude: float | None
    longitude: float | None
    wants_notices: bool
    told_by: ToldBy
    """By which way, when it wants to be told."""
    role: str
    """leader (联户长) or member."""
    in_net: bool
    left_at: str | None
    erased_at: str | None
    covered: bool
    contact: RegistryContact | None
    devices: list[RegistryDevice]


class RegistryChange(Struct, frozen=True, kw_only=True):
    at: str
    actor: str
    change: str
    label_zh: str
    label_en: str
    data: dict[str, Any]


class RegistryEstate(Struct, frozen=True, kw_only=True):
    id: str
    name: str
    village: str
    property_company: str | None
    property_phone: str | None
    """Masked."""
    history: list[RegistryChange]


class UnmaskedEstate(Struct, frozen=True, kw_only=True):
    id: str
    property_phone: str | None


class RegistryHouseholdDetail(Struct, frozen=True, kw_only=True):
    household: RegistryHousehold
    history: list[RegistryChange]


class RegistryHouseholdPage(Struct, frozen=True, kw_only=True):
    items: list[RegistryHousehold]
    total: int
    next: str | None


class Unmasked(Struct, frozen=True, kw_only=True):
    id: str
    contact: RegistryContact | None


class Named(Struct, frozen=True, kw_only=True):
    id: str
    name: str


class RegistryGroup(Struct, frozen=True, kw_only=True):
    id: str
    name: str
    grid: Named
    village: Named
    leader: str | None
    """The household of the 联户长."""
    retired_at: str | None
    warnings: list[str]
    members: list[RegistryHousehold]
    devices: list[RegistryDevice]
    """Of the whole group, such as its siren."""
    history: list[RegistryChange]


class VillageCoverageView(Struct, frozen=True, kw_only=True):
    id: str
    name: str
    total: int | None
    enrolled: int
    covered: int
    rate: float | None
    model_village: bool
    boundary: Any


class CoverageView(Struct, frozen=True, kw_only=True):
    model_village: float
    """From which rate a village counts as 示范村."""
    items: list[VillageCoverageView]


def tree(villages: Iterable[VillageInTree]) -> RegistryTree:
    return msgspec.convert({"villages": list(villages)}, RegistryTree, from_attributes=True)


def village(row: Row[Any]) -> RegistryVillage:
    return RegistryVillage(
        id=row.id,
        name=row.name,
        households_total=row.households_total,
        boundary=None if row.boundary is None else json.loads(row.boundary),
    )


def estate(
    row: Row[Any], phone: str | None, history: Sequence[HistoryEntry], zone: ZoneInfo
) -> RegistryEstate:
    return RegistryEstate(
        id=row.id,
        name=row.name,
        village=row.village_id,
        property_company=row.property_company,
        property_phone=None if phone is None else masked_phone(phone),
        history=changes(history, zone),
    )


def written(done: Written) -> RegistryWritten:
    return RegistryWritten(outcome=done.outcome.value, warnings=_texts(done.warnings))


def group(shown: GroupShown, history: Sequence[HistoryEntry], zone: ZoneInfo) -> RegistryGroup:
    warning = None if shown.retired_at_ms is not None else size_warning(len(shown.members))
    return RegistryGroup(
        id=shown.id,
        name=shown.name,
        grid=Named(id=shown.grid_id, name=shown.grid_name),
        village=Named(id=shown.village_id, name=shown.village_name),
        leader=shown.leader_household_id,
        retired_at=moment_or_none(shown.retired_at_ms, zone),
        warnings=[] if warning is None else _texts([warning]),
        members=[household(member, zone) for member in shown.members],
        devices=[device(one, zone) for one in shown.devices],
        history=changes(history, zone),
    )


def household(home: Home, zone: ZoneInfo) -> RegistryHousehold:
    return RegistryHousehold(
        id=home.id,
        label=home.label,
        village=home.village_id,
        grid=home.grid_id,
        group=home.group_id,
        group_name=home.group_name,
        estate=home.estate_id,
        latitude=home.latitude,
        longitude=home.longitude,
        wants_notices=home.wants_notices,
        told_by=home.told_by,
        role="leader" if home.leads else "member",
        in_net=home.left_at_ms is None,
        left_at=moment_or_none(home.left_at_ms, zone),
        erased_at=moment_or_none(home.erased_at_ms, zone),
        covered=home.covered,
        contact=contact(home.contact, clear=False),
        devices=[device(one, zone) for one in home.devices],
    )


def contact(given: Contact | None, *, clear: bool) -> RegistryContact | None:
    """What is kept of it; masked, it tells whom one means without telling who it is."""
    if given is None:
        return None
    return RegistryContact(
        masked=not clear,
        name=given.name if clear else masked_name(given.name),
        phone=given.phone if clear else _masked(given.phone),
        address=given.address if clear else masked_address(given.address),
        health=given.health if clear or not given.health else "***",
        further=[
            FurtherPerson(
                name=one.name if clear else masked_name(one.name),
                phone=one.phone if clear else _masked(one.phone),
                relation=one.relation,
            )
            for one in given.further
        ],
    )


def device(words: DeviceWords, zone: ZoneInfo) -> RegistryDevice:
    return RegistryDevice(
        id=words.id,
        kind=words.kind,
        state=words.state,
        online=words.online,
        heard_at=moment_or_none(words.heard_at_ms, zone),
        tested_at=moment_or_none(words.tested_at_ms, zone),
        battery=words.status.get("battery"),
        rssi=words.status.get("rssi"),
        fw=words.status.get("fw"),
    )


def changes(history: Sequence[HistoryEntry], zone: ZoneInfo) -> list[RegistryChange]:
    found = []
    for one in history:
        zh, en = one.change.label
        found.append(
            RegistryChange(
                at=moment(one.at_ms, zone),
                actor=one.actor,
                change=one.change.value,
                label_zh=zh,
                label_en=en,
                data=one.data,
            )
        )
    return found


def coverage(
    found: Iterable[VillageCoverage], *, model_village: float, boundaries: bool
) -> CoverageView:
    return CoverageView(
        model_village=model_village,
        items=[
            VillageCoverageView(
                id=one.id,
                name=one.name,
                total=one.total,
                enrolled=one.enrolled,
                covered=one.covered,
                rate=one.rate,
                model_village=one.model_village,
                boundary=json.loads(one.boundary) if boundaries and one.boundary else None,
            )
            for one in found
        ],
    )


def _masked(phone: str) -> str:
    return masked_phone(phone) if phone else ""


def _texts(said: Iterable[Said]) -> list[str]:
    return [str(one) for one in said]
