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


def with_moments(found: object, zone: ZoneInfo) -> object:
    """JSON values of a room, where every `…_ms` is a moment, told as the API tells moments."""
    if isinstance(found, dict):
        return dict(_with_moment(key, value, zone) for key, value in found.items())
    if isinstance(found, list | tuple):
        return [with_moments(one, zone) for one in found]
    return found


def _with_moment(key: str, value: object, zone: ZoneInfo) -> tuple[str, object]:
    name = key.removesuffix("_ms")
    if name != key and (value is None or isinstance(value, int)):
        return name, None if value is None else moment(value, zone)
    return key, with_moments(value, zone)


def moment_or_none(ms: int | None, zone: ZoneInfo) -> str | None:
    return None if ms is None else moment(ms, zone)
