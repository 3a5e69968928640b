"""`lianfang user add|passwd|list|reset-second-factor`: the accounts of people."""

import argparse
import getpass
import sys
from datetime import datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from lianfang_timing import SystemClock, from_unix_ms, unix_ms
from linkage.accounts import people, second_factor
from linkage.accounts.errors import BadAccount, NoSuchAccount
from linkage.accounts.passwords import Passwords
from linkage.accounts.rights import Role
from linkage.audit import AuditAction, AuditEntry, record
from linkage.commands.common import OpenSite, Subparsers, add_config, open_site
from linkage.strict_toml import SAVED_OTHERWISE


def add(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser("user", help="账号 / accounts of people")
    nested = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    new = nested.add_parser(
        "add",
        help="新建账号 / make an account",
        description="密码从终端或标准输入读取，从不写在命令行上 / "
        "the password is asked for, or read from standard input; it is never an argument.",
    )
    add_config(new)
    new.add_argument("username", help="小写字母、数字 / lower-case letters and digits")
    new.add_argument("--role", required=True, choices=[role.value for role in Role])
    new.add_argument("--name", help="姓名 / display name; left out: the user name")
    new.add_argument("--unit", default="", help="单位 / the person's unit")
    new.add_argument(
        "--place",
        action="append",
        metavar="VILLAGE",
        help="可重复；省略为全镇 / a village id, may be repeated; left out: the whole town",
    )
    new.add_argument(
        "--ends",
        metavar="DATE",
        help="到期自动停用（维修人员），如 2026-12-31 或 2026-12-31T18:00 / "
        "it ends by itself: the last day, or a moment in the site's time",
    )
    _add_password_file(new)
    new.set_defaults(function=_add)

    change = nested.add_parser("passwd", help="改密码，并结束其全部登录 / change a password")
    add_config(change)
    change.add_argument("username")
    _add_password_file(change)
    change.set_defaults(function=_passwd)

    reset = nested.add_parser(
        "reset-second-factor",
        help="取消两步验证，并结束其全部登录 / take the second factor away",
        description="手机和备用码都丢失时使用；先当面核实本人 / "
        "for who lost telephone and recovery codes; make sure in person that it is they.",
    )
    add_config(reset)
    reset.add_argument("username")
    reset.set_defaults(function=_reset_second_factor)

    show = nested.add_parser("list", help="列出账号 / list the accounts")
    add_config(show)
    show.set_defaults(function=_list)


def _add(arguments: argparse.Namespace) -> int:
    password_hash = Passwords().hash_now(_password(arguments))
    now_ms = unix_ms(SystemClock().now())

    with open_site(arguments.config) as site:
        ends_ms = _end(arguments.ends, site.settings.time_zone)

        def work(conn: Connection) -> None:
            people.add(
                conn,
                arguments.username,
                display_name=arguments.name or arguments.username,
                unit=arguments.unit,
                role=arguments.role,
                places=arguments.place or ["*"],
                password_hash=password_hash,
                now_ms=now_ms,
                expires_at_ms=ends_ms,
            )
            _note(conn, site, arguments.username, "add", now_ms)

        site.database.write_now(work)
    print(f"已建账号 / made the account {arguments.username} ({arguments.role})")
    return 0


def _passwd(arguments: argparse.Namespace) -> int:
    password_hash = Passwords().hash_now(_password(arguments))
    now_ms = unix_ms(SystemClock().now())

    with open_site(arguments.config) as site:

        def work(conn: Connection) -> None:
            people.set_password(conn, arguments.username, password_hash)
            _note(conn, site, arguments.username, "passwd", now_ms)

        site.database.write_now(work)
    print(f"已改密码 / changed the password of {arguments.username}")
    return 0


def _reset_second_factor(arguments: argparse.Namespace) -> int:
    now_ms = unix_ms(SystemClock().now())
    username = arguments.username

    with open_site(arguments.config) as site:

        def work(conn: Connection) -> bool:
            if people.find(conn, username) is None:
                raise NoSuchAccount(f"没有账号 {username} / there is no account {username!r}")
            had = second_factor.reset(conn, username)
            people.end_sessions(conn, username)
            _note(conn, site, username, "second factor reset", now_ms)
            return had

        had = site.database.write_now(work)
    if had:
        print(f"已取消两步验证 / the second factor of {username} is gone")
    else:
        print(f"{username} 没有绑定两步验证 / had no second factor")
    return 0


def _list(arguments: argparse.Namespace) -> int:
    now_ms = unix_ms(SystemClock().now())
    with open_site(arguments.config) as site:
        zone = site.settings.time_zone
        accounts, enrolled = site.database.read_now(
            lambda conn: (people.list_all(conn), second_factor.all_enrolled(conn))
        )
    for account in accounts:
        places = ",".join(account.places.names())
        state = "" if account.enabled else "  停用 / disabled"
        if account.username in enrolled:
            state += "  两步验证 / second factor"
        if account.expires_at_ms is not None:
            until = from_unix_ms(account.expires_at_ms).astimezone(zone)
            word = "已到期 / ended" if account.has_ended(now_ms) else "到期 / ends"
            state += f"  {word} {until:%Y-%m-%d %H:%M}"
        print(f"{account.username}  {account.role.value}  {places}  {account.display_name}{state}")
    if not accounts:
        print("还没有账号 / no account yet: lianfang user add", file=sys.stderr)
    return 0


def _end(text: str | None, zone: ZoneInfo) -> int | None:
    """The moment at which an account ends; of a day, its end. Raises BadAccount."""
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadAccount(
            f"--ends {text!r}: 应如 2026-12-31 / write a day, such as 2026-12-31"
        ) from error
    if at.tzinfo is None:
        at = at.replace(tzinfo=zone)
        if len(text) == len("2026-12-31"):
            at = datetime.combine(at.date() + timedelta(days=1), time(0), zone)
    return unix_ms(at)


def _add_password_file(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--password-file", type=Path, metavar="FILE", help="从文件读密码 / read it from a file"
    )


def _password(arguments: argparse.Namespace) -> str:
    if arguments.password_file is not None:
        try:
            text = arguments.password_file.read_bytes().decode("utf-8-sig")
            return str(text).rstrip("\r\n")
        except UnicodeDecodeError as error:
            raise BadAccount(
                f"the password file {arguments.password_file} {SAVED_OTHERWISE}"
            ) from error
        except OSError as error:
            raise BadAccount(
                f"cannot read the password file {arguments.password_file}: {error.strerror}"
            ) from error
    if sys.stdin.isatty():
        first = getpass.getpass("密码 / password: ")
        if getpass.getpass("再输一次 / again: ") != first:
            raise BadAccount("两次输入不同 / the two passwords differ")
        return first
    return sys.stdin.readline().rstrip("\r\n")


def _note(conn: Connection, site: OpenSite, username: str, what: str, now_ms: int) -> None:
    entry = AuditEntry("cli", AuditAction.CHANGE, f"account:{username}", "", {"what": what})
    record(conn, site.settings.file.site.node, [entry], at_ms=now_ms)
