"""`lianfang alarms prune`: take the oldest alarms out of the log, leaving a signed checkpoint."""

import argparse
import sys
from datetime import datetime

from sqlalchemy import Connection, func, select
from tqdm import tqdm

from alarms.pruning import MONTHS_KEPT, Pruned, months_before, prune
from alarms.store import chain
from alarms.store.tables import alarms
from lianfang_timing import SystemClock, unix_ms
from linkage.audit import AuditAction, AuditEntry, record
from linkage.commands.common import OpenSite, Subparsers, add_config, open_site
from linkage.errors import BadSettings
from linkage.schema import incident_alarms, incidents


def add(nested: Subparsers) -> None:
    """Hang it below `lianfang alarms`."""
    parser = nested.add_parser(
        "prune",
        help="清理旧报警 / take old alarms out of the log",
        description="删除满若干个自然月的报警（至少六个月），留下签名的检查点；重复的旧按键仍认得。"
        "未结警情的报警不删 / "
        "at least six calendar months are kept; a signed checkpoint stays in the place of what "
        "goes, repeats of old presses are still known, and open incidents keep their alarms.",
    )
    add_config(parser)
    parser.add_argument(
        "--keep-months",
        type=int,
        default=MONTHS_KEPT,
        metavar="N",
        help=f"保留几个自然月 / calendar months to keep, at least {MONTHS_KEPT} (the default)",
    )
    parser.set_defaults(function=main)


def main(arguments: argparse.Namespace) -> int:
    if arguments.keep_months < MONTHS_KEPT:
        raise BadSettings(
            f"--keep-months {arguments.keep_months}: the log is kept for at least {MONTHS_KEPT} "
            "calendar months"
        )
    now = SystemClock().now()
    with open_site(arguments.config) as site:
        zone = site.settings.time_zone
        before = months_before(now, arguments.keep_months, zone)
        rows = _prune_all(site, before, now)
        heads = site.database.read_now(chain.heads)
    text = before.astimezone(zone).isoformat(timespec="seconds")
    print(f"已清理 / pruned {rows} alarms received before {text}")
    for head in heads:
        if head.chain == alarms.name:
            print(f"chain head {head.chain}, writer {head.writer}, row {head.number}, {head.link}")
    return 0


def _prune_all(site: OpenSite, before: datetime, now: datetime) -> int:
    """Piece by piece, so that presses need not wait for all of it. How many rows went."""
    before_ms, now_ms, total = unix_ms(before), unix_ms(now), 0

    def piece(conn: Connection) -> Pruned:
        done = prune(
            conn,
            site.box,
            before_ms=before_ms,
            now_ms=now_ms,
            zone=site.settings.time_zone,
            keep_from=_first_of_an_open_incident(conn),
        )
        if done.rows and not total:
            _note(conn, site, before, now_ms)
        return done

    there = site.database.read_now(
        lambda conn: conn.scalar(
            select(func.count()).select_from(alarms).where(alarms.c.received_at_ms < before_ms)
        )
    )
    with tqdm(total=there, unit="条", disable=None, leave=False, file=sys.stderr) as bar:
        more = True
        while more:
            done = site.database.write_now(piece)
            bar.update(done.rows)
            total, more = total + done.rows, done.more
    return total


def _first_of_an_open_incident(conn: Connection) -> int | None:
    """Its people are still told what becomes of their press: the log must know whose it was."""
    found = conn.scalar(
        select(func.min(incident_alarms.c.position))
        .join(incidents, incidents.c.id == incident_alarms.c.incident_id)
        .where(incidents.c.closed_at_ms.is_(None))
    )
    return None if found is None else int(found)


def _note(conn: Connection, site: OpenSite, before: datetime, now_ms: int) -> None:
    detail: dict[str, object] = {"what": "prune", "before": before.isoformat()}
    entry = AuditEntry("cli", AuditAction.CHANGE, "log:alarms", "", detail)
    record(conn, site.settings.file.site.node, [entry], at_ms=now_ms)
