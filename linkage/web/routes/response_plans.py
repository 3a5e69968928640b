"""Response plans: reading and writing them, and ticking off what was done in an incident."""

import re
import uuid
from dataclasses import replace
from typing import Annotated

from aiohttp import web
from msgspec import Meta, Struct
from sqlalchemy import Connection, select

from alarms.model import AlarmKind
from lianfang_timing import unix_ms
from linkage import schema as s
from linkage.accounts.rights import Permission, Places
from linkage.audit import AuditAction
from linkage.errors import NoSuchPlan, StaleVersion
from linkage.response_plans import storage
from linkage.response_plans.built_in import BUILT_IN
from linkage.response_plans.model import PlanContact, PlanItem, ResponsePlan, in_force
from linkage.web.answering import answer
from linkage.web.guard import PORTS, Caller, caller_of
from linkage.web.incident_rows import read_row
from linkage.web.plan_views import ResponsePlanList, ResponsePlanView, plan_view
from linkage.web.ports import Ports
from linkage.web.problems import Problem, not_found
from linkage.web.reading import body_of, version_of
from linkage.web.routing import Parameter, Route

_ITEM_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")

_Text = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"\S")]


class ItemBody(Struct, forbid_unknown_fields=True):
    text: _Text
    id: Annotated[str, Meta(pattern=r"^[A-Za-z0-9._-]{1,64}$")] | None = None
    """Left out: a new item. Keep it when the text is only put better."""


class ContactBody(Struct, forbid_unknown_fields=True):
    name: _Text
    phone: Annotated[str, Meta(min_length=1, max_length=32, pattern=r"^[0-9+() -]+$")]


class PlanBody(Struct, forbid_unknown_fields=True):
    name: Annotated[str, Meta(min_length=1, max_length=100, pattern=r"\S")]
    items: Annotated[list[ItemBody], Meta(min_length=1, max_length=40)]
    kinds: list[AlarmKind] = []
    villages: Annotated[list[str], Meta(max_length=200)] = []
    contacts: Annotated[list[ContactBody], Meta(max_length=20)] = []


class TickBody(Struct, forbid_unknown_fields=True):
    item: Annotated[str, Meta(max_length=64)]
    done: bool = True


async def list_plans(request: web.Request) -> web.Response:
    """What is in force now: the town's own plans, then the built-in ones."""
    ports, places = request.app[PORTS], caller_of(request).principal.places
    found = await ports.database.read(storage.versions)
    in_use = in_force(found, unix_ms(ports.clock.now()))
    own = [plan for plan in in_use if _concerns(plan, places)]
    ordered = sorted(own, key=lambda plan: (plan.name, plan.id))
    items = [plan_view(plan, ports.site.zone) for plan in (*ordered, *BUILT_IN)]
    return answer(ResponsePlanList(items=items))


async def plan_history(request: web.Request) -> web.Response:
    ports, places = request.app[PORTS], caller_of(request).principal.places
    mine = await _versions_of(ports, request.match_info["id"])
    newest_first = sorted(mine, key=lambda plan: -plan.version)
    if not mine or not _concerns(newest_first[0], places):
        raise not_found()
    items = [plan_view(plan, ports.site.zone) for plan in newest_first]
    return answer(ResponsePlanList(items=items))


async def make_plan(request: web.Request) -> web.Response:
    caller = caller_of(request)
    body = await body_of(request, PlanBody)
    return await _keep(request, caller, _plan(uuid.uuid4().hex, body), seen=0)


async def change_plan(request: web.Request) -> web.Response:
    caller, seen = caller_of(request), version_of(request)
    body = await body_of(request, PlanBody)
    last = await _newest(request, caller)
    if last is None:
        raise not_found()
    return await _keep(request, caller, _plan(last.id, body), seen=seen)


async def retire_plan(request: web.Request) -> web.Response:
    caller, seen = caller_of(request), version_of(request)
    last = await _newest(request, caller)
    if last is None:
        raise not_found()
    return await _keep(request, caller, replace(last, retired=True), seen=seen)


async def tick(request: web.Request) -> web.Response:
    ports, caller = request.app[PORTS], caller_of(request)
    incident_id, places = request.match_info["id"], caller.principal.places
    body = await body_of(request, TickBody)
    if await ports.database.read(lambda conn: read_row(conn, incident_id, places)) is None:
        raise not_found()
    if not _ITEM_ID.fullmatch(body.item):
        raise Problem(422, "预案没有这一事项 / the incident's plan has no such item.")
    what: dict[str, object] = {"step": "tick", "item": body.item, "done": body.done}
    await ports.audit.record(caller.entry(AuditAction.CHANGE, f"incident:{incident_id}", what))
    try:
        await ports.response_plans.tick(incident_id, body.item, done=body.done, actor=caller.actor)
    except NoSuchPlan as missing:
        raise Problem(409, str(missing)) from missing
    return web.Response(status=204)


async def _keep(
    request: web.Request, caller: Caller, plan: ResponsePlan, *, seen: int
) -> web.Response:
    ports = request.app[PORTS]
    villages = sorted(plan.villages)
    if not all(caller.principal.places.covers(v) for v in (villages or (None,))):
        raise Problem(403, "只能编写本人所管村的预案 / only for villages that are yours.")
    await ports.database.read(lambda conn: _must_know_villages(conn, villages))
    facts: dict[str, object] = {"name": plan.name, "seen": seen, "retired": plan.retired}
    entry = caller.entry(AuditAction.CHANGE, f"response-plan:{plan.id}", facts)
    await ports.audit.record(entry)
    try:
        kept = await ports.response_plans.keep(plan, seen=seen, actor=caller.actor)
    except StaleVersion as stale:
        detail = f"预案已更新到第 {stale.current} 版 / the plan has changed (now {stale.current})."
        raise Problem(412, detail) from stale
    return answer(plan_view(kept, ports.site.zone), 200 if seen else 201)


async def _versions_of(ports: Ports, plan_id: str) -> list[ResponsePlan]:
    found = await ports.database.read(storage.versions)
    return [plan for plan in found if plan.id == plan_id]


async def _newest(request: web.Request, caller: Caller) -> ResponsePlan | None:
    """The last version of the plan in the path, if there is one that concerns the caller."""
    found = await _versions_of(request.app[PORTS], request.match_info["id"])
    last = max(found, key=lambda plan: plan.version, default=None)
    return last if last is not None and _concerns(last, caller.principal.places) else None


def _concerns(plan: ResponsePlan, places: Places) -> bool:
    return not plan.villages or any(places.covers(village) for village in plan.villages)


def _plan(plan_id: str, body: PlanBody) -> ResponsePlan:
    """The plan as it was sent; who makes it, when, and its number are the desk's to say."""
    ids = [item.id for item in body.items if item.id is not None]
    if len(ids) != len(set(ids)):
        raise Problem(422, "两个事项编号相同 / two items have the same id.")
    return ResponsePlan(
        id=plan_id,
        version=0,
        name=body.name,
        kinds=frozenset(body.kinds),
        villages=frozenset(body.villages),
        items=tuple(PlanItem(item.id or uuid.uuid4().hex[:12], item.text) for item in body.items),
        contacts=tuple(PlanContact(one.name, one.phone) for one in body.contacts),
        made_at_ms=0,
        made_by="",
    )


def _must_know_villages(conn: Connection, villages: list[str]) -> None:
    known = set(conn.scalars(select(s.villages.c.id).where(s.villages.c.id.in_(villages))))
    missing = sorted(set(villages) - known)
    if missing:
        raise Problem(422, f"没有村 {missing[0]} / there is no village {missing[0]!r}.")


_IF_MATCH = Parameter(
    "If-Match",
    "header",
    True,
    {"type": "string", "pattern": r'^([0-9]{1,15}|"[0-9]{1,15}")$'},
    "the version of the plan that was seen",
)

ROUTES = (
    Route(
        "GET",
        "/api/v1/response-plans",
        list_plans,
        Permission.INCIDENT_READ,
        "Response plans in force: the town's own, then the built-in ones",
        answers={200: ResponsePlanList},
    ),
    Route(
        "GET",
        "/api/v1/response-plans/{id}",
        plan_history,
        Permission.INCIDENT_READ,
        "Every version of one response plan, the newest first",
        answers={200: ResponsePlanList},
    ),
    Route(
        "POST",
        "/api/v1/response-plans",
        make_plan,
        Permission.RESPONSE_PLAN_EDIT,
        "Write a new response plan",
        body=PlanBody,
        answers={201: ResponsePlanView},
    ),
    Route(
        "PUT",
        "/api/v1/response-plans/{id}",
        change_plan,
        Permission.RESPONSE_PLAN_EDIT,
        "Write the next version of a response plan; incidents already open keep theirs",
        body=PlanBody,
        parameters=(_IF_MATCH,),
        answers={200: ResponsePlanView},
    ),
    Route(
        "DELETE",
        "/api/v1/response-plans/{id}",
        retire_plan,
        Permission.RESPONSE_PLAN_EDIT,
        "Take a response plan out of use; its versions stay",
        parameters=(_IF_MATCH,),
        answers={200: ResponsePlanView},
    ),
    Route(
        "POST",
        "/api/v1/incidents/{id}/tick",
        tick,
        Permission.INCIDENT_NOTE,
        "Tick an item of the incident's response plan off, or take the tick back",
        body=TickBody,
        answers={204: None},
    ),
)
