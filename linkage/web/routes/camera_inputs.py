"""What hangs on cameras (buttons on inputs, sirens on relays), and where they are turned to."""

from collections.abc import Sequence
from typing import Any

from aiohttp import web
from sqlalchemy import Connection, Row, select

from alarms.devices import DeviceRegistry
from camerad.errors import CameradError
from camerad.model import Preset, RelayOutput
from lianfang_timing import unix_ms
from linkage import schema as s
from linkage.accounts.rights import Permission, Places
from linkage.camera_events import storage, wiring
from linkage.camera_events.model import WiredInput
from linkage.registry.errors import BadEntry, NoSuchEntry
from linkage.registry.model import Said
from linkage.web import camera_input_views as views
from linkage.web.answering import answer, moment
from linkage.web.guard import PORTS, caller_of
from linkage.web.reading import body_of
from linkage.web.registry_calling import problem_of, read, registry_caller, write
from linkage.web.routing import Route


async def inputs(request: web.Request) -> web.Response:
    ports, camera_id = request.app[PORTS], request.match_info["id"]
    places = caller_of(request).principal.places

    def work(conn: Connection) -> list[WiredInput]:
        _must_be_there(conn, places, camera_id)
        return storage.wired(conn, [camera_id])

    wired, events = await read(request, work), ports.camera_events
    return answer(
        views.inputs_view(
            None if events is None else events.health(camera_id),
            {} if events is None else events.inputs(camera_id),
            wired,
            () if events is None else events.dead,
            ports.site.zone,
            now_ms=unix_ms(ports.clock.now()),
        )
    )


async def wire(request: web.Request) -> web.Response:
    ports, caller = request.app[PORTS], registry_caller(request)
    body = await body_of(request, views.WiringBody)
    try:
        wanted = body.wiring()
    except ValueError as unknown:
        said = Said(f"没有这种报警：{body.kind}", f"there is no kind {body.kind!r}")
        raise problem_of(BadEntry("kind", said)) from unknown
    registry = DeviceRegistry(ports.database, ports.box, ports.clock)
    camera_id, token = _where(request)
    await write(request, lambda conn: wiring.wire(conn, registry, caller, camera_id, token, wanted))
    _changed(request)
    return web.Response(status=204)


async def take_off(request: web.Request) -> web.Response:
    caller, (camera_id, token) = registry_caller(request), _where(request)
    await write(request, lambda conn: wiring.take_off(conn, caller, camera_id, token))
    _changed(request)
    return web.Response(status=204)


async def announce_test(request: web.Request) -> web.Response:
    caller, (camera_id, token) = registry_caller(request), _where(request)
    until_ms = await write(
        request, lambda conn: wiring.announce_test(conn, caller, camera_id, token)
    )
    zone = request.app[PORTS].site.zone
    return answer(views.TestAnnounced(until=moment(until_ms, zone)))


async def relays(request: web.Request) -> web.Response:
    events, camera_id = request.app[PORTS].camera_events, request.match_info["id"]
    places = caller_of(request).principal.places

    def work(conn: Connection) -> dict[str, str]:
        _must_be_there(conn, places, camera_id)
        return storage.relays(conn, camera_id)

    wired = await read(request, work)
    found: Sequence[RelayOutput] = ()
    trouble = None
    try:
        found = () if events is None else await events.relays(camera_id)
    except CameradError as error:
        trouble = str(error)
    return answer(views.relays_view(wired, found, trouble))


async def wire_siren(request: web.Request) -> web.Response:
    ports, caller = request.app[PORTS], registry_caller(request)
    body, (camera_id, token) = await body_of(request, views.SirenBody), _where(request)
    registry = DeviceRegistry(ports.database, ports.box, ports.clock)
    await write(
        request,
        lambda conn: wiring.wire_siren(
            conn, registry, caller, camera_id, token, body.siren, body.group
        ),
    )
    return web.Response(status=204)


async def take_siren_off(request: web.Request) -> web.Response:
    caller, (camera_id, token) = registry_caller(request), _where(request)
    await write(request, lambda conn: wiring.take_siren_off(conn, caller, camera_id, token))
    return web.Response(status=204)


async def presets(request: web.Request) -> web.Response:
    events, camera_id = request.app[PORTS].camera_events, request.match_info["id"]
    places = caller_of(request).principal.places

    def work(conn: Connection) -> Row[Any] | None:
        _must_be_there(conn, places, camera_id)
        return storage.preset(conn, camera_id)

    known = await read(request, work)
    found: Sequence[Preset] = ()
    trouble = None
    try:
        found = () if events is None else await events.presets(camera_id)
    except CameradError as error:
        trouble = str(error)
    return answer(
        views.Presets(
            trouble=trouble,
            items=[views.PresetItem(token=one.token, name=one.name) for one in found],
            preset=None if known is None else known.preset,
            home=None if known is None else known.home,
            back_after_s=None if known is None else known.back_after_s,
            away_for=known.incident_id if known is not None and known.away else None,
        )
    )


async def set_preset(request: web.Request) -> web.Response:
    caller, camera_id = registry_caller(request), request.match_info["id"]
    body = await body_of(request, views.PresetBody)
    await write(
        request,
        lambda conn: wiring.set_preset(
            conn, caller, camera_id, body.preset, body.home, body.back_after_s
        ),
    )
    return web.Response(status=204)


async def clear_preset(request: web.Request) -> web.Response:
    caller, camera_id = registry_caller(request), request.match_info["id"]
    await write(request, lambda conn: wiring.clear_preset(conn, caller, camera_id))
    return web.Response(status=204)


def _must_be_there(conn: Connection, places: Places, camera_id: str) -> None:
    village = conn.scalar(select(s.cameras.c.village_id).where(s.cameras.c.id == camera_id))
    if village is None or not places.covers(village):
        raise NoSuchEntry


def _where(request: web.Request) -> tuple[str, str]:
    return request.match_info["id"], request.match_info["token"]


def _changed(request: web.Request) -> None:
    events = request.app[PORTS].camera_events
    if events is not None:
        events.look_now()


_ADOPT = Permission.CAMERA_ADOPT
_PATH = "/api/v1/cameras/{id}/inputs"
_PRESET = "/api/v1/cameras/{id}/preset"
_RELAYS = "/api/v1/cameras/{id}/relays"

ROUTES = (
    Route(
        "GET",
        _PATH,
        inputs,
        _ADOPT,
        "Its digital inputs: how they stand, what hangs on them, whether a press would be heard",
        answers={200: views.Inputs},
    ),
    Route(
        "PUT",
        _PATH + "/{token}",
        wire,
        _ADOPT,
        "A button hangs on this input",
        body=views.WiringBody,
        answers={204: None},
    ),
    Route(
        "DELETE",
        _PATH + "/{token}",
        take_off,
        _ADOPT,
        "Nothing hangs on this input any more",
        answers={204: None},
    ),
    Route(
        "POST",
        _PATH + "/{token}/test",
        announce_test,
        _ADOPT,
        "The next press within two minutes is a test",
        answers={200: views.TestAnnounced},
    ),
    Route(
        "GET",
        _RELAYS,
        relays,
        _ADOPT,
        "Its relay outputs, as it says now, and the sirens that hang on them",
        answers={200: views.Relays},
    ),
    Route(
        "PUT",
        _RELAYS + "/{token}",
        wire_siren,
        _ADOPT,
        "A siren hangs on this relay",
        body=views.SirenBody,
        answers={204: None},
    ),
    Route(
        "DELETE",
        _RELAYS + "/{token}",
        take_siren_off,
        _ADOPT,
        "Nothing hangs on this relay any more",
        answers={204: None},
    ),
    Route(
        "GET",
        _PRESET,
        presets,
        _ADOPT,
        "Its presets, as it says now, and where it is turned to for an incident",
        answers={200: views.Presets},
    ),
    Route(
        "PUT",
        _PRESET,
        set_preset,
        _ADOPT,
        "Turn it there for an incident that it looks at, and give it back",
        body=views.PresetBody,
        answers={204: None},
    ),
    Route(
        "DELETE",
        _PRESET,
        clear_preset,
        _ADOPT,
        "It is turned for nothing any more",
        answers={204: None},
    ),
)
