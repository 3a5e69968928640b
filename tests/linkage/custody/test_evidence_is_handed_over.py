"""Holds and exports over the API: reasons, two persons, and a file that proves itself."""

import argparse
import hashlib
import io
import json
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest
from sqlalchemy import insert, select, update

from alarms.store.sealing import publicly_signed
from linkage import schema as s
from linkage.commands import evidence as command
from linkage.custody import manifest
from linkage.custody.clip_files import sha256_of
from linkage.custody.errors import NotPossible
from linkage.custody.model import People
from linkage.custody.schema import evidence_entries
from linkage.custody.veil import covered
from tests.camerad.rtsp_cameras import draw_clip
from tests.linkage.web_house import house, status_of

DATA = b"\xff\xd8 a picture"
ASKED = {
    "purpose": "案件调查",
    "legal_basis": "《刑事诉讼法》第五十四条",
    "case_number": "2026-001",
    "recipient_unit": "横河派出所",
    "recipient_name": "周警官",
}
CLEAR = {**ASKED, "people": "clear", "clear_why": "侦查机关依法调取，须辨认人员"}
EXPORTS, HOLDS = "/api/v1/incidents/a/exports", "/api/v1/incidents/a/holds"


async def open_house(h, folder: Path) -> None:
    await h.person("leader", "shift-leader")
    await h.person("second", "shift-leader")
    await h.incident("a")
    (folder / "p.jpg").write_bytes(DATA)
    row = {
        "id": "e1", "incident_id": "a", "camera_id": "cam-east", "kind": "snapshot",
        "file": "p.jpg", "sha256": hashlib.sha256(DATA).hexdigest(), "size": len(DATA), "at_ms": 1,
    }  # fmt: skip
    await h.database.write(lambda conn: conn.execute(insert(s.evidence).values(**row)))


@pytest.fixture
async def town(tmp_path):
    async with house(tmp_path) as h:
        await open_house(h, tmp_path)
        yield h


@pytest.fixture
async def strict_town(tmp_path):
    async with house(tmp_path, two_persons=True) as h:
        await open_house(h, tmp_path)
        yield h


async def entries(h) -> list[dict]:
    rows = await h.database.read(
        lambda conn: conn.scalars(
            select(evidence_entries.c.payload).order_by(evidence_entries.c.position)
        ).all()
    )
    return [json.loads(row) for row in rows]


async def audited(h) -> list[str]:
    rows = await h.database.read(
        lambda conn: conn.scalars(
            select(s.audit_entries.c.detail).where(s.audit_entries.c.action == "change")
        ).all()
    )
    return [json.loads(row).get("what") for row in rows]


async def custody(browser) -> dict:
    return await (await browser.get("/api/v1/incidents/a/custody")).json()


async def test_a_hold_and_its_release_stand_with_their_reasons(town):
    async with town.browser("leader") as browser:
        made = await browser.post(HOLDS, json={"reason": "立案侦查"})
        assert made.status == 201
        hold = (await made.json())["id"]
        [shown] = (await custody(browser))["holds"]
        assert (shown["reason"], shown["by"], shown["released_by"]) == ("立案侦查", "leader", None)
        release = f"/api/v1/holds/{hold}/release"
        assert await status_of(browser.post(release, json={"reason": "结案"})) == 204
        assert await status_of(browser.post(release, json={"reason": "结案"})) == 409
        assert (
            await status_of(browser.post("/api/v1/holds/none/release", json={"reason": "x"})) == 404
        )
    assert [e["kind"] for e in await entries(town)] == ["held", "released"]
    assert await audited(town) == ["held", "released"]


@pytest.mark.parametrize("body", [{}, {"reason": " "}, {"reason": "x" * 501}])
async def test_a_hold_without_a_reason_is_refused(town, body: dict):
    async with town.browser("leader") as browser:
        assert await status_of(browser.post(HOLDS, json=body)) == 422


async def test_an_export_proves_itself(town):
    async with town.browser("leader") as browser:
        assert await status_of(browser.post(EXPORTS, json={**CLEAR, "approver": "李所长"})) == 201
        [shown] = (await custody(browser))["exports"]
        answer = await browser.get(shown["file"])
        assert answer.content_type == "application/zip"
        packed = zipfile.ZipFile(io.BytesIO(await answer.read()))
    assert packed.testzip() is None
    assert packed.read("evidence/p.jpg") == DATA
    lines = manifest.parse(packed.read("manifest.jsonl").decode())
    key = packed.read("public-key.txt").decode().strip()
    assert list(manifest.faults(lines, lambda text, sig: publicly_signed(key, text, sig))) == []
    said = lines[-1].entry["detail"]
    assert lines[-1].entry["kind"] == "exported"
    assert all(said[k].startswith("sealed:") for k in (*ASKED, "approver"))
    assert said["by"] == "leader"
    told = json.loads(packed.read("export.json"))
    assert {k: told[k] for k in ASKED} == ASKED
    assert told["approver"] == "李所长"
    assert await audited(town) == ["ask", "exported"]


@pytest.mark.parametrize("left_out", sorted(ASKED))
async def test_nothing_of_what_must_be_said_can_be_left_out(town, left_out: str):
    body = {k: v for k, v in ASKED.items() if k != left_out}
    async with town.browser("leader") as browser:
        assert await status_of(browser.post(EXPORTS, json={**body, "approver": "李"})) == 422


async def test_where_one_may_export_alone_who_allowed_it_is_said(town):
    async with town.browser("leader") as browser:
        assert await status_of(browser.post(EXPORTS, json=ASKED)) == 409


async def test_two_persons_are_two(strict_town):
    async with strict_town.browser("leader") as browser:
        made = await (await browser.post(EXPORTS, json=CLEAR)).json()
        approve, file = (f"/api/v1/exports/{made['id']}/{x}" for x in ("approve", "file"))
        assert await status_of(browser.get(file)) == 409
        assert await status_of(browser.post(approve)) == 409
    async with strict_town.browser("second") as browser:
        assert await status_of(browser.post(approve)) == 204
        assert await status_of(browser.post(approve)) == 409
    async with strict_town.browser("leader") as browser:
        assert await status_of(browser.get(file)) == 200
    [entry] = await entries(strict_town)
    assert (entry["detail"]["asked_by"], entry["detail"]["approved_by"]) == ("leader", "second")


async def test_a_file_that_is_not_what_it_was_is_not_exported(town, tmp_path: Path):
    (tmp_path / "p.jpg").write_bytes(b"another")
    async with town.browser("leader") as browser:
        made = await (await browser.post(EXPORTS, json={**CLEAR, "approver": "李"})).json()
        answer = await browser.get(f"/api/v1/exports/{made['id']}/file")
        assert answer.status == 503
        assert "与清单不符" in (await answer.json())["detail"]


def test_the_command_wants_everything_said():
    parser = argparse.ArgumentParser()
    command.add(parser.add_subparsers())
    said = parser.parse_args(["evidence", "export", "20261121-0001", "f.zip", "--config", "c"])
    with pytest.raises(NotPossible, match="--purpose, --legal-basis"):
        command.asked_of(said)


@pytest.mark.parametrize(
    "said", [{"people": "clear"}, {"people": "clear", "clear_why": " "}, {"clear_why": "x"}]
)
async def test_people_are_not_covered_only_for_a_reason_that_is_stated(town, said):
    async with town.browser("leader") as browser:
        body = {**ASKED, "approver": "李所长", **said}
        assert await status_of(browser.post(EXPORTS, json=body)) == 409


async def test_people_are_covered_and_the_copy_is_proven_to_be_made_of_the_original(
    town, tmp_path: Path
):
    noise = np.random.default_rng(1).integers(0, 255, (90, 160, 3), np.uint8)
    done, data = cv2.imencode(".jpg", noise)
    assert done
    original = data.tobytes()
    (tmp_path / "p.jpg").write_bytes(original)
    sha256 = hashlib.sha256(original).hexdigest()
    change = update(s.evidence).values(sha256=sha256, size=len(original))
    await town.database.write(lambda conn: conn.execute(change))
    async with town.browser("leader") as browser:
        made = await (await browser.post(EXPORTS, json={**ASKED, "approver": "李所长"})).json()
        answer = await browser.get(f"/api/v1/exports/{made['id']}/file")
        assert answer.status == 200
        packed = zipfile.ZipFile(io.BytesIO(await answer.read()))
    names = packed.namelist()
    assert "covered/p.jpg" in names
    assert not any(name.startswith("evidence/") for name in names)
    copy = packed.read("covered/p.jpg")
    [said] = manifest.parse(packed.read("manifest.jsonl").decode())[-1].entry["detail"]["derived"]
    assert (said["source"], said["source_sha256"], said["how"]) == ("p.jpg", sha256, "whole")
    assert said["sha256"] == hashlib.sha256(copy).hexdigest()
    shown = cv2.imdecode(np.frombuffer(copy, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert shown[:5, :5].std() < 5 < noise[:5, :5].std()
    assert (tmp_path / "p.jpg").read_bytes() == original
    assert [path.name for path in tmp_path.glob("**/*.copies")] == []


async def test_how_far_the_covering_is_rises_over_all_files(tmp_path: Path):
    (tmp_path / "p.jpg").write_bytes(cv2.imencode(".jpg", np.zeros((90, 160, 3), np.uint8))[1])
    draw_clip(tmp_path / "c.mp4", seconds=2)
    files = [(name, sha256_of(tmp_path / name)[0]) for name in ("c.mp4", "p.jpg")]
    told: list[int] = []
    made = await covered(files, tmp_path, tmp_path / "out", People.HIDDEN, told.append)
    assert [one.how for one in made] == ["changed", "whole"]
    assert told == sorted(told)
    assert told[-1] == 100
    assert len(set(told)) > 5, "also while one film is being covered"
