"""The registry as it is at one moment, as far as sheets go by it; read in one transaction."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

from sqlalchemy import Connection, select

from alarms.model import DeviceState
from alarms.store import SealedBox
from alarms.store.tables import devices
from linkage.registry.history import position
from linkage.registry.personal import Contact, HouseholdBox
from linkage.registry.schema import estates
from linkage.schema import grids, households, mutual_aid_groups, villages


@dataclass(frozen=True)
class KnownVillage:
    name: str
    households_total: int | None


@dataclass(frozen=True)
class KnownGrid:
    village_id: str
    name: str


@dataclass(frozen=True)
class KnownEstate:
    village_id: str
    name: str
    property_company: str | None


@dataclass(frozen=True)
class KnownGroup:
    grid_id: str
    name: str
    leader_household_id: str | None
    retired: bool


@dataclass(frozen=True)
class KnownHousehold:
    group_id: str
    label: str
    estate_id: str | None
    latitude: float | None
    longitude: float | None
    wants_notices: bool
    told_by: str
    key_sealed: bytes | None = field(repr=False)
    personal_sealed: bytes | None = field(repr=False)
    left: bool
    erased: bool

    @property
    def in_net(self) -> bool:
        return not self.left and not self.erased


@dataclass(frozen=True)
class KnownDevice:
    kind: str
    household_id: str | None
    group_id: str | None
    unsigned: bool
    state: DeviceState


@dataclass(frozen=True)
class Registered:
    """All of it, by id."""

    version: int
    """Where the history stood: whoever changes the registry moves it."""
    villages: dict[str, KnownVillage]
    grids: dict[str, KnownGrid]
    estates: dict[str, KnownEstate]
    groups: dict[str, KnownGroup]
    households: dict[str, KnownHousehold]
    devices: dict[str, KnownDevice]

    def village_of_group(self, group_id: str) -> str:
        return self.grids[self.groups[group_id].grid_id].village_id

    def village_of_household(self, household_id: str) -> str:
        return self.village_of_group(self.households[household_id].group_id)

    def village_of_device(self, device_id: str) -> str | None:
        """By its household, or the group that it is for; None when it hangs nowhere."""
        device = self.devices[device_id]
        if device.household_id in self.households:
            return self.village_of_household(device.household_id)
        if device.group_id in self.groups:
            return self.village_of_group(device.group_id)
        return None

    @cached_property
    def members(self) -> dict[str, list[str]]:
        """By group, its households in the net."""
        found: dict[str, list[str]] = {}
        for id_, household in self.households.items():
            if household.in_net:
                found.setdefault(household.group_id, []).append(id_)
        return found

    @cached_property
    def devices_of(self) -> dict[str, list[str]]:
        """By household, its devices that are not revoked."""
        found: dict[str, list[str]] = {}
        for id_, device in self.devices.items():
            if device.household_id is not None and device.state is not DeviceState.REVOKED:
                found.setdefault(device.household_id, []).append(id_)
        return found

    def contacts(self, box: SealedBox, household_ids: Iterable[str]) -> dict[str, Contact]:
        """What is personal of these households, those that have any. Raises StoreUnusable."""
        own = HouseholdBox(box)
        found = {}
        for id_ in household_ids:
            kept = self.households.get(id_)
            if kept is None:
                continue
            contact = own.open(id_, kept.key_sealed, kept.personal_sealed)
            if contact is not None:
                found[id_] = contact
        return found


def read_registered(conn: Connection) -> Registered:
    """The registry now."""
    v, g, e, m, d = (table.c for table in (villages, grids, estates, mutual_aid_groups, devices))
    return Registered(
        version=position(conn),
        villages={
            row.id: KnownVillage(row.name, row.households_total)
            for row in conn.execute(select(v.id, v.name, v.households_total))
        },
        grids={
            row.id: KnownGrid(row.village_id, row.name)
            for row in conn.execute(select(g.id, g.village_id, g.name))
        },
        estates={
            row.id: KnownEstate(row.village_id, row.name, row.property_company)
            for row in conn.execute(select(e.id, e.village_id, e.name, e.property_company))
        },
        groups={
            row.id: KnownGroup(
                row.grid_id, row.name, row.leader_household_id, row.retired_at_ms is not None
            )
            for row in conn.execute(
                select(m.id, m.grid_id, m.name, m.leader_household_id, m.retired_at_ms)
            )
        },
        households={
            row.id: KnownHousehold(
                row.group_id,
                row.label,
                row.estate_id,
                row.latitude,
                row.longitude,
                bool(row.wants_notices),
                row.told_by,
                row.data_key_sealed,
                row.personal_sealed,
                row.left_at_ms is not None,
                row.erased_at_ms is not None,
            )
            for row in conn.execute(select(households))
        },
        devices={
            row.id: KnownDevice(
                row.kind, row.household_id, row.group_id, bool(row.unsigned), DeviceState(row.state)
            )
            for row in conn.execute(
                select(d.id, d.kind, d.household_id, d.group_id, d.unsigned, d.state)
            )
        },
    )
