"""Where a pruned chain begins: the last link that is gone, signed under the site's key.

The writing is for whoever prunes (`alarms.pruning`), the reading for `chain.faults`.
"""

from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select

from alarms.store.sealing import SealedBox
from alarms.store.tables import chain_checkpoints


@dataclass(frozen=True)
class Checkpoint:
    """Rows 1 to `up_to_number` of a writer's chain were pruned; `link` was the last one's."""

    chain: str
    writer: str
    up_to_number: int
    link: str
    pruned_at_ms: int

    @property
    def text(self) -> str:
        """What is signed; no field but the writer is free text, and it stands last."""
        return (
            f"checkpoint-v1|{self.chain}|{self.up_to_number}|{self.link}|{self.pruned_at_ms}"
            f"|{self.writer}"
        )


@dataclass(frozen=True)
class KeptCheckpoint:
    """A checkpoint as it stands in the store, not yet believed."""

    checkpoint: Checkpoint
    mac: str

    def holds(self, box: SealedBox) -> bool:
        """Whether this site signed it."""
        return box.signed(self.checkpoint.text, self.mac)


def read(conn: Connection, chain: str) -> dict[str, KeptCheckpoint]:
    """The checkpoints of one table's chains, by writer."""
    rows = conn.execute(select(chain_checkpoints).where(chain_checkpoints.c.chain == chain))
    return {
        r.writer: KeptCheckpoint(
            Checkpoint(r.chain, r.writer, r.up_to_number, r.link, r.pruned_at_ms), r.mac
        )
        for r in rows
    }


def write(conn: Connection, box: SealedBox, checkpoint: Checkpoint) -> None:
    """Sign `checkpoint` and put it in the place of the one before, in the transaction that
    deletes the rows (inside `Database.write`)."""
    table = chain_checkpoints
    conn.execute(
        delete(table).where(table.c.chain == checkpoint.chain, table.c.writer == checkpoint.writer)
    )
    conn.execute(insert(table).values(**vars(checkpoint), mac=box.sign(checkpoint.text)))
