"""One housing estate: its property company's telephone masked, and in the clear for a reason."""

from aiohttp import web
from sqlalchemy import Connection

from linkage.accounts.rights import Permission
from linkage.registry import reading, writing
from linkage.registry.history import history_of, note_unmasking
from linkage.registry.model import Entity
from linkage.web import registry_place_views
from linkage.web.answering import answer
from linkage.web.guard import PORTS, caller_of
from linkage.web.registry_calling import (
    ReasonBody,
    opened_history,
    read,
    reason_of,
    registry_caller,
    write,
)
from linkage.web.routing import Route


async def get_estate(request: web.Request) -> web.Response:
    ports, places = request.app[PORTS], caller_of(request).principal.places
    id_ = request.match_info["id"]

    def work(conn: Connection) -> registry_place_views.RegistryEstate:
        row = reading.read_estate(conn, places, id_)
        phone = writing.estate_phone(ports.box, id_, row.property_phone_sealed)
        history = opened_history(conn, ports.box, history_of(conn, Entity.ESTATE, id_))
        groups = reading.groups_of_estate(conn, id_)
        return registry_place_views.estate(row, phone, groups, history, ports.site.zone)

    return answer(await read(request, work))


async def unmask(request: web.Request) -> web.Response:
    box, caller = request.app[PORTS].box, registry_caller(request)
    reason, id_ = await reason_of(request), request.match_info["id"]

    def work(conn: Connection) -> registry_place_views.UnmaskedEstate:
        row = reading.read_estate(conn, caller.places, id_)
        note_unmasking(conn, caller, box, f"estate:{id_}", reason, {})
        phone = writing.estate_phone(box, id_, row.property_phone_sealed)
        return registry_place_views.UnmaskedEstate(id=id_, property_phone=phone)

    return answer(await write(request, work))


_ONE = "/api/v1/registry/estates/{id}"

ROUTES = (
    Route(
        "GET",
        _ONE,
        get_estate,
        Permission.REGISTRY_READ,
        "One housing estate, its telephone masked, with its history",
        answers={200: registry_place_views.RegistryEstate},
    ),
    Route(
        "POST",
        f"{_ONE}/unmask",
        unmask,
        Permission.REGISTRY_UNMASK,
        "The telephone of its property company in the clear, for a reason; goes into the audit",
        body=ReasonBody,
        answers={200: registry_place_views.UnmaskedEstate},
    ),
)
