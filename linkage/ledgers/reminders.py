"""Reminding the 联户长 of those who have not tested, by the device in their home.

At the hours of the settings, and no group oftener than they say; or when somebody asks for it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select, update

from linkage.accounts.rights import Places
from linkage.ledgers.device_tests import UntestedGroup, untested
from linkage.ledgers.homes import home_buttons
from linkage.registry.history import Caller, note
from linkage.registry.model import Change, Entity
from linkage.schema import mutual_aid_groups

PHRASE = "test-due"


@dataclass(frozen=True)
class Reminder:
    """What a leader's devices are to be told."""

    group_id: str
    devices: tuple[str, ...]
    untested: int

    def notice_id(self, now_ms: int) -> str:
        """The same within a day: a repeat is one notice to the device."""
        return f"test-due-{self.group_id}-{now_ms // 86_400_000}"


@dataclass(frozen=True)
class NotReminded:
    """A group whose leader could not be told."""

    group_id: str
    group: str
    no_leader: bool
    """True: nobody is its 联户长. False: no device in the leader's home could tell them."""


def due(
    conn: Connection,
    places: Places,
    *,
    before_ms: int,
    reminded_before_ms: int | None,
    village_id: str | None = None,
    group_id: str | None = None,
) -> tuple[list[Reminder], list[NotReminded]]:
    """Whom to remind: groups with buttons untested since `before_ms`; without those reminded
    after `reminded_before_ms` (None: whenever they were)."""
    late = untested(conn, places, before_ms=before_ms, village_id=village_id, group_id=group_id)
    g = mutual_aid_groups.c
    reminded = {
        row.id: row.reminded_at_ms
        for row in conn.execute(select(g.id, g.reminded_at_ms).where(g.reminded_at_ms.is_not(None)))
    }
    if reminded_before_ms is not None:
        late = [
            one
            for one in late
            if reminded.get(one.group_id, -1) <= reminded_before_ms
            # who was given a button yesterday is not told off for it today
            and any(button.was_due_by(before_ms) for button in one.untested)
        ]
    reminders, not_reminded = [], []
    for one in late:
        devices = _devices_of_leader(conn, one)
        if devices:
            reminders.append(Reminder(one.group_id, devices, len(one.untested)))
        else:
            no_leader = one.leader_household_id is None
            not_reminded.append(NotReminded(one.group_id, one.group, no_leader))
    return reminders, not_reminded


def note_reminded(conn: Connection, caller: Caller, reminded: Sequence[Reminder]) -> None:
    """They were told, in the transaction that remembers it."""
    for one in reminded:
        conn.execute(
            update(mutual_aid_groups)
            .where(mutual_aid_groups.c.id == one.group_id)
            .values(reminded_at_ms=caller.at_ms)
        )
        data = {"untested": one.untested}
        note(conn, caller, Entity.GROUP, one.group_id, Change.REMINDED, data)


def _devices_of_leader(conn: Connection, group: UntestedGroup) -> tuple[str, ...]:
    if group.leader_household_id is None:
        return ()
    buttons = home_buttons(conn, Places(None), group_id=group.group_id)
    return tuple(b.device for b in buttons if b.household_id == group.leader_household_id)
