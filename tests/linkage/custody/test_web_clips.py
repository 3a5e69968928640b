"""Clips are served piece by piece, every playing is written down once, and gaps are told."""

import json

import pytest
from sqlalchemy import insert, select

from linkage import schema as s
from linkage.custody.schema import evidence_gaps
from tests.linkage.web_house import house, status_of

FILM = bytes(range(256)) * 40
CLIP = {
    "id": "c1",
    "incident_id": "a",
    "camera_id": "cam-east",
    "kind": "clip",
    "file": "clip.mp4",
    "sha256": "0" * 64,
    "size": len(FILM),
    "at_ms": 1_795_000_000_000,
    "until_ms": 1_795_000_090_000,
    "press_ms": 1_795_000_030_000,
    "detail": json.dumps({"cuts": ["camera-lost"]}),
}


@pytest.fixture
async def town(tmp_path):
    async with house(tmp_path) as h:
        await h.person("duty", "duty-officer")
        await h.person("shift", "shift-leader")
        await h.incident("a")
        h.pictures.folder = tmp_path
        (tmp_path / "clip.mp4").write_bytes(FILM)
        await h.database.write(lambda conn: conn.execute(insert(s.evidence).values(**CLIP)))
        yield h


async def looks(town) -> int:
    rows = await town.database.read(
        lambda conn: conn.scalars(
            select(s.audit_entries.c.object).where(s.audit_entries.c.action == "look")
        ).all()
    )
    return rows.count("evidence:c1")


async def test_a_player_gets_the_piece_it_asks_for(town):
    async with town.browser("duty") as browser:
        answer = await browser.get("/api/v1/evidence/c1", headers={"Range": "bytes=100-199"})
        assert (answer.status, answer.content_type) == (206, "video/mp4")
        assert answer.headers["Content-Range"] == f"bytes 100-199/{len(FILM)}"
        assert await answer.read() == FILM[100:200]
        whole = await browser.get("/api/v1/evidence/c1")
        assert (whole.status, await whole.read()) == (200, FILM)
        assert whole.headers["Accept-Ranges"] == "bytes"


async def test_one_playing_in_many_pieces_is_one_look(town):
    async with town.browser("duty") as browser:
        for first in (0, 100, 200):
            headers = {"Range": f"bytes={first}-{first + 99}"}
            assert await status_of(browser.get("/api/v1/evidence/c1", headers=headers)) == 206
        assert await looks(town) == 1
        assert await status_of(browser.get("/api/v1/evidence/c1")) == 200
        assert await looks(town) == 2


async def test_a_playing_stands_in_the_register_of_looks_with_its_incident_and_purpose(town):
    async with town.browser("duty") as browser:
        assert await status_of(browser.get("/api/v1/evidence/c1?purpose=核对衣着")) == 200
    async with town.browser("shift") as browser:
        (look,) = (await (await browser.get("/api/v1/looks")).json())["items"]
    assert (look["kind"], look["camera"], look["username"]) == ("clip", "cam-east", "duty")
    assert (look["incident"], look["purpose"], look["unit"]) == ("a", "核对衣着", "综治中心")
    assert look["ended"] == look["began"]


async def test_a_clip_that_is_gone_is_said(town, tmp_path):
    (tmp_path / "clip.mp4").unlink()
    async with town.browser("duty") as browser:
        assert await status_of(browser.get("/api/v1/evidence/c1")) == 404


async def test_an_incident_tells_its_clips_with_the_moment_of_the_press(town):
    async with town.browser("duty") as browser:
        [clip] = (await (await browser.get("/api/v1/incidents/a")).json())["evidence"]
    assert (clip["kind"], clip["url"], clip["moment"]) == ("clip", "/api/v1/evidence/c1", None)
    times = [clip[key] for key in ("at", "press_at", "until")]
    assert times == sorted(times)
    assert clip["cuts"] == ["摄像机中断，画面有缺 / the camera was lost for a while"]


async def test_what_is_missing_is_told_with_its_reason(town):
    gap = {
        "id": "g1", "incident_id": "a", "camera_id": "cam-down", "kind": "clip", "at_ms": 1000,
        "why": "quota", "detail": '{"said":"90 MB of 90 MB used"}',
    }  # fmt: skip
    await town.database.write(lambda conn: conn.execute(insert(evidence_gaps).values(**gap)))
    async with town.browser("duty") as browser:
        told = await (await browser.get("/api/v1/incidents/a/custody")).json()
    [missing] = told["missing"]
    assert (missing["camera"], missing["why"]) == ("cam-down", "quota")
    assert missing["said"].startswith("存证空间配额已满")
    assert "90 MB" in missing["said"]
    assert len(told["public_key"]) == 64
