"""The shapes of response plans in the API, and making them."""

from collections.abc import Mapping
from zoneinfo import ZoneInfo

from msgspec import Struct

from linkage.response_plans.model import ResponsePlan
from linkage.response_plans.storage import Tick
from linkage.web.answering import moment
from linkage.web.people_views import Person


class PlanContact(Struct, frozen=True, kw_only=True):
    name: str
    phone: str


class PlanItemView(Struct, frozen=True, kw_only=True):
    id: str
    text: str


class ResponsePlanView(Struct, frozen=True, kw_only=True):
    id: str
    version: int
    """0: built in, in force until the town writes its own."""
    name: str
    kinds: list[str]
    """Empty: every kind; likewise `villages`."""
    villages: list[str]
    items: list[PlanItemView]
    contacts: list[PlanContact]
    made_at: str | None
    made_by: str
    retired: bool


class ResponsePlanList(Struct, frozen=True, kw_only=True):
    items: list[ResponsePlanView]


class Ticked(Struct, frozen=True, kw_only=True):
    by: Person
    at: str


class TickableItem(Struct, frozen=True, kw_only=True):
    id: str
    text: str
    ticked: Ticked | None


class IncidentPlan(Struct, frozen=True, kw_only=True):
    """The response plan of one incident, with what is ticked off."""

    id: str
    version: int
    name: str
    items: list[TickableItem]
    contacts: list[PlanContact]


def plan_view(plan: ResponsePlan, zone: ZoneInfo) -> ResponsePlanView:
    return ResponsePlanView(
        id=plan.id,
        version=plan.version,
        name=plan.name,
        kinds=sorted(plan.kinds),
        villages=sorted(plan.villages),
        items=[PlanItemView(id=item.id, text=item.text) for item in plan.items],
        contacts=_contacts(plan),
        made_at=moment(plan.made_at_ms, zone) if plan.version else None,
        made_by=plan.made_by,
        retired=plan.retired,
    )


def incident_plan(
    plan: ResponsePlan,
    ticks: Mapping[tuple[str, str], Tick],
    names: Mapping[str, str],
    zone: ZoneInfo,
) -> IncidentPlan:
    """`names` are display names by user name."""
    items = []
    for item in plan.items:
        tick = ticks.get((plan.id, item.id))
        ticked = None
        if tick is not None and tick.done:
            who = Person(username=tick.by, display_name=names.get(tick.by, tick.by))
            ticked = Ticked(by=who, at=moment(tick.at_ms, zone))
        items.append(TickableItem(id=item.id, text=item.text, ticked=ticked))
    return IncidentPlan(
        id=plan.id, version=plan.version, name=plan.name, items=items, contacts=_contacts(plan)
    )


def _contacts(plan: ResponsePlan) -> list[PlanContact]:
    return [PlanContact(name=one.name, phone=one.phone) for one in plan.contacts]
