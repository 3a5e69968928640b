"""`lianfang audit verify`: do the hash chains hold?"""

import argparse
import sys

from linkage.chains import verify
from linkage.commands.common import Subparsers, add_config, open_site


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
        found = site.database.read_now(lambda conn: verify(conn, box))
    for fault in found.faults:
        print(f"链断裂 / broken: {fault}", file=sys.stderr)
    if found.faults:
        return 1
    for head in found.heads:
        gone = found.pruned.get((head.chain, head.writer))
        since = "" if gone is None else f" (rows 1 to {gone} pruned, checkpoint signed)"
        print(
            f"完好 / intact: {head.chain}, writer {head.writer}, {head.number} rows{since}, "
            f"{head.link}"
        )
    if not found.heads:
        print("完好 / intact: nothing written yet")
    return 0
