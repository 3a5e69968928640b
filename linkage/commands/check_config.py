"""`lianfang check-config`: are the settings files good?"""

import argparse

from linkage.commands.common import Subparsers, add_config
from linkage.settings import load_settings


def add(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser(
        "check-config",
        help="检查设置文件 / check the settings files",
        description="读取全部设置文件，有错时说明文件、键和改法 / "
        "read every settings file; a mistake is named with its file, its key and how to mend it "
        "(exit 2).",
    )
    add_config(parser)
    parser.set_defaults(function=main)


def main(arguments: argparse.Namespace) -> int:
    settings = load_settings(arguments.config)
    print(
        f"{settings.folder}: 设置正确 / the settings are good "
        f"({len(settings.rules.rules)} rules, {len(settings.plans.by_name)} plans)"
    )
    return 0
