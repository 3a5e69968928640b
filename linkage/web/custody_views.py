"""The shapes of what is said of the custody of an incident's evidence."""

from typing import Annotated

from msgspec import Meta, Struct

from linkage.custody.model import People

Said = Annotated[str, Meta(min_length=1, max_length=500, pattern=r"\S")]
Named = Annotated[str, Meta(min_length=1, max_length=100, pattern=r"\S")]


class MissingEvidence(Struct, frozen=True, kw_only=True):
    """A picture or clip that is not there: never kept, or deleted."""

    camera: str
    kind: str
    at: str
    """What it would show."""
    why: str
    said: str
    """The reason, Chinese first."""


class Hold(Struct, frozen=True, kw_only=True):
    """While it is not released, nothing of the incident is deleted."""

    id: str
    reason: str
    by: str
    by_name: str
    at: str
    released_by: str | None
    released_by_name: str | None
    released_at: str | None
    release_reason: str | None


class Export(Struct, frozen=True, kw_only=True):
    """Asked for, approved or not; `file` is where an approved one is fetched."""

    id: str
    incident: str
    number: str
    """Of the incident."""
    purpose: str
    legal_basis: str
    case_number: str
    recipient_unit: str
    recipient_name: str
    approver: str
    people: str = "clear"
    """`hidden`: covered wherever anything changed; `whole`: all covered; `clear`: the originals."""
    clear_why: str = ""
    asked_by: str
    asked_by_name: str
    asked_at: str
    approved_by: str | None
    approved_by_name: str | None
    approved_at: str | None
    file: str | None
    making: int | None = None
    """While the file is made for somebody, people being covered: how many percent are done; 0 while
    it waits for its turn."""
    fetched: int
    """How often the file was taken."""


class ExportList(Struct, frozen=True, kw_only=True):
    """The register of what was handed over, newest first."""

    items: list[Export]
    two_persons: bool
    more: bool
    """Older ones are not listed here; their incidents tell them."""


class Custody(Struct, frozen=True, kw_only=True):
    """Beside the evidence itself. Holds and exports: for whoever may look at the evidence or reads
    the register."""

    missing: list[MissingEvidence]
    holds: list[Hold]
    exports: list[Export]
    two_persons: bool
    """An export must be approved by somebody else than who asks for it."""
    entries: int
    """Lines of the manifest."""
    public_key: str
    """Ed25519, 64 hex digits: proves the manifest's signatures."""


class WhyBody(Struct, frozen=True, forbid_unknown_fields=True):
    """For a hold, and for its release."""

    reason: Said


class ExportBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the register of retrievals asks for."""

    purpose: Said
    legal_basis: Said
    case_number: Named
    recipient_unit: Named
    recipient_name: Named
    approver: Annotated[str, Meta(max_length=100)] = ""
    """Who allowed it; where two persons are set, the account that approves is it."""
    people: People = People.HIDDEN
    clear_why: Annotated[str, Meta(max_length=500)] = ""
    """On what basis people are not covered; only with `clear`, and required there."""


class Made(Struct, frozen=True, kw_only=True):
    id: str
