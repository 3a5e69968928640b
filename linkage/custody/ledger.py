"""Writing and reading the signed chain of entries, inside the caller's transaction."""

import json
from collections.abc import Collection, Iterable, Sequence

from sqlalchemy import Connection, func, insert, select

from alarms.store import SealedBox, chain
from alarms.store.chain import GENESIS
from linkage.custody.manifest import SIGNED, Line
from linkage.custody.model import NewEntry
from linkage.custody.schema import evidence_entries
from linkage.schema import incidents

_E = evidence_entries.c


def enter(
    conn: Connection, box: SealedBox, writer: str, entries: Sequence[NewEntry], *, at_ms: int
) -> None:
    """Append these entries, each to the manifest of its incident (inside `Database.write`)."""
    if not entries:
        return
    ends = _ends(conn, {entry.incident_id for entry in entries})
    numbers = _numbers(conn, ends)
    facts: list[dict[str, object]] = []
    for entry in entries:
        n, previous = ends[entry.incident_id]
        fact: dict[str, object] = {
            "incident_id": entry.incident_id,
            "incident": numbers.get(entry.incident_id, ""),
            "n": n + 1,
            "prev": previous,
            "at_ms": at_ms,
            "kind": entry.kind.value,
            "evidence_id": entry.evidence_id,
            "detail": dict(entry.detail),
        }
        ends[entry.incident_id] = (n + 1, chain.digest_of(chain.canonical(fact)))
        facts.append(fact)
    links = chain.extend(conn, evidence_entries, writer, facts)
    columns = ("incident_id", "n", "at_ms", "kind", "evidence_id")
    rows = [
        {
            **{c: fact[c] for c in columns},
            **vars(link),
            "signature": box.sign_publicly(SIGNED + link.digest),
        }
        for fact, link in zip(facts, links, strict=True)
    ]
    conn.execute(insert(evidence_entries), rows)


def lines(conn: Connection, incident_id: str, *, after: int = 0) -> list[Line]:
    """The manifest of an incident, in the order it was written, from the line after `after`."""
    rows = conn.execute(
        select(_E.payload, _E.digest, _E.signature)
        .where(_E.incident_id == incident_id, _E.n > after)
        .order_by(_E.n)
    )
    return [Line(json.loads(r.payload), r.digest, r.signature) for r in rows]


def incidents_with_entries(conn: Connection) -> list[tuple[str, str]]:
    """(id, number) of every incident that has a manifest, oldest first."""
    rows = conn.execute(
        select(incidents.c.id, incidents.c.number)
        .where(incidents.c.id.in_(select(_E.incident_id).distinct()))
        .order_by(incidents.c.opened_at_ms, incidents.c.number)
    )
    return [(r.id, r.number) for r in rows]


def entered_since(conn: Connection, since_ms: int) -> list[str]:
    """The incidents whose manifest has grown since."""
    return list(conn.scalars(select(_E.incident_id).where(_E.at_ms >= since_ms).distinct()))


def _ends(conn: Connection, ids: Collection[str]) -> dict[str, tuple[int, str]]:
    ends: dict[str, tuple[int, str]] = dict.fromkeys(ids, (0, GENESIS))
    # one row each: a manifest that has grown for a night would be read whole for every line
    last = (
        select(_E.incident_id, func.max(_E.n).label("n"))
        .where(_E.incident_id.in_(ids))
        .group_by(_E.incident_id)
        .subquery()
    )
    rows = conn.execute(
        select(_E.incident_id, _E.n, _E.digest).join(
            last, (last.c.incident_id == _E.incident_id) & (last.c.n == _E.n)
        )
    )
    for row in rows:
        ends[row.incident_id] = (row.n, row.digest)
    return ends


def _numbers(conn: Connection, ids: Iterable[str]) -> dict[str, str]:
    i = incidents.c
    rows = conn.execute(select(i.id, i.number).where(i.id.in_(list(ids))))
    return {r.id: r.number for r in rows}
