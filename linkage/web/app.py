"""Putting the web application together: the whole table of routes in one list."""

from pathlib import Path

from aiohttp import web

from linkage.accounts.gate import SignInGate
from linkage.registry.search import HouseholdFinder
from linkage.web.board import BOARD, Board, keep_board
from linkage.web.counting import COUNTERS, Counters
from linkage.web.guard import (
    HEADERS,
    PORTS,
    add_headers,
    bulkhead,
    count,
    guard,
    headers_for,
)
from linkage.web.looks import LOOKS, Looks
from linkage.web.ports import Ports
from linkage.web.routes import (
    accounts,
    adoption,
    alarms,
    appraisal,
    audit_log,
    camera_inputs,
    camera_tools,
    camera_zones,
    cameras,
    consents,
    custody,
    custody_doing,
    description,
    devices,
    drills,
    duty,
    duty_registry,
    handover,
    health,
    incident_parts,
    incident_steps,
    incidents,
    ledger_books,
    ledgers,
    live,
    looks,
    maintenance_orders,
    maps,
    motion,
    orders,
    own_account,
    photographs,
    policy,
    quiet,
    redactions,
    registry_directory,
    registry_estates,
    registry_households,
    registry_places,
    registry_sheets,
    reports,
    response_plans,
    session,
    station,
    stream,
    system,
    telling,
)
from linkage.web.routes.console import ConsoleFiles
from linkage.web.routing import check_declared, declare
from linkage.web.sign_in_gate import GATE

_NOUNS = (
    session,
    own_account,
    accounts,
    audit_log,
    health,
    policy,
    incidents,
    duty,
    duty_registry,
    handover,
    redactions,
    alarms,
    adoption,
    camera_inputs,
    camera_tools,
    camera_zones,
    consents,
    cameras,
    custody,
    custody_doing,
    live,
    looks,
    devices,
    motion,
    maps,
    reports,
    response_plans,
    quiet,
    drills,
    station,
    registry_places,
    registry_estates,
    registry_households,
    registry_directory,
    registry_sheets,
    maintenance_orders,
    ledger_books,
    ledgers,
    appraisal,
    system,
    telling,
    orders,
    photographs,
    stream,
    description,
)
_BODY_LIMIT = 64 * 1024
BUILT_CONSOLE = Path(__file__).parent / "static"


def create_app(
    ports: Ports,
    *,
    console_folder: Path = BUILT_CONSOLE,
    stream_limits: stream.StreamLimits | None = None,
) -> web.Application:
    """The application, ready for an `AppRunner`. Its streams end when the runner is cleaned up.

    Raises RuntimeError when a route is not declared.
    """
    app = web.Application(middlewares=[count, bulkhead, guard], client_max_size=_BODY_LIMIT)
    app[PORTS] = ports
    app[HEADERS] = headers_for(() if ports.tiles is None else ports.tiles.origins)
    app[BOARD] = Board(ports)
    app[LOOKS] = Looks()
    app[live.LIVE_ROOM] = live.LiveRoom()
    app[COUNTERS] = Counters(ports.metrics)
    app[GATE] = SignInGate()
    app[audit_log.CHAIN_CHECK] = audit_log.ChainCheck()
    declare(app, incident_parts.ROUTES)
    app[registry_households.FINDER] = HouseholdFinder(ports.box)
    declare(app, incident_steps.ROUTES)
    app[stream.STREAMS] = stream.Streams(ports, stream_limits or stream.StreamLimits())
    for noun in _NOUNS:
        declare(app, noun.ROUTES)
    declare(app, ConsoleFiles(console_folder).routes())
    check_declared(app)
    app.on_response_prepare.append(add_headers)
    app.on_shutdown.append(stream.end_streams)
    app.on_shutdown.append(live.end_live)
    app.cleanup_ctx.append(keep_board)
    return app
