"""The words of the registry: what there is, what can become of it, how many make a group.

Only the standard library; nothing here reads or writes. What is personal is in `personal`.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

FEWEST_HOUSEHOLDS = 5
MOST_HOUSEHOLDS = 20
"""More are refused; fewer than `FEWEST_HOUSEHOLDS` are warned of, because a group must begin."""
USUAL_HOUSEHOLDS = (8, 15)
"""Outside of it a group is warned of (十户联防: ten, more or less)."""

_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


def is_id(text: str) -> bool:
    """Whether it can be the id of a place, a household or a device."""
    return _ID.fullmatch(text) is not None


class Entity(StrEnum):
    """What has a history in the registry (`registry_changes.entity`)."""

    VILLAGE = "village"
    GRID = "grid"
    ESTATE = "estate"
    GROUP = "group"
    HOUSEHOLD = "household"
    DEVICE = "device"


class Change(StrEnum):
    """What became of it (`registry_changes.change`, at most 16 characters)."""

    CREATED = "created"
    CHANGED = "changed"
    MOVED = "moved"
    """A household to another group, a group to another grid, a device to another household."""
    SPLIT = "split"
    MERGED = "merged"
    RETIRED = "retired"
    """A group whose households are elsewhere now."""
    LEFT = "left"
    RETURNED = "returned"
    ERASED = "erased"
    ISSUED = "issued"
    """A device's key and login were drawn and shown."""
    ENROLLED = "enrolled"
    ROTATED = "rotated"
    REVOKED = "revoked"
    TESTED = "tested"
    """A group's devices were told something harmless, to see who answers."""
    REMINDED = "reminded"
    """A group's leader was told that some have not tested."""

    @property
    def label(self) -> tuple[str, str]:
        """The change in Chinese and in English."""
        return _CHANGE_LABELS[self]


_CHANGE_LABELS = {
    Change.CREATED: ("登记", "Registered"),
    Change.CHANGED: ("更改", "Changed"),
    Change.MOVED: ("调整归属", "Moved"),
    Change.SPLIT: ("拆分", "Split"),
    Change.MERGED: ("合并", "Merged"),
    Change.RETIRED: ("撤销", "Retired"),
    Change.LEFT: ("退出", "Left the net"),
    Change.RETURNED: ("重新加入", "Returned"),
    Change.ERASED: ("删除个人资料", "Erased"),
    Change.ISSUED: ("发放密钥", "Key issued"),
    Change.ENROLLED: ("入网", "Enrolled"),
    Change.ROTATED: ("更换密钥", "Key rotated"),
    Change.REVOKED: ("吊销", "Revoked"),
    Change.TESTED: ("通知测试", "Notification tested"),
    Change.REMINDED: ("提醒测试", "Reminded of tests"),
}


class ToldBy(StrEnum):
    """How a household wants to be told of a neighbour's call (`households.told_by`)."""

    BUTTON = "button"
    PHONE = "phone"
    """An officer telephones; its button stays silent."""
    BOTH = "both"

    @property
    def by_button(self) -> bool:
        return self is not ToldBy.PHONE

    @property
    def by_phone(self) -> bool:
        return self is not ToldBy.BUTTON


@dataclass(frozen=True)
class Said:
    """One sentence in Chinese and in English."""

    zh: str
    en: str

    def __str__(self) -> str:
        return f"{self.zh} / {self.en}"


def size_warning(households: int, group: str | None = None) -> Said | None:
    """What to say of a group with so many households in the net; None when it is as usual."""
    least, most = USUAL_HOUSEHOLDS
    zh = f"{'本组' if group is None else f'组 {group} '}现有 {households} 户"
    en = f"{'this group' if group is None else f'group {group}'} has {households} households"
    if households < FEWEST_HOUSEHOLDS:
        return Said(
            f"{zh}，少于 {FEWEST_HOUSEHOLDS} 户，请尽快补足",
            f"{en}, fewer than {FEWEST_HOUSEHOLDS}: add some",
        )
    if not least <= households <= most:
        return Said(f"{zh}，一般为 {least} 至 {most} 户", f"{en}; {least} to {most} are usual")
    return None


@dataclass(frozen=True)
class VillageEntry:
    """A village (村/社区) as it is to be kept."""

    id: str
    name: str
    households_total: int | None = None
    """Enrolled or not, for coverage; None: not counted yet."""
    boundary: str | None = None
    """GeoJSON Polygon as canonical JSON, WGS-84 (`checks.boundary_of`); None: not drawn."""


@dataclass(frozen=True)
class GridEntry:
    """A grid (网格) of a village."""

    id: str
    village_id: str
    name: str
    boundary: str | None = None


@dataclass(frozen=True, repr=False)
class EstateEntry:
    """A housing estate (住宅小区) and its property company."""

    id: str
    village_id: str
    name: str
    property_company: str | None = None
    property_phone: str | None = None


@dataclass(frozen=True)
class GroupEntry:
    """A mutual-aid group (十户联防组)."""

    id: str
    grid_id: str
    name: str
    leader_household_id: str | None = None
    """联户长; a household of this group."""


@dataclass(frozen=True, repr=False)
class HouseholdEntry:
    """A household without what is personal (`personal.Contact`)."""

    id: str
    group_id: str
    label: str
    """What neighbours see of it; agreed, never a name."""
    estate_id: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    wants_notices: bool = True
    told_by: ToldBy = ToldBy.BUTTON


class Outcome(StrEnum):
    """What writing an entry came to."""

    CREATED = "created"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


@dataclass(frozen=True)
class Written:
    """What writing came to, and what a person should know of it."""

    outcome: Outcome
    warnings: tuple[Said, ...] = ()


ERASED_LABEL = "已删除住户"
ERASED = Said("（已删除）", "(erased)")
"""Stands where a text of an erased household was."""
