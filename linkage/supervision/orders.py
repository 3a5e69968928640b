"""Maintenance orders in the store: what the watch decided, and what people do with them.

Each function runs in the caller's transaction. The watch is the only one that raises orders.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection, RowMapping, bindparam, func, insert, select, update

from linkage.accounts.rights import Permission, permissions_of
from linkage.model.person import Person
from linkage.people import people
from linkage.supervision import storage
from linkage.supervision.changes import (
    Change,
    Close,
    Fold,
    Orders,
    Raise,
    Recover,
    Reopen,
    StandingOrder,
    end_of_all,
)
from linkage.supervision.errors import NoSuchOrder, OrderRefused
from linkage.supervision.model import Fault, OrderState, Policy
from linkage.supervision.owners import Owners
from linkage.supervision.schema import maintenance_orders

_o = maintenance_orders.c
_NOT_DONE = _o.state != OrderState.DONE.value
_VISIBLE = (OrderState.OPEN.value, OrderState.RECOVERED.value)
_STANDING = select(
    _o.id, _o.kind, _o.state, _o.device_id, _o.village_id, _o.folded_into
).where(_NOT_DONE)  # fmt: skip
_LATE = select(_o.id, _o.village_id).where(
    _o.state.in_(_VISIBLE), _o.due_at_ms <= bindparam("now_ms"), _o.overdue_at_ms.is_(None)
)
_AT_ONCE = 500


@dataclass(frozen=True)
class Counts:
    """Of the orders that somebody must see to, in one village."""

    open: int = 0
    overdue: int = 0
    unowned: int = 0


def standing(conn: Connection) -> Orders:
    """All that are not done."""
    found = [
        StandingOrder(
            row.id,
            Fault(row.kind),
            OrderState(row.state),
            row.device_id,
            row.village_id,
            row.folded_into,
        )
        for row in conn.execute(_STANDING)
    ]
    villages = [order.id for order in found if order.device_id is None]
    if not villages:
        return Orders(found)
    counted = conn.execute(
        select(_o.folded_into, func.count())
        .where(_o.folded_into.in_(villages))
        .group_by(_o.folded_into)
    )
    return Orders(found, {row[0]: row[1] for row in counted})


def apply(
    conn: Connection, changes: Iterable[Change], owners: Owners, policy: Policy, now_ms: int
) -> None:
    """Write what the watch decided."""
    raised = []
    for change in changes:
        match change:
            case Raise():
                raised.append(_row(change, owners, policy, now_ms))
            case Recover(order_id, closes):
                done = {"state": OrderState.DONE.value, "done_at_ms": now_ms} if closes else {}
                recovered = {"state": OrderState.RECOVERED.value} | done
                _change(conn, order_id, {"recovered_at_ms": now_ms, **recovered})
            case Reopen(order_id):
                again = {"state": OrderState.OPEN.value, "recovered_at_ms": None}
                _change(conn, order_id, again)
            case Fold(order_id, into):
                folded = {"state": OrderState.FOLDED.value, "folded_into": into}
                _change(conn, order_id, folded)
            case Close(order_id, why):
                _end(conn, order_id, {"closed": why}, now_ms, by=None)
    for start in range(0, len(raised), _AT_ONCE):
        conn.execute(insert(maintenance_orders), raised[start : start + _AT_ONCE])


def some_are_late(conn: Connection, now_ms: int) -> bool:
    """Whether `hand_up` would find any."""
    return conn.scalar(select(_LATE.with_only_columns(_o.id).exists()), {"now_ms": now_ms}) or False


def hand_up(conn: Connection, owners: Owners, now_ms: int) -> list[str]:
    """Lay every order whose time has passed before the shift leader, once; their ids."""
    late = conn.execute(_LATE, {"now_ms": now_ms}).all()
    for row in late:
        handed = {"overdue_at_ms": now_ms, "handed_to": owners.above(row.village_id)}
        _change(conn, row.id, handed)
    return [row.id for row in late]


def find_owners(conn: Connection, owners: Owners) -> int:
    """Give those that have none an owner, if there is one by now; how many."""
    rows = conn.execute(
        select(_o.id, _o.village_id).where(_o.state.in_(_VISIBLE), _o.owner.is_(None))
    ).all()
    named = [(row.id, owner) for row in rows if (owner := owners.owner(row.village_id)) is not None]
    for order_id, owner in named:
        _change(conn, order_id, {"owner": owner})
    return len(named)


def move_dues(conn: Connection, by: timedelta) -> None:
    """The wall clock was set: whoever has a day for it has a day for it still."""
    conn.execute(
        update(maintenance_orders)
        .where(_NOT_DONE, _o.overdue_at_ms.is_(None))
        .values(due_at_ms=_o.due_at_ms + round(by / timedelta(milliseconds=1)))
    )


def order(conn: Connection, order_id: str) -> RowMapping:
    """The order's row. Raises NoSuchOrder."""
    found = conn.execute(select(maintenance_orders).where(_o.id == order_id)).mappings().first()
    if found is None:
        raise NoSuchOrder(f"没有维护单 {order_id} / there is no maintenance order {order_id!r}")
    return found


def able(conn: Connection, village_id: str | None) -> list[Person]:
    """Who may own orders of this village."""
    return [
        person
        for person in people(conn)
        if Permission.MAINTENANCE_EDIT in permissions_of(person.role) and person.covers(village_id)
    ]


def assign(conn: Connection, order_id: str, owner: str) -> None:
    """Give it to another account. Raises NoSuchOrder, OrderRefused."""
    found = order(conn, order_id)
    _must_be_open(found)
    if not any(person.username == owner for person in able(conn, found["village_id"])):
        raise OrderRefused(
            f"{owner} 不能处理此处的维护单 / {owner} may not see to maintenance orders there"
        )
    _change(conn, order_id, {"owner": owner})


def finish(conn: Connection, order_id: str, *, by: str, note: str, now_ms: int) -> None:
    """Somebody says that it is seen to. The device's time begins anew: if it goes on saying
    nothing, there will be another order. Raises NoSuchOrder, OrderRefused."""
    found = order(conn, order_id)
    _must_be_open(found)
    _end(conn, order_id, {"note": note}, now_ms, by=by)
    if found["device_id"] is not None:
        storage.excuse_devices(conn, [found["device_id"]])
        return
    members = conn.execute(
        select(_o.id, _o.device_id).where(
            _o.folded_into == order_id, _o.state == OrderState.FOLDED.value
        )
    ).all()
    for member in members:
        _end(conn, member.id, {"closed": end_of_all(Fault(found["kind"]))}, now_ms, by=by)
    storage.excuse_devices(conn, [member.device_id for member in members])


def counts(conn: Connection) -> Mapping[str | None, Counts]:
    """By village, None for what lies in none: the orders that somebody must see to."""
    rows = conn.execute(
        select(
            _o.village_id,
            func.count(),
            func.count(_o.overdue_at_ms),
            func.count() - func.count(_o.owner),
        )
        .where(_o.state.in_(_VISIBLE))
        .group_by(_o.village_id)
    )
    return {row[0]: Counts(row[1], row[2], row[3]) for row in rows}


def by_fault(found: Sequence[StandingOrder]) -> Mapping[Fault, int]:
    """How many orders of each kind somebody must see to."""
    seen = [one.fault for one in found if one.state is not OrderState.FOLDED]
    return {fault: seen.count(fault) for fault in Fault}


def _row(change: Raise, owners: Owners, policy: Policy, now_ms: int) -> dict[str, object]:
    device, folded = change.device, change.into is not None
    return {
        "id": change.id,
        "kind": change.fault.value,
        "device_id": None if device is None else device.id,
        "household_id": None if device is None else device.household_id,
        "group_id": None if device is None else device.group_id,
        "village_id": change.village_id,
        "state": (OrderState.FOLDED if folded else OrderState.OPEN).value,
        "folded_into": change.into,
        "raised_at_ms": now_ms,
        "owner": None if folded else owners.owner(change.village_id),
        "due_at_ms": now_ms + policy.due[change.fault],
        "detail": "{}",
    }


def _end(
    conn: Connection, order_id: str, said: dict[str, object], now_ms: int, *, by: str | None
) -> None:
    before = json.loads(conn.scalar(select(_o.detail).where(_o.id == order_id)) or "{}")
    done = {"state": OrderState.DONE.value, "done_at_ms": now_ms, "done_by": by}
    _change(conn, order_id, {**done, "detail": json.dumps(before | said, ensure_ascii=False)})


def _change(conn: Connection, order_id: str, values: Mapping[str, object]) -> None:
    conn.execute(update(maintenance_orders).where(_o.id == order_id).values(**values))


def _must_be_open(found: RowMapping) -> None:
    if found["state"] not in _VISIBLE:
        raise OrderRefused("维护单已结束 / the maintenance order is done already")
