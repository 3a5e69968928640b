"""Who acts: roles, accounts, and the actor of one step."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a person is on the console (contract §4)."""

    DUTY_OFFICER = "duty-officer"
    SHIFT_LEADER = "shift-leader"
    DISPATCHER = "dispatcher"
    VILLAGE_HEAD = "village-head"
    PATROL = "patrol"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"

    @property
    def label(self) -> tuple[str, str]:
        """The role in Chinese and in English."""
        return _ROLE_LABELS[self]


_ROLE_LABELS = {
    Role.DUTY_OFFICER: ("值班员", "Duty officer"),
    Role.SHIFT_LEADER: ("带班领导", "Shift leader"),
    Role.DISPATCHER: ("派出所调度", "Police-station dispatcher"),
    Role.VILLAGE_HEAD: ("村负责人", "Village head"),
    Role.PATROL: ("巡防队员", "Patrol"),
    Role.AUDITOR: ("审计员", "Auditor"),
    Role.ADMINISTRATOR: ("管理员", "Administrator"),
}


@dataclass(frozen=True)
class Actor:
    """The person (or machine) who acts on an incident."""

    username: str
    display_name: str
    role: Role | None = None
    machine: bool = False


EVERYWHERE = "*"


@dataclass(frozen=True)
class Person:
    """An enabled account. `places` holds village ids, or `*` for all."""

    username: str
    display_name: str
    role: Role
    places: frozenset[str]

    def covers(self, village_id: str | None) -> bool:
        """Whether the village is this person's; an unknown place is only theirs who have all."""
        return EVERYWHERE in self.places or village_id in self.places
