"""`lianfang evidence verify` and `export`, as whoever keeps the evidence runs them."""

import hashlib
import zipfile
from pathlib import Path

import pytest
from sqlalchemy import insert

from alarms.store import SealedBox, load_or_create_site_key
from lianfang_timing import SystemClock
from linkage import schema as s
from linkage.custody.keeper import EvidenceKeeper
from linkage.custody.model import Keeping
from linkage.evidence import EvidenceFolder
from tests.commands.running import lianfang, lines_of
from tests.scenarios.house import House

NUMBER = "20261121-0001"
FILM = bytes(5_000)
SAID = {
    "--purpose": "案件调查",
    "--legal-basis": "刑事诉讼法第五十四条",
    "--case-number": "2026-001",
    "--recipient-unit": "派出所",
    "--recipient-name": "周警官",
    "--approver": "李所长",
    "--people": "clear",
    "--clear-why": "《刑事诉讼法》第五十四条，辨认需要",
}


@pytest.fixture
async def film(idle_site: House) -> Path:
    """A site with one incident and one clip of it, which is in its manifest."""
    settings = idle_site.settings
    folder = EvidenceFolder(settings.evidence_folder)
    file = "2026/11/21/120000-0123456789abcdef01234567.mp4"
    path = folder.path_of(file)
    path.parent.mkdir(parents=True)
    path.write_bytes(FILM)
    incident = {
        "id": "i1", "number": NUMBER, "stage": "reported", "priority": 1, "kind": "panic",
        "silent": False, "drill": False, "plan": "default", "opened_at_ms": 1,
        "cancel_claimed": False, "ring": 1, "version": 1, "changed_position": 0,
    }  # fmt: skip
    kept = {
        "id": "e1", "incident_id": "i1", "camera_id": "cam", "kind": "clip", "file": file,
        "sha256": hashlib.sha256(FILM).hexdigest(), "size": len(FILM), "at_ms": 1,
    }  # fmt: skip

    def work(conn) -> None:
        conn.execute(insert(s.incidents).values(**incident))
        conn.execute(insert(s.evidence).values(**kept))

    database = idle_site.database()
    await database.write(work)
    keeper = EvidenceKeeper(
        database,
        SealedBox(load_or_create_site_key(settings.site_key_file, may_create=True)),
        SystemClock(),
        folder,
        keeping=Keeping(),
        is_busy=lambda: False,
        writer="main",
    )
    await keeper.run_once()
    await database.close()
    return path


async def test_evidence_is_verified_exported_and_verified_again(idle_site: House, film: Path):
    config = idle_site.config
    [said] = lines_of(lianfang("evidence", "verify", "--config", config))
    assert said.startswith("完好 / intact: 1 manifests, 1 entries")
    target = idle_site.folder / "out.zip"
    words = [word for pair in SAID.items() for word in pair]
    done = lianfang("evidence", "export", NUMBER, target, *words, "--config", config)
    assert done.status == 0, done.err
    assert zipfile.ZipFile(target).read("evidence/2026/11/21/" + film.name) == FILM
    [said] = lines_of(lianfang("evidence", "verify", NUMBER, "--config", config))
    assert "2 entries" in said

    film.write_bytes(FILM[:-1] + b"\x01")
    done = lianfang("evidence", "verify", "--config", config)
    assert done.status == 1
    assert film.name in done.err
    assert "was changed" in done.err
    done = lianfang("evidence", "export", NUMBER, f"{target}2", *words, "--config", config)
    assert done.status == 1
    assert "与清单不符" in done.complaint


async def test_what_is_not_said_and_what_is_not_there_is_refused(idle_site: House, film: Path):
    config = idle_site.config
    done = lianfang("evidence", "export", NUMBER, "out.zip", "--config", config)
    assert done.status == 1
    assert "--legal-basis" in done.complaint
    assert lianfang("evidence", "verify", "20260101-0001", "--config", config).status == 1
