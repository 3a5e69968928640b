"""Reading orders for pages: only what the caller's places cover."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, RowMapping, func, or_, select

from linkage.accounts.rights import Places
from linkage.schema import households, mutual_aid_groups, villages
from linkage.supervision.model import OrderState
from linkage.supervision.schema import maintenance_orders

_o = maintenance_orders.c
_PARTS = {
    "open": (OrderState.OPEN.value, OrderState.RECOVERED.value),
    "done": (OrderState.DONE.value,),
}
_COLUMNS = (
    maintenance_orders,
    households.c.label.label("household"),
    mutual_aid_groups.c.name.label("group"),
    villages.c.name.label("village"),
)
_SHOWN = (
    select(*_COLUMNS)
    .join_from(maintenance_orders, households, households.c.id == _o.household_id, isouter=True)
    .join(mutual_aid_groups, mutual_aid_groups.c.id == _o.group_id, isouter=True)
    .join(villages, villages.c.id == _o.village_id, isouter=True)
)


@dataclass(frozen=True)
class Asked:
    """Which orders."""

    places: Places
    state: str = "open"
    """`open` or `done`."""
    village: str | None = None
    owner: str | None = None
    """Only what this account owns, or what was handed to it."""
    device: str | None = None
    after: tuple[int, str] | None = None
    """Due time and id of the last one seen; for what is done, when it was."""
    limit: int = 100


@dataclass(frozen=True)
class Found:
    rows: list[RowMapping]
    total: int
    next: tuple[int, str] | None


def orders(conn: Connection, asked: Asked) -> Found:
    """What is due first comes first; of what is done, the newest."""
    wanted = _wanted(asked)
    total = conn.scalar(select(func.count()).select_from(maintenance_orders).where(*wanted)) or 0
    newest_first = asked.state == "done"
    by = _o.done_at_ms if newest_first else _o.due_at_ms
    statement = _SHOWN.where(*wanted).limit(asked.limit + 1)
    if asked.after is not None:
        at_ms, order_id = asked.after
        beyond = by < at_ms if newest_first else by > at_ms
        statement = statement.where(or_(beyond, (by == at_ms) & (_o.id > order_id)))
    statement = statement.order_by(by.desc() if newest_first else by, _o.id)
    rows = list(conn.execute(statement).mappings())
    more, rows = len(rows) > asked.limit, rows[: asked.limit]
    return Found(rows, total, (rows[-1][by.name], rows[-1]["id"]) if more else None)


def one_order(conn: Connection, order_id: str, places: Places) -> RowMapping | None:
    """None: it is not there, or it is none of the caller's business."""
    row = conn.execute(_SHOWN.where(_o.id == order_id)).mappings().first()
    if row is None or not places.covers(row["village_id"]):
        return None
    return row


def devices_of(conn: Connection, order_ids: Collection[str]) -> dict[str, int]:
    """For how many devices each village's order stands, or stood."""
    rows = conn.execute(
        select(_o.folded_into, func.count())
        .where(_o.folded_into.in_(order_ids))
        .group_by(_o.folded_into)
    )
    return {row[0]: row[1] for row in rows}


def _wanted(asked: Asked) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = [
        _o.state.in_(_PARTS[asked.state]),
        # those that the village's order stood for are told by it
        _o.folded_into.is_(None),
    ]
    if asked.places.villages is not None:
        wanted.append(_o.village_id.in_(asked.places.villages))
    if asked.village is not None:
        wanted.append(_o.village_id == asked.village)
    if asked.owner is not None:
        wanted.append(or_(_o.owner == asked.owner, _o.handed_to == asked.owner))
    if asked.device is not None:
        wanted.append(_o.device_id == asked.device)
    return wanted
