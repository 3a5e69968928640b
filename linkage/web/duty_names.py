"""Whom and what the duty room's entries may name: accounts, villages and grids, with their names.

For whoever edits them, so that nobody must know an id by heart. No telephones belong here.
"""

import json

from msgspec import Struct
from sqlalchemy import Connection, or_, select

from linkage.accounts.rights import Places
from linkage.duty.model import Area
from linkage.schema import accounts, grids, villages


class NamedPerson(Struct, kw_only=True):
    username: str
    display_name: str
    role: str


class NamedVillage(Struct, kw_only=True):
    id: str
    name: str


class NamedGrid(Struct, kw_only=True):
    id: str
    name: str
    village: str


class DutyNames(Struct, kw_only=True):
    people: list[NamedPerson]
    villages: list[NamedVillage]
    grids: list[NamedGrid]


def read_names(conn: Connection, places: Places, now_ms: int) -> DutyNames:
    """What lies in these places; of accounts those that are in use and touch them."""
    people = conn.execute(
        select(accounts)
        .where(
            accounts.c.enabled,
            or_(accounts.c.expires_at_ms.is_(None), accounts.c.expires_at_ms > now_ms),
        )
        .order_by(accounts.c.role, accounts.c.username)
    )
    return DutyNames(
        people=[
            NamedPerson(username=row.username, display_name=row.display_name, role=row.role)
            for row in people
            if Area(frozenset(json.loads(row.places))).touches(places.villages)
        ],
        villages=[
            NamedVillage(id=row.id, name=row.name)
            for row in conn.execute(select(villages).order_by(villages.c.id))
            if places.covers(row.id)
        ],
        grids=[
            NamedGrid(id=row.id, name=row.name, village=row.village_id)
            for row in conn.execute(select(grids).order_by(grids.c.id))
            if places.covers(row.village_id)
        ],
    )
