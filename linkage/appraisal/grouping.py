"""By what the figures are told apart: village, team, shift, kind. Pure.

Of people only the unit they belong to is named: an appraisal is of how the work goes, and nobody's
personal score.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial

from lianfang_timing import from_unix_ms
from linkage.appraisal.model import Case
from linkage.appraisal.shifts import shift_at
from linkage.duty.model import Rota


class By(StrEnum):
    VILLAGE = "village"
    TEAM = "team"
    SHIFT = "shift"
    KIND = "kind"

    @property
    def label(self) -> tuple[str, str]:
        """In Chinese and in English."""
        return _BY[self]


_BY = {
    By.VILLAGE: ("村（社区）", "Village"),
    By.TEAM: ("处置队伍", "Team"),
    By.SHIFT: ("班次", "Shift"),
    By.KIND: ("类别", "Kind"),
}


@dataclass(frozen=True)
class Names:
    """What ids are called."""

    villages: Mapping[str, str] = field(default_factory=dict)
    teams: Mapping[str, str] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    """The units of accounts."""


@dataclass(frozen=True)
class GroupName:
    """A group's id, unique among those of one `By`, and its name in both languages."""

    id: str
    zh: str
    en: str


_NO_VILLAGE = GroupName("", "不在任何村", "In no village")
_NOBODY_SENT = GroupName("", "未派人", "Nobody sent")
_OTHERS = GroupName("other", "其他人员（未登记的队伍）", "Others (no team of the registry)")
_NO_SHIFT = GroupName("", "排班无人", "Nobody's by the rota")


def keyed(by: By, names: Names, desk: Rota) -> Callable[[Case], GroupName]:
    """What tells the group of an incident. `desk`: the duty officers' rota."""
    keys: dict[By, Callable[[Case], GroupName]] = {
        By.VILLAGE: partial(_village, names),
        By.TEAM: partial(_team, names),
        By.SHIFT: partial(_shift, desk),
        By.KIND: _kind,
    }
    return keys[by]


def _village(names: Names, case: Case) -> GroupName:
    if case.village_id is None:
        return _NO_VILLAGE
    name = names.villages.get(case.village_id, case.village_id)
    return GroupName(case.village_id, name, name)


def _team(names: Names, case: Case) -> GroupName:
    sent = case.sent_to
    if sent is None:
        return _NOBODY_SENT
    if sent in names.teams:
        return GroupName(f"team:{sent}", names.teams[sent], names.teams[sent])
    for team_id, name in names.teams.items():
        if name == sent:
            return GroupName(f"team:{team_id}", name, name)
    unit = names.units.get(sent)
    return _OTHERS if unit is None else GroupName(f"unit:{unit}", unit, unit)


def _shift(desk: Rota, case: Case) -> GroupName:
    hours = shift_at(desk, from_unix_ms(case.opened_at_ms))
    return _NO_SHIFT if hours is None else GroupName(hours, hours, hours)


def _kind(case: Case) -> GroupName:
    return GroupName(case.kind.value, *case.kind.label)
