"""交接班: what one shift hands to the next, drafted by the outgoing, signed by the incoming.

Append-only and hash-chained; nothing of a sheet is ever changed. What came up between draft and
signature is written down with the signature. Plain functions of a `Connection`.
"""

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Select, insert, select

from alarms.store import SealedBox, chain
from linkage.accounts.rights import Places
from linkage.duty.errors import NoSuchEntry, NotToSign
from linkage.duty.rota import Duty
from linkage.duty.schema import handovers
from linkage.model.incident import OPEN_STAGES
from linkage.model.person import Actor
from linkage.places import place_names
from linkage.registry.texts import TextOpener, seal_said
from linkage.schema import accounts, cameras, households, incidents


class Act(StrEnum):
    DRAFTED = "drafted"
    SIGNED = "signed"


@dataclass(frozen=True)
class Signature:
    username: str
    display_name: str
    at_ms: int


@dataclass(frozen=True)
class Handover:
    """One hand-over. Times inside `sheet` and `since` are Unix milliseconds in keys `…_ms`."""

    id: str
    places: Places
    outgoing: Signature
    sheet: dict[str, Any]
    """notes; incidents [{id, number, stage, priority, kind, place (with the household's label),
    opened_at_ms, acknowledged_by, sent}]; cameras_down [{id, name, reason}]; duty [{post, people,
    absent}]; chains [{chain, writer, number, link}]."""
    incoming: Signature | None = None
    since: dict[str, Any] | None = None
    """notes; opened and ended: numbers of incidents, since the draft."""


def draft(
    conn: Connection,
    actor: Actor,
    places: Places,
    *,
    notes: str,
    duty: Duty,
    cameras_down: Sequence[tuple[str, str]],
    box: SealedBox,
    writer: str,
    now_ms: int,
) -> str:
    """Write what `actor` hands over; the hand-over's id. `cameras_down`: (id, reason)."""
    sheet = {
        "notes": seal_said(conn, box, None, notes),
        "incidents": _open_incidents(conn, places),
        "cameras_down": _cameras(conn, places, cameras_down),
        "duty": _manning(conn, places, duty),
        "chains": [vars(head) for head in chain.heads(conn)],
    }
    handover_id = uuid.uuid4().hex
    _append(conn, handover_id, Act.DRAFTED, actor, places, sheet, writer=writer, now_ms=now_ms)
    return handover_id


def sign(
    conn: Connection,
    handover_id: str,
    actor: Actor,
    places: Places,
    *,
    notes: str,
    box: SealedBox,
    writer: str,
    now_ms: int,
) -> None:
    """`actor` takes over. Raises NoSuchEntry, NotToSign."""
    found = find(conn, handover_id, places, box)
    if found is None:
        raise NoSuchEntry(f"没有交接班记录 {handover_id} / there is no hand-over {handover_id!r}")
    if found.incoming is not None:
        by = found.incoming.display_name
        raise NotToSign(f"{by}已签收交接班 / {by} has signed it already")
    if found.outgoing.username == actor.username:
        raise NotToSign("交班人不能自己接班 / who hands over cannot take over")
    before = {one["number"] for one in found.sheet["incidents"]}
    now = {one["number"] for one in _open_incidents(conn, found.places)}
    sealed = seal_said(conn, box, None, notes)
    since = {"notes": sealed, "opened": sorted(now - before), "ended": sorted(before - now)}
    _append(conn, handover_id, Act.SIGNED, actor, found.places, since, writer=writer, now_ms=now_ms)


def find(conn: Connection, handover_id: str, places: Places, box: SealedBox) -> Handover | None:
    """One hand-over; None when there is none, or its incidents lie outside of these places."""
    rows = conn.execute(_rows().where(handovers.c.handover_id == handover_id)).all()
    found = _handovers(rows)
    one = next((one for one in found if _inside(one.places, places)), None)
    return None if one is None else _readable(conn, box, one)


def notes_kept(conn: Connection, handover_id: str, places: Places) -> list[str]:
    """The notes of both who drafted and who signed, as they lie. Raises NoSuchEntry."""
    rows = conn.execute(_rows().where(handovers.c.handover_id == handover_id)).all()
    found = [one for one in _handovers(rows) if _inside(one.places, places)]
    if not found:
        raise NoSuchEntry(f"没有交接班记录 {handover_id} / there is no hand-over {handover_id!r}")
    said = [part.get("notes") for one in found for part in (one.sheet, one.since or {})]
    return [notes for notes in said if notes]


def newest(conn: Connection, places: Places, *, limit: int) -> list[Handover]:
    """The newest hand-overs inside these places, the newest first; their sheets as they lie."""
    ids = select(handovers.c.handover_id).where(handovers.c.act == Act.DRAFTED.value)
    # places are JSON: those of others are left out afterwards, so more are read than are asked for
    ids = ids.order_by(handovers.c.position.desc()).limit(limit * 4)
    rows = conn.execute(_rows().where(handovers.c.handover_id.in_(ids.scalar_subquery()))).all()
    found = [one for one in _handovers(rows) if _inside(one.places, places)]
    return found[::-1][:limit]


def _append(
    conn: Connection,
    handover_id: str,
    act: Act,
    actor: Actor,
    places: Places,
    sheet: dict[str, Any],
    *,
    writer: str,
    now_ms: int,
) -> None:
    row: dict[str, object] = {
        "handover_id": handover_id,
        "act": act.value,
        "username": actor.username,
        "display_name": actor.display_name,
        "at_ms": now_ms,
        "places": chain.canonical({"villages": places.names()}),
        "sheet": chain.canonical(sheet),
    }
    (link,) = chain.extend(conn, handovers, writer, [row])
    conn.execute(insert(handovers).values(**row, **vars(link)))


def _rows() -> Select[Any]:
    return select(handovers).order_by(handovers.c.position)


def _handovers(rows: Sequence[Any]) -> list[Handover]:
    """From rows in their order; a signature comes after its draft."""
    found: dict[str, Handover] = {}
    for row in rows:
        by, said = Signature(row.username, row.display_name, row.at_ms), json.loads(row.sheet)
        before = found.get(row.handover_id)
        if before is None:
            places = Places.of(json.loads(row.places)["villages"])
            found[row.handover_id] = Handover(row.handover_id, places, by, said)
        else:
            found[row.handover_id] = Handover(
                before.id, before.places, before.outgoing, before.sheet, by, said
            )
    return list(found.values())


def _readable(conn: Connection, box: SealedBox, one: Handover) -> Handover:
    """With what was said opened, and each incident's household by the label that it has now."""
    opener = TextOpener(conn, box)
    sheet = opener.open_all(one.sheet)
    ids = {home for i in sheet["incidents"] if (home := i.get("household"))}
    h = households.c
    labels = {row.id: row.label for row in conn.execute(select(h.id, h.label).where(h.id.in_(ids)))}
    for incident in sheet["incidents"]:
        label = labels.get(incident.pop("household", None))
        incident["place"] = " ".join(part for part in (incident["place"], label) if part)
    since = None if one.since is None else opener.open_all(one.since)
    return replace(one, sheet=sheet, since=since)


def _inside(inner: Places, outer: Places) -> bool:
    if outer.villages is None:
        return True
    return inner.villages is not None and inner.villages <= outer.villages


def _open_incidents(conn: Connection, places: Places) -> list[dict[str, Any]]:
    rows = conn.execute(
        select(incidents, accounts.c.display_name)
        .join(accounts, accounts.c.username == incidents.c.acknowledged_by, isouter=True)
        .where(incidents.c.stage.in_([stage.value for stage in OPEN_STAGES]))
        .order_by(incidents.c.priority, incidents.c.opened_at_ms, incidents.c.id)
    ).all()
    return [
        {
            "id": row.id,
            "number": row.number,
            "stage": row.stage,
            "priority": row.priority,
            "kind": row.kind,
            "place": _place(conn, row),
            "household": row.household_id,
            "opened_at_ms": row.opened_at_ms,
            "acknowledged_by": row.display_name or row.acknowledged_by,
            "sent": row.dispatched_to,
        }
        for row in rows
        if places.covers(row.village_id)
    ]


def _place(conn: Connection, row: Any) -> str:
    names = place_names(
        conn,
        village_id=row.village_id,
        grid_id=None,
        group_id=row.group_id,
        household_id=None,
    )
    return " ".join(n for n in (names.village, names.group) if n)


def _cameras(
    conn: Connection, places: Places, down: Sequence[tuple[str, str]]
) -> list[dict[str, Any]]:
    known = {row.id: row for row in conn.execute(select(cameras))}
    return [
        {"id": name, "name": known[name].name, "reason": reason}
        for name, reason in sorted(down)
        if name in known and places.covers(known[name].village_id)
    ]


def _manning(conn: Connection, places: Places, duty: Duty) -> list[dict[str, Any]]:
    named = {row.username: row.display_name for row in conn.execute(select(accounts))}
    return [
        {
            "post": manning.post.name,
            "people": [named.get(name, name) for name in manning.present],
            "absent": [named.get(name, name) for name in manning.absent],
        }
        for manning in duty.manning
        if manning.post.area.touches(places.villages)
    ]
