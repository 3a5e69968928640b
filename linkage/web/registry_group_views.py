"""The shape of a mutual-aid group, and making it; its members masked."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from msgspec import Struct

from linkage.registry.history import HistoryEntry
from linkage.registry.model import size_warning
from linkage.registry.reading import GroupShown
from linkage.web.answering import moment_or_none
from linkage.web.registry_change_views import RegistryChange, changes, texts
from linkage.web.registry_household_views import (
    RegistryDevice,
    RegistryHousehold,
    device,
    household,
)


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


def group(shown: GroupShown, history: Sequence[HistoryEntry], zone: ZoneInfo) -> RegistryGroup:
    warning = None if shown.retired_at_ms is not None else size_warning(len(shown.members))
    return RegistryGroup(
        id=shown.id,
        name=shown.name,
        grid=Named(id=shown.grid_id, name=shown.grid_name),
        village=Named(id=shown.village_id, name=shown.village_name),
        leader=shown.leader_household_id,
        retired_at=moment_or_none(shown.retired_at_ms, zone),
        warnings=[] if warning is None else texts([warning]),
        members=[household(member, zone) for member in shown.members],
        devices=[device(one, zone) for one in shown.devices],
        history=changes(history, zone),
    )
