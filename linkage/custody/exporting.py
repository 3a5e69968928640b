"""The file that goes to whoever asked: evidence, its manifest, and how to prove it.

A zip with the files as they lie in the evidence folder, `manifest.jsonl`, `export.json` and the
public key. Every file is compared with its manifest while it is packed.
"""

import contextlib
import hashlib
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, select

from linkage import schema as s
from linkage.custody import ledger
from linkage.custody.errors import ExportFailed
from linkage.custody.manifest import SIGNED, Line, text_of
from linkage.custody.veil import Derived

_READ = 1024 * 1024

_HOW = """警情存证导出 / Evidence of an incident, exported

manifest.jsonl  每行一条：entry 的规范 JSON（键排序、无空格）的 SHA-256 即 digest；
                entry.prev 为上一条的 digest；signature 是站点 Ed25519 密钥的签名，
                所签为 "{signed}" + digest。
                One entry a line: digest is the SHA-256 of the entry's canonical JSON (keys sorted,
                no spaces); entry.prev is the digest of the line before; signature is the site's
                Ed25519 signature of "{signed}" + digest.
public-key.txt  站点公钥，请向站点另行核对 / the site's public key: compare it with the site's word.
export.json     用途、依据、案号、批准人、接收人 / purpose, basis, case, approver, recipient.
evidence/       原件；SHA-256 见清单 / the originals; their SHA-256 is in the manifest.
covered/        人物经遮挡的副本（不含原件时）。清单最后的 exported 条目列明每个副本（sha256）由哪个
                原件（source_sha256）而来。遮挡的是画面中曾有变化的部位，不作任何识别：始终不动的人
                不会被遮挡；遮挡不等于匿名，时间、地点、衣着、举止仍可能认出人。
                Copies in which people are covered, in the place of the originals: the manifest's
                last entry, exported, says of which original (source_sha256) each (sha256) was made.
                Covered is whatever ever changed, without recognising anything: who never moved is
                not; and covered is not anonymous: time, place, clothes and gait may tell.

接收人须遵守使用范围，不得另行提供或公开 / for the stated purpose only, not to be passed on.
"""


@dataclass(frozen=True)
class Parcel:
    """What goes into an export."""

    incident_id: str
    number: str
    lines: Sequence[Line]
    files: Sequence[tuple[str, str]]
    """(file, SHA-256), relative to the evidence folder."""
    detail: Mapping[str, object]
    public_key: str
    derived: Sequence[Derived] | None
    """In the place of the files: copies in which people are covered."""


def files_of(conn: Connection, incident_id: str) -> list[tuple[str, str]]:
    """(file, SHA-256) of all that is kept of an incident now."""
    e = s.evidence.c
    rows = conn.execute(
        select(e.file, e.sha256).where(e.incident_id == incident_id).order_by(e.at_ms, e.id)
    )
    return [(row.file, row.sha256) for row in rows]


def parcel(
    conn: Connection,
    incident_id: str,
    detail: Mapping[str, object],
    public_key: str,
    derived: Sequence[Derived] | None,
) -> Parcel:
    """What there is of an incident now."""
    i = s.incidents.c
    number = conn.scalar(select(i.number).where(i.id == incident_id))
    return Parcel(
        incident_id,
        str(number),
        ledger.lines(conn, incident_id),
        files_of(conn, incident_id),
        detail,
        public_key,
        derived,
    )


def write(target: Path, parcel: Parcel, folder: Path, copies: Path) -> None:
    """Make the zip, whole or not at all; `copies` is where those in which people are covered lie.
    Raises ExportFailed."""
    try:
        with zipfile.ZipFile(target, "x", zipfile.ZIP_STORED) as out:
            if parcel.derived is None:
                for file, sha256 in parcel.files:
                    _pack(out, folder / file, f"evidence/{file}", sha256)
            for one in parcel.derived or ():
                _pack(out, copies / one.file, f"covered/{one.file}", one.sha256)
            out.writestr("manifest.jsonl", text_of(parcel.lines))
            facts = {"incident": parcel.number, **parcel.detail}
            out.writestr("export.json", json.dumps(facts, ensure_ascii=False, indent=1))
            out.writestr("public-key.txt", parcel.public_key + "\n")
            out.writestr("README.txt", _HOW.replace("{signed}", SIGNED))
    except FileExistsError as error:
        raise ExportFailed(f"{target} 已存在 / is there already") from error
    except (OSError, ExportFailed) as error:
        with contextlib.suppress(OSError):
            target.unlink(missing_ok=True)
        if isinstance(error, ExportFailed):
            raise
        raise ExportFailed(f"无法写出导出文件 / cannot write the export: {error}") from error


def _pack(out: zipfile.ZipFile, path: Path, name: str, sha256: str) -> None:
    digest = hashlib.sha256()
    with path.open("rb") as source, out.open(name, "w", force_zip64=True) as packed:
        while block := source.read(_READ):
            digest.update(block)
            packed.write(block)
    if digest.hexdigest() != sha256:
        raise ExportFailed(
            f"{path.name} 与清单不符，不予导出 / is not what its manifest says: not exported"
        )
