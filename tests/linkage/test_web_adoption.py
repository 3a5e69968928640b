"""Taking cameras into service over the API: found, asked, looked through, judged, kept."""

import io

import openpyxl
import pytest
from sqlalchemy import select

from camerad.errors import CameraRefused, CameraUnreachable
from camerad.model import CameraDescription, DiscoveredDevice, StreamProfile
from linkage import schema as s
from linkage.cameras import password_context
from tests.linkage.web_house import EAST, PASSWORD, PICTURE, WEST, house

XADDR = "http://192.168.1.64/onvif/device_service"
EPR = "urn:uuid:0b0c3f06-2b5a-4a9e-9f3d-000000000001"
SUB, MAIN = "rtsp://192.168.1.64/sub", "rtsp://192.168.1.64/main"


def profile(token, uri, width, height, source="source-1", code="H264"):
    return StreamProfile(token, token, width, height, code, 25.0, uri, None, source)


def one_camera(skew_s=0.5):
    profiles = (profile("main", MAIN, 2560, 1440, code="H265"), profile("sub", SUB, 704, 576))
    return CameraDescription("HIKVISION", "DS-2CD", "5.7", "serial-1", profiles, skew_s)


def wish(**more):
    return {
        "name": "东村牌坊",
        "village": EAST,
        "location": "牌坊东侧灯杆",
        "layer": "checkpoint",
        "legal_class": "public",
        "may_see": [],
        "sign_is_up": True,
        "stream_uri": SUB,
        "main_stream_uri": MAIN,
        "endpoint_reference": EPR,
        "onvif_address": XADDR,
        "username": "onvif",
        "password": PASSWORD,
        "manufacturer": "HIKVISION",
        "model": "DS-2CD",
        "serial": "serial-1",
        "clock_skew_s": 0.5,
        **more,
    }


@pytest.fixture
async def town(tmp_path):
    async with house(tmp_path) as h:
        await h.person("admin", "administrator")
        await h.person("head", "village-head", [EAST])
        await h.person("duty", "duty-officer")
        yield h


async def camera(town, camera_id):
    return await town.database.read(
        lambda conn: conn.execute(select(s.cameras).where(s.cameras.c.id == camera_id)).first()
    )


async def post(browser, path, body):
    answer = await browser.post(f"/api/v1/cameras{path}", json=body)
    kind = answer.content_type
    return answer.status, await answer.json() if "json" in kind else await answer.read()


async def adopted(browser, **more):
    return await post(browser, "", wish(**more))


async def test_those_that_answer_are_listed_and_those_of_the_registry_marked(town):
    scopes = ("onvif://www.onvif.org/name/HIKVISION",)
    town.network.devices = [
        DiscoveredDevice(EPR, (XADDR,), (), scopes, "192.168.1.64"),
        DiscoveredDevice("urn:uuid:other", (), (), (), "192.168.1.9"),
    ]
    async with town.browser("admin") as browser:
        await adopted(browser)
        status, found = await post(browser, "/find", {})
    assert status == 200
    other, known = found["items"]
    assert (other["address"], other["onvif_address"]) == ("192.168.1.9", None)
    assert (other["registered"], known["registered"]) == (0, 1)
    assert (known["make"], known["registered_as"]) == ("hikvision", "东村牌坊")


async def test_a_device_tells_its_streams_and_its_clock(town):
    town.network.says[XADDR] = one_camera(skew_s=-3600.0)
    async with town.browser("admin") as browser:
        body = {"onvif_address": XADDR, "username": "onvif", "password": PASSWORD}
        status, said = await post(browser, "/ask", body)
    assert status == 200
    assert said["clock_skew_s"] == -3600.0
    (channel,) = said["channels"]
    assert channel["source"] is None
    assert (channel["detection"]["uri"], channel["evidence"]["uri"]) == (SUB, MAIN)
    assert channel["evidence"]["encoding"] == "H265"


async def test_a_refused_password_is_answered_with_where_that_make_keeps_its_users(town):
    town.network.says[XADDR] = CameraRefused("摄像机不接受。 / The camera refuses.")
    async with town.browser("admin") as browser:
        body = {"onvif_address": XADDR, "make": "dahua", "username": "x", "password": "y"}
        status, said = await post(browser, "/ask", body)
    assert status == 422
    assert said["field"] == "password"
    assert "大华的 ONVIF 用户与网页用户分开" in said["detail"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/ask", {"onvif_address": "http://8.8.8.8/onvif"}),
        ("/ask", {"onvif_address": "http://127.0.0.1:8080/onvif"}),
        ("/ask", {"onvif_address": "file:///etc/passwd"}),
        ("/picture", {"stream_uri": "rtsp://8.8.8.8/x"}),
        ("/picture", {"stream_uri": "file:///etc/passwd"}),
        ("/addresses", {"make": "dahua", "host": "8.8.8.8"}),
        ("/addresses", {"make": "uniview", "host": "192.168.1.7", "channel": 3}),
    ],
)
async def test_nothing_outside_the_private_network_is_asked(town, path, body):
    async with town.browser("admin") as browser:
        status, said = await post(browser, path, body)
    assert status == 422
    assert said["field"] in ("address", "stream_uri")


async def test_a_camera_that_is_silent_is_to_be_tried_again(town):
    town.network.says[XADDR] = CameraUnreachable("没有应答。 / no answer.")
    async with town.browser("admin") as browser:
        status, _ = await post(browser, "/ask", {"onvif_address": XADDR})
    assert status == 503


async def test_a_look_before_adoption_is_written_down_without_its_login(town):
    town.network.shows[SUB] = PICTURE
    async with town.browser("admin") as browser:
        body = {"stream_uri": "rtsp://u:secret@192.168.1.64/sub", "password": "secret"}
        status, jpeg = await post(browser, "/picture", body)
    assert (status, jpeg) == (200, PICTURE)
    (look,) = [e for e in await town.audited() if e["action"] == "look"]
    assert look["object"] == "stream:192.168.1.64/sub"
    assert "secret" not in str(look)


async def test_a_camera_in_service_that_hides_something_gives_no_first_look(town):
    town.network.shows[SUB] = PICTURE
    veiled = {"camera_id": "cam-east", "name": "yard", "kind": "privacy", "polygon": "[]"}

    def work(conn):
        conn.execute(s.cameras.update().where(s.cameras.c.id == "cam-east").values(stream_uri=SUB))
        conn.execute(s.zones.insert().values(**veiled))

    async with town.browser("admin") as browser:
        body = {"stream_uri": "rtsp://u:secret@192.168.1.64/sub", "password": "secret"}
        assert (await post(browser, "/picture", body))[0] == 200
        await town.database.write(work)
        status, said = await post(browser, "/picture", body)
    assert (status, "privacy zone" in said["detail"]) == (409, True)


async def test_make_and_address_give_both_streams(town):
    async with town.browser("admin") as browser:
        body = {"make": "hikvision", "host": "192.168.1.64", "channel": 17}
        status, said = await post(browser, "/addresses", body)
    assert status == 200
    assert said["sub"] == "rtsp://192.168.1.64/Streaming/Channels/1702"


async def test_an_adopted_camera_is_kept_sealed_audited_and_watched(town):
    async with town.browser("admin") as browser:
        status, said = await adopted(browser)
    assert (status, said) == (201, {"id": f"{EAST}-cam-01", "watching": True})
    row = await camera(town, said["id"])
    assert (row.stream_uri, row.main_stream_uri, row.enabled) == (SUB, MAIN, True)
    assert (row.layer, row.legal_class, row.location) == ("checkpoint", "public", "牌坊东侧灯杆")
    assert (row.place_judged_by, row.sign_seen_by) == ("admin", "admin")
    assert PASSWORD.encode() not in row.password_sealed
    opened = town.box.open(row.password_sealed, context=password_context(row.id))
    assert opened.decode() == PASSWORD
    assert town.network.changes == 1
    change = (await town.audited())[-1]
    assert (change["object"], change["detail"]["change"]) == (f"camera:{row.id}", "adopted")
    assert PASSWORD not in str(change)


@pytest.mark.parametrize("place", ["dormitory", "toilet", "changing_room", "other_privacy"])
async def test_a_camera_that_may_look_where_none_may_is_refused_with_the_law(town, place):
    async with town.browser("admin") as browser:
        status, said = await adopted(browser, may_see=[place])
    assert (status, said["field"]) == (422, "may_see")
    assert "第 799 号）第八条" in said["detail"]
    assert await camera(town, f"{EAST}-cam-01") is None
    refused = (await town.audited())[-1]
    assert (refused["detail"]["change"], refused["detail"]["may_see"]) == ("refused", [place])


async def test_the_question_of_places_cannot_be_left_out(town):
    body = wish()
    del body["may_see"]
    async with town.browser("admin") as browser:
        status, said = await post(browser, "", body)
    assert (status, said["missing"]) == (422, ["may_see"])


async def test_a_camera_without_a_notice_sign_waits_until_it_hangs(town):
    async with town.browser("head") as browser:
        _, said = await adopted(browser, sign_is_up=False)
        assert said["watching"] is False
        waiting = await (await browser.get("/api/v1/cameras/unwatched")).json()
        assert [c["id"] for c in waiting["items"]] == [said["id"]]
        status, _ = await post(browser, f"/{said['id']}/sign", {})
        assert status == 204
        assert (await (await browser.get("/api/v1/cameras/unwatched")).json())["items"] == []
    row = await camera(town, said["id"])
    assert (row.enabled, row.sign_seen_by) == (True, "head")
    assert town.network.changes == 2


async def test_a_camera_in_a_home_waits_for_its_household_and_not_for_a_sign(town):
    async with town.browser("admin") as browser:
        _, said = await adopted(browser, sign_is_up=False, legal_class="private")
        unwatched = await (await browser.get("/api/v1/cameras/unwatched")).json()
    assert said["watching"] is False
    assert unwatched["items"] == []


async def test_the_same_camera_is_not_taken_twice_but_a_recorders_channels_are(town):
    async with town.browser("admin") as browser:
        channel = {"source": "source-1"}
        assert (await adopted(browser, **channel))[0] == 201
        again, said = await adopted(browser, **channel)
        assert (again, "东村牌坊" in said["detail"]) == (409, True)
        other = {"source": "source-2", "stream_uri": "rtsp://192.168.1.64/2"}
        status, second = await adopted(browser, **other)
    assert (status, second["id"]) == (201, f"{EAST}-cam-02")


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"village": WEST}, "village"),
        ({"village": "nowhere"}, "village"),
        ({"location": " "}, "location"),
        ({"location": "长" * 201}, "location"),
        ({"name": ""}, "name"),
        ({"id": "东村 1"}, "id"),
        ({"stream_uri": "http://192.168.1.64/x"}, "stream_uri"),
        ({"main_stream_uri": "rtsp:///x"}, "main_stream_uri"),
        ({"snapshot_uri": "file:///etc/passwd"}, "onvif_address"),
        ({"latitude": 29.8}, "longitude"),
    ],
)
async def test_what_is_wrong_is_named(town, more, field):
    async with town.browser("head") as browser:
        status, said = await adopted(browser, **more)
    assert status == 422
    assert said.get("field", said.get("missing", [""])[0]).startswith(field[:3])


async def test_an_id_in_use_is_not_taken_over(town):
    async with town.browser("admin") as browser:
        status, said = await adopted(browser, id="cam-east")
    assert status == 409
    assert "cam-east" in said["detail"]


async def test_an_officer_on_duty_takes_no_camera_into_service(town):
    async with town.browser("duty") as browser:
        assert (await adopted(browser))[0] == 403
        assert (await post(browser, "/find", {}))[0] == 403


async def test_a_camera_of_another_village_gets_no_sign(town):
    async with town.browser("head") as browser:
        assert (await post(browser, "/cam-west/sign", {}))[0] == 404


async def test_the_filing_list_has_a_line_a_camera_and_is_recorded(town):
    async with town.browser("admin") as browser:
        await adopted(browser)
        sheet = await (await browser.get("/api/v1/cameras/filing.xlsx")).read()
        text = (await (await browser.get("/api/v1/cameras/filing.csv")).read()).decode("utf-8-sig")
    rows = list(openpyxl.load_workbook(io.BytesIO(sheet)).active.values)
    assert len(rows) == 1 + 5
    mine = next(row for row in rows if row[1] == f"{EAST}-cam-01")
    assert mine[5] == "牌坊东侧灯杆"
    assert mine[8].startswith("公共场所（第七条）")
    assert mine[15].endswith("admin")
    assert "牌坊东侧灯杆" in text
    looks = [e["detail"].get("what") for e in await town.audited()]
    assert looks.count("filing list") == 2


async def test_a_village_head_files_the_own_village_only(town):
    async with town.browser("head") as browser:
        text = (await (await browser.get("/api/v1/cameras/filing.csv")).read()).decode("utf-8-sig")
    assert "cam-east" in text
    assert "cam-west" not in text


async def test_the_words_of_the_form_come_in_chinese_and_english(town):
    async with town.browser("admin") as browser:
        words = await (await browser.get("/api/v1/cameras/words")).json()
    assert [layer["zh"] for layer in words["layers"]] == ["面上", "卡点", "社区", "要害"]
    assert len(words["prohibited_places"]) == 7
    assert {make["id"] for make in words["makes"]} == {"hikvision", "dahua", "uniview", "tp-link"}


async def test_a_new_login_is_sealed_for_every_channel_of_the_recorder(town):
    async with town.browser("admin") as browser:
        for number in (1, 2):
            channel = {"source": f"s-{number}", "stream_uri": f"rtsp://192.168.1.64/{number}"}
            await adopted(browser, **channel)
        body = {"username": "onvif2", "password": "changed-word"}
        answer = await browser.put(f"/api/v1/cameras/{EAST}-cam-01/login", json=body)
        assert (answer.status, await answer.json()) == (200, {"cameras": 2})
    for number in ("01", "02"):
        row = await camera(town, f"{EAST}-cam-{number}")
        opened = town.box.open(row.password_sealed, context=password_context(row.id))
        assert (row.username, opened.decode()) == ("onvif2", "changed-word")
    assert "changed-word" not in str(await town.audited())
    assert town.network.changes == 3


async def test_a_camera_out_of_service_is_forgotten_but_for_its_name_and_can_come_anew(town):
    async with town.browser("admin") as browser:
        _, said = await adopted(browser)
        path = f"/{said['id']}"
        assert (await post(browser, f"{path}/retire", {"reason": " "}))[0] == 422
        assert (await post(browser, f"{path}/retire", {"reason": "拆除"}))[0] == 204
        row = await camera(town, said["id"])
        assert (row.enabled, row.stream_uri, row.password_sealed) == (False, None, None)
        assert row.name == "东村牌坊"
        assert (await post(browser, f"{path}/sign", {}))[0] == 409
        assert (await adopted(browser))[1]["id"] == f"{EAST}-cam-02"
    retired = [e for e in await town.audited() if e["detail"].get("change") == "retired"]
    assert [e["detail"]["reason"] for e in retired] == ["拆除"]


async def test_another_villages_camera_is_neither_given_a_login_nor_retired(town):
    async with town.browser("head") as browser:
        answer = await browser.put("/api/v1/cameras/cam-west/login", json={"password": "x"})
        assert answer.status == 404
        assert (await post(browser, "/cam-west/retire", {"reason": "拆除"}))[0] == 404
