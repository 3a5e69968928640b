"""`lianfang evidence`: does what was kept still stand? And handing it over."""

import argparse
import asyncio
import sys
from pathlib import Path

from lianfang_timing import SystemClock
from linkage.accounts.rights import Places
from linkage.commands.common import Subparsers, add_config, open_site
from linkage.custody import ledger, verifying
from linkage.custody.desk import Asked, CustodyDesk, Who
from linkage.custody.errors import NotPossible
from linkage.custody.manifest import text_of
from linkage.custody.manifest_folder import ManifestFolder
from linkage.custody.model import People

_ASKED = {
    "purpose": "用途 / what it is for",
    "legal_basis": "法律依据 / the law",
    "case_number": "案号 / the case",
    "recipient_unit": "接收单位 / who gets it: the unit",
    "recipient_name": "接收人 / and the name",
    "approver": "批准人 / who allowed it",
}
_BY = Who("cli", Places(None))


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
    export = nested.add_parser(
        "export",
        help="导出存证 / hand evidence over",
        description="把一起警情的存证连同清单写成 ZIP，用途、依据、案号、批准人和接收人"
        "记入清单和审计 / a zip of an incident's evidence and manifest; what it is for goes "
        "into both records. "
        "Where two persons are set, ask first and export with --request when it is approved.",
    )
    export.add_argument("incident", metavar="INCIDENT", help="警情编号 / its number")
    export.add_argument("file", type=Path, metavar="FILE.zip")
    export.add_argument("--request", metavar="ID", help="已批准的申请 / an approved request")
    for name, said in _ASKED.items():
        export.add_argument(f"--{name.replace('_', '-')}", default="", help=said)
    export.add_argument(
        "--people",
        choices=[one.value for one in People],
        default=People.HIDDEN.value,
        help="人物：遮挡变动部位、整幅遮挡、不遮挡 / people: covered where anything changed, the "
        "whole picture covered, or not covered",
    )
    export.add_argument(
        "--clear-why", default="", help="不遮挡的依据和理由 / why people are not covered"
    )
    add_config(export)
    export.set_defaults(function=export_one)


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


def export_one(arguments: argparse.Namespace) -> int:
    with open_site(arguments.config) as site:
        found = site.database.read_now(
            lambda conn: [
                incident
                for incident, number in ledger.incidents_with_entries(conn)
                if number == arguments.incident
            ]
        )
        if not found:
            print(f"没有这起警情的存证 / no evidence of {arguments.incident}", file=sys.stderr)
            return 1
        desk = CustodyDesk(
            site.database,
            site.box,
            SystemClock(),
            site.settings.evidence_folder,
            writer=site.settings.file.site.node,
            two_persons=site.settings.file.evidence.two_persons,
        )
        request = asyncio.run(_export(desk, found[0], arguments))
        lines = site.database.read_now(lambda conn: ledger.lines(conn, found[0]))
        ManifestFolder(site.settings.evidence_folder).write(arguments.incident, text_of(lines))
    if request is not None:
        print(f"待另一人批准 / to be approved by somebody else: --request {request}")
        return 1
    print(f"已导出 / exported: {arguments.file}")
    return 0


async def _export(desk: CustodyDesk, incident_id: str, arguments: argparse.Namespace) -> str | None:
    """The request that waits for its approval; None when the file is made."""
    request: str | None = arguments.request
    if request is None:
        request = await desk.ask_export(_BY, incident_id, asked_of(arguments))
        if desk.two_persons:
            return request
    await desk.export(_BY, request, arguments.file)
    return None


def asked_of(arguments: argparse.Namespace) -> Asked:
    """What was said of an export. Raises NotPossible when something is left out."""
    said = {name: str(getattr(arguments, name)).strip() for name in _ASKED}
    missing = [f"--{n.replace('_', '-')}" for n in _ASKED if not said[n] and n != "approver"]
    if missing:
        raise NotPossible(f"缺少 / missing: {', '.join(missing)}")
    return Asked(
        **said, people=People(arguments.people), clear_why=str(arguments.clear_why).strip()
    )
