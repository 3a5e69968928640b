"""Photographs added to an incident: kept as they came, as other evidence is."""

import hashlib
import io

import pytest
from sqlalchemy import func, select

from linkage import schema as s
from linkage.custody.photographs import LARGEST, MOST
from tests.linkage.web_house import EAST, PHOTOGRAPH, PICTURE, WEST, house, status_of

JPEG = {"Content-Type": "image/jpeg"}
PATH = "/api/v1/incidents/i1/photographs"


@pytest.fixture
async def town(tmp_path):
    async with house(tmp_path) as h:
        await h.incident("i1")
        await h.person("duty", "duty-officer")
        yield h


async def test_a_photograph_is_evidence_with_the_name_of_who_brought_it(town, tmp_path):
    await town.person("head", "village-head", [EAST])
    async with town.browser("head") as browser:
        async with browser.post(PATH, data=PHOTOGRAPH, headers=JPEG) as answer:
            assert answer.status == 201
            made = (await answer.json())["id"]
        shown = await (await browser.get("/api/v1/incidents/i1")).json()
    (one,) = shown["evidence"]
    assert (one["kind"], one["camera"], one["by"]) == ("photograph", "", "head 显示名")
    assert one["sha256"] == hashlib.sha256(PHOTOGRAPH).hexdigest()
    assert one["url"] == f"/api/v1/evidence/{made}"
    await town.person("leader", "shift-leader")
    async with town.browser("leader") as browser:
        assert await status_of(browser.get(one["url"])) == 200
    added = shown["timeline"][-1]
    assert (added["type"], added["actor"]["username"]) == ("evidence_added", "head")
    file = await town.database.read(lambda conn: conn.scalar(select(s.evidence.c.file)))
    assert (tmp_path / file).read_bytes() == PHOTOGRAPH
    assert "photograph" in {e["detail"].get("what") for e in await town.audited()}


async def test_the_same_file_once_more_is_the_same_evidence(town, tmp_path):
    async with town.browser("duty") as browser:
        made = set()
        for _ in range(2):
            async with browser.post(PATH, data=PHOTOGRAPH, headers=JPEG) as answer:
                made.add((await answer.json())["id"])
    assert len(made) == 1
    assert len(list(tmp_path.rglob("*.jpg"))) == 1


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (PHOTOGRAPH, {"Content-Type": "image/png"}, 415),
        (b"<script>", JPEG, 409),
        (PICTURE, JPEG, 409),
        (PHOTOGRAPH + bytes(LARGEST), JPEG, 413),
    ],
)
async def test_what_is_no_photograph_or_too_large_is_refused(town, body, headers, status):
    async with (
        town.browser("duty") as browser,
        browser.post(PATH, data=io.BytesIO(body), headers=headers) as answer,
    ):
        assert answer.status == status
    count = select(func.count()).select_from(s.evidence)
    assert await town.database.read(lambda conn: conn.scalar(count)) == 0


async def test_another_villages_incident_takes_none(town):
    await town.person("head", "village-head", [WEST])
    async with (
        town.browser("head") as browser,
        browser.post(PATH, data=PHOTOGRAPH, headers=JPEG) as answer,
    ):
        assert answer.status == 404


async def test_an_incident_takes_so_many_and_no_more(town):
    async with town.browser("duty") as browser:
        for number in range(MOST + 1):
            content = PHOTOGRAPH + bytes([number])
            async with browser.post(PATH, data=content, headers=JPEG) as answer:
                assert answer.status == (201 if number < MOST else 409)
