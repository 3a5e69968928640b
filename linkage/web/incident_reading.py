"""Incidents as the API shows them: from rows to shapes, many at once, in one transaction.

Plain functions of a `Connection`. What only the page of one incident shows is in
`incident_detail`.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Table, func, select

from alarms.model import AlarmKind
from alarms.store import SealedBox
from camerad.evidence.model import Cut
from linkage import schema as s
from linkage.model.certainty import usual_certainty
from linkage.registry.texts import TextOpener
from linkage.web import incident_views
from linkage.web.answering import moment, moment_or_none
from linkage.web.incident_alarms import Caller, Home, alarm_counts, homes_of, newest_alarms
from linkage.web.incident_calls import call_facts, read_calls
from linkage.web.incident_rows import AnyRow, IncidentRow, newest_of_each
from linkage.web.step_reading import step_facts, usernames_of
from linkage.web.way_reading import station_facts

LISTED_CALLERS = 10
"""Of one incident, everywhere."""


@dataclass(frozen=True)
class AtMost:
    """How much of one incident is shown: the newest of each. A storm's has hundreds."""

    alarms: int
    """All are in `/api/v1/alarms`."""
    evidence: int
    """All are in `/api/v1/incidents/{id}/evidence`."""
    calls: int
    """All are in `/api/v1/incidents/{id}/called`."""


LISTED = AtMost(alarms=20, evidence=20, calls=60)
"""In lists and in the stream."""

SHOWN = AtMost(alarms=500, evidence=200, calls=300)
"""On its own page."""


def list_items(
    conn: Connection, rows: Sequence[IncidentRow], zone: ZoneInfo, box: SealedBox
) -> list[incident_views.Incident]:
    """The shapes of these rows, in their order. Raises StoreUnusable."""
    found = facts_of(conn, rows, zone, box, LISTED)
    return [incident_views.Incident(**facts) for facts in found]


def facts_of(
    conn: Connection, rows: Sequence[IncidentRow], zone: ZoneInfo, box: SealedBox, most: AtMost
) -> list[dict[str, Any]]:
    ids = [r.id for r in rows]
    labels = PlaceLabels.read(conn, rows)
    alarms = newest_alarms(conn, ids, most.alarms)
    counts = alarm_counts(conn, ids)
    callers = {r.id: counts[r.id].callers(r.household_id) for r in rows}
    listed = {i: found[:LISTED_CALLERS] for i, found in callers.items()}
    homes = homes_of(
        conn, {c.household_id for v in listed.values() for c in v if c.household_id is not None}
    )
    cameras = _cameras(conn, ids)
    e = s.evidence.c
    evidence = newest_of_each(conn, s.evidence, ids, (e.at_ms, e.id), most.evidence)
    pictures = _counted(conn, s.evidence, ids)
    calls = read_calls(conn, rows, most.calls)
    usernames = {r.acknowledged_by for r in rows} | calls.usernames()
    people = read_people(conn, usernames | usernames_of(rows))
    steps = step_facts(conn, rows, people, zone, TextOpener(conn, box))
    stations = station_facts(conn, ids, zone)
    home_labels = _names(
        conn,
        s.households,
        "label",
        {a.household_id for v in alarms.values() for a in v},
    )
    return [
        {
            "id": r.id,
            "number": r.number,
            "stage": r.stage,
            "priority": r.priority,
            "kind": r.kind,
            "silent": r.silent,
            "drill": r.drill,
            "drill_id": r.drill_id,
            "ring_style": "soft" if r.drill else "normal",
            "certainty": r.certainty or usual_certainty(AlarmKind(r.kind)).value,
            "flood": r.flood_village is not None,
            "opened_at": moment(r.opened_at_ms, zone),
            "closed_at": moment_or_none(r.closed_at_ms, zone),
            "place": labels.place(r),
            "place_ids": incident_views.Place(
                village=r.village_id, grid=r.grid_id, group=r.group_id, household=r.household_id
            ),
            "acknowledged": _acknowledged(r, people, zone),
            "alarms": [_alarm(a, home_labels, zone) for a in alarms[r.id]],
            "alarm_count": sum(counts[r.id].by_kind.values()),
            "alarm_kinds": counts[r.id].by_kind,
            "alarm_households": len(counts[r.id].households),
            "alarm_flags": sorted(counts[r.id].flags),
            "callers": [_caller(c, homes, zone) for c in listed[r.id]],
            "caller_count": len(callers[r.id]),
            "cameras": cameras[r.id],
            "evidence": [evidence_item(e, zone) for e in evidence.get(r.id, [])],
            "evidence_count": pictures.get(r.id, 0),
            **call_facts(calls, r, people, zone),
            "cancel_claimed": r.cancel_claimed,
            "outcome": r.outcome,
            "version": r.version,
            "ring": r.ring,
            **steps[r.id],
            "station": stations.get(r.id),
        }
        for r in rows
    ]


@dataclass(frozen=True)
class PlaceLabels:
    """The names of the places of some incidents."""

    villages: dict[str, str]
    grids: dict[str, str]
    groups: dict[str, str]
    households: dict[str, str]

    @classmethod
    def read(cls, conn: Connection, rows: Sequence[IncidentRow]) -> "PlaceLabels":
        return cls(
            _names(conn, s.villages, "name", {r.village_id for r in rows}),
            _names(conn, s.grids, "name", {r.grid_id for r in rows}),
            _names(conn, s.mutual_aid_groups, "name", {r.group_id for r in rows}),
            _names(conn, s.households, "label", {r.household_id for r in rows}),
        )

    def place(self, row: IncidentRow) -> incident_views.Place:
        return incident_views.Place(
            village=self.villages.get(row.village_id),
            grid=self.grids.get(row.grid_id),
            group=self.groups.get(row.group_id),
            household=self.households.get(row.household_id),
        )


def read_people(conn: Connection, usernames: Iterable[str | None]) -> dict[str, tuple[str, str]]:
    """Display name and role by user name, of those that have an account."""
    a = s.accounts.c
    wanted = {u for u in usernames if u is not None}
    rows = conn.execute(select(a.username, a.display_name, a.role).where(a.username.in_(wanted)))
    return {r.username: (r.display_name, r.role) for r in rows}


def _names(
    conn: Connection, table: Table, column: str, ids: Iterable[str | None]
) -> dict[str, str]:
    wanted = {i for i in ids if i is not None}
    if not wanted:
        return {}
    rows = conn.execute(select(table.c.id, table.c[column]).where(table.c.id.in_(wanted)))
    return {row[0]: row[1] for row in rows}


def _cameras(conn: Connection, incident_ids: Sequence[str]) -> dict[str, list[str]]:
    c = s.incident_cameras.c
    rows = conn.execute(
        select(c.incident_id, c.camera_id)
        .where(c.incident_id.in_(incident_ids))
        .order_by(c.distance_m)
    )
    grouped: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        grouped[row.incident_id].append(row.camera_id)
    return grouped


def _counted(conn: Connection, table: Table, incident_ids: Sequence[str]) -> dict[str, int]:
    of = table.c.incident_id
    rows = conn.execute(select(of, func.count()).where(of.in_(incident_ids)).group_by(of))
    return {row[0]: row[1] for row in rows}


def _acknowledged(
    row: IncidentRow, people: dict[str, tuple[str, str]], zone: ZoneInfo
) -> incident_views.Acknowledged | None:
    if row.acknowledged_by is None or row.acknowledged_at_ms is None:
        return None
    name, _ = people.get(row.acknowledged_by, (row.acknowledged_by, ""))
    return incident_views.Acknowledged(
        by=name, username=row.acknowledged_by, at=moment(row.acknowledged_at_ms, zone)
    )


def _alarm(row: AnyRow, labels: dict[str, str], zone: ZoneInfo) -> incident_views.IncidentAlarm:
    return incident_views.IncidentAlarm(
        id=row.alarm_id,
        device=row.device,
        kind=row.kind,
        received_at=moment(row.received_at_ms, zone),
        flags=row.flags.split(),
        silent=row.silent,
        household=labels.get(row.household_id),
    )


def _caller(
    caller: Caller, homes: dict[str, Home], zone: ZoneInfo
) -> incident_views.IncidentCaller:
    home = None if caller.household_id is None else homes.get(caller.household_id)
    return incident_views.IncidentCaller(
        household=None if home is None else home.label,
        household_id=caller.household_id,
        device=caller.device,
        village=None if home is None else home.village,
        group=None if home is None else home.group,
        kind=caller.kind.value,
        silent=caller.silent,
        at=moment(caller.newest_ms, zone),
        alarms=caller.alarms,
    )


def evidence_item(row: AnyRow, zone: ZoneInfo) -> incident_views.EvidenceItem:
    detail = {} if row.detail is None else json.loads(row.detail)
    return incident_views.EvidenceItem(
        kind=row.kind,
        camera=row.camera_id,
        url=f"/api/v1/evidence/{row.id}",
        sha256=row.sha256,
        at=moment(row.at_ms, zone),
        moment=row.moment,
        until=moment_or_none(row.until_ms, zone),
        press_at=moment_or_none(row.press_ms, zone),
        cuts=_cuts(detail),
        by=detail.get("by_name"),
    )


def _cuts(detail: Mapping[str, Any]) -> list[str]:
    told = detail.get("cuts", [])
    return [" / ".join(cut.label) for cut in Cut if cut.value in told]
