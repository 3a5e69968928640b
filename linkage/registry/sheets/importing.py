"""The whole way of an import: read, judge, and write all of it or nothing.

Reading, judging and sealing happen in a thread beside everything else; only the writing itself
holds the store, and it looks first whether the registry is still what was judged.
"""

import asyncio
import hashlib
from dataclasses import dataclass

import structlog

from alarms.devices import DeviceRegistry
from alarms.store import Database, SealedBox
from linkage.accounts.rights import Places
from linkage.registry.errors import NotPossible
from linkage.registry.faults import Fault
from linkage.registry.history import Caller
from linkage.registry.model import Said
from linkage.registry.sheets import csv_file, planning, xlsx
from linkage.registry.sheets.applying import Overtaken, apply, prepare
from linkage.registry.sheets.errors import Unreadable
from linkage.registry.sheets.model import Findings, Plan, Problem, Progress, RawSheet, Report, Table
from linkage.registry.sheets.recognising import tables_of
from linkage.registry.sheets.registered import Registered, read_registered

log = structlog.get_logger()

LARGEST_FILE = 20 * 1024 * 1024
_TRIES = 3
_READING = Said("读取", "reading")
_WRITING = Said("写入", "writing")


@dataclass(frozen=True)
class ReadFile:
    """What a file says, with what was wrong with the file itself."""

    tables: list[Table]
    findings: Findings
    digest: str
    """SHA-256, so that the audit can say which file it was."""


class Importer:
    """Imports files into one site's registry."""

    def __init__(self, database: Database, box: SealedBox) -> None:
        self._database = database
        self._box = box
        self._devices = DeviceRegistry(database, box)

    async def run(
        self,
        content: bytes,
        name: str,
        caller: Caller,
        *,
        dry_run: bool = False,
        progress: Progress = lambda _said, _done, _total: None,
    ) -> Report:
        """Import a file, or say what would become of it.

        `progress` is called in another thread. Raises StoreBusy, StoreUnusable, and NotPossible
        when others keep changing the registry meanwhile.
        """
        read = await asyncio.to_thread(read_file, content, name, progress)
        for _ in range(_TRIES):
            registered = await self._database.read(read_registered)
            plan = await asyncio.to_thread(
                judge, read, registered, self._box, caller.places, progress
            )
            if dry_run or plan.findings.problems:
                return _report(plan, applied=False)
            if not plan.writes or await self._written(
                plan, registered, caller, read.digest, progress
            ):
                return _report(plan, applied=True)
        raise NotPossible(
            Said(
                "登记表正被他人更改，请稍后再导入",
                "others are changing the registry: try again in a moment",
            )
        )

    async def _written(
        self,
        plan: Plan,
        registered: Registered,
        caller: Caller,
        digest: str,
        progress: Progress,
    ) -> bool:
        """False when somebody else was quicker."""
        prepared = await asyncio.to_thread(
            prepare, plan, registered, self._box, self._devices.planned_rows, progress
        )
        counts = {entity.value: vars(found) for entity, found in plan.counts.items()}
        said: dict[str, object] = {"what": "import", "sha256": digest, "counts": counts}
        progress(_WRITING, 0, len(plan.writes))
        try:
            await self._database.write(lambda conn: apply(conn, caller, prepared, said))
        except Overtaken:
            return False
        progress(_WRITING, len(plan.writes), len(plan.writes))
        log.info("registry.imported", by=caller.username, writes=len(plan.writes))
        return True


def read_file(content: bytes, name: str, progress: Progress) -> ReadFile:
    """The tables of a file; what cannot be read is a problem like any other."""
    findings = Findings()
    progress(_READING, 0, 1)
    try:
        sheets, hidden = _sheets(content, name)
        tables = tables_of(sheets, hidden, findings)
    except Unreadable as error:
        fault = error.fault
        findings.problems.append(
            Problem(error.sheet or name, error.row, "", "", "", fault.why, fault.mend)
        )
        tables = []
    progress(_READING, 1, 1)
    return ReadFile(tables, findings, hashlib.sha256(content).hexdigest())


def judge(
    read: ReadFile, registered: Registered, box: SealedBox, places: Places, progress: Progress
) -> Plan:
    """What would become of the registry. Raises StoreUnusable."""
    # a second judging begins with what was said of the file, not with what the first one said
    findings = Findings([*read.findings.problems], [*read.findings.warnings])
    contacts = registered.contacts(box, planning.household_ids(read.tables))
    return planning.plan(read.tables, registered, contacts, places, findings, progress)


def _sheets(content: bytes, name: str) -> tuple[list[RawSheet], list[str]]:
    if len(content) > LARGEST_FILE:
        raise Unreadable(_TOO_LARGE)
    if not content.strip():
        raise Unreadable(_EMPTY)
    if content.startswith(b"PK"):
        return xlsx.read(content)
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        raise Unreadable(_OLD_EXCEL)
    if content.startswith(b"%PDF") or content.lstrip()[:1] == b"<":
        raise Unreadable(_NO_SHEET)
    return [csv_file.read(content, name)], []


def _report(plan: Plan, *, applied: bool) -> Report:
    found = plan.findings
    return Report(not found.problems, applied, plan.counts, found.problems, found.warnings)


_EMPTY = Fault(
    Said("文件是空的", "the file is empty"),
    Said("请用导出的表格或模板填写", "begin with an export, or with the template"),
)
_TOO_LARGE = Fault(
    Said(
        f"文件超过 {LARGEST_FILE // 1024 // 1024} MB",
        f"the file is larger than {LARGEST_FILE // 1024 // 1024} MB",
    ),
    Said("请删除图片，或分成几个文件", "remove pictures, or split it"),
)
_OLD_EXCEL = Fault(
    Said("这是旧版 .xls 文件，或有密码的文件", "it is an old .xls file, or one with a password"),
    Said(
        "请用 Excel 或 WPS 打开，取消密码，另存为 .xlsx",
        "open it in Excel or WPS, take the password off, save it as .xlsx",
    ),
)
_NO_SHEET = Fault(
    Said("这不是表格文件", "this is no sheet"),
    Said("请用 Excel 或 WPS 另存为 XLSX 或 CSV", "save it as XLSX or CSV in Excel or WPS"),
)
