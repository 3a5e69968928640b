"""What only the page of one incident shows: timeline, household, group, cameras, actions.

Personal data comes out masked unless the caller of `read_detail` says that it may be clear.
"""

import json
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, func, select

from alarms.model import LIFE_SAFETY_KINDS, AlarmKind
from alarms.store import SealedBox
from alarms.store.tables import devices
from camerad.model import CameraHealth, CameraState
from linkage import schema as s
from linkage.model.action import ActionKind
from linkage.model.event import EventType
from linkage.model.person import Actor
from linkage.registry.model import ToldBy
from linkage.registry.personal import contact_of
from linkage.response_plans import storage
from linkage.steps.checks import ClosingCheck
from linkage.ways.station_desk import holds_quiet
from linkage.web import incident_detail_views, plan_views
from linkage.web.answering import moment, moment_or_none
from linkage.web.incident_alarms import alarm_counts
from linkage.web.incident_reading import (
    LISTED_CALLERS,
    SHOWN,
    PlaceLabels,
    facts_of,
    read_people,
)
from linkage.web.incident_rows import AnyRow, IncidentRow
from linkage.web.incident_timeline import (
    read_actors,
    read_decisions,
    read_heard,
    read_timeline,
)
from linkage.web.step_reading import allowed
from linkage.web.way_reading import HEARD, RECIPIENT_KINDS, told_items

SHOWN_ACTIONS = 300
"""Of one incident: the newest. One that gathers thousands of presses has as many replies."""

MESSAGES = 1000
"""The newest, from which is told how far each recipient was reached."""


@dataclass(frozen=True)
class DetailPorts:
    """What showing one incident takes besides the database."""

    zone: ZoneInfo
    box: SealedBox
    camera_health: Mapping[str, CameraHealth]
    actor: Actor
    """Who looks."""
    closing_check: ClosingCheck


def read_detail(
    conn: Connection, row: IncidentRow, ports: DetailPorts, *, clear: Set[str]
) -> incident_detail_views.IncidentDetail:
    """The whole incident; `clear` are the households whose contact is shown unmasked."""
    (facts,) = facts_of(conn, [row], ports.zone, ports.box, SHOWN)
    a = s.actions.c
    timeline = read_timeline(conn, row.id, ports.zone, ports.box)
    heard = read_heard(conn, row.id, HEARD)
    messages = _newest_actions(conn, row.id, MESSAGES, a.kind.in_(RECIPIENT_KINDS))
    action_count = conn.scalar(select(func.count()).where(a.incident_id == row.id)) or 0
    homes = households_shown(conn, row)
    households = [
        shown
        for home in homes.shown
        if (shown := _household(conn, home, ports.box, clear=home in clear)) is not None
    ]
    return incident_detail_views.IncidentDetail(
        **facts,
        timeline=timeline.items,
        timeline_count=timeline.count,
        household=next(iter(households), None),
        households=households,
        group=_group(conn, row, homes.sources, heard, messages),
        cameras_near=_cameras_near(conn, row.id, ports.camera_health),
        actions=[_action(x, ports.zone) for x in _newest_actions(conn, row.id, SHOWN_ACTIONS)],
        action_count=action_count,
        decisions=read_decisions(conn, row.id),
        allowed=allowed(conn, row.id, ports.actor, ports.closing_check),
        merged_from=_merged_from(conn, row.id),
        response_plan=_response_plan(conn, row, ports.zone),
        told=told_items(messages, heard, read_actors(conn, row.id), ports.zone),
    )


def _merged_from(conn: Connection, incident_id: str) -> list[incident_detail_views.MergedIncident]:
    """The incidents that became a part of this one, with where each was."""
    i = s.incidents.c
    rows = conn.execute(
        select(s.incidents).where(i.merged_into == incident_id).order_by(i.number)
    ).all()
    labels = PlaceLabels.read(conn, rows)
    return [
        incident_detail_views.MergedIncident(
            id=row.id, number=row.number, kind=row.kind, place=labels.place(row)
        )
        for row in rows
    ]


@dataclass(frozen=True)
class HouseholdsShown:
    """Whose contacts the page of one incident shows, and who called for help."""

    shown: Sequence[str]
    """The callers that are listed, in their order; the incident's own, where none called."""
    sources: Set[str]
    """All that called, and the incident's own."""


def households_shown(conn: Connection, row: IncidentRow) -> HouseholdsShown:
    callers = alarm_counts(conn, [row.id])[row.id].callers(row.household_id)
    own = [] if row.household_id is None else [row.household_id]
    called = [c.household_id for c in callers if c.household_id is not None]
    listed = [c.household_id for c in callers[:LISTED_CALLERS] if c.household_id is not None]
    return HouseholdsShown(listed or own, {*called, *own})


def masked_name(name: str) -> str:
    """The first character and stars: 王**."""
    return name[:1] + "**" if name else ""


def masked_phone(phone: str) -> str:
    """The first three and last four digits of a full number; of a short one nothing."""
    return f"{phone[:3]}****{phone[-4:]}" if len(phone) >= 11 else "****"


def masked_address(address: str) -> str:
    """The first three characters and stars."""
    return address[:3] + "***" if len(address) > 3 else "***"


def _response_plan(conn: Connection, row: IncidentRow, zone: ZoneInfo) -> plan_views.IncidentPlan:
    kind = AlarmKind(row.kind)
    plan = storage.plan_of(conn, kind, row.village_id, at_ms=row.opened_at_ms)
    ticks = storage.ticks(conn, row.id)
    people = read_people(conn, {tick.by for tick in ticks.values()})
    names = {username: name for username, (name, _) in people.items()}
    return plan_views.incident_plan(plan, ticks, names, zone)


def _household(
    conn: Connection, household_id: str, box: SealedBox, *, clear: bool
) -> incident_detail_views.Household | None:
    h = s.households.c
    row = conn.execute(select(h.id, h.label).where(h.id == household_id)).first()
    if row is None:
        return None
    contact = contact_of(conn, box, household_id)
    if contact is None:
        return incident_detail_views.Household(
            id=row.id, label=row.label, address=None, contact_name=None, contact_phone=None
        )
    return incident_detail_views.Household(
        id=row.id,
        label=row.label,
        address=contact.address if clear else masked_address(contact.address),
        contact_name=contact.name if clear else masked_name(contact.name),
        contact_phone=contact.phone if clear else masked_phone(contact.phone),
    )


def _group(
    conn: Connection,
    row: IncidentRow,
    sources: Set[str],
    events: Sequence[AnyRow],
    actions: Sequence[AnyRow],
) -> incident_detail_views.Group | None:
    if row.group_id is None:
        return None
    name = conn.scalar(
        select(s.mutual_aid_groups.c.name).where(s.mutual_aid_groups.c.id == row.group_id)
    )
    h = s.households.c
    homes = conn.execute(
        select(h.id, h.label, h.wants_notices, h.told_by, h.left_at_ms)
        .where(h.group_id == row.group_id)
        .order_by(h.label)
    ).all()
    buttons = conn.execute(
        select(devices.c.id, devices.c.household_id)
        .where(devices.c.household_id.in_({home.id for home in homes}))
        .order_by(devices.c.id)
    ).all()
    notices = _notices(events, actions)
    # as for notices: what must be quiet is told to nobody, and a call may be heard
    is_near = row.household_id is not None and row.kind in LIFE_SAFETY_KINDS
    is_quiet = row.silent or row.kind == AlarmKind.DURESS or holds_quiet(conn, row.id)
    may_tell = is_near and not is_quiet
    return incident_detail_views.Group(
        id=row.group_id,
        name=name or row.group_id,
        households=[
            _group_household(
                home,
                [b.id for b in buttons if b.household_id == home.id],
                notices,
                is_source=home.id in sources,
                may_tell=may_tell,
            )
            for home in homes
        ],
    )


def _group_household(
    home: AnyRow, own: list[str], notices: dict[str, str], *, is_source: bool, may_tell: bool
) -> incident_detail_views.GroupHousehold:
    wants = bool(home.wants_notices) and home.left_at_ms is None
    told = next((device for device in own if device in notices), None)
    return incident_detail_views.GroupHousehold(
        id=home.id,
        label=home.label,
        is_source=is_source,
        device=told or next(iter(own), None),
        notice=None if told is None else notices[told],
        told_by=str(home.told_by) if wants else None,
        telephone=wants and may_tell and not is_source and ToldBy(home.told_by).by_phone,
    )


def _notices(events: Sequence[AnyRow], actions: Sequence[AnyRow]) -> dict[str, str]:
    """The state of the notice to each device: what we did, then what the device said of it."""
    states = {}
    for action in actions:
        if action.kind == ActionKind.NOTICE.value and "over" not in json.loads(action.payload):
            lost = action.state in ("expired", "cancelled")
            states[action.target] = "failed" if lost else action.state
    for event in events:
        if event.type == EventType.NOTICE_SEEN.value:
            data = json.loads(event.data)
            if data.get("device") in states:
                states[data["device"]] = str(data.get("state", "delivered"))
    return states


def _cameras_near(
    conn: Connection, incident_id: str, health: Mapping[str, CameraHealth]
) -> list[incident_detail_views.NearCamera]:
    link, camera = s.incident_cameras.c, s.cameras.c
    rows = conn.execute(
        select(link.camera_id, link.distance_m, camera.name)
        .join_from(s.incident_cameras, s.cameras, camera.id == link.camera_id, isouter=True)
        .where(link.incident_id == incident_id)
        .order_by(link.distance_m, link.camera_id)
    )
    found = []
    for row in rows:
        known = health.get(row.camera_id)
        found.append(
            incident_detail_views.NearCamera(
                id=row.camera_id,
                name=row.name or row.camera_id,
                state=(known.state if known else CameraState.CONNECTING).value,
                reason=known.reason if known else "starting",
                distance_m=row.distance_m,
            )
        )
    return found


def _newest_actions(
    conn: Connection, incident_id: str, at_most: int, *more: ColumnElement[bool]
) -> list[AnyRow]:
    """Oldest of them first."""
    a = s.actions.c
    newest = (
        select(s.actions)
        .where(a.incident_id == incident_id, *more)
        .order_by(a.planned_at_ms.desc(), a.id.desc())
        .limit(at_most)
    )
    return list(reversed(conn.execute(newest).all()))


def _action(row: AnyRow, zone: ZoneInfo) -> incident_detail_views.PlannedAction:
    return incident_detail_views.PlannedAction(
        id=row.id,
        kind=row.kind,
        target=row.target,
        state=row.state,
        attempts=row.attempts,
        due_at=moment(row.due_at_ms, zone),
        done_at=moment_or_none(row.done_at_ms, zone),
        error=row.error,
    )
