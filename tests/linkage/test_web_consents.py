"""A household's camera: agreed to, looked through, told, withdrawn at once."""

import json

import pytest
from sqlalchemy import insert, select, update

from linkage import schema as s
from linkage.cameras import CameraRegistry
from linkage.consent.schema import camera_consents
from linkage.custody.model import Keeping, Why
from linkage.custody.room import Room
from tests.linkage.web_house import EAST, house, status_of

HOME = f"{EAST}-017"
CAMERAS = "/api/v1/cameras"
AGREED = {
    "household": HOME,
    "agreed_by": "林户主",
    "agreed_on": "2026-01-05",
    "purpose": "报警时查看院门",
    "reference": "同意书 2026-002",
    "keeps": True,
}
NEW = {
    "name": "林家院门",
    "village": EAST,
    "location": "院门内侧",
    "layer": "community",
    "legal_class": "private",
    "may_see": [],
    "sign_is_up": True,
    "stream_uri": "rtsp://192.168.1.80/sub",
}


@pytest.fixture
async def town(tmp_path):
    async with house(tmp_path) as h:
        await h.person("head", "village-head", [EAST])
        await h.person("duty", "duty-officer")
        h.room = Room(h.database, tmp_path, Keeping(), h.clock, free_bytes=lambda folder: 10**12)
        yield h


async def linked(town):
    await town.incident("a")
    row = {"incident_id": "a", "camera_id": "cam-home"}
    await town.database.write(lambda conn: conn.execute(insert(s.incident_cameras).values(row)))


async def looks_status(town) -> int:
    async with town.browser("duty") as browser:
        return await status_of(browser.get(f"{CAMERAS}/cam-home/snapshot.jpg?purpose=x"))


async def watched(town) -> set[str]:
    registry = CameraRegistry(town.database, town.box)
    return {camera.id for camera in await registry.enabled()}


async def told(browser) -> dict:
    items = (await (await browser.get(f"{CAMERAS}/households")).json())["items"]
    return {item["id"]: item for item in items}


async def withdraw(town, **said):
    async with town.browser("head") as browser:
        path = f"{CAMERAS}/cam-home/consent/withdraw"
        return await status_of(browser.post(path, json=said))


async def test_a_households_camera_is_not_watched_before_its_consent_is_recorded(town):
    async with town.browser("head") as browser:
        made = await (await browser.post(CAMERAS, json=NEW)).json()
        assert made["watching"] is False
        assert made["id"] not in await watched(town)
        assert (await told(browser))[made["id"]]["standing"] == "none"
        # a notice sign is no consent
        path = f"{CAMERAS}/{made['id']}"
        assert await status_of(browser.post(f"{path}/sign")) == 409
        before = town.network.changes
        answer = await browser.post(f"{path}/consent", json=AGREED)
        assert answer.status == 201
        assert town.network.changes == before + 1
        assert made["id"] in await watched(town)
        assert await status_of(browser.post(f"{path}/consent", json=AGREED)) == 409
        shown = (await told(browser))[made["id"]]
    assert (shown["standing"], shown["consent"]["keeps"]) == ("agreed", True)
    assert shown["consent"]["agreed_by"] == "林**"


async def test_what_was_agreed_to_lies_sealed(town):
    await withdraw(town, said="不想用了，林户主")
    async with town.browser("head") as browser:
        assert await status_of(browser.post(f"{CAMERAS}/cam-home/consent", json=AGREED)) == 201
    rows = await town.database.read(
        lambda conn: [dict(r) for r in conn.execute(select(camera_consents)).mappings()]
    )
    old, new = sorted(rows, key=lambda row: row["recorded_at_ms"])
    assert old["withdrawn_said"].startswith("sealed:")
    assert all(new[name].startswith("sealed:") for name in ("agreed_by", "purpose", "reference"))
    audited = await town.database.read(
        lambda conn: "".join(conn.scalars(select(s.audit_entries.c.detail)))
    )
    assert "林户主" not in audited


@pytest.mark.parametrize(
    "more",
    [{"household": "xicun-017"}, {"household": "nobody"}, {"agreed_by": " "}, {"agreed_on": "x"}],
)
async def test_a_consent_that_is_not_whole_is_refused(town, more):
    await withdraw(town)
    async with town.browser("head") as browser:
        path = f"{CAMERAS}/cam-home/consent"
        assert await status_of(browser.post(path, json={**AGREED, **more})) == 422


async def test_a_street_camera_rests_on_no_consent(town):
    async with town.browser("head") as browser:
        path = f"{CAMERAS}/cam-east/consent"
        assert await status_of(browser.post(path, json=AGREED)) == 409


async def test_withdrawing_ends_looking_and_watching_at_once(town):
    await linked(town)
    assert await looks_status(town) == 200
    before = town.network.changes
    assert await withdraw(town) == 204
    assert town.network.changes == before + 1
    assert await looks_status(town) == 404
    assert "cam-home" not in await watched(town)
    refusal = await town.room.refusal("cam-home", wanted_bytes=1, is_routine=False)
    assert refusal == (Why.WITHDRAWN, "")
    assert await withdraw(town) == 409


async def test_of_an_incident_only_what_the_household_agreed_to_is_kept(town):
    async def refusal():
        return await town.room.refusal("cam-home", wanted_bytes=1, is_routine=False)

    assert await refusal() == (Why.HOUSEHOLD, "")
    await withdraw(town)
    async with town.browser("head") as browser:
        await status_of(browser.post(f"{CAMERAS}/cam-home/consent", json=AGREED))
    assert await refusal() is None
    registry = CameraRegistry(town.database, town.box)
    [home] = [camera for camera in await registry.enabled() if camera.id == "cam-home"]
    assert home.to_watch("rtsp://192.168.1.77/sub", "Asia/Shanghai").keeps_evidence


async def test_what_was_kept_of_an_incident_stays_and_the_owner_is_told(town):
    await linked(town)
    kept = {
        "id": "e1", "incident_id": "a", "camera_id": "cam-home", "kind": "snapshot",
        "file": "p.jpg", "sha256": "0" * 64, "size": 1, "at_ms": 5_000,
    }  # fmt: skip
    await town.database.write(lambda conn: conn.execute(insert(s.evidence).values(**kept)))
    assert await looks_status(town) == 200
    await withdraw(town)
    async with town.browser("head") as browser:
        log = await (await browser.get(f"{CAMERAS}/cam-home/owner-log")).json()
        answer = await browser.get(f"{CAMERAS}/cam-home/owner-log.html")
        sheet = await answer.text()
    [look] = log["looks"]
    assert (look["kind"], look["display_name"], look["goes_on"]) == (
        "snapshot", "duty 显示名", False,
    )  # fmt: skip
    assert [(f["kind"], f["is_held"]) for f in log["files"]] == [("snapshot", False)]
    assert log["camera"]["standing"] == "withdrawn"
    assert "林户主" in sheet
    assert look["incident_number"] in sheet
    read = await town.database.read(
        lambda conn: conn.scalars(
            select(s.audit_entries.c.detail).where(s.audit_entries.c.action == "unmask")
        ).all()
    )
    assert [json.loads(one)["what"] for one in read] == ["owner log", "owner log"]


async def test_a_household_that_leaves_takes_its_camera_along(town):
    async with town.browser("head") as browser:
        path = f"/api/v1/registry/households/{HOME}/leave"
        assert await status_of(browser.post(path)) == 200
        assert (await told(browser))["cam-home"]["standing"] == "withdrawn"
    assert "cam-home" not in await watched(town)


async def test_taking_the_camera_out_of_service_ends_its_consent(town):
    async with town.browser("head") as browser:
        path = f"{CAMERAS}/cam-home/retire"
        assert await status_of(browser.post(path, json={"reason": "拆除"})) == 204
        assert (await told(browser))["cam-home"]["standing"] == "withdrawn"
        assert await status_of(browser.post(f"{CAMERAS}/cam-home/consent", json=AGREED)) == 409


@pytest.mark.parametrize("path", ["/sub", "/main"])
async def test_its_address_is_no_way_around_either(town, path: str):
    asked = {"stream_uri": f"rtsp://192.168.1.77{path}", "username": "u", "password": "p"}
    async with town.browser("head") as browser:
        assert await status_of(browser.post(f"{CAMERAS}/picture", json=asked)) == 409
        await withdraw(town)
        assert await status_of(browser.post(f"{CAMERAS}/picture", json=asked)) == 409
        elsewhere = {**asked, "stream_uri": "rtsp://192.168.1.78/sub"}
        assert await status_of(browser.post(f"{CAMERAS}/picture", json=elsewhere)) == 200


PLACE = {
    "name": " 东村  路口 ",
    "location": "村口 灯杆",
    "layer": "key_site",
    "legal_class": "public",
    "latitude": 29.8,
    "longitude": 121.5,
    "reason": "登记有误",
}


async def placed(browser, camera: str, **more):
    answer = await browser.put(f"{CAMERAS}/{camera}/place", json={**PLACE, **more})
    return answer.status, await answer.json()


async def test_where_a_camera_hangs_is_set_right_and_it_goes_on_being_watched(town):
    await with_stream(town, "cam-east")
    async with town.browser("head") as browser:
        assert await placed(browser, "cam-east") == (200, {"id": "cam-east", "watching": True})
        shown = await (await browser.get(f"{CAMERAS}/cam-east/place")).json()
        assert (shown["name"], shown["layer"], shown["latitude"]) == ("东村 路口", "key_site", 29.8)
        for wrong in ({"location": " "}, {"latitude": 200.0}, {"reason": ""}):
            assert (await placed(browser, "cam-east", **wrong))[0] == 422


async def test_a_camera_that_becomes_a_households_waits_for_its_consent(town):
    await with_stream(town, "cam-east")
    async with town.browser("head") as browser:
        _, done = await placed(browser, "cam-east", legal_class="private")
        assert done["watching"] is False
        assert (await told(browser))["cam-east"]["standing"] == "none"
    assert "cam-east" not in await watched(town)


async def test_a_households_camera_does_not_become_a_street_camera_by_a_word(town):
    async with town.browser("head") as browser:
        _, done = await placed(browser, "cam-home")
        assert done["watching"] is False
        assert "cam-home" not in await watched(town)
        assert await status_of(browser.post(f"{CAMERAS}/cam-home/sign")) == 204
    assert "cam-home" in await watched(town)
    assert (
        await town.database.read(lambda conn: conn.scalar(select(camera_consents.c.withdrawn_by)))
        == "head"
    )


async def with_stream(town, camera: str):
    statement = update(s.cameras).where(s.cameras.c.id == camera).values(stream_uri="rtsp://a/b")
    await town.database.write(lambda conn: conn.execute(statement))
