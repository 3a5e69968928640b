"""`lianfang zones list|export|import`: the zones of cameras from and to zones files."""

import argparse
import sys
from pathlib import Path

from sqlalchemy import Connection, select

from camerad.errors import BadZones
from camerad.zones import entries_in, load_zones
from lianfang_timing import SystemClock, unix_ms
from linkage.accounts.rights import Places
from linkage.commands.common import OpenSite, Subparsers, add_config, open_site
from linkage.errors import BadSettings
from linkage.registry.errors import BadEntry, NoSuchEntry
from linkage.registry.history import Caller
from linkage.schema import cameras
from linkage.zones import file, writing
from linkage.zones.writing import CameraZones, NewZones

_EVERYWHERE = Places(None)


def add(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser("zones", help="摄像机的防区 / the zones of cameras")
    nested = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    names = nested.add_parser("list", help="各摄像机的防区 / which camera has which zones")
    add_config(names)
    names.set_defaults(function=_list)
    give = nested.add_parser(
        "export",
        help="一台摄像机的防区，输出防区文件 / one camera's zones as a zones file, to stdout",
    )
    give.add_argument("camera", metavar="CAMERA")
    add_config(give)
    give.set_defaults(function=_export)
    bring = nested.add_parser(
        "import",
        help="以防区文件替换一台摄像机的防区 / replace a camera's zones by a file's",
        description="运行中的服务约 20 秒内按新防区监看 / a running service watches by them within "
        "20 s or so.",
    )
    bring.add_argument("camera", metavar="CAMERA")
    bring.add_argument("file", type=Path, metavar="FILE")
    add_config(bring)
    bring.add_argument("--reason", required=True, help="原因，写入审计 / why; kept in the audit")
    bring.add_argument(
        "--uncovers",
        action="append",
        default=[],
        metavar="ZONE",
        help="确认此隐私遮挡被删除或改动 / a privacy zone that may hide otherwise than now",
    )
    bring.set_defaults(function=_import)


def _list(arguments: argparse.Namespace) -> int:
    with open_site(arguments.config) as site:
        for found in site.database.read_now(_all):
            zones = ", ".join(f"{zone.name} ({zone.kind.value})" for zone in found.zones) or "-"
            print(f"{found.camera_id}\t{found.name}\t{found.version}\t{zones}")
    return 0


def _export(arguments: argparse.Namespace) -> int:
    with open_site(arguments.config) as site:
        found = site.database.read_now(lambda conn: _of(conn, arguments.camera))
    about = f"{found.name} ({found.camera_id}), {found.version}"
    sys.stdout.write(file.text_of(found.zones, about=about))
    return 0


def _import(arguments: argparse.Namespace) -> int:
    load_zones(arguments.file)  # its complaints name the file and the zone
    entries = entries_in(arguments.file.read_text(encoding="utf-8"), source=str(arguments.file))
    with open_site(arguments.config) as site:
        caller = _caller(site)

        def work(conn: Connection) -> CameraZones:
            seen = _of(conn, arguments.camera).version
            wanted = NewZones(seen, entries, arguments.reason, arguments.uncovers)
            return writing.keep(conn, caller, arguments.camera, wanted)

        try:
            kept = site.database.write_now(work)
        except BadEntry as wrong:
            raise BadZones(f"{arguments.file}: {wrong}") from wrong
    print(f"{kept.camera_id}: {len(kept.zones)} 个防区 zones, 版本 version {kept.version}")
    return 0


def _all(conn: Connection) -> list[CameraZones]:
    ids = conn.scalars(select(cameras.c.id).order_by(cameras.c.id)).all()
    return [writing.read(conn, _EVERYWHERE, camera_id) for camera_id in ids]


def _of(conn: Connection, camera_id: str) -> CameraZones:
    try:
        return writing.read(conn, _EVERYWHERE, camera_id)
    except NoSuchEntry as unknown:
        raise BadSettings(
            f"没有摄像机 {camera_id!r}；lianfang zones list 列出全部 / there is no camera "
            f"{camera_id!r}; lianfang zones list names them all"
        ) from unknown


def _caller(site: OpenSite) -> Caller:
    now_ms = unix_ms(SystemClock().now())
    return Caller("cli", "", _EVERYWHERE, now_ms, site.settings.file.site.node)
