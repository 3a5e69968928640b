"""Every hash chain of the program, and whether they hold."""

from dataclasses import dataclass

from sqlalchemy import Connection

from alarms.store import SealedBox, chain, checkpoints
from alarms.store.chain import Head
from alarms.store.tables import alarms
from linkage import schema
from linkage.custody.schema import evidence_entries
from linkage.duty.schema import handovers

CHAINED = (alarms, schema.incident_events, schema.audit_entries, handovers, evidence_entries)


@dataclass(frozen=True)
class Verified:
    """What one walk along every chain found."""

    faults: list[str]
    """One sentence for the first wrong row of each chain; none where all hold."""
    heads: list[Head]
    pruned: dict[tuple[str, str], int]
    """By chain and writer: up to which row it was pruned."""


def verify(conn: Connection, box: SealedBox) -> Verified:
    """Walk along all of them: as long as the records are."""
    return Verified(
        faults=[fault for table in CHAINED for fault in chain.faults(conn, table, box)],
        heads=chain.heads(conn),
        pruned={
            (table.name, writer): kept.checkpoint.up_to_number
            for table in CHAINED
            for writer, kept in checkpoints.read(conn, table.name).items()
        },
    )
