"""How an answer is written: as JSON, and times in the site's zone. Its shapes: `*_views`."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import msgspec
from aiohttp import web
from msgspec import Struct


def answer(view: Struct, status: int = 200) -> web.Response:
    """The JSON answer of a shape."""
    return web.Response(
        body=msgspec.json.encode(view), status=status, content_type="application/json"
    )


def moment(ms: int, zone: ZoneInfo) -> str:
    """RFC 3339 with offset, milliseconds, in the site's own time."""
    at = datetime.fromtimestamp(ms / 1000, UTC).astimezone(zone)
    return at.isoformat(timespec="milliseconds")


def moment_or_none(ms: int | None, zone: ZoneInfo) -> str | None:
    return None if ms is None else moment(ms, zone)
