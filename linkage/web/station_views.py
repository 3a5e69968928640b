"""The shapes of the police station in the API: how it is told, and what it confirms."""

from msgspec import Struct


class Station(Struct, frozen=True, kw_only=True):
    """How the police station is told of an incident."""

    name: str
    state: str
    """planned, delivered, confirmed, unconfirmed, failed or telephoned."""
    at: str
    telephone: bool
    """An officer must telephone the station now."""
    number: str | None
    error: str | None


class Confirmation(Struct, frozen=True, kw_only=True):
    incident: str
    station: Station
