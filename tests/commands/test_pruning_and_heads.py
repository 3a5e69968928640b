"""`lianfang alarms prune`, and what `alarms export` and `audit verify` say of a pruned log."""

import csv
import io
import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, insert

from alarms.log import AlarmLog, move_cursor
from alarms.model import AlarmKind, AlarmSource, NewAlarm
from lianfang_timing import SystemClock, unix_ms
from linkage.schema import incident_alarms, incidents
from tests.commands.running import lianfang, lines_of
from tests.scenarios.house import House


class SetClock(SystemClock):
    """The log's clock, at a chosen moment."""

    def __init__(self, moment: datetime) -> None:
        self._moment = moment

    def now(self) -> datetime:
        return self._moment


def days_ago(days: int) -> datetime:
    return datetime.now(UTC) - timedelta(days=days)


async def write_log(site: House, *times: datetime) -> None:
    """One press at each of these moments, all of them read by the engine."""
    database = site.database()
    for seq, moment in enumerate(times):
        press = NewAlarm(AlarmSource.BUTTON, "b-1", 1, seq, f"{seq:064x}", AlarmKind.PANIC)
        await AlarmLog(database, SetClock(moment), writer="main").append([press])
    await database.write(lambda conn: move_cursor(conn, "engine", len(times)))
    await database.close()


def exported(site: House) -> list[int]:
    done = lianfang("alarms", "export", "--config", site.config)
    return [json.loads(line)["seq"] for line in lines_of(done)]


async def test_a_pruned_log_is_intact_and_says_what_went(idle_site: House) -> None:
    await write_log(idle_site, days_ago(400), days_ago(300), days_ago(1))
    (said, head) = lines_of(lianfang("alarms", "prune", "--config", idle_site.config))
    assert "pruned 2 alarms received before" in said
    assert head.startswith("chain head alarms, writer main, row 3, ")
    assert exported(idle_site) == [2]
    verified = lines_of(lianfang("audit", "verify", "--config", idle_site.config))
    assert any("alarms, writer main, 3 rows (rows 1 to 2 pruned" in line for line in verified)
    assert any("audit_entries" in line for line in verified), "a pruning is in the audit"


async def test_more_months_may_be_kept_and_fewer_may_not(idle_site: House) -> None:
    await write_log(idle_site, days_ago(800), days_ago(300), days_ago(1))
    config = idle_site.config
    done = lianfang("alarms", "prune", "--config", config, "--keep-months", "5")
    assert done.status == 2
    assert "at least 6 calendar months" in done.complaint
    lines_of(lianfang("alarms", "prune", "--config", config, "--keep-months", "24"))
    assert exported(idle_site) == [1, 2]


async def test_an_open_incident_keeps_its_alarms(idle_site: House) -> None:
    await write_log(idle_site, days_ago(500), days_ago(400), days_ago(300))
    database = idle_site.database()

    def open_incident(conn: Connection) -> None:
        facts = {"kind": "panic", "silent": False}
        conn.execute(
            insert(incidents).values(
                id="i", number="20260101-0001", stage="reported", priority=1, drill=False,
                plan="default", opened_at_ms=unix_ms(days_ago(400)), cancel_claimed=False, ring=1,
                version=1, changed_position=0, **facts,
            )
        )  # fmt: skip
        conn.execute(
            insert(incident_alarms).values(
                alarm_id="a", incident_id="i", position=2, device="b-1", flags="",
                received_at_ms=unix_ms(days_ago(400)), **facts,
            )
        )  # fmt: skip

    await database.write(open_incident)
    await database.close()
    lines_of(lianfang("alarms", "prune", "--config", idle_site.config))
    assert exported(idle_site) == [1, 2]


async def test_a_forged_checkpoint_is_named(idle_site: House) -> None:
    await write_log(idle_site, days_ago(400), days_ago(1))
    lines_of(lianfang("alarms", "prune", "--config", idle_site.config))
    with closing(sqlite3.connect(idle_site.folder / "data" / "lianfang.db")) as store:
        store.execute("UPDATE chain_checkpoints SET pruned_at_ms = 0")
        store.commit()
    broken = lianfang("audit", "verify", "--config", idle_site.config)
    assert broken.status == 1
    assert "checkpoint at row 1 is forged" in broken.err


@pytest.mark.parametrize("form", ["jsonl", "csv"])
async def test_an_export_ends_with_the_chains_head_on_stderr(idle_site: House, form: str) -> None:
    await write_log(idle_site, days_ago(2), days_ago(1))
    done = lianfang("alarms", "export", "--config", idle_site.config, "--format", form)
    last = lines_of(done)[-1]
    (head,) = [line for line in done.err.splitlines() if line.startswith("chain head ")]
    assert head.startswith("chain head alarms, writer main, row 2, ")
    assert head.split()[-1] in last, "the head is the chain of the last alarm"


async def test_an_empty_log_exports_a_heading_only(idle_site: House) -> None:
    done = lianfang("alarms", "export", "--config", idle_site.config, "--format", "csv")
    (heading,) = csv.reader(io.StringIO("\n".join(lines_of(done))))
    assert heading[-1] == "chain"
