"""`lianfang check-config`: are the settings files good?"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Connection, inspect, select
from sqlalchemy.engine import make_url

from alarms.errors import StoreError
from alarms.store import Database
from linkage.commands.common import Subparsers, add_config
from linkage.schema import villages
from linkage.settings import Settings, load_settings
from linkage.strict_toml import Where, nearest

_READ = (
    "site.toml",
    "rules.toml",
    "escalation.toml",
    "notify.toml",
    "detection.toml",
    "holidays.toml",
)


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
    notes = [*_not_read(settings.folder), *places_not_checked(settings)]
    print(
        f"{settings.folder}: 设置正确 / the settings are good "
        f"({len(settings.rules.rules)} rules, {len(settings.plans.by_name)} plans)"
    )
    for note in notes:
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
        hint = nearest(path.name, _READ)
        yield f"未使用的文件 / file not used: {path}{hint}"


def places_not_checked(settings: Settings) -> Iterator[str]:
    """Hold the places of notify.toml against the registry; a sentence where that cannot be done.

    Raises BadSettings about a place that is not registered: nobody would be told of what happens
    in the one that was meant.
    """
    named = [webhook for webhook in settings.ways.webhooks.values() if webhook.places]
    if not named:
        return
    cannot = "notify.toml 的地点未核对 / the places of notify.toml were not checked"
    try:
        known = _registered_villages(settings.database_url)
    except (StoreError, OSError) as error:
        yield f"{cannot}: {error}"
        return
    if not known:
        yield f"{cannot}: 还没有登记村 / no village is registered yet"
        return
    file = Where(str(settings.folder / "notify.toml"))
    for number, webhook in enumerate(settings.ways.webhooks.values()):
        for place in sorted(webhook.places - set(known)):
            by_name = [village for village, name in known.items() if name == place]
            hint = nearest(by_name[0] if by_name else place, known)
            raise file.table("webhook", number, webhook.name).wrong(
                "places", f"没有登记的村 {place!r}", f"no village {place!r} is registered", hint
            )


def _registered_villages(url: str) -> dict[str, str]:
    """Names by id; none where the store is not there yet, which is not made here.

    Raises StoreError.
    """
    where = make_url(url)
    if where.get_backend_name() == "sqlite" and not Path(where.database or "").is_file():
        return {}
    database = Database(url)
    try:
        return database.read_now(_villages)
    finally:
        database.close_now()


def _villages(conn: Connection) -> dict[str, str]:
    if not inspect(conn).has_table(villages.name):
        return {}
    return {row.id: row.name for row in conn.execute(select(villages.c.id, villages.c.name))}
