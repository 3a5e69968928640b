"""Declaring routes: every route is declared once, with what it takes to call it.

A route that the router has and the table has not stops the program at its start.
"""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from aiohttp import web

from linkage.accounts.rights import Permission

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Access(Enum):
    """What it takes where no permission is asked for."""

    PUBLIC = "public"
    SIGNED_IN = "signed-in"


@dataclass(frozen=True)
class Parameter:
    """A query parameter or header, for the description of the API."""

    name: str
    place: str
    """`query` or `header`."""
    required: bool = False
    schema: dict[str, object] = field(default_factory=lambda: {"type": "string"})
    description: str = ""


@dataclass(frozen=True)
class Route:
    """One method on one path."""

    method: str
    path: str
    handler: Handler
    needs: Permission | Access
    summary: str
    body: type[Any] | None = None
    """The msgspec Struct the body is decoded into."""
    parameters: tuple[Parameter, ...] = ()
    answers: dict[int, object] = field(default_factory=dict)
    """Status to a Struct type, or to a media type as text, or None for no content."""
    endless: bool = False
    """Streams: no time limit."""
    documented: bool = True
    while_locked: bool = False
    """Answers a console whose screen is locked, too: it shows nothing that the lock hides."""


TABLE: web.AppKey[dict[web.AbstractRoute, Route]] = web.AppKey("route_table", dict)


def declare(app: web.Application, routes: Iterable[Route]) -> None:
    """Add the routes to the app's router and table."""
    table = app.setdefault(TABLE, {})
    for route in routes:
        table[app.router.add_route(route.method, route.path, route.handler)] = route


def check_declared(app: web.Application) -> None:
    """Raise RuntimeError when the router has a route that was not declared."""
    for route in app.router.routes():
        if route not in app[TABLE]:
            raise RuntimeError(f"route {route!r} is not declared: say who may call it")


def declared(request: web.Request) -> Route | None:
    """The declaration of the route that this request matched."""
    return request.app[TABLE].get(request.match_info.route)
