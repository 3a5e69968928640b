"""`lianfang button press`, `alarms export` and `audit verify` on a site."""

import csv
import io
import json
import os
import signal
import sqlite3
import subprocess
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest

from tests.commands.running import command, environment, lianfang, lines_of
from tests.scenarios.house import House, house

EXPORTED = {
    "id",
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
}
UNDELIVERED = "未送达，请拨打110"


def press(site: House, *more: str) -> list[str]:
    return list(lines_of(lianfang("button", "press", "--config", site.config, *more)))


def exported(site: House, *more: str) -> list[dict[str, object]]:
    done = lianfang("alarms", "export", "--config", site.config, *more)
    return [json.loads(line) for line in lines_of(done)]


def test_a_press_is_received_and_exported_once(served_site: House) -> None:
    (said,) = press(served_site, "--device", "dongcun-001-1", "--kind", "fire")
    assert said.startswith("received")
    mine = [alarm for alarm in exported(served_site) if alarm["device"] == "dongcun-001-1"]
    assert len(mine) == 1
    assert mine[0].keys() >= EXPORTED
    assert mine[0]["kind"] == "fire"
    assert mine[0]["silent"] is False
    assert mine[0]["mac_ok"] is True
    assert mine[0]["flags"] == []
    assert str(mine[0]["id"]) in said
    assert datetime.fromisoformat(str(mine[0]["received_at"])).tzinfo is not None


def test_several_presses_at_a_rate_are_each_received(served_site: House) -> None:
    said = press(served_site, "--device", "xicun-002-1", "--count", "5", "--rate", "20", "--silent")
    assert [line.split()[0] for line in said] == ["received"] * 5
    mine = [alarm for alarm in exported(served_site) if alarm["device"] == "xicun-002-1"]
    assert sorted(int(str(alarm["seq"])) for alarm in mine) == [1, 2, 3, 4, 5]
    assert all(alarm["silent"] for alarm in mine)


def test_csv_has_a_heading_and_the_same_rows(served_site: House) -> None:
    press(served_site, "--device", "beicun-003-1")
    done = lianfang("alarms", "export", "--config", served_site.config, "--format", "csv")
    rows = list(csv.DictReader(io.StringIO("\n".join(lines_of(done)))))
    assert rows[0].keys() >= EXPORTED
    assert [row["id"] for row in rows] == [alarm["id"] for alarm in exported(served_site)]


def test_since_leaves_out_what_was_before(served_site: House) -> None:
    press(served_site, "--device", "beicun-004-1")
    press(served_site, "--device", "beicun-005-1")
    everything = exported(served_site)
    last = str(everything[-1]["received_at"])
    assert len(everything) > 1
    assert [a["id"] for a in exported(served_site, "--since", last)] == [everything[-1]["id"]]


def test_a_time_that_is_none_is_wrong_usage(served_site: House) -> None:
    done = lianfang("alarms", "export", "--config", served_site.config, "--since", "yesterday")
    assert done.status == 2
    assert "yesterday" in done.complaint


def test_a_device_that_is_not_registered_is_wrong_usage(served_site: House) -> None:
    done = lianfang("button", "press", "--config", served_site.config, "--device", "nobody-1")
    assert done.status == 2
    assert "nobody-1" in done.complaint


@pytest.mark.timeout(90)
async def test_without_a_broker_a_press_fails_and_says_ring_110(idle_site: House) -> None:
    done = lianfang("button", "press", "--config", idle_site.config, "--device", "dongcun-001-1")
    assert done.status == 1
    assert UNDELIVERED in done.complaint


async def test_a_press_that_nobody_answers_says_ring_110_after_10_s(tmp_path: Path) -> None:
    async with house(tmp_path) as site:  # a broker, and no service
        pressing = subprocess.Popen(
            command("button", "press", "--config", site.config, "--device", "dongcun-001-1"),
            stderr=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment() | {"PYTHONUNBUFFERED": "1"},
        )
        assert pressing.stderr is not None
        try:
            said = line = pressing.stderr.readline().decode()
            while line and UNDELIVERED not in line:
                line = pressing.stderr.readline().decode()
                said += line
            assert UNDELIVERED in said
            assert pressing.poll() is None, "a button goes on repeating"
            pressing.send_signal(signal.SIGINT)
            _, rest = pressing.communicate(timeout=20)
            assert pressing.returncode == 1
            assert b"Traceback" not in rest
        finally:
            if pressing.poll() is None:
                os.kill(pressing.pid, signal.SIGKILL)
                pressing.communicate()


async def test_an_audit_is_intact_until_somebody_changes_a_row(idle_site: House) -> None:
    given = "a long enough pass phrase\n"
    config = idle_site.config
    for name in ("first", "second", "third"):
        lianfang("user", "add", name, "--config", config, "--role", "auditor", given=given)
    intact = lianfang("audit", "verify", "--config", config)
    assert intact.status == 0, intact.err
    with closing(sqlite3.connect(idle_site.folder / "data" / "lianfang.db")) as store:
        changed = store.execute(
            "UPDATE audit_entries SET object = 'account:somebody' WHERE object = 'account:second'"
        )
        assert changed.rowcount == 1
        store.commit()
    broken = lianfang("audit", "verify", "--config", config)
    assert broken.status == 1
    assert "audit_entries" in broken.err
    assert "Traceback" not in broken.err


async def test_an_alarm_that_was_taken_away_breaks_the_chain(tmp_path: Path) -> None:
    async with house(tmp_path, broker="embedded") as site:
        await site.start()
        press(site, "--device", "dongcun-001-1", "--count", "3", "--rate", "20")
        assert await site.stop() == 0
        assert lianfang("audit", "verify", "--config", site.config).status == 0
        with closing(sqlite3.connect(site.folder / "data" / "lianfang.db")) as store:
            store.execute("PRAGMA foreign_keys = OFF")
            store.execute("UPDATE alarms SET kind = 'test' WHERE seq = 2")
            store.commit()
        broken = lianfang("audit", "verify", "--config", site.config)
        assert broken.status == 1
        assert "alarms" in broken.err
