"""Who sees to a maintenance order, and to whom it is handed up. Nobody is rung for it."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from linkage.accounts.rights import Permission, permissions_of
from linkage.escalation.callees import Roster, found
from linkage.escalation.plans import Callee
from linkage.model.person import Role
from linkage.people import roster

# whoever is near first: the village's own people can be at the door today
_OWNERS = (
    Callee(role=Role.VILLAGE_HEAD),
    Callee(village_officer=True),
    Callee(role=Role.ADMINISTRATOR),
)
_ABOVE = (Callee(role=Role.SHIFT_LEADER), Callee(role=Role.ADMINISTRATOR))


class Owners:
    """Asked for one transaction: each village is looked up once."""

    def __init__(self, conn: Connection, now: datetime, time_zone: ZoneInfo) -> None:
        self._conn = conn
        self._now = now
        self._time_zone = time_zone
        self._known: dict[str | None, Roster] = {}

    def owner(self, village_id: str | None) -> str | None:
        """The account that sees to what is wrong in this village; None: there is nobody."""
        return self._first(_OWNERS, village_id)

    def above(self, village_id: str | None) -> str | None:
        """The shift leader to whom it goes when the owner did nothing; None: there is nobody."""
        return self._first(_ABOVE, village_id)

    def _first(self, callees: Sequence[Callee], village_id: str | None) -> str | None:
        if village_id not in self._known:
            self._known[village_id] = roster(
                self._conn, self._now, self._time_zone, village_id=village_id
            )
        here = self._known[village_id]
        meant = [found([c], here, village_id=village_id, grid_id=None) for c in callees]
        # somebody who is there before somebody who is on leave
        there = [person for one in meant for person in one.present]
        away = [person for one in meant for person in one.absent]
        able = (p for p in (*there, *away) if Permission.MAINTENANCE_EDIT in permissions_of(p.role))
        return next((person.username for person in able), None)
