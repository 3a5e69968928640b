"""The shapes of what is said of the custody of an incident's evidence."""

from msgspec import Struct


class MissingEvidence(Struct, frozen=True, kw_only=True):
    """A picture or clip that is not there: never kept, or deleted."""

    camera: str
    kind: str
    at: str
    """What it would show."""
    why: str
    said: str
    """The reason, Chinese first."""


class Custody(Struct, frozen=True, kw_only=True):
    """Beside the evidence itself."""

    missing: list[MissingEvidence]
    entries: int
    """Lines of the manifest."""
    public_key: str
    """Ed25519, 64 hex digits: proves the manifest's signatures."""
