"""`lianfang user`: an account's end, and taking a second factor away."""

import argparse
import io
import shutil
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from linkage.accounts import people, second_factor, totp
from linkage.accounts.errors import BadAccount, NoSuchAccount
from linkage.commands import user as command
from linkage.commands.common import open_site
from linkage.settings import shipped_folder

ZONE = ZoneInfo("Asia/Shanghai")
NOW_MS = 1_790_000_000_000


@pytest.fixture
def config(tmp_path):
    folder = tmp_path / "config"
    shutil.copytree(shipped_folder(), folder)
    return folder


def user(monkeypatch, config, *arguments):
    monkeypatch.setattr("sys.stdin", io.StringIO("a long enough pass phrase\n"))
    parser = argparse.ArgumentParser()
    command.add(parser.add_subparsers())
    asked = parser.parse_args(["user", arguments[0], "--config", str(config), *arguments[1:]])
    return asked.function(asked)


def kept(config, read):
    with open_site(config) as site:
        return site.database.read_now(read)


@pytest.mark.parametrize(
    ("typed", "ends"),
    [
        ("2126-12-31", datetime(2127, 1, 1, tzinfo=ZONE)),
        ("2126-12-31T18:00", datetime(2126, 12, 31, 18, tzinfo=ZONE)),
        ("2126-12-31T18:00+00:00", datetime(2127, 1, 1, 2, tzinfo=ZONE)),
    ],
)
def test_an_account_is_given_an_end(monkeypatch, config, capsys, typed, ends):
    made = user(monkeypatch, config, "add", "fitter", "--role", "auditor", "--ends", typed)
    assert made == 0
    account = kept(config, lambda conn: people.find(conn, "fitter"))
    assert account.expires_at_ms == ends.timestamp() * 1000
    assert user(monkeypatch, config, "list") == 0
    assert f"{ends:%Y-%m-%d %H:%M}" in capsys.readouterr().out


@pytest.mark.parametrize("typed", ["tomorrow", "2020-01-01"])
def test_an_end_that_makes_no_sense_is_refused(monkeypatch, config, typed):
    with pytest.raises(BadAccount):
        user(monkeypatch, config, "add", "fitter", "--role", "auditor", "--ends", typed)


def test_a_second_factor_is_taken_away_and_the_list_shows_who_has_one(monkeypatch, config, capsys):
    user(monkeypatch, config, "add", "wang", "--role", "administrator")
    with open_site(config) as site:

        def enrol(conn):
            secret = second_factor.begin(conn, site.box, "wang", now_ms=NOW_MS)
            code = totp.code_of(secret, totp.step_of(NOW_MS))
            return second_factor.confirm(conn, site.box, "wang", code, now_ms=NOW_MS)

        site.database.write_now(enrol)
    capsys.readouterr()
    user(monkeypatch, config, "list")
    assert "两步验证" in capsys.readouterr().out
    assert user(monkeypatch, config, "reset-second-factor", "wang") == 0
    assert kept(config, lambda conn: second_factor.enrolled(conn, "wang")) is None
    assert user(monkeypatch, config, "reset-second-factor", "wang") == 0
    assert "没有绑定" in capsys.readouterr().out
    with pytest.raises(NoSuchAccount):
        user(monkeypatch, config, "reset-second-factor", "nobody")
