"""Does the evidence still stand? Its chain, its manifests and every file, looked at once.

Reads only. What is found is said in one sentence a fault, naming file and line.
"""

import json
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Connection, select

from alarms.store import SealedBox, chain
from alarms.store.sealing import publicly_signed
from linkage import schema as s
from linkage.custody import ledger, manifest
from linkage.custody.clip_files import sha256_of
from linkage.custody.manifest import Line
from linkage.custody.manifest_folder import ManifestFolder
from linkage.custody.model import EntryKind
from linkage.custody.schema import evidence_entries


def manifests(conn: Connection, number: str | None) -> list[tuple[str, list[Line]]]:
    """(number, lines) of one incident's manifest or of all; one whose evidence waits to be entered
    is not listed yet."""
    found = ledger.incidents_with_entries(conn)
    return [(n, ledger.lines(conn, i)) for i, n in found if number in (None, n, i)]


def chain_faults(conn: Connection, box: SealedBox) -> list[str]:
    """The chain of all entries, over all incidents."""
    return list(chain.faults(conn, evidence_entries, box))


def unentered(conn: Connection, number: str | None) -> Iterator[str]:
    """Evidence that differs from what its manifest says, in the store."""
    e, i = s.evidence.c, s.incidents.c
    rows = conn.execute(
        select(e.id, e.sha256, e.file, e.legal_class, i.number, evidence_entries.c.payload)
        .join_from(s.evidence, s.incidents, i.id == e.incident_id)
        .join(
            evidence_entries,
            (evidence_entries.c.evidence_id == e.id)
            & (evidence_entries.c.kind == EntryKind.KEPT.value),
            isouter=True,
        )
        .where(e.entered_at_ms.is_not(None))
    )
    for row in rows:
        if number not in (None, row.number):
            continue
        if row.payload is None:
            yield f"{row.number}: {row.file} is in no manifest"
        elif f'"sha256":"{row.sha256}"' not in row.payload:
            yield f"{row.number}: the store's digest of {row.file} is not the manifest's"
        elif _is_kept_otherwise(row.legal_class, row.payload):
            yield f"{row.number}: the store's legal class of {row.file} is not the manifest's"


def _is_kept_otherwise(legal_class: str | None, payload: str) -> bool:
    """For how long a file is kept hangs on it. Older entries do not say it."""
    said = json.loads(payload)["detail"]
    return "legal_class" in said and said["legal_class"] != legal_class


def manifest_faults(number: str, lines: list[Line], folder: Path, public_key: str) -> Iterator[str]:
    """Of one incident: its lines as the store has them, its file, and every file it names."""

    def is_signed(text: str, signature: str) -> bool:
        return publicly_signed(public_key, text, signature)

    for fault in manifest.faults(lines, is_signed):
        yield f"{number}: manifest, {fault}"
    text = ManifestFolder(folder).read(number)
    if text is None:
        yield f"{number}: manifests/{number}.jsonl is missing"
    else:
        for fault in manifest.differences(manifest.parse(text), lines):
            yield f"{number}: manifests/{number}.jsonl, {fault}"
    yield from (f"{number}: {fault}" for fault in file_faults(lines, folder))


def file_faults(lines: list[Line], folder: Path) -> Iterator[str]:
    """One sentence for each file that the lines say is kept and that is not as it was."""
    kept: dict[str, dict[str, object]] = {}
    for line in lines:
        evidence, detail = str(line.entry["evidence_id"]), line.entry["detail"]
        if line.entry["kind"] == EntryKind.KEPT.value:
            kept[evidence] = detail
        elif line.entry["kind"] == EntryKind.DELETED.value:
            kept.pop(evidence, None)
    for detail in kept.values():
        file = str(detail["file"])
        try:
            sha256, size = sha256_of(folder / file)
        except FileNotFoundError:
            yield f"{file} is missing"
        except OSError as error:
            yield f"{file} cannot be read: {error.strerror}"
        else:
            if sha256 != detail["sha256"]:
                yield f"{file} was changed ({size} bytes, SHA-256 {sha256})"
