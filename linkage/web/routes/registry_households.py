"""The households of the registry: finding, reading, unmasking, changing, moving, erasing."""

from functools import partial
from typing import Annotated

import msgspec
from aiohttp import web
from msgspec import UNSET, Meta, Struct, UnsetType, field
from sqlalchemy import Connection, select

from linkage.accounts.rights import Permission
from linkage.registry import homes, leaving, moving, reading
from linkage.registry.errors import NoSuchEntry, NotPossible
from linkage.registry.history import history_of, note_looking, note_unmasking
from linkage.registry.household_export import read_everything
from linkage.registry.model import Entity, HouseholdEntry, Outcome, ToldBy, Written
from linkage.registry.personal import Contact, FurtherContact, contact_of
from linkage.registry.reading import Home, Wanted
from linkage.registry.search import HouseholdFinder
from linkage.schema import households
from linkage.web import registry_change_views, registry_household_views
from linkage.web.answering import answer, with_moments
from linkage.web.guard import PORTS, caller_of
from linkage.web.reading import body_of, limit_of
from linkage.web.registry_calling import (
    NEW,
    ReasonBody,
    as_asked,
    opened_history,
    problem_of,
    read,
    reason_of,
    registry_caller,
    said_reason,
    write,
)
from linkage.web.routing import Parameter, Route

FINDER: web.AppKey[HouseholdFinder] = web.AppKey("household_finder", HouseholdFinder)

Id = Annotated[str, Meta(max_length=64)]
Text = Annotated[str, Meta(max_length=200)]


class FurtherBody(Struct, forbid_unknown_fields=True):
    name: Text
    phone: Text
    relation: Text = ""


class ContactBody(Struct, forbid_unknown_fields=True):
    """What is left out stays as it is: a form that showed it masked leaves it out."""

    name: Text | UnsetType = UNSET
    phone: Text | UnsetType = UNSET
    address: Text | UnsetType = UNSET
    health: Text | UnsetType = UNSET
    further: list[FurtherBody] | UnsetType = UNSET


class HouseholdBody(Struct, forbid_unknown_fields=True):
    """What is left out stays as it is."""

    group: Id
    label: Text
    estate: Id | UnsetType | None = UNSET
    latitude: float | UnsetType | None = UNSET
    longitude: float | UnsetType | None = UNSET
    wants_notices: bool | UnsetType = UNSET
    told_by: ToldBy | UnsetType = UNSET
    contact: ContactBody | UnsetType = UNSET


class EraseBody(ReasonBody):
    also: Annotated[list[Annotated[str, Meta(max_length=200)]], Meta(max_length=20)] = field(
        default_factory=list
    )
    """By what else people may have written of it: a former number, a nickname."""


class MoveBody(Struct, forbid_unknown_fields=True):
    group: Id


async def list_households(request: web.Request) -> web.Response:
    ports, places = request.app[PORTS], caller_of(request).principal.places
    query, limit = request.query, limit_of(request, usual=100, most=500)
    finder, after, searched = request.app[FINDER], query.get("after", ""), query.get("search", "")
    wanted = Wanted(
        query.get("village"),
        query.get("grid"),
        query.get("group"),
        query.get("estate"),
        gone=query.get("gone") == "1",
    )

    def work(conn: Connection) -> tuple[list[Home], int, bool]:
        ids = reading.list_households(conn, places, wanted)
        if searched.strip():
            found = finder.find(conn, searched)
            ids = [one for one in ids if one in found]
        later = [one for one in ids if one > after]
        return reading.read_homes(conn, ports.box, later[:limit]), len(ids), len(later) > limit

    found, total, more = await read(request, work)
    page = registry_household_views.RegistryHouseholdPage(
        items=[registry_household_views.household(home, ports.site.zone) for home in found],
        total=total,
        next=found[-1].id if more else None,
    )
    return answer(page)


async def get_household(request: web.Request) -> web.Response:
    ports, places = request.app[PORTS], caller_of(request).principal.places
    id_, zone = request.match_info["id"], request.app[PORTS].site.zone

    def work(conn: Connection) -> registry_household_views.RegistryHouseholdDetail:
        home = reading.read_home(conn, places, ports.box, id_)
        history = opened_history(conn, ports.box, history_of(conn, Entity.HOUSEHOLD, id_))
        return registry_household_views.RegistryHouseholdDetail(
            household=registry_household_views.household(home, zone),
            history=registry_change_views.changes(history, zone),
        )

    return answer(await read(request, work))


async def unmask(request: web.Request) -> web.Response:
    box, caller = request.app[PORTS].box, registry_caller(request)
    reason, id_ = await reason_of(request), request.match_info["id"]

    def work(conn: Connection) -> Home:
        home = reading.read_home(conn, caller.places, box, id_)
        about = f"household:{id_}"
        note_unmasking(conn, caller, box, about, reason, {}, household_id=id_)
        return home

    home = await write(request, work)
    return answer(
        registry_household_views.Unmasked(
            id=id_, contact=registry_household_views.contact(home.contact, clear=True)
        )
    )


async def put_household(request: web.Request) -> web.Response:
    body, caller = await body_of(request, HouseholdBody), registry_caller(request)
    box, id_ = request.app[PORTS].box, request.match_info["id"]

    def work(conn: Connection) -> Written:
        contact = None
        if body.contact is not UNSET:
            contact = _contact(body.contact, contact_of(conn, box, id_))
        entry = _entry(conn, id_, body)
        return as_asked(request, homes.put_household(conn, caller, entry, box, contact))

    done = await write(request, work)
    status = 201 if done.outcome is Outcome.CREATED else 200
    return answer(registry_change_views.written(done), status)


def _entry(conn: Connection, id_: str, body: HouseholdBody) -> HouseholdEntry:
    row = conn.execute(select(households).where(households.c.id == id_)).first()
    kept = HouseholdEntry(id_, body.group, body.label)
    if row is not None:
        kept = HouseholdEntry(
            id_,
            body.group,
            body.label,
            row.estate_id,
            row.latitude,
            row.longitude,
            row.wants_notices,
            ToldBy(row.told_by),
        )
    return HouseholdEntry(
        id_,
        body.group,
        body.label,
        kept.estate_id if body.estate is UNSET else body.estate,
        kept.latitude if body.latitude is UNSET else body.latitude,
        kept.longitude if body.longitude is UNSET else body.longitude,
        kept.wants_notices if body.wants_notices is UNSET else body.wants_notices,
        kept.told_by if body.told_by is UNSET else body.told_by,
    )


def _contact(said: ContactBody, kept: Contact | None) -> Contact:
    fields = {
        name: value
        for name in ("name", "phone", "address", "health")
        if (value := getattr(said, name)) is not UNSET
    }
    if said.further is not UNSET:
        fields["further"] = tuple(
            FurtherContact(one.name, one.phone, one.relation) for one in said.further
        )
    return homes.with_fields(kept, **fields)


async def move_household(request: web.Request) -> web.Response:
    body, caller = await body_of(request, MoveBody), registry_caller(request)
    work = partial(
        moving.move_household,
        caller=caller,
        household_id=request.match_info["id"],
        group_id=body.group,
    )
    return answer(registry_change_views.written(await write(request, work)))


async def leave(request: web.Request) -> web.Response:
    caller = registry_caller(request)
    work = partial(leaving.leave, caller=caller, household_id=request.match_info["id"])
    done = await write(request, work)
    # a camera of theirs is looked through no more
    request.app[PORTS].cameras.changed()
    return answer(registry_change_views.written(done))


async def erase(request: web.Request) -> web.Response:
    eraser, caller = request.app[PORTS].eraser, registry_caller(request)
    body, id_ = await body_of(request, EraseBody), request.match_info["id"]
    reason = said_reason(body.reason)
    try:
        done = await eraser.erase(caller, id_, reason, also=body.also)
    except (NoSuchEntry, NotPossible) as refused:
        raise problem_of(refused) from refused
    request.app[PORTS].cameras.changed()
    return answer(registry_change_views.written(done))


async def export(request: web.Request) -> web.Response:
    ports, caller = request.app[PORTS], registry_caller(request)
    id_ = request.match_info["id"]

    def work(conn: Connection) -> dict[str, object]:
        found = read_everything(conn, caller.places, ports.box, id_)
        note_looking(conn, caller, f"household:{id_}", {"export": "household"})
        return found

    told = with_moments(await write(request, work), ports.site.zone)
    body = msgspec.json.format(msgspec.json.encode(told), indent=2)
    return web.Response(
        body=body,
        content_type="application/json",
        headers={"Content-Disposition": f'attachment; filename="household-{id_}.json"'},
    )


_ROOT = "/api/v1/registry/households"
_ONE = f"{_ROOT}/{{id}}"
_READ, _EDIT = Permission.REGISTRY_READ, Permission.REGISTRY_EDIT
_DONE: dict[int, object] = {200: registry_change_views.RegistryWritten}

ROUTES = (
    Route(
        "GET",
        _ROOT,
        list_households,
        _READ,
        "Households, contacts masked",
        parameters=(
            Parameter("village", "query"),
            Parameter("grid", "query"),
            Parameter("group", "query"),
            Parameter("estate", "query"),
            Parameter(
                "search",
                "query",
                description="Label, id, device, name, telephone, address; pinyin too",
            ),
            Parameter("gone", "query", description="1: those that left too"),
            Parameter("after", "query"),
            Parameter("limit", "query", schema={"type": "integer", "minimum": 1, "maximum": 500}),
        ),
        answers={200: registry_household_views.RegistryHouseholdPage},
    ),
    Route(
        "GET",
        _ONE,
        get_household,
        _READ,
        "One household, its contact masked, with its history",
        answers={200: registry_household_views.RegistryHouseholdDetail},
    ),
    Route(
        "PUT",
        _ONE,
        put_household,
        _EDIT,
        "Add or change a household",
        body=HouseholdBody,
        parameters=(NEW,),
        answers={
            200: registry_change_views.RegistryWritten,
            201: registry_change_views.RegistryWritten,
        },
    ),
    Route(
        "POST",
        f"{_ONE}/unmask",
        unmask,
        Permission.REGISTRY_UNMASK,
        "Its contact in the clear, for a reason; goes into the audit",
        body=ReasonBody,
        answers={200: registry_household_views.Unmasked},
    ),
    Route(
        "POST",
        f"{_ONE}/move",
        move_household,
        _EDIT,
        "Move a household to another group, or back into the net",
        body=MoveBody,
        answers=_DONE,
    ),
    Route("POST", f"{_ONE}/leave", leave, _EDIT, "A household leaves the net", answers=_DONE),
    Route(
        "POST",
        f"{_ONE}/erase",
        erase,
        Permission.HOUSEHOLD_ERASE,
        "Erase everything personal of a household, and what mentions it; cannot be undone",
        body=EraseBody,
        answers=_DONE,
    ),
    Route(
        "GET",
        f"{_ONE}/export",
        export,
        Permission.REGISTRY_EXPORT,
        "Everything that is kept of a household; goes into the audit",
        answers={200: "application/json"},
    ),
)
