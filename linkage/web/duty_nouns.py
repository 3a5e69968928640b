"""What a noun of the duty room's registry is to the web: how it is read, checked and written."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from msgspec import Struct
from sqlalchemy import Connection

from linkage.accounts.rights import Permission
from linkage.duty.model import Area
from linkage.web import duty_views as shapes
from linkage.web.ports import Ports

B = TypeVar("B", bound=Struct)


@dataclass(frozen=True)
class Entry:
    """One entry, where it belongs, and how it is shown."""

    id: str
    area: Area
    item: Any
    kept: Any = None
    """The entry itself, where a change must know it."""


@dataclass(frozen=True)
class Noun(Generic[B]):
    """`put` raises BadEntry; `delete` raises NoSuchEntry."""

    name: str
    path: str
    body: type[B]
    item: type[Struct]
    page: type[Any]
    entries: Callable[[Connection, Ports], Sequence[Entry]]
    area: Callable[[Connection, str, B], Area]
    """Where an entry of this id with this body belongs."""
    put: Callable[[Connection, Ports, str, B, Entry | None], None]
    delete: Callable[[Connection, str], None]
    read_needs: Permission = Permission.DUTY_READ
    by_village: bool = False
    """The id is a village's: PUT makes it."""

    @property
    def key(self) -> str:
        """The field of the body that may say the id."""
        return "village" if self.by_village else "id"

    @property
    def plural(self) -> str:
        return self.path


def area_of(body: shapes.PostBody | shapes.TeamBody) -> Area:
    """Where a post or team with this body belongs."""
    return Area(frozenset(body.villages), frozenset(body.grids))
