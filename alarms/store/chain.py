"""Hash chains: what makes an append-only table show any later change.

A link is SHA-256(previous link | writer | number | digest), the digest SHA-256 of the row's
canonical JSON. Links cover digests, so that a payload may be erased for good reason without
breaking the chain (design.md §5).
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import msgspec
from sqlalchemy import Connection, RowMapping, Table, bindparam, insert, select, update

from alarms.store import checkpoints
from alarms.store.checkpoints import KeptCheckpoint
from alarms.store.prepared import Prepared
from alarms.store.sealing import SealedBox
from alarms.store.tables import chain_heads

GENESIS = "0" * 64

_ENCODER = msgspec.json.Encoder(order="sorted")

# built once: every append runs both
_IS_WHOSE = (
    chain_heads.c.chain == bindparam("of_chain"),
    chain_heads.c.writer == bindparam("of_writer"),
)
_HEAD = Prepared(select(chain_heads.c.number, chain_heads.c.link).where(*_IS_WHOSE))
_MOVE_HEAD = Prepared(update(chain_heads).where(*_IS_WHOSE), sets=("number", "link"))


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
    """JSON with sorted keys and no spaces: one text for one set of facts.

    Numbers are below 2**64. What was written once is verified as the text that it is.
    """
    return _ENCODER.encode(facts).decode()


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
    head = _HEAD.rows(conn, whose)
    number, previous = head[0] if head else (0, GENESIS)
    links = []
    for facts in rows:
        number += 1
        payload = canonical(facts)
        digest = digest_of(payload)
        previous = link_of(previous, writer, number, digest)
        links.append(Link(writer, number, payload, digest, previous))
    if not links:
        return links
    if not head:
        statement = insert(chain_heads).values(
            chain=table.name, writer=writer, number=number, link=previous
        )
        conn.execute(statement)
    else:
        _MOVE_HEAD.write(conn, [{**whose, "number": number, "link": previous}])
    return links


def heads(conn: Connection) -> list[Head]:
    """The ends of all chains, for hand-over sheets and exports."""
    rows = conn.execute(select(chain_heads).order_by(chain_heads.c.chain, chain_heads.c.writer))
    return [Head(r.chain, r.writer, r.number, r.link) for r in rows]


def faults(conn: Connection, table: Table, box: SealedBox | None = None) -> Iterator[str]:
    """One sentence for the first wrong row of each of the table's chains; nothing when intact.

    `box` proves the checkpoints of pruned chains; without it a pruned chain counts as unproven.
    """
    known = {h.writer: h for h in heads(conn) if h.chain == table.name}
    pruned = checkpoints.read(conn, table.name)
    written = set(conn.scalars(select(table.c.writer).distinct()))
    for writer in sorted(set(known) | set(pruned) | written):
        fault = _first_fault(conn, table, writer, known.get(writer), pruned.get(writer), box)
        if fault is not None:
            yield fault


class Walk:
    """Along one writer's chain, row by row, from its checkpoint or its first row."""

    def __init__(self, table: Table, writer: str, kept: KeptCheckpoint | None) -> None:
        """`kept` must have been believed before (`unproven`)."""
        self.number, self.link = 0, GENESIS
        """The last row that was found right, and its link."""
        self._table, self._writer, self._kept = table, writer, kept
        if kept is not None:
            self.number, self.link = kept.checkpoint.up_to_number, kept.checkpoint.link
        self._begun = False

    def step(self, row: RowMapping) -> str | None:
        """Take the next row; a sentence when it is not the one that must follow."""
        wrong = self._wrong(row)
        if wrong is not None:
            return f"{self._table.name}, writer {self._writer}: {wrong}"
        self.number, self.link = self.number + 1, row["link"]
        self._begun = True
        return None

    def _wrong(self, row: RowMapping) -> str | None:
        number = self.number + 1
        if row["number"] != number:
            return self._gap(row["number"])
        if digest_of(row["payload"]) != row["digest"]:
            return f"row {number} was changed (its payload is not what was signed off)"
        if link_of(self.link, self._writer, number, row["digest"]) != row["link"]:
            return f"row {number} was changed (its link does not follow the row before)"
        column = _changed_column(self._table, row)
        if column is not None:
            return f"row {number} was changed (column {column} differs from its payload)"
        return None

    def _gap(self, found: int) -> str:
        if found <= self.number:
            return f"row {found} is there although the checkpoint says that it was pruned"
        if not self._begun and self._kept is None:
            return (
                f"row 1 is missing, and no checkpoint says that rows up to {found - 1} were pruned"
            )
        return f"row {self.number + 1} is missing"


def unproven(kept: KeptCheckpoint | None, box: SealedBox | None) -> str | None:
    """Why a checkpoint must not be believed; None when it may, or when there is none."""
    if kept is None:
        return None
    where = f"{kept.checkpoint.chain}, writer {kept.checkpoint.writer}"
    up_to = kept.checkpoint.up_to_number
    if box is None:
        return f"{where}: the checkpoint at row {up_to} cannot be proven without the site key"
    if not kept.holds(box):
        return f"{where}: the checkpoint at row {up_to} is forged (not signed with the site key)"
    return None


def _first_fault(
    conn: Connection,
    table: Table,
    writer: str,
    head: Head | None,
    kept: KeptCheckpoint | None,
    box: SealedBox | None,
) -> str | None:
    fault = unproven(kept, box)
    if fault is not None:
        return fault
    walk = Walk(table, writer, kept)
    rows = conn.execute(
        select(table).where(table.c.writer == writer).order_by(table.c.number)
    ).mappings()
    for row in rows:
        fault = walk.step(row)
        if fault is not None:
            return fault
    where = f"{table.name}, writer {writer}"
    if head is None:
        return f"{where}: the chain's head is missing"
    if (head.number, head.link) != (walk.number, walk.link):
        return (
            f"{where}: row {walk.number + 1} is missing: the tail was cut after row {walk.number}"
        )
    return None


def _changed_column(table: Table, row: RowMapping) -> str | None:
    facts = json.loads(row["payload"])
    columns = {column.name for column in table.columns}
    return next((k for k, v in sorted(facts.items()) if k in columns and row[k] != v), None)
