"""`lianfang token create`: a bearer token for a machine."""

import argparse

from sqlalchemy import Connection

from lianfang_timing import SystemClock, unix_ms
from linkage.accounts import tokens
from linkage.accounts.rights import Role
from linkage.audit import AuditAction, AuditEntry, record
from linkage.commands.common import Subparsers, add_config, open_site


def add(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser("token", help="机器令牌 / tokens for machines")
    nested = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    create = nested.add_parser(
        "create",
        help="新建令牌，只显示一次 / make a token, shown once",
        description="用法 / use it as: Authorization: Bearer TOKEN",
    )
    add_config(create)
    create.add_argument("--role", required=True, choices=[role.value for role in Role])
    create.add_argument(
        "--place",
        action="append",
        metavar="P",
        help="可重复；省略为全镇 / a village id, may be repeated; left out: the whole town",
    )
    create.add_argument("--name", help="名称 / a name; left out: made from role and time")
    create.set_defaults(function=_create)


def _create(arguments: argparse.Namespace) -> int:
    now_ms = unix_ms(SystemClock().now())
    name = arguments.name or f"{arguments.role}-{now_ms}"
    with open_site(arguments.config) as site:

        def work(conn: Connection) -> str:
            token = tokens.create(
                conn, name, role=arguments.role, places=arguments.place or ["*"], now_ms=now_ms
            )
            entry = AuditEntry("cli", AuditAction.CHANGE, f"token:{name}", "", {"what": "create"})
            record(conn, site.settings.file.site.node, [entry], at_ms=now_ms)
            return token

        token = site.database.write_now(work)
    print(token)
    return 0
