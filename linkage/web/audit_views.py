"""The shapes of the audit in the API."""

from typing import Any

from msgspec import Struct


class AuditItem(Struct, frozen=True, kw_only=True):
    position: int
    at: str
    actor: str
    """User name, `machine:` and a token's name, or `cli`."""
    display_name: str | None
    action: str
    about: str
    """What it was done to, as `incident:…`, `camera:…`, `account:…`."""
    unit: str
    detail: dict[str, Any]
    """What else was written down; what was erased since says so."""
    address: str


class AuditPage(Struct, frozen=True, kw_only=True):
    items: list[AuditItem]
    """The newest first."""
    next: str | None


class ChainHead(Struct, frozen=True, kw_only=True):
    chain: str
    writer: str
    rows: int
    pruned_to: int | None
    link: str


class ChainState(Struct, frozen=True, kw_only=True):
    """Whether nothing was changed, as far as it was looked at."""

    verified_at: str | None
    """None: not since this program began."""
    faults: list[str]
    heads: list[ChainHead]
