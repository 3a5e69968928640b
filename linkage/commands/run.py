"""`lianfang run`: the daemon."""

import argparse
import asyncio

from linkage.commands.common import Subparsers, add_config
from linkage.errors import BadSettings
from linkage.garbage import look_seldom
from linkage.main import serve
from linkage.settings import load_settings


def add(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser(
        "run",
        help="运行值班室服务 / run the duty room's service",
        description="运行服务，直到收到 SIGTERM / run the service until SIGTERM.",
    )
    add_config(parser)
    parser.add_argument(
        "--role",
        choices=["all", "intake", "cameras", "linkage", "console"],
        default="all",
        help="目前只有 all / only `all` for now",
    )
    parser.set_defaults(function=main)


def main(arguments: argparse.Namespace) -> int:
    if arguments.role != "all":
        raise BadSettings(f"--role {arguments.role} is not built yet: run with --role all")
    look_seldom()
    asyncio.run(serve(load_settings(arguments.config)))
    return 0
