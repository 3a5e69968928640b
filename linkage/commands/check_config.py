"""`lianfang check-config`: are the settings files good?"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from linkage.commands.common import Subparsers, add_config
from linkage.settings import load_settings
from linkage.strict_toml import nearest

_READ = ("site.toml", "rules.toml", "escalation.toml", "notify.toml")
_NOT_YET = "detection.toml"


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
    for note in _not_read(settings.folder):
        print(f"注意 / note: {note}", file=sys.stderr)
    print(
        "人员、岗位和地点不在设置文件里：请运行 lianfang rules check 核对能否都呼叫到 / "
        "people, posts and places are not in these files: run `lianfang rules check` to see "
        "whether everybody named can be reached"
    )
    return 0


def _not_read(folder: Path) -> Iterator[str]:
    """A sentence about each file that looks like settings and changes nothing."""
    for path in sorted(folder.iterdir()):
        # an editor of Windows may have put .txt behind it
        if path.name in _READ or ".toml" not in (path.suffix, Path(path.stem).suffix):
            continue
        if path.name == _NOT_YET:
            yield f"{path}: 本版本不读取此文件 / this file is not read in this version"
        else:
            hint = nearest(path.name, _READ)
            yield f"未使用的文件 / file not used: {path}{hint}"
