"""The shapes of the page of the system's health."""

from msgspec import Struct


class PartItem(Struct, frozen=True, kw_only=True):
    name: str
    level: str
    """`ok`, `warn`, `bad`, `unknown`."""
    since: str | None
    figures: dict[str, int]
    detail: str


class Parts(Struct, frozen=True, kw_only=True):
    at: str
    """By this server's clock."""
    version: str
    parts: list[PartItem]
