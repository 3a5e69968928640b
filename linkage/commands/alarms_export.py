"""`lianfang alarms export`: the alarm log as JSON Lines or CSV."""

import argparse
import csv
import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime

from sqlalchemy import Connection

from alarms.log import read_alarms
from alarms.model import LoggedAlarm
from alarms.store import Database
from lianfang_timing import from_unix_ms, unix_ms
from linkage.commands.common import Subparsers, add_config, open_site
from linkage.errors import BadSettings

_PAGE = 1000


def add(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser("alarms", help="报警日志 / the alarm log")
    nested = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    export = nested.add_parser(
        "export",
        help="导出报警日志 / export the alarm log",
        description="按先后顺序导出，每条报警一行 / oldest first, one alarm a line.",
    )
    add_config(export)
    export.add_argument(
        "--since", metavar="T", help="起始时间，如 2026-11-21T08:00:00+08:00 / RFC 3339, or a date"
    )
    export.add_argument("--format", choices=["jsonl", "csv"], default="jsonl")
    export.set_defaults(function=main)


def main(arguments: argparse.Namespace) -> int:
    with open_site(arguments.config) as site:
        since_ms = 0
        if arguments.since is not None:
            since_ms = _moment_ms(arguments.since, site.settings.time_zone)
        rows = (_facts(a) for a in _alarms(site.database) if a.received_at_ms >= since_ms)
        if arguments.format == "jsonl":
            for row in rows:
                print(json.dumps(row, ensure_ascii=False))
        else:
            _write_csv(rows)
    return 0


def _alarms(database: Database) -> Iterator[LoggedAlarm]:
    after = 0
    while True:

        def page(conn: Connection, after: int = after) -> list[LoggedAlarm]:
            return read_alarms(conn, after=after, limit=_PAGE)

        found = database.read_now(page)
        if not found:
            return
        yield from found
        after = found[-1].position


def _facts(alarm: LoggedAlarm) -> dict[str, object]:
    return {
        "position": alarm.position,
        "id": alarm.id,
        "source": alarm.source.value,
        "device": alarm.device,
        "boot": alarm.boot,
        "seq": alarm.seq,
        "kind": alarm.kind.value,
        "silent": alarm.silent,
        "at_ms": alarm.at_ms,
        "received_at": from_unix_ms(alarm.received_at_ms).isoformat(timespec="milliseconds"),
        "mac_ok": alarm.mac_ok,
        "flags": sorted(flag.value for flag in alarm.flags),
        "chain": alarm.chain,
    }


def _write_csv(rows: Iterator[dict[str, object]]) -> None:
    writer: csv.DictWriter[str] | None = None
    for row in rows:
        if writer is None:
            writer = csv.DictWriter(sys.stdout, fieldnames=list(row))
            writer.writeheader()
        writer.writerow({**row, "flags": " ".join(row["flags"])})  # type: ignore[arg-type]


def _moment_ms(text: str, zone: object) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadSettings(
            f"--since {text!r} is no time: write one such as 2026-11-21T08:00:00+08:00"
        ) from error
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)  # type: ignore[arg-type]
    return unix_ms(moment.astimezone(UTC))
