"""通讯录: who belongs to each group of a village and how to reach them, as one thing to print.

It shows names and telephones in the clear, because that is what it is for; whoever asks for it
says why, and that is in the audit. What a helper must know of somebody's health is not in it.
"""

from dataclasses import dataclass

from sqlalchemy import Connection, select

from alarms.store import SealedBox
from linkage.accounts.rights import Places
from linkage.registry.history import Caller, note_unmasking
from linkage.registry.reading import Home, Wanted, list_households, read_homes, read_village
from linkage.registry.schema import estates
from linkage.registry.writing import estate_phone
from linkage.schema import grids, mutual_aid_groups


@dataclass(frozen=True, repr=False)
class DirectoryLine:
    """One household of a group; the leader's is the first."""

    role: str
    """联户长 or 成员."""
    label: str
    name: str
    phone: str
    address: str
    further: str
    """Others who can be reached, with their telephones."""


@dataclass(frozen=True, repr=False)
class DirectoryGroup:
    grid: str
    name: str
    lines: tuple[DirectoryLine, ...]


@dataclass(frozen=True, repr=False)
class DirectoryEstate:
    name: str
    company: str
    phone: str


@dataclass(frozen=True, repr=False)
class Directory:
    """The directory of one village, as it is at this moment."""

    village: str
    groups: tuple[DirectoryGroup, ...]
    estates: tuple[DirectoryEstate, ...]


HEADINGS = (
    "身份 Role",
    "户 Household",
    "姓名 Name",
    "电话 Telephone",
    "地址 Address",
    "其他联系人 Others",
)
_LEADER, _MEMBER = "联户长", "成员"


def open_directory(
    conn: Connection, caller: Caller, box: SealedBox, village_id: str, reason: str
) -> Directory:
    """The directory, written down as looked at; inside `Database.write`. Raises NoSuchEntry."""
    found = read_directory(conn, caller.places, box, village_id)
    note_unmasking(conn, caller, box, f"village:{village_id}", reason, {"directory": True})
    return found


def read_directory(conn: Connection, places: Places, box: SealedBox, village_id: str) -> Directory:
    """Groups that are in use, by grid and name. Raises NoSuchEntry."""
    village = read_village(conn, places, village_id)
    g, r, e = mutual_aid_groups.c, grids.c, estates.c
    homes: dict[str, list[Home]] = {}
    for home in read_homes(conn, box, list_households(conn, places, Wanted(village=village_id))):
        homes.setdefault(home.group_id, []).append(home)
    groups = conn.execute(
        select(g.id, g.name, r.name.label("grid"))
        .join(grids, r.id == g.grid_id)
        .where(r.village_id == village_id, g.retired_at_ms.is_(None))
        .order_by(r.name, g.name, g.id)
    )
    built = conn.execute(select(estates).where(e.village_id == village_id).order_by(e.name, e.id))
    return Directory(
        village.name,
        tuple(DirectoryGroup(row.grid, row.name, _lines(homes.get(row.id, []))) for row in groups),
        tuple(
            DirectoryEstate(
                row.name,
                row.property_company or "",
                estate_phone(box, row.id, row.property_phone_sealed) or "",
            )
            for row in built
        ),
    )


def _lines(members: list[Home]) -> tuple[DirectoryLine, ...]:
    ordered = sorted(members, key=lambda home: (not home.leads, home.label, home.id))
    return tuple(_line(home) for home in ordered)


def _line(home: Home) -> DirectoryLine:
    role = _LEADER if home.leads else _MEMBER
    contact = home.contact
    if contact is None:
        return DirectoryLine(role, home.label, "", "", "", "")
    others = "；".join(
        f"{one.name}{f'（{one.relation}）' if one.relation else ''} {one.phone}"
        for one in contact.further
    )
    return DirectoryLine(role, home.label, contact.name, contact.phone, contact.address, others)
