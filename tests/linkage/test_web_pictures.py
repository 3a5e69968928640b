"""Cameras and pictures: nobody looks unrecorded."""

import sqlite3

import pytest
from sqlalchemy import insert

from linkage import schema as s
from tests.linkage.web_house import PICTURE, house

SNAPSHOT = "/api/v1/cameras/cam-east/snapshot.jpg"


@pytest.fixture
async def town(tmp_path):
    async with house(tmp_path) as h:
        await h.person("duty", "duty-officer")
        await h.person("shift", "shift-leader")
        yield h


async def evidence_of(town, incident="a"):
    await town.incident(incident)
    row = {
        "id": "e1",
        "incident_id": incident,
        "camera_id": "cam-east",
        "kind": "snapshot",
        "file": "2026/11/21/f.jpg",
        "sha256": "0" * 64,
        "size": 1,
        "at_ms": 1,
    }
    await town.database.write(lambda conn: conn.execute(insert(s.evidence).values(**row)))


async def test_a_camera_shows_its_state_and_zones(town):
    async with town.browser("duty") as browser:
        items = (await (await browser.get("/api/v1/cameras")).json())["items"]
    east, waiting = items[1], items[0]
    assert east == {
        "id": "cam-east",
        "name": "cam-east 路口",
        "village": "东村",
        "state": "watching",
        "reason": "",
        "detail": "",
        "since": "2026-11-21T20:00:00.000+08:00",
        "frames_per_s": 5.0,
        "analysed_per_s": 0.0,
        "shedding": False,
        "newest_frame_age_s": 0.1,
        "last_picture_at": "2026-11-21T19:59:59.900+08:00",
        "reconnects_per_hour": 0,
        "trouble": None,
        "clock_skew_s": None,
        "maintained_until": None,
        "fault": None,
        "events": None,
        "dead_buttons": [],
        "zones": [
            {
                "name": "gate",
                "kind": "loiter",
                "polygon": [[0.1, 0.1], [0.9, 0.1], [0.5, 0.9]],
                "dwell_s": 20.0,
                "armed": "22:00-06:00",
                "armed_days_off": None,
            }
        ],
    }
    assert (waiting["id"], waiting["state"], waiting["reason"]) == (
        "cam-down",
        "connecting",
        "starting",
    )


async def test_a_snapshot_is_served_after_person_unit_and_purpose_are_written_down(town):
    async with town.browser("duty") as browser:
        answer = await browser.get(SNAPSHOT + "?purpose=核查报警")
        picture = await answer.read()
    assert (answer.status, answer.content_type, picture) == (200, "image/jpeg", PICTURE)
    assert answer.headers["Cache-Control"] == "no-store"
    look = (await town.audited())[-1]
    assert (look["actor"], look["action"], look["object"]) == ("duty", "look", "camera:cam-east")
    assert (look["detail"]["unit"], "核查" in str(look["detail"])) == ("综治中心", False)
    async with town.browser("shift") as browser:
        (entered,) = (await (await browser.get("/api/v1/looks")).json())["items"]
    assert (entered["id"], entered["kind"]) == (look["detail"]["look"], "snapshot")
    assert (entered["camera"], entered["username"], entered["unit"], entered["purpose"]) == (
        "cam-east", "duty", "综治中心", "核查报警",
    )  # fmt: skip
    assert (entered["ended"], entered["seconds"]) == (entered["began"], 0.0)


async def test_a_look_without_a_purpose_is_written_down_as_unstated(town):
    async with town.browser("duty") as browser:
        assert (await browser.get(SNAPSHOT)).status == 200
        assert (await browser.get(SNAPSHOT + "?purpose=%20")).status == 200
    async with town.browser("shift") as browser:
        looks = (await (await browser.get("/api/v1/looks")).json())["items"]
    assert [look["purpose"] for look in looks] == ["未说明 unstated"] * 2


@pytest.mark.parametrize("path", [SNAPSHOT + "?purpose=x", "/api/v1/evidence/e1"])
async def test_a_look_that_cannot_be_written_down_shows_no_picture(town, tmp_path, path):
    await evidence_of(town)
    other = sqlite3.connect(tmp_path / "town.db", isolation_level=None)
    async with town.browser("duty") as browser:
        other.execute("BEGIN IMMEDIATE")
        answer = await browser.get(path)
        body = await answer.read()
        other.execute("ROLLBACK")
    other.close()
    assert answer.status == 503
    assert PICTURE not in body


async def test_a_camera_without_a_picture_answers_with_the_reason(town):
    async with town.browser("duty") as browser:
        answer = await browser.get("/api/v1/cameras/cam-down/snapshot.jpg?purpose=x")
        problem = await answer.json()
    assert answer.status == 503
    assert problem["detail"] == "The camera is down."


async def test_a_households_camera_is_shut_but_during_its_incident(town):
    path = "/api/v1/cameras/cam-home/snapshot.jpg?purpose=x"
    async with town.browser("duty") as browser:
        assert (await browser.get(path)).status == 403
        await town.incident("a")
        link = insert(s.incident_cameras).values(incident_id="a", camera_id="cam-home")
        await town.database.write(lambda conn: conn.execute(link))
        assert (await browser.get(path)).status == 200


async def test_kept_pictures_are_served_and_the_look_names_the_incident(town):
    await evidence_of(town)
    async with town.browser("duty") as browser:
        answer = await browser.get("/api/v1/evidence/e1")
        assert await answer.read() == PICTURE
        assert (await browser.get("/api/v1/evidence/none")).status == 404
    look = (await town.audited())[-1]
    assert look["object"] == "evidence:e1"
    assert look["detail"]["incident"] == "20261121-a"
    async with town.browser("shift") as browser:
        (entered,) = (await (await browser.get("/api/v1/looks")).json())["items"]
    assert (entered["id"], entered["kind"]) == (look["detail"]["look"], "picture")
