"""What the API takes and answers about hand-overs. Only shapes."""

from typing import Annotated

from msgspec import Meta, Struct


class HandoverBody(Struct, forbid_unknown_fields=True, kw_only=True):
    notes: Annotated[str, Meta(max_length=4000)] = ""


class HandoverSignature(Struct, kw_only=True):
    username: str
    display_name: str
    at: str


class HandoverIncident(Struct, kw_only=True):
    id: str
    number: str
    stage: str
    priority: int
    kind: str
    place: str
    opened_at: str
    acknowledged_by: str | None
    sent: str | None


class HandoverCamera(Struct, kw_only=True):
    id: str
    name: str
    reason: str


class HandoverPost(Struct, kw_only=True):
    post: str
    people: list[str]
    absent: list[str]


class ChainHead(Struct, kw_only=True):
    chain: str
    writer: str
    number: int
    link: str


class HandoverSheet(Struct, kw_only=True):
    notes: str
    incidents: list[HandoverIncident]
    cameras_down: list[HandoverCamera]
    duty: list[HandoverPost]
    chains: list[ChainHead]


class HandoverSince(Struct, kw_only=True):
    """Numbers of incidents that were opened, or ended, between draft and signature."""

    notes: str
    opened: list[str]
    ended: list[str]


class HandoverView(Struct, kw_only=True):
    id: str
    state: str
    outgoing: HandoverSignature
    incoming: HandoverSignature | None
    sheet: HandoverSheet | None
    since: HandoverSince | None


class HandoverPage(Struct, kw_only=True):
    """Without their sheets."""

    items: list[HandoverView]
