"""`lianfang audit verify`: do the hash chains hold?"""

import argparse
import sys

from sqlalchemy import Connection

from alarms.store import SealedBox, chain, checkpoints
from alarms.store.tables import alarms
from linkage import schema
from linkage.commands.common import Subparsers, add_config, open_site
from linkage.custody.schema import evidence_entries
from linkage.duty.schema import handovers

CHAINED = (alarms, schema.incident_events, schema.audit_entries, handovers, evidence_entries)


def add(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser("audit", help="审计 / the audit")
    nested = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    verify = nested.add_parser(
        "verify",
        help="核对哈希链 / verify the hash chains",
        description="核对报警、警情、审计和交接班的哈希链；完好返回 0，被改动返回 1 并指出第一条 / "
        "verify the chains of alarms, incident events, audit entries and hand-overs: 0 intact, "
        "1 broken, naming the first bad row.",
    )
    add_config(verify)
    verify.set_defaults(function=main)


def main(arguments: argparse.Namespace) -> int:
    with open_site(arguments.config) as site:
        box = site.box
        faults, heads, pruned = site.database.read_now(
            lambda conn: (_faults(conn, box), chain.heads(conn), _pruned(conn))
        )
    for fault in faults:
        print(f"链断裂 / broken: {fault}", file=sys.stderr)
    if faults:
        return 1
    for head in heads:
        gone = pruned.get((head.chain, head.writer))
        since = "" if gone is None else f" (rows 1 to {gone} pruned, checkpoint signed)"
        print(
            f"完好 / intact: {head.chain}, writer {head.writer}, {head.number} rows{since}, "
            f"{head.link}"
        )
    if not heads:
        print("完好 / intact: nothing written yet")
    return 0


def _faults(conn: Connection, box: SealedBox) -> list[str]:
    return [fault for table in CHAINED for fault in chain.faults(conn, table, box)]


def _pruned(conn: Connection) -> dict[tuple[str, str], int]:
    """By chain and writer: up to which row it was pruned."""
    return {
        (table.name, writer): kept.checkpoint.up_to_number
        for table in CHAINED
        for writer, kept in checkpoints.read(conn, table.name).items()
    }
