"""The places of the registry: the tree, villages, grids, estates, groups, coverage."""

from functools import partial
from typing import Annotated, Any

from aiohttp import web
from msgspec import UNSET, Meta, Struct, UnsetType
from sqlalchemy import Connection, select

from linkage.accounts.rights import Permission
from linkage.registry import checks, moving, reading, writing
from linkage.registry.coverage import read_coverage
from linkage.registry.history import history_of
from linkage.registry.model import (
    Entity,
    EstateEntry,
    GridEntry,
    GroupEntry,
    Outcome,
    VillageEntry,
    Written,
)
from linkage.registry.schema import estates
from linkage.schema import grids, mutual_aid_groups, villages
from linkage.web import (
    coverage_views,
    registry_change_views,
    registry_group_views,
    registry_place_views,
)
from linkage.web.answering import answer
from linkage.web.guard import PORTS, caller_of
from linkage.web.reading import body_of
from linkage.web.registry_calling import (
    NEW,
    as_asked,
    opened_history,
    read,
    registry_caller,
    write,
)
from linkage.web.routing import Parameter, Route

Id = Annotated[str, Meta(max_length=64)]
Text = Annotated[str, Meta(max_length=200)]


class VillageBody(Struct, forbid_unknown_fields=True):
    """What is left out stays as it is."""

    name: Text
    households_total: int | UnsetType | None = UNSET
    boundary: Any = UNSET
    """GeoJSON Polygon, WGS-84; null takes it away."""


class GridBody(Struct, forbid_unknown_fields=True):
    """What is left out stays as it is."""

    village: Id
    name: Text
    boundary: Any = UNSET


class EstateBody(Struct, forbid_unknown_fields=True):
    """What is left out stays as it is."""

    village: Id
    name: Text
    property_company: Text | UnsetType | None = UNSET
    property_phone: Text | UnsetType | None = UNSET


class GroupBody(Struct, forbid_unknown_fields=True):
    """What is left out stays as it is."""

    grid: Id
    name: Text
    leader: Id | UnsetType | None = UNSET


class MoveGroupBody(Struct, forbid_unknown_fields=True):
    grid: Id


class NewGroup(Struct, forbid_unknown_fields=True):
    id: Id
    name: Text


class SplitBody(Struct, forbid_unknown_fields=True):
    into: NewGroup
    households: Annotated[list[Id], Meta(max_length=100)]


class MergeBody(Struct, forbid_unknown_fields=True):
    into: Id


async def get_tree(request: web.Request) -> web.Response:
    places = caller_of(request).principal.places
    found = await read(request, lambda conn: reading.read_tree(conn, places))
    return answer(registry_place_views.tree(found))


async def get_village(request: web.Request) -> web.Response:
    ports, places = request.app[PORTS], caller_of(request).principal.places
    id_ = request.match_info["id"]

    def work(conn: Connection) -> registry_place_views.RegistryVillage:
        row = reading.read_village(conn, places, id_)
        history = opened_history(conn, ports.box, history_of(conn, Entity.VILLAGE, id_))
        return registry_place_views.village(row, history, ports.site.zone)

    return answer(await read(request, work))


async def put_village(request: web.Request) -> web.Response:
    body, caller = await body_of(request, VillageBody), registry_caller(request)
    id_ = request.match_info["id"]

    def work(conn: Connection) -> Written:
        kept = conn.execute(select(villages).where(villages.c.id == id_)).first()
        total = body.households_total
        if total is UNSET:
            total = None if kept is None else kept.households_total
        entry = VillageEntry(id_, body.name, total, _boundary(body.boundary, kept))
        return as_asked(request, writing.put_village(conn, caller, entry))

    return _answer(await write(request, work))


async def put_grid(request: web.Request) -> web.Response:
    body, caller = await body_of(request, GridBody), registry_caller(request)
    id_ = request.match_info["id"]

    def work(conn: Connection) -> Written:
        kept = conn.execute(select(grids).where(grids.c.id == id_)).first()
        entry = GridEntry(id_, body.village, body.name, _boundary(body.boundary, kept))
        return as_asked(request, writing.put_grid(conn, caller, entry))

    return _answer(await write(request, work))


async def put_estate(request: web.Request) -> web.Response:
    body, caller = await body_of(request, EstateBody), registry_caller(request)
    box, id_ = request.app[PORTS].box, request.match_info["id"]

    def work(conn: Connection) -> Written:
        kept = conn.execute(select(estates).where(estates.c.id == id_)).first()
        company, phone = body.property_company, body.property_phone
        if company is UNSET:
            company = None if kept is None else kept.property_company
        if phone is UNSET:
            sealed = None if kept is None else kept.property_phone_sealed
            phone = writing.estate_phone(box, id_, sealed)
        entry = EstateEntry(id_, body.village, body.name, company, phone)
        return as_asked(request, writing.put_estate(conn, caller, entry, box))

    return _answer(await write(request, work))


async def get_group(request: web.Request) -> web.Response:
    ports, places = request.app[PORTS], caller_of(request).principal.places
    id_, zone = request.match_info["id"], request.app[PORTS].site.zone

    def work(conn: Connection) -> registry_group_views.RegistryGroup:
        shown = reading.read_group(conn, places, ports.box, id_)
        history = history_of(conn, Entity.GROUP, id_)
        return registry_group_views.group(shown, opened_history(conn, ports.box, history), zone)

    return answer(await read(request, work))


async def put_group(request: web.Request) -> web.Response:
    body, caller = await body_of(request, GroupBody), registry_caller(request)
    id_ = request.match_info["id"]

    def work(conn: Connection) -> Written:
        leader = body.leader
        if leader is UNSET:
            g = mutual_aid_groups.c
            leader = conn.scalar(select(g.leader_household_id).where(g.id == id_))
        entry = GroupEntry(id_, body.grid, body.name, leader)
        return as_asked(request, writing.put_group(conn, caller, entry))

    return _answer(await write(request, work))


async def move_group(request: web.Request) -> web.Response:
    body, caller = await body_of(request, MoveGroupBody), registry_caller(request)
    work = partial(
        moving.move_group, caller=caller, group_id=request.match_info["id"], grid_id=body.grid
    )
    return _answer(await write(request, work))


async def split_group(request: web.Request) -> web.Response:
    body, caller = await body_of(request, SplitBody), registry_caller(request)
    work = partial(
        moving.split_group,
        caller=caller,
        group_id=request.match_info["id"],
        new_id=body.into.id,
        new_name=body.into.name,
        household_ids=body.households,
    )
    return _answer(await write(request, work))


async def merge_group(request: web.Request) -> web.Response:
    body, caller = await body_of(request, MergeBody), registry_caller(request)
    work = partial(
        moving.merge_group, caller=caller, group_id=request.match_info["id"], into=body.into
    )
    return _answer(await write(request, work))


async def get_coverage(request: web.Request) -> web.Response:
    ports, places = request.app[PORTS], caller_of(request).principal.places
    mark = ports.model_village
    found = await read(request, lambda conn: read_coverage(conn, places, model_village=mark))
    boundaries = request.query.get("boundary") == "1"
    return answer(coverage_views.coverage(found, model_village=mark, boundaries=boundaries))


def _boundary(given: Any, kept: Any) -> str | None:
    if given is UNSET:
        return None if kept is None else kept.boundary
    return checks.boundary_of(given)


def _answer(done: Written) -> web.Response:
    status = 201 if done.outcome is Outcome.CREATED else 200
    return answer(registry_change_views.written(done), status)


_ROOT = "/api/v1/registry"
_READ, _EDIT = Permission.REGISTRY_READ, Permission.REGISTRY_EDIT
_PUT: dict[int, object] = {
    200: registry_change_views.RegistryWritten,
    201: registry_change_views.RegistryWritten,
}
_DONE: dict[int, object] = {200: registry_change_views.RegistryWritten}

ROUTES = (
    Route(
        "GET",
        f"{_ROOT}/tree",
        get_tree,
        _READ,
        "Villages with their grids, groups and estates",
        answers={200: registry_place_views.RegistryTree},
    ),
    Route(
        "GET",
        f"{_ROOT}/coverage",
        get_coverage,
        _READ,
        "How much of each village is in the net and works",
        parameters=(Parameter("boundary", "query", description="1: with each boundary"),),
        answers={200: coverage_views.CoverageView},
    ),
    Route(
        "GET",
        f"{_ROOT}/villages/{{id}}",
        get_village,
        _READ,
        "One village with its boundary",
        answers={200: registry_place_views.RegistryVillage},
    ),
    Route(
        "PUT",
        f"{_ROOT}/villages/{{id}}",
        put_village,
        _EDIT,
        "Add or change a village",
        body=VillageBody,
        parameters=(NEW,),
        answers=_PUT,
    ),
    Route(
        "PUT",
        f"{_ROOT}/grids/{{id}}",
        put_grid,
        _EDIT,
        "Add or change a grid",
        body=GridBody,
        parameters=(NEW,),
        answers=_PUT,
    ),
    Route(
        "PUT",
        f"{_ROOT}/estates/{{id}}",
        put_estate,
        _EDIT,
        "Add or change a housing estate",
        body=EstateBody,
        parameters=(NEW,),
        answers=_PUT,
    ),
    Route(
        "GET",
        f"{_ROOT}/groups/{{id}}",
        get_group,
        _READ,
        "One group with its members and their devices",
        answers={200: registry_group_views.RegistryGroup},
    ),
    Route(
        "PUT",
        f"{_ROOT}/groups/{{id}}",
        put_group,
        _EDIT,
        "Add or change a group",
        body=GroupBody,
        parameters=(NEW,),
        answers=_PUT,
    ),
    Route(
        "POST",
        f"{_ROOT}/groups/{{id}}/move",
        move_group,
        _EDIT,
        "Move a group to another grid",
        body=MoveGroupBody,
        answers=_DONE,
    ),
    Route(
        "POST",
        f"{_ROOT}/groups/{{id}}/split",
        split_group,
        _EDIT,
        "Make a new group of some of its households",
        body=SplitBody,
        answers=_DONE,
    ),
    Route(
        "POST",
        f"{_ROOT}/groups/{{id}}/merge",
        merge_group,
        _EDIT,
        "Merge a group into another; it is retired",
        body=MergeBody,
        answers=_DONE,
    ),
)
