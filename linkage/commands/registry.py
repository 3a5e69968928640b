"""`lianfang registry import|export|template`: the registry from and to sheets."""

import argparse
import asyncio
import os
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from tqdm import tqdm

from lianfang_timing import SystemClock, unix_ms
from linkage.accounts.rights import EVERYWHERE, Places
from linkage.commands.common import OpenSite, Subparsers, add_config, open_site
from linkage.errors import BadSettings
from linkage.registry.history import Caller, note_unmasking
from linkage.registry.model import Entity, Said
from linkage.registry.sheets.exporting import export_csv, export_xlsx, template
from linkage.registry.sheets.headings import SheetKind
from linkage.registry.sheets.importing import Importer
from linkage.registry.sheets.model import Problem, Report
from linkage.registry.sheets.registered import read_registered

_SHOWN = 500
_NAMES = {
    Entity.VILLAGE: "村 villages",
    Entity.GRID: "网格 grids",
    Entity.ESTATE: "小区 estates",
    Entity.GROUP: "联防组 groups",
    Entity.HOUSEHOLD: "户 households",
    Entity.DEVICE: "设备 devices",
}


def add(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser("registry", help="住户和设备登记表 / the household registry")
    nested = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    bring = nested.add_parser(
        "import",
        help="导入表格 / import a sheet",
        description="先核对全部内容，有一处错误就什么也不写；表头见操作手册 / checks everything "
        "first and writes nothing where anything is wrong; headings are in the operator guide.",
    )
    bring.add_argument("file", type=Path, metavar="FILE", help=".csv / .xlsx")
    add_config(bring)
    bring.add_argument(
        "--dry-run", action="store_true", help="只核对，不写入 / check only, write nothing"
    )
    bring.set_defaults(function=_import)
    give = nested.add_parser(
        "export",
        help="导出表格，含姓名电话 / export as sheets, with names and telephones",
        description="文件含姓名、电话和地址，请妥善保管；每次导出都有审计记录 / the file holds "
        "names, telephones and addresses in the clear; every export is in the audit.",
    )
    give.add_argument("file", type=Path, metavar="FILE", help=".csv / .xlsx")
    add_config(give)
    give.add_argument(
        "--kind",
        choices=[kind.value for kind in SheetKind],
        default=SheetKind.HOUSEHOLDS.value,
        help="CSV 导出哪一张表 / which sheet a CSV file holds; default: households",
    )
    give.add_argument("--reason", default="", help="用途，写入审计 / what for; kept in the audit")
    give.set_defaults(function=_export)
    blank = nested.add_parser("template", help="空白模板 / a workbook to be filled in")
    blank.add_argument("file", type=Path, metavar="FILE", help=".xlsx")
    blank.set_defaults(function=_template)


def _import(arguments: argparse.Namespace) -> int:
    content = _content(arguments.file)
    with open_site(arguments.config) as site, _Bar() as bar:
        importer = Importer(site.database, site.box)
        report = asyncio.run(
            importer.run(
                content,
                arguments.file.name,
                _caller(site),
                dry_run=arguments.dry_run,
                progress=bar.show,
            )
        )
    _print(report, dry_run=arguments.dry_run)
    return 0 if report.ok else 1


def _export(arguments: argparse.Namespace) -> int:
    kind = SheetKind(arguments.kind)
    as_csv = _is_csv(arguments.file)
    with open_site(arguments.config) as site:
        caller = _caller(site)
        said = {"sheets": kind.value if as_csv else "all"}
        site.database.write_now(
            lambda conn: note_unmasking(
                conn, caller, site.box, "registry:export", arguments.reason, said
            )
        )
        registered = site.database.read_now(read_registered)
        everywhere = Places(None)
        content = (
            export_csv(kind, registered, site.box, everywhere)
            if as_csv
            else export_xlsx(registered, site.box, everywhere)
        )
    _write(arguments.file, content)
    return 0


def _template(arguments: argparse.Namespace) -> int:
    if _is_csv(arguments.file):
        raise BadSettings("模板是 .xlsx 文件 / the template is an .xlsx file")
    _write(arguments.file, template())
    return 0


class _Bar:
    """A progress bar on stderr, where that is a terminal."""

    def __init__(self) -> None:
        self._bar = tqdm(unit="行", disable=None, leave=False, file=sys.stderr)
        self._stage = ""

    def __enter__(self) -> "_Bar":
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    def show(self, said: Said, done: int, total: int) -> None:
        if str(said) != self._stage:
            self._stage = str(said)
            self._bar.reset(total=total)
            self._bar.set_description(self._stage)
        self._bar.update(done - self._bar.n)


def _caller(site: OpenSite) -> Caller:
    return Caller(
        username="cli",
        address="",
        places=Places.of([EVERYWHERE]),
        at_ms=unix_ms(SystemClock().now()),
        writer=site.settings.file.site.node,
    )


def _is_csv(file: Path) -> bool:
    ending = file.suffix.lower()
    if ending not in (".csv", ".xlsx"):
        raise BadSettings(
            f"{file.name}: 文件名须以 .csv 或 .xlsx 结尾 / the name must end in .csv or .xlsx"
        )
    return ending == ".csv"


def _content(file: Path) -> bytes:
    _is_csv(file)
    try:
        return file.read_bytes()
    except OSError as error:
        raise BadSettings(f"读不到文件 {file} / cannot read {file}: {error.strerror}") from error


def _write(file: Path, content: bytes) -> None:
    """The whole file or none, and only its owner may read it."""
    try:
        handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
        try:
            with os.fdopen(handle, "wb") as out:
                out.write(content)
            Path(name).replace(file)
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise BadSettings(f"不能写文件 {file} / cannot write {file}: {error.strerror}") from error


def _print(report: Report, *, dry_run: bool) -> None:
    _print_all("错误 problems", report.problems)
    _print_all("提醒 warnings", report.warnings)
    for entity, counts in report.counts.items():
        if counts.created or counts.changed or counts.unchanged:
            print(
                f"{_NAMES[entity]}: 新增 created {counts.created}，更改 changed {counts.changed}，"
                f"不变 unchanged {counts.unchanged}"
            )
    if not report.ok:
        print(
            f"没有导入：{len(report.problems)} 处错误，请改正后重试 / "
            f"nothing was imported: mend {len(report.problems)} problems and try again"
        )
    elif dry_run:
        print("核对通过，没有写入 / all is right; nothing was written")
    else:
        print("已导入 / imported")


def _print_all(title: str, problems: list[Problem]) -> None:
    if not problems:
        return
    print(f"{title}: {len(problems)}")
    for line in _lines(problems[:_SHOWN]):
        print(f"  {line}")
    if len(problems) > _SHOWN:
        print(f"  另有 {len(problems) - _SHOWN} 处 / and {len(problems) - _SHOWN} more")


def _lines(problems: Iterable[Problem]) -> Iterable[str]:
    for one in problems:
        where = [one.sheet]
        if one.row is not None:
            where.append(f"第 {one.row} 行 row {one.row}")
        if one.column:
            where.append(f"{one.column} {one.cell}".strip())
        value = f" “{one.value}”" if one.value else ""
        yield (
            f"{' · '.join(where)}{value}：{one.why.zh}；{one.mend.zh} / {one.why.en}; {one.mend.en}"
        )
