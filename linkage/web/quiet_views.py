"""The shapes of quiet on the API, and how they come from what is kept."""

from collections.abc import Mapping
from zoneinfo import ZoneInfo

from msgspec import Struct

from linkage.quiet.ledger import LedgerLine
from linkage.quiet.model import Drill, QuietWindow
from linkage.web import people_views
from linkage.web.answering import moment, moment_or_none


class Quiet(Struct, frozen=True, kw_only=True):
    """A silence or a maintenance window."""

    id: str
    sort: str
    cameras: list[str]
    villages: list[str]
    layers: list[str]
    devices: list[str]
    kinds: list[str]
    reason: str
    author: people_views.Person
    made_at: str
    begin: str
    end: str
    state: str
    """coming, in-force or ended."""
    ended_by: people_views.Person | None
    held: int
    """Alarms of its scope that are in the log and not on the board."""


class QuietList(Struct, frozen=True, kw_only=True):
    items: list[Quiet]


class Act(Struct, frozen=True, kw_only=True):
    """Who did it and when; nobody where it came about by itself."""

    by: people_views.Person | None
    at: str


class DrillView(Struct, frozen=True, kw_only=True):
    id: str
    name: str
    villages: list[str]
    groups: list[str]
    group_names: list[str]
    """Of `groups`, in their order."""
    devices: list[str]
    begin: str
    end: str
    notice_to: str
    noticed_at: str | None
    note: str
    made_by: people_views.Person
    made_at: str
    started: Act | None
    ended: Act | None
    state: str
    """planned, running or ended."""


class DrillList(Struct, frozen=True, kw_only=True):
    items: list[DrillView]


class LedgerItem(Struct, frozen=True, kw_only=True):
    device: str
    household: str | None
    label: str | None
    group: str | None
    pressed_at: str | None
    answered_at: str | None
    acknowledged_at: str | None
    acknowledged_by: people_views.Person | None
    incident: str | None
    number: str | None
    became_real: bool
    notice: str | None


class Ledger(Struct, frozen=True, kw_only=True):
    drill: DrillView
    items: list[LedgerItem]


Names = Mapping[str, tuple[str, str]]
"""Display name and role by user name."""


def quiet_view(
    window: QuietWindow, names: Names, zone: ZoneInfo, *, now_ms: int, held: int
) -> Quiet:
    return Quiet(
        id=window.id,
        sort=window.sort.value,
        cameras=sorted(window.cameras),
        villages=sorted(window.villages),
        layers=sorted(window.layers),
        devices=sorted(window.devices),
        kinds=sorted(kind.value for kind in window.kinds),
        reason=window.reason,
        author=_person(window.author, names),
        made_at=moment(window.made_at_ms, zone),
        begin=moment(window.begin_ms, zone),
        end=moment(window.end_ms, zone),
        state=_state(window, now_ms),
        ended_by=None if window.ended_by is None else _person(window.ended_by, names),
        held=held,
    )


def drill_view(
    drill: Drill,
    names: Names,
    zone: ZoneInfo,
    *,
    group_names: Mapping[str, str],
    now_ms: int,
) -> DrillView:
    ended = None
    if drill.ended_at_ms is not None:
        by = None if drill.ended_by is None else _person(drill.ended_by, names)
        ended = Act(by=by, at=moment(drill.ended_at_ms, zone))
    elif now_ms >= drill.end_ms:
        ended = Act(by=None, at=moment(drill.end_ms, zone))
    started = None
    if drill.started_at_ms is not None:
        by = None if drill.started_by is None else _person(drill.started_by, names)
        started = Act(by=by, at=moment(drill.started_at_ms, zone))
    return DrillView(
        id=drill.id,
        name=drill.name,
        villages=sorted(drill.villages),
        groups=sorted(drill.groups),
        group_names=[group_names.get(group, group) for group in sorted(drill.groups)],
        devices=sorted(drill.devices),
        begin=moment(drill.begin_ms, zone),
        end=moment(drill.end_ms, zone),
        notice_to=drill.notice_to,
        noticed_at=moment_or_none(drill.noticed_at_ms, zone),
        note=drill.note,
        made_by=_person(drill.made_by, names),
        made_at=moment(drill.made_at_ms, zone),
        started=started,
        ended=ended,
        state=drill.state_at(now_ms).value,
    )


def ledger_item(line: LedgerLine, names: Names, zone: ZoneInfo) -> LedgerItem:
    by = line.acknowledged_by
    return LedgerItem(
        device=line.device,
        household=line.household_id,
        label=line.label,
        group=line.group,
        pressed_at=moment_or_none(line.pressed_at_ms, zone),
        answered_at=moment_or_none(line.answered_at_ms, zone),
        acknowledged_at=moment_or_none(line.acknowledged_at_ms, zone),
        acknowledged_by=None if by is None else _person(by, names),
        incident=line.incident_id,
        number=line.number,
        became_real=line.became_real,
        notice=line.notice,
    )


def _state(window: QuietWindow, now_ms: int) -> str:
    if now_ms >= window.end_ms:
        return "ended"
    return "in-force" if now_ms >= window.begin_ms else "coming"


def _person(username: str, names: Names) -> people_views.Person:
    return people_views.Person(
        username=username, display_name=names.get(username, (username, ""))[0]
    )
