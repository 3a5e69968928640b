"""Reading and writing response plans, and ticking off what was done."""

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from alarms.model import AlarmKind
from linkage.errors import NoSuchPlan, StaleVersion
from linkage.model.event import EventType
from linkage.model.person import Actor
from linkage.response_plans.built_in import BUILT_IN
from linkage.response_plans.model import PlanContact, PlanItem, ResponsePlan, choose
from linkage.response_plans.schema import response_plan_ticks, response_plans
from linkage.schema import incidents
from linkage.timeline import NewEvent, record


@dataclass(frozen=True)
class Tick:
    """Whether an item is done, and who said so last."""

    done: bool
    by: str
    at_ms: int


def versions(conn: Connection) -> list[ResponsePlan]:
    """Every version of every plan of the town, oldest first."""
    p = response_plans.c
    rows = conn.execute(select(response_plans).order_by(p.made_at_ms, p.id, p.version))
    return [_plan(row) for row in rows]


def plan_of(
    conn: Connection, kind: AlarmKind, village_id: str | None, *, at_ms: int
) -> ResponsePlan:
    """The plan for an incident that was opened at `at_ms`: the town's, else a built-in one."""
    own = choose(versions(conn), kind, village_id, at_ms=at_ms)
    return own or choose(BUILT_IN, kind, village_id, at_ms=at_ms) or BUILT_IN[-1]


def ticks(conn: Connection, incident_id: str) -> dict[tuple[str, str], Tick]:
    """By plan id and item id."""
    t = response_plan_ticks.c
    rows = conn.execute(select(response_plan_ticks).where(t.incident_id == incident_id))
    return {(r.plan_id, r.item_id): Tick(r.done, r.by, r.at_ms) for r in rows}


def keep(conn: Connection, plan: ResponsePlan, *, seen: int) -> None:
    """Write the next version of a plan; `seen` is the version it was made from, 0 for a new plan.

    Raises StaleVersion when somebody has made one meanwhile.
    """
    p = response_plans.c
    found = conn.scalar(select(p.version).where(p.id == plan.id).order_by(p.version.desc()))
    newest = int(found or 0)
    if newest != seen:
        raise StaleVersion(newest)
    conn.execute(
        insert(response_plans).values(
            id=plan.id,
            version=plan.version,
            name=plan.name,
            kinds=json.dumps(sorted(plan.kinds)),
            villages=json.dumps(sorted(plan.villages)),
            items=json.dumps([vars(item) for item in plan.items], ensure_ascii=False),
            contacts=json.dumps([vars(one) for one in plan.contacts], ensure_ascii=False),
            made_at_ms=plan.made_at_ms,
            made_by=plan.made_by,
            retired=plan.retired,
        )
    )


def tick(
    conn: Connection,
    incident_id: str,
    item_id: str,
    *,
    done: bool,
    by: Actor,
    writer: str,
    at_ms: int,
) -> int:
    """Tick an item of the incident's plan off, or take the tick back; the timeline's position.

    The same twice changes nothing and gives 0. Raises
    NoSuchPlan when the incident's plan has no such item.
    """
    i = incidents.c
    row = conn.execute(
        select(i.kind, i.village_id, i.opened_at_ms).where(i.id == incident_id)
    ).first()
    if row is None:
        raise NoSuchPlan(f"没有警情 {incident_id} / no incident {incident_id}")
    plan = plan_of(conn, AlarmKind(row.kind), row.village_id, at_ms=row.opened_at_ms)
    item = next((one for one in plan.items if one.id == item_id), None)
    if item is None:
        raise NoSuchPlan(f"预案“{plan.name}”没有这一项 / the plan has no item {item_id}")
    known = ticks(conn, incident_id).get((plan.id, item_id))
    if done == (known is not None and known.done):
        return 0
    t = response_plan_ticks.c
    values = {"done": done, "by": by.username, "at_ms": at_ms}
    whose = {"incident_id": incident_id, "plan_id": plan.id, "item_id": item_id}
    if known is None:
        conn.execute(insert(response_plan_ticks).values(**whose, **values))
    else:
        here = (t.incident_id == incident_id, t.plan_id == plan.id, t.item_id == item_id)
        conn.execute(update(response_plan_ticks).where(*here).values(values))
    said = {
        "by": by.display_name,
        "plan": plan.id,
        "version": plan.version,
        "item": item_id,
        "text": item.text,
        "done": done,
    }
    return record(
        conn,
        incident_id,
        [NewEvent(EventType.PLAN_TICKED, said, actor=by.username)],
        writer=writer,
        at_ms=at_ms,
        new_version=False,
    )


def _plan(row: Row[Any]) -> ResponsePlan:
    return ResponsePlan(
        id=row.id,
        version=row.version,
        name=row.name,
        kinds=frozenset(AlarmKind(kind) for kind in json.loads(row.kinds)),
        villages=frozenset(json.loads(row.villages)),
        items=tuple(PlanItem(**item) for item in json.loads(row.items)),
        contacts=tuple(PlanContact(**one) for one in json.loads(row.contacts)),
        made_at_ms=row.made_at_ms,
        made_by=row.made_by,
        retired=row.retired,
    )
