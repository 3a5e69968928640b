"""What the API takes and answers about the duty room. Only shapes, and how they are made."""

from datetime import date, datetime
from typing import Annotated

from msgspec import Meta, Struct, field

from linkage.duty.model import AbsenceReason, Turn
from linkage.model.person import Role

_PRINTABLE = r"^[^\u0000-\u001f]*$"
"""Not every database takes a NUL."""
Name = Annotated[str, Meta(min_length=1, max_length=100, pattern=_PRINTABLE)]
Id = Annotated[str, Meta(min_length=1, max_length=64, pattern=_PRINTABLE)]
NewId = Annotated[str, Meta(pattern=r"^[A-Za-z0-9._-]{1,48}$")]
"""Of a new entry, where the caller wants to choose it."""
Text = Annotated[str, Meta(max_length=200, pattern=_PRINTABLE)]
ClockTime = Annotated[str, Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
Hours = Annotated[
    str, Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]-([01][0-9]|2[0-3]):[0-5][0-9]$")
]
Weekday = Annotated[int, Meta(ge=1, le=7)]
Weekdays = Annotated[list[Weekday], Meta(min_length=1, max_length=7)]
Moment = Annotated[datetime, Meta(tz=True)]
Ids = Annotated[list[Id], Meta(max_length=500)]
SomeIds = Annotated[list[Id], Meta(min_length=1, max_length=500)]


def _everywhere() -> list[str]:
    return ["*"]


def _every_day() -> list[int]:
    return list(range(1, 8))


class PostBody(Struct, forbid_unknown_fields=True, kw_only=True):
    id: NewId | None = None
    name: Name
    role: Role
    villages: SomeIds = field(default_factory=_everywhere)
    grids: Ids = field(default_factory=list)
    must_be_manned: bool = True
    hours: Hours | None = None


class PostItem(PostBody, kw_only=True):
    id: str


class PatternBody(Struct, forbid_unknown_fields=True, kw_only=True):
    id: NewId | None = None
    post: Id
    start: ClockTime
    hours: Annotated[float, Meta(gt=0, le=168)]
    crews: Annotated[
        list[Annotated[list[Id], Meta(max_length=50)]], Meta(min_length=1, max_length=60)
    ]
    begins_on: date
    ends_on: date | None = None
    weekdays: Weekdays = field(default_factory=_every_day)
    turn: Turn = Turn.SHIFT


class PatternItem(PatternBody, kw_only=True):
    id: str


class OverrideBody(Struct, forbid_unknown_fields=True, kw_only=True):
    id: NewId | None = None
    post: Id
    begin: Moment = field(name="from")
    until: Moment
    username: Id | None = None
    replaces: Id | None = None
    reason: Text = ""


class OverrideItem(OverrideBody, kw_only=True):
    id: str


class AbsenceBody(Struct, forbid_unknown_fields=True, kw_only=True):
    id: NewId | None = None
    username: Id
    begin: Moment = field(name="from")
    until: Moment
    reason: AbsenceReason = AbsenceReason.OTHER
    note: Text = ""


class AbsenceItem(AbsenceBody, kw_only=True):
    id: str


class SlotBody(Struct, forbid_unknown_fields=True, kw_only=True):
    hours: Hours
    weekdays: Weekdays = field(default_factory=_every_day)
    every_weeks: Annotated[int, Meta(ge=1, le=52)] = 1
    """Teams that take turns are out in every n-th week each."""
    since: date | None = None
    """A day of a week in which it is out; needed where that is not every week."""


class MemberBody(Struct, forbid_unknown_fields=True, kw_only=True):
    name: Name
    phone: Annotated[str, Meta(min_length=3, max_length=30)]


class TeamBody(Struct, forbid_unknown_fields=True, kw_only=True):
    id: NewId | None = None
    name: Name
    villages: SomeIds = field(default_factory=_everywhere)
    grids: Ids = field(default_factory=list)
    slots: Annotated[list[SlotBody], Meta(max_length=50)] = field(default_factory=list)
    usernames: Annotated[list[Id], Meta(max_length=50)] = field(default_factory=list)
    members: Annotated[list[MemberBody], Meta(max_length=50)] = field(default_factory=list)
    latitude: Annotated[float, Meta(ge=-90, le=90)] | None = None
    longitude: Annotated[float, Meta(ge=-180, le=180)] | None = None


class TeamItem(TeamBody, kw_only=True):
    """Telephones are masked."""

    id: str


class OfficerBody(Struct, forbid_unknown_fields=True, kw_only=True):
    village: Id | None = None
    username: Id | None = None
    name: Annotated[str, Meta(max_length=100, pattern=_PRINTABLE)] = ""
    phone: Annotated[str, Meta(max_length=30)] = ""
    unit: Annotated[str, Meta(max_length=100, pattern=_PRINTABLE)] = ""


class OfficerItem(OfficerBody, kw_only=True):
    """The telephone is masked."""

    village: str


class PostPage(Struct, kw_only=True):
    items: list[PostItem]


class PatternPage(Struct, kw_only=True):
    items: list[PatternItem]


class OverridePage(Struct, kw_only=True):
    items: list[OverrideItem]


class AbsencePage(Struct, kw_only=True):
    items: list[AbsenceItem]


class TeamPage(Struct, kw_only=True):
    items: list[TeamItem]


class OfficerPage(Struct, kw_only=True):
    items: list[OfficerItem]


# --- who is on duty now ---------------------------------------------------------------------------


class DutyPerson(Struct, kw_only=True):
    username: str
    display_name: str


class NextShift(Struct, kw_only=True):
    begin: str = field(name="from")
    people: list[DutyPerson]


class PostNow(Struct, kw_only=True):
    id: str
    name: str
    role: str
    villages: list[str]
    grids: list[str]
    must_be_manned: bool
    hours: str | None
    people: list[DutyPerson]
    absent: list[DutyPerson]
    until: str | None
    next: NextShift | None
    is_gap: bool


class GapItem(Struct, kw_only=True):
    post: str
    name: str
    begin: str = field(name="from")
    until: str
    absent: list[DutyPerson]


class AbsenceNow(Struct, kw_only=True):
    """`reason` and `note` only for those who edit the rota."""

    id: str
    username: str
    display_name: str
    begin: str = field(name="from")
    until: str
    reason: str | None
    note: str | None


class DutyMember(Struct, kw_only=True):
    username: str | None
    name: str
    phone: str | None


class TeamNow(Struct, kw_only=True):
    id: str
    name: str
    villages: list[str]
    grids: list[str]
    active: bool
    until: str | None
    free: bool
    incident: str | None
    members: list[DutyMember]


class OfficerNow(Struct, kw_only=True):
    village: str
    village_name: str
    username: str | None
    name: str
    phone: str | None
    unit: str


class ChairNow(Struct, kw_only=True):
    attended: bool
    uncovered: list[str]


class DutyNow(Struct, kw_only=True):
    at: str
    chair: ChairNow
    posts: list[PostNow]
    gaps: list[GapItem]
    absences: list[AbsenceNow]
    teams: list[TeamNow]
    officers: list[OfficerNow]


class ProposalItem(Struct, kw_only=True):
    """`sort`: team or village-officer. `dispatch_to` is what to send as `to` of a dispatch."""

    rank: int
    sort: str
    id: str
    name: str
    dispatch_to: str
    active: bool
    free: bool | None
    incident: str | None
    fit: str
    distance_m: float | None
    until: str | None
    members: list[DutyMember]
    reasons: list[str]


class Proposals(Struct, kw_only=True):
    incident: str
    items: list[ProposalItem]
