"""The shapes of households in the registry, and making them; masked unless said."""

from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct

from linkage.registry.model import ToldBy
from linkage.registry.personal import Contact
from linkage.registry.reading import DeviceWords, Home
from linkage.web.answering import moment_or_none
from linkage.web.incident_detail import masked_address, masked_name, masked_phone
from linkage.web.registry_change_views import RegistryChange


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


def _masked(phone: str) -> str:
    return masked_phone(phone) if phone else ""
