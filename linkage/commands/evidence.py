"""`lianfang evidence verify`: does what was kept still stand?"""

import argparse
import sys

from linkage.commands.common import Subparsers, add_config, open_site
from linkage.custody import verifying


def add(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser("evidence", help="存证 / the evidence")
    nested = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    verify = nested.add_parser(
        "verify",
        help="核对存证 / verify what was kept",
        description="核对存证清单的签名和顺序、每个文件的 SHA-256；完好返回 0，有改动返回 1 并逐一"
        "指出 / verify the manifests' signatures and order and every file's SHA-256: 0 intact, "
        "1 broken, naming each fault.",
    )
    verify.add_argument(
        "incident", nargs="?", metavar="INCIDENT", help="警情编号，省略则全部 / its number; all"
    )
    add_config(verify)
    verify.set_defaults(function=verify_all)


def verify_all(arguments: argparse.Namespace) -> int:
    wanted: str | None = arguments.incident
    with open_site(arguments.config) as site:
        found, faults = site.database.read_now(
            lambda conn: (
                verifying.manifests(conn, wanted),
                [*verifying.chain_faults(conn, site.box), *verifying.unentered(conn, wanted)],
            )
        )
        folder, public_key = site.settings.evidence_folder, site.box.public_key
    if wanted is not None and not found:
        print(f"没有这起警情的存证 / no evidence of incident {wanted}", file=sys.stderr)
        return 1
    for number, lines in found:
        faults += verifying.manifest_faults(number, lines, folder, public_key)
    for fault in faults:
        print(f"存证受损 / broken: {fault}", file=sys.stderr)
    if faults:
        return 1
    entries = sum(len(lines) for _, lines in found)
    print(f"完好 / intact: {len(found)} manifests, {entries} entries, public key {public_key}")
    return 0
