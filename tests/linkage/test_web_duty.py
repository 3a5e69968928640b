"""The duty room over the API: who is there, its registry, whom to send, hand-over."""

from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import update

from alarms.errors import StoreBusy
from alarms.store import chain
from camerad.model import CameraHealth, CameraState
from linkage import schema as s
from linkage import timeline
from linkage.duty.schema import handovers
from linkage.model.event import EventType
from tests.linkage.duty import seeded
from tests.linkage.web_house import EAST, START, WEST, house

ZONE = ZoneInfo("Asia/Shanghai")
# the house's clock stands at 20:00 local time
NIGHT, MORNING = "2026-11-21T20:00:00.000+08:00", "2026-11-22T08:00:00.000+08:00"


@pytest.fixture
async def h(tmp_path):
    async with house(tmp_path) as one:
        for name, role, places in (
            ("shift", "shift-leader", ["*"]),
            ("duty", "duty-officer", ["*"]),
            ("crew", "patrol", [EAST]),
            ("head", "village-head", [WEST]),
            ("eastern", "shift-leader", [EAST]),
        ):
            await one.person(name, role, places)
        yield one


async def seed(h) -> str:
    return await h.database.write(
        lambda conn: seeded.seed(
            conn, h.box, village=EAST, crew="crew", now=h.clock.now(), zone=ZONE
        )
    )


class Api:
    """Calls as one person; answers (status, body)."""

    def __init__(self, h, username):
        self.h, self.username = h, username

    async def __call__(self, method, path, json=None):
        async with (
            self.h.browser(self.username) as browser,
            browser.request(method, f"/api/v1/{path}", json=json) as answer,
        ):
            is_json = "json" in answer.content_type
            return answer.status, (await answer.json() if is_json else await answer.text())

    async def get(self, path):
        status, body = await self("GET", path)
        assert status == 200, body
        return body


@pytest.fixture
def shift(h):
    return Api(h, "shift")


@pytest.fixture
def duty(h):
    return Api(h, "duty")


# --- who is on duty now ---------------------------------------------------------------------------


async def test_duty_says_who_is_there_until_when_and_who_is_next(h, shift):
    await seed(h)
    found = await shift.get("duty")
    (post,) = found["posts"]
    assert post["people"] == [{"username": "crew", "display_name": "crew 显示名"}]
    # away from 21:00 to 23:00
    assert (post["until"], post["is_gap"]) == ("2026-11-21T21:00:00.000+08:00", False)
    assert post["next"] == {"from": "2026-11-21T21:00:00.000+08:00", "people": []}
    (gap,) = found["gaps"]
    assert (gap["from"], gap["until"]) == (
        "2026-11-21T21:00:00.000+08:00",
        "2026-11-21T23:00:00.000+08:00",
    )
    assert [p["username"] for p in gap["absent"]] == ["crew"]
    assert found["at"] == NIGHT


async def test_duty_says_who_is_away_and_that_the_post_is_empty_now(h, shift):
    await seed(h)
    h.clock.move(3700)
    (post,) = (await shift.get("duty"))["posts"]
    assert (post["people"], post["is_gap"]) == ([], True)
    assert [p["username"] for p in post["absent"]] == ["crew"]


async def test_post_that_nobody_will_ever_hold_has_no_next(h, shift):
    await shift("POST", "duty/posts", {"name": "带班", "role": "shift-leader"})
    (post,) = (await shift.get("duty"))["posts"]
    assert (post["until"], post["next"], post["is_gap"]) == (None, None, True)


async def test_duty_says_whether_somebody_sits_at_a_console(h, shift):
    assert (await shift.get("duty"))["chair"] == {"attended": False, "uncovered": ["*"]}
    async with h.browser("duty") as browser:
        said = {"sound": "unlocked", "visible": True}
        await browser.post("/api/v1/presence", json=said)
        async with browser.get("/api/v1/duty") as answer:
            assert (await answer.json())["chair"] == {"attended": True, "uncovered": []}


async def test_why_somebody_is_away_is_for_those_who_make_the_rota(h, shift, duty):
    await seed(h)
    (seen,) = (await shift.get("duty"))["absences"]
    (hidden,) = (await duty.get("duty"))["absences"]
    assert (seen["reason"], hidden["reason"], hidden["note"]) == ("other", None, None)
    assert hidden["display_name"] == "crew 显示名"


async def test_team_is_shown_with_masked_telephones_and_whether_it_is_free(h, duty):
    await seed(h)
    (team,) = (await duty.get("duty"))["teams"]
    assert (team["active"], team["free"], team["incident"]) == (True, True, None)
    assert team["members"] == [
        {"username": "crew", "name": "crew 显示名", "phone": None},
        {"username": None, "name": "老王", "phone": "138****5678"},
    ]
    (officer,) = (await duty.get("duty"))["officers"]
    assert (officer["village_name"], officer["phone"]) == ("东村", "138****5678")


async def test_village_head_sees_nothing_of_another_village(h):
    await seed(h)
    found = await Api(h, "head").get("duty")
    assert [found[k] for k in ("posts", "gaps", "absences", "teams", "officers")] == [[]] * 5
    for noun in ("posts", "patterns", "overrides", "teams", "officers"):
        assert await Api(h, "head").get(f"duty/{noun}") == {"items": []}


async def test_whoever_edits_is_told_whom_and_where_entries_may_name(h, shift):
    found = await shift.get("duty/names")
    people = {one["username"]: one["role"] for one in found["people"]}
    assert people["crew"] == "patrol"
    assert {one["id"] for one in found["villages"]} >= {EAST, WEST}

    eastern = await Api(h, "eastern").get("duty/names")
    assert [one["id"] for one in eastern["villages"]] == [EAST]
    assert {one["village"] for one in eastern["grids"]} <= {EAST}
    assert "head" not in {one["username"] for one in eastern["people"]}  # is of the west


# --- the registry ---------------------------------------------------------------------------------

POST = {"name": "值班席", "role": "duty-officer", "hours": "20:00-08:00"}
PATTERN = {"post": "post-1", "start": "20:00", "hours": 12, "begins_on": "2026-11-21"}
TIME = {"from": NIGHT, "until": MORNING}


async def test_post_is_made_replaced_and_removed_and_each_change_is_recorded(h, shift):
    status, made = await shift("POST", "duty/posts", POST)
    assert status == 201
    assert made == {
        **POST,
        "id": made["id"],
        "villages": ["*"],
        "grids": [],
        "must_be_manned": True,
    }
    status, changed = await shift("PUT", f"duty/posts/{made['id']}", {**POST, "name": "一号席"})
    assert (status, changed["name"]) == (200, "一号席")
    assert (await shift("DELETE", f"duty/posts/{made['id']}"))[0] == 204
    assert await shift.get("duty/posts") == {"items": []}
    said = [
        (e["actor"], e["detail"])
        for e in await h.audited()
        if e["object"] == f"duty-post:{made['id']}"
    ]
    assert [who for who, _ in said] == ["shift"] * 3
    assert said[0][1]["hours"] == "20:00-08:00"
    assert said[2][1]["removed"] is True


async def test_entry_may_be_named_by_its_maker_and_comes_back_as_it_was_given(shift):
    status, made = await shift("POST", "duty/posts", {**POST, "id": "desk"})
    assert (status, made["id"]) == (201, "desk")
    assert (await shift("POST", "duty/posts", {**POST, "id": "desk"}))[0] == 409
    assert await shift("PUT", "duty/posts/desk", made) == (200, made)
    assert (await shift("PUT", "duty/posts/desk", {**made, "id": "other"}))[0] == 422
    assert (await shift("POST", "duty/posts", {**POST, "id": "a b"}))[0] == 422


async def test_shifts_of_a_made_rota_are_on_duty(h, shift):
    _, post = await shift("POST", "duty/posts", POST)
    crews = {"crews": [["duty"], ["shift"]]}
    status, made = await shift("POST", "duty/patterns", {**PATTERN, "post": post["id"], **crews})
    assert (status, made["weekdays"], made["turn"]) == (201, [1, 2, 3, 4, 5, 6, 7], "shift")
    (now,) = (await shift.get("duty"))["posts"]
    assert [p["username"] for p in now["people"]] == ["duty"]
    status, _ = await shift(
        "POST",
        "duty/overrides",
        {"post": post["id"], "username": "shift", "replaces": "duty", **TIME},
    )
    assert status == 201
    (now,) = (await shift.get("duty"))["posts"]
    assert [p["username"] for p in now["people"]] == ["shift"]
    (kept,) = (await shift.get("duty/overrides"))["items"]
    assert (kept["from"], kept["replaces"]) == ("2026-11-21T20:00:00+08:00", "duty")


@pytest.mark.parametrize(
    ("noun", "body", "why"),
    [
        ("posts", {**POST, "villages": ["nowhere"]}, "no village 'nowhere'"),
        ("posts", {**POST, "villages": [EAST], "grids": [f"{WEST}-g1"]}, "no grid"),
        ("posts", {**POST, "villages": []}, "length"),
        ("posts", {**POST, "hours": "20:00"}, "regex"),
        ("posts", {**POST, "role": "king"}, "king"),
        ("posts", {**POST, "name": "a\u0000"}, "regex"),
        ("patterns", {**PATTERN, "crews": [["ghost"]]}, "no account 'ghost'"),
        ("patterns", {**PATTERN, "crews": [[]]}, "at least one crew"),
        ("patterns", {**PATTERN, "crews": [["crew"]], "post": "gone"}, "no post 'gone'"),
        ("patterns", {**PATTERN, "crews": [["crew"]], "weekdays": [8]}, "<= 7"),
        ("patterns", {**PATTERN, "crews": [["crew"]], "hours": 0.001}, "168 h at most"),
        ("patterns", {**PATTERN, "crews": [["crew"]], "ends_on": "2026-11-20"}, "ends before"),
        ("overrides", {"post": "post-1", **TIME}, "say who stands in"),
        ("overrides", {"post": "post-1", "username": "ghost", **TIME}, "no account"),
        (
            "overrides",
            {"post": "post-1", "username": "crew", "from": MORNING, "until": NIGHT},
            "ends",
        ),
        ("absences", {"username": "crew", "from": MORNING, "until": NIGHT}, "ends before"),
        ("absences", {"username": "ghost", **TIME}, "no account"),
        (
            "absences",
            {"username": "crew", "from": "0001-01-01T00:00:00Z", "until": NIGHT},
            "2000 to 2100",
        ),
        (
            "absences",
            {"username": "crew", "from": "2026-11-21T20:00:00", "until": NIGHT},
            "timezone",
        ),
        ("teams", {"name": "一队", "latitude": 30.0}, "both latitude and longitude"),
        ("teams", {"name": "一队", "usernames": ["ghost"]}, "no account"),
        (
            "teams",
            {"name": "一队", "members": [{"name": "老李", "phone": "138****0000"}]},
            "not complete",
        ),
    ],
)
async def test_entry_that_makes_no_sense_is_refused_with_a_sentence(h, shift, noun, body, why):
    await seed(h)
    status, problem = await shift("POST", f"duty/{noun}", body)
    assert status == 422
    assert why in problem["detail"]


@pytest.mark.parametrize("body", [{}, {"name": "周警官"}, {"username": "ghost"}])
async def test_village_officer_needs_an_account_or_a_name_and_a_telephone(h, shift, body):
    status, _ = await shift("PUT", f"duty/officers/{EAST}", body)
    assert status == 422


async def test_officer_of_no_village_is_refused(h, shift):
    for village in ("nowhere", "*"):
        status, _ = await shift("PUT", f"duty/officers/{village}", {"username": "crew"})
        assert status == 422


async def test_village_has_one_officer_who_may_be_an_account(h, shift):
    await seed(h)
    status, made = await shift(
        "PUT", f"duty/officers/{EAST}", {"username": "crew", "unit": "派出所"}
    )
    assert (status, made["village"], made["phone"]) == (200, EAST, "")
    assert len((await shift.get("duty/officers"))["items"]) == 1


async def test_masked_telephone_that_comes_back_keeps_the_one_that_was_there(h, shift):
    await seed(h)
    await h.incident("i-east")
    (team,) = (await shift.get("duty/teams"))["items"]
    assert team["members"] == [{"name": "老王", "phone": "138****5678"}]
    name = team.pop("id")
    status, _ = await shift("PUT", f"duty/teams/{name}", {**team, "name": "巡防二队"})
    assert status == 200
    (first, *_) = (await shift.get("incidents/i-east/proposals"))["items"]
    assert (first["name"], first["members"][1]["phone"]) == ("巡防二队", seeded.PHONE)


async def test_what_is_not_there_cannot_be_replaced_or_removed(h, shift):
    assert (await shift("PUT", "duty/posts/gone", POST))[0] == 404
    assert (await shift("DELETE", "duty/posts/gone"))[0] == 404


async def test_leader_of_one_village_changes_nothing_that_is_not_wholly_theirs(h, shift):
    await seed(h)
    eastern = Api(h, "eastern")
    _, town = await shift("POST", "duty/posts", POST)
    for method, path, body in (
        ("PUT", f"duty/posts/{town['id']}", {**POST, "villages": [EAST]}),
        ("DELETE", f"duty/posts/{town['id']}", None),
        ("POST", "duty/posts", POST),
        ("PUT", "duty/posts/post-1", {**POST, "villages": [EAST, WEST]}),
        ("POST", "duty/patterns", {**PATTERN, "post": town["id"], "crews": [["crew"]]}),
        ("POST", "duty/absences", {"username": "shift", **TIME}),
        ("PUT", f"duty/officers/{WEST}", {"username": "crew"}),
    ):
        assert (await eastern(method, path, body))[0] == 404, path
    assert (await eastern("PUT", "duty/posts/post-1", {**POST, "villages": [EAST]}))[0] == 200
    # what touches the village is seen
    assert len((await eastern.get("duty/posts"))["items"]) == 2


# --- whom to send ---------------------------------------------------------------------------------


async def test_teams_are_proposed_with_distance_reasons_and_the_village_officer_last(h, duty):
    await seed(h)
    await h.incident("i-east")
    team, officer = (await duty.get("incidents/i-east/proposals"))["items"]
    assert (team["rank"], team["sort"], team["dispatch_to"]) == (1, "team", "巡防一队")
    assert (team["fit"], team["free"], team["active"]) == ("village", True, True)
    assert "本村 / its own village" in team["reasons"]
    assert (officer["rank"], officer["sort"], officer["dispatch_to"]) == (
        2,
        "village-officer",
        "周警官",
    )


async def test_telephones_are_clear_for_who_sends_and_that_is_recorded(h, duty):
    await seed(h)
    await h.incident("i-east")
    (team, _) = (await duty.get("incidents/i-east/proposals"))["items"]
    assert team["members"][1]["phone"] == seeded.PHONE
    entry = (await h.audited())[-1]
    assert (entry["action"], entry["object"]) == ("look", "incident:i-east")
    assert entry["detail"]["purpose"] == "whom to send"


async def test_telephones_stay_masked_when_the_look_cannot_be_recorded(h, duty):
    await seed(h)
    await h.incident("i-east")
    async with h.browser("duty") as browser:

        async def busy(*_entries):
            raise StoreBusy("locked")

        h.audit.record = busy
        async with browser.get("/api/v1/incidents/i-east/proposals") as answer:
            (team, _) = (await answer.json())["items"]
    assert team["members"][1]["phone"] == "138****5678"


async def sent(h, incident_id, *events):
    """The incident is dispatched, with these events (type, data)."""

    def write(conn):
        conn.execute(
            update(s.incidents).where(s.incidents.c.id == incident_id).values(stage="dispatched")
        )
        return timeline.record(
            conn,
            incident_id,
            [timeline.NewEvent(kind, data) for kind, data in events],
            writer="test",
            at_ms=0,
            new_version=True,
        )

    await h.database.write(write)


async def test_team_that_was_sent_to_another_incident_is_busy_until_others_are(h, duty):
    await seed(h)
    await h.incident("i-east")
    await h.incident("i-1")
    to_team = (EventType.DISPATCHED, {"to": "巡防一队"})
    await sent(h, "i-1", to_team)
    (team, _) = (await duty.get("incidents/i-east/proposals"))["items"]
    assert (team["free"], team["incident"]) == (False, "20261121-i-1")
    (shown,) = (await duty.get("duty"))["teams"]
    assert shown["incident"] == "20261121-i-1"
    await sent(h, "i-1", (EventType.REASSIGNED, {"to": "派出所", "sign_for": False}))
    (team, _) = (await duty.get("incidents/i-east/proposals"))["items"]
    assert team["free"] is True


async def test_new_name_on_the_sign_for_frees_no_team(h, duty):
    await seed(h)
    await h.incident("i-1")
    await sent(
        h,
        "i-1",
        (EventType.DISPATCHED, {"to": "crew"}),
        (EventType.REASSIGNED, {"sign_for": True}),
    )
    (shown,) = (await duty.get("duty"))["teams"]
    assert shown["free"] is False


async def test_officer_of_another_village_is_not_proposed(h, shift, duty):
    await shift("PUT", f"duty/officers/{WEST}", {"username": "crew"})
    await h.incident("i-east")
    assert (await duty.get("incidents/i-east/proposals"))["items"] == []


@pytest.mark.parametrize(
    "where",
    [
        {"household_id": None, "camera_id": "cam-east"},
        {"household_id": None},
    ],
)
async def test_teams_are_proposed_also_where_no_household_is_known(h, duty, where):
    await seed(h)
    await h.incident("i-1", **where)
    (team, _) = (await duty.get("incidents/i-1/proposals"))["items"]
    assert team["fit"] == "village"


async def test_village_officer_who_is_on_leave_is_shown_so(h, shift, duty):
    await shift("PUT", f"duty/officers/{EAST}", {"username": "crew"})
    await shift("POST", "duty/absences", {"username": "crew", "reason": "leave", **TIME})
    await h.incident("i-east")
    (officer,) = (await duty.get("incidents/i-east/proposals"))["items"]
    assert (officer["active"], officer["dispatch_to"]) == (False, "crew")
    assert officer["reasons"][-1] == "请假 / away"


# --- hand-over ------------------------------------------------------------------------------------


async def test_outgoing_drafts_what_is_open_and_incoming_signs_it(h, duty, shift):
    await seed(h)
    await h.incident("i-east")
    down = CameraHealth("cam-west", CameraState.DOWN, "unreachable", "", START)
    h.health["cam-west"] = down
    status, drafted = await duty("POST", "handover", {"notes": "东门灯坏"})
    assert (status, drafted["state"], drafted["incoming"]) == (201, "drafted", None)
    sheet = drafted["sheet"]
    assert sheet["notes"] == "东门灯坏"
    (incident,) = sheet["incidents"]
    assert (incident["number"], incident["stage"], incident["acknowledged_by"]) == (
        "20261121-i-east",
        "reported",
        None,
    )
    assert incident["place"] == "东村 东村3组 3组017号"
    assert sheet["cameras_down"] == [
        {"id": "cam-west", "name": "cam-west 路口", "reason": "unreachable"}
    ]
    assert sheet["duty"] == [{"post": "东门岗", "people": ["crew 显示名"], "absent": []}]
    assert {head["chain"] for head in sheet["chains"]} >= {"incident_events", "audit_entries"}
    h.clock.move(60)
    status, signed = await shift("POST", f"handover/{drafted['id']}/sign", {"notes": "收到"})
    assert (status, signed["state"]) == (200, "signed")
    assert signed["outgoing"]["username"] == "duty"
    assert (signed["incoming"]["display_name"], signed["incoming"]["at"]) == (
        "shift 显示名",
        "2026-11-21T20:01:00.000+08:00",
    )
    assert signed["sheet"] == sheet
    assert signed["since"] == {"notes": "收到", "opened": [], "ended": []}


async def test_what_came_up_between_draft_and_signature_is_written_down(h, duty, shift):
    await h.incident("i-1")
    _, drafted = await duty("POST", "handover", {})
    await h.incident("i-2")
    await h.database.write(
        lambda conn: conn.execute(
            update(s.incidents).where(s.incidents.c.id == "i-1").values(stage="closed")
        )
    )
    _, signed = await shift("POST", f"handover/{drafted['id']}/sign", {})
    assert signed["since"]["opened"] == ["20261121-i-2"]
    assert signed["since"]["ended"] == ["20261121-i-1"]


async def test_nobody_takes_over_from_themselves_nor_what_is_taken_already(h, duty, shift):
    _, drafted = await duty("POST", "handover", {})
    path = f"handover/{drafted['id']}/sign"
    status, problem = await duty("POST", path, {})
    assert (status, problem["detail"].split(" / ")[0]) == (409, "交班人不能自己接班")
    assert (await shift("POST", path, {}))[0] == 200
    status, problem = await shift("POST", path, {})
    assert status == 409
    assert "shift 显示名已签收" in problem["detail"]
    assert (await shift("POST", "handover/gone/sign", {}))[0] == 404


async def test_hand_overs_are_listed_the_newest_first_within_places(h, duty, shift):
    await seed(h)
    for notes in ("一", "二"):
        h.clock.move(1)
        await duty("POST", "handover", {"notes": notes})
    items = (await shift.get("handover?limit=2"))["items"]
    assert [i["outgoing"]["username"] for i in items] == ["duty", "duty"]
    assert items[0]["outgoing"]["at"] > items[1]["outgoing"]["at"]
    assert items[0]["sheet"] is None
    # of the village only; the town's hold what is not theirs
    (own,) = (await Api(h, "eastern").get("handover"))["items"]
    assert own["outgoing"]["username"] == "outgoing"


async def test_hand_over_can_be_printed_with_nothing_in_it_taken_for_markup(h, duty, shift):
    await h.incident("i-east", acknowledged_by="duty", acknowledged_at_ms=0)
    h.health["cam-west"] = CameraHealth("cam-west", CameraState.DOWN, "hung", "", START)
    _, drafted = await duty("POST", "handover", {"notes": "<b>灯</b>\n钥匙"})
    page = await shift.get(f"handover/{drafted['id']}.html")
    assert "待接班人签收" in page
    assert "&lt;b&gt;灯&lt;/b&gt;<br>钥匙" in page
    for text in (
        "20261121-i-east",
        "紧急求助",
        "采集上报",
        "duty 显示名",
        "cam-west",
        "incident_events",
    ):
        assert text in page
    assert "+08:00" not in page, "times are as people write them"
    await h.incident("i-2")
    await shift("POST", f"handover/{drafted['id']}/sign", {"notes": "收到"})
    page = await shift.get(f"handover/{drafted['id']}.html")
    assert "20261121-i-2" in page
    assert "收到" in page


async def test_hand_over_with_nothing_in_it_says_so_on_paper(h, duty, shift):
    _, drafted = await duty("POST", "handover", {})
    assert "无 / none" in await shift.get(f"handover/{drafted['id']}.html")


async def test_hand_overs_are_a_chain_that_shows_any_later_change(h, duty, shift):
    _, drafted = await duty("POST", "handover", {"notes": "一"})
    await shift("POST", f"handover/{drafted['id']}/sign", {})

    def faults(conn):
        return list(chain.faults(conn, handovers))

    assert await h.database.read(faults) == []
    await h.database.write(lambda conn: conn.execute(update(handovers).values(display_name="别人")))
    (fault,) = await h.database.read(faults)
    assert "display_name" in fault
    said = [e["object"] for e in await h.audited() if e["detail"].get("handover")]
    assert said == [f"handover:{drafted['id']}"] * 2
