"""`lianfang alarms export`: the alarm log as JSON Lines or CSV, and the head of its chain.

Row by row: memory does not grow with the log.
"""

import argparse
import csv
import json
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, tzinfo

from sqlalchemy import Connection, func, select
from tqdm import tqdm

from alarms.log import read_alarms
from alarms.model import LoggedAlarm
from alarms.store import Database, chain
from alarms.store.chain import Head
from alarms.store.tables import alarms
from lianfang_timing import from_unix_ms, unix_ms
from linkage.commands import alarms_prune
from linkage.commands.common import Subparsers, add_config, open_site
from linkage.errors import BadSettings

_PAGE = 1000
_COLUMNS = (
    "position",
    "id",
    "source",
    "device",
    "boot",
    "seq",
    "kind",
    "silent",
    "at_ms",
    "received_at",
    "mac_ok",
    "flags",
    "chain",
)


def add(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser("alarms", help="报警日志 / the alarm log")
    nested = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    export = nested.add_parser(
        "export",
        help="导出报警日志 / export the alarm log",
        description="按先后顺序导出，每条报警一行；链头写到标准错误，请与导出文件分开保存 / "
        "oldest first, one alarm a line; the chain's head goes to stderr: keep it apart from the "
        "file, and a cut tail shows.",
    )
    add_config(export)
    export.add_argument(
        "--since", metavar="T", help="起始时间，如 2026-11-21T08:00:00+08:00 / RFC 3339, or a date"
    )
    export.add_argument("--format", choices=["jsonl", "csv"], default="jsonl")
    export.set_defaults(function=main)
    alarms_prune.add(nested)


def main(arguments: argparse.Namespace) -> int:
    with open_site(arguments.config) as site:
        since_ms = 0
        if arguments.since is not None:
            since_ms = _moment_ms(arguments.since, site.settings.time_zone)
        export = _Export(site.database)
        rows = (_facts(a) for a in export.alarms() if a.received_at_ms >= since_ms)
        if arguments.format == "jsonl":
            for row in rows:
                print(json.dumps(row, ensure_ascii=False))
        else:
            _write_csv(rows)
        sys.stdout.flush()
    for head in export.heads:
        print(
            f"chain head {head.chain}, writer {head.writer}, row {head.number}, {head.link}",
            file=sys.stderr,
        )
    return 0


class _Export:
    """One pass over the log; a bar on stderr where that is a terminal."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.heads: Sequence[Head] = ()
        """Once the pass is over: the ends of the chains as of its last alarm."""

    def alarms(self) -> Iterator[LoggedAlarm]:
        count = select(func.count()).select_from(alarms)
        there = self._database.read_now(lambda conn: conn.scalar(count))
        after = 0
        with tqdm(total=there, unit="条", disable=None, leave=False, file=sys.stderr) as bar:
            while True:

                def page(
                    conn: Connection, after: int = after
                ) -> tuple[list[LoggedAlarm], Sequence[Head]]:
                    # together: when nothing more is there, these heads end what was read
                    heads = [h for h in chain.heads(conn) if h.chain == alarms.name]
                    return read_alarms(conn, after=after, limit=_PAGE), heads

                found, heads = self._database.read_now(page)
                if not found:
                    self.heads = heads
                    return
                yield from found
                bar.update(len(found))
                after = found[-1].position


def _facts(alarm: LoggedAlarm) -> dict[str, object]:
    values = (
        alarm.position,
        alarm.id,
        alarm.source.value,
        alarm.device,
        alarm.boot,
        alarm.seq,
        alarm.kind.value,
        alarm.silent,
        alarm.at_ms,
        from_unix_ms(alarm.received_at_ms).isoformat(timespec="milliseconds"),
        alarm.mac_ok,
        sorted(flag.value for flag in alarm.flags),
        alarm.chain,
    )
    return dict(zip(_COLUMNS, values, strict=True))


def _write_csv(rows: Iterator[dict[str, object]]) -> None:
    writer = csv.writer(sys.stdout)
    writer.writerow(_COLUMNS)
    for row in rows:
        flags = " ".join(row["flags"])  # type: ignore[arg-type]
        writer.writerow([flags if name == "flags" else row[name] for name in _COLUMNS])


def _moment_ms(text: str, zone: tzinfo) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadSettings(
            f"--since {text!r} is no time: write one such as 2026-11-21T08:00:00+08:00"
        ) from error
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    return unix_ms(moment.astimezone(UTC))
