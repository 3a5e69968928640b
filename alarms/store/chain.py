"""Hash chains: what makes an append-only table show any later change.

A link is SHA-256(previous link | writer | number | digest), the digest SHA-256 of the row's
canonical JSON. Links cover digests, so that a payload may be erased for good reason without
breaking the chain (design.md §5).
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Table, bindparam, insert, select, update

from alarms.store.tables import chain_heads

GENESIS = "0" * 64

# built once: every append runs both
_IS_WHOSE = (
    chain_heads.c.chain == bindparam("of_chain"),
    chain_heads.c.writer == bindparam("of_writer"),
)
_HEAD = select(chain_heads.c.number, chain_heads.c.link).where(*_IS_WHOSE)
_MOVE_HEAD = update(chain_heads).where(*_IS_WHOSE)


@dataclass(frozen=True)
class Link:
    """Where one row stands in its chain; the values of `chain_columns`."""

    writer: str
    number: int
    payload: str
    digest: str
    link: str


@dataclass(frozen=True)
class Head:
    """The end of one chain as it was last written."""

    chain: str
    writer: str
    number: int
    link: str


def canonical(facts: dict[str, object]) -> str:
    """JSON with sorted keys and no spaces: one text for one set of facts."""
    return json.dumps(facts, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest_of(payload: str) -> str:
    """SHA-256 of a payload, 64 hex digits."""
    return hashlib.sha256(payload.encode()).hexdigest()


def link_of(previous: str, writer: str, number: int, digest: str) -> str:
    """The link that follows `previous`."""
    return hashlib.sha256(f"{previous}|{writer}|{number}|{digest}".encode()).hexdigest()


def extend(
    conn: Connection, table: Table, writer: str, rows: Sequence[dict[str, object]]
) -> list[Link]:
    """Continue `writer`'s chain of `table` by these facts and move its head.

    Must run inside `Database.write`, which keeps other writers out; the caller inserts the rows
    with the links in the same transaction.
    """
    whose = {"of_chain": table.name, "of_writer": writer}
    head = conn.execute(_HEAD, whose).first()
    number, previous = (head.number, head.link) if head else (0, GENESIS)
    links = []
    for facts in rows:
        number += 1
        payload = canonical(facts)
        digest = digest_of(payload)
        previous = link_of(previous, writer, number, digest)
        links.append(Link(writer, number, payload, digest, previous))
    if not links:
        return links
    if head is None:
        statement = insert(chain_heads).values(
            chain=table.name, writer=writer, number=number, link=previous
        )
        conn.execute(statement)
    else:
        conn.execute(_MOVE_HEAD, {**whose, "number": number, "link": previous})
    return links


def heads(conn: Connection) -> list[Head]:
    """The ends of all chains, for hand-over sheets and exports."""
    rows = conn.execute(select(chain_heads).order_by(chain_heads.c.chain, chain_heads.c.writer))
    return [Head(r.chain, r.writer, r.number, r.link) for r in rows]


def faults(conn: Connection, table: Table) -> Iterator[str]:
    """One sentence for the first wrong row of each of the table's chains; nothing when intact."""
    known = {h.writer: h for h in heads(conn) if h.chain == table.name}
    written = set(conn.scalars(select(table.c.writer).distinct()))
    for writer in sorted(set(known) | written):
        fault = _first_fault(conn, table, writer, known.get(writer))
        if fault is not None:
            yield fault


def _first_fault(conn: Connection, table: Table, writer: str, head: Head | None) -> str | None:
    where = f"{table.name}, writer {writer}"
    number, previous = 0, GENESIS
    rows = conn.execute(
        select(table).where(table.c.writer == writer).order_by(table.c.number)
    ).mappings()
    for row in rows:
        number += 1
        if row["number"] != number:
            return f"{where}: row {number} is missing"
        if digest_of(row["payload"]) != row["digest"]:
            return f"{where}: row {number} was changed (its payload is not what was signed off)"
        previous = link_of(previous, writer, number, row["digest"])
        if previous != row["link"]:
            return f"{where}: row {number} was changed (its link does not follow the row before)"
        wrong = _changed_column(table, dict(row))
        if wrong is not None:
            return f"{where}: row {number} was changed (column {wrong} differs from its payload)"
    if head is None:
        return f"{where}: the chain's head is missing"
    if (head.number, head.link) != (number, previous):
        return f"{where}: row {number + 1} is missing: the tail was cut after row {number}"
    return None


def _changed_column(table: Table, row: dict[str, object]) -> str | None:
    facts = json.loads(str(row["payload"]))
    columns = {column.name for column in table.columns}
    return next((k for k, v in sorted(facts.items()) if k in columns and row[k] != v), None)
