"""Live view over its socket: who may look, what is sent, and that every look is written down."""

import asyncio
import json
import struct
from contextlib import asynccontextmanager
from dataclasses import replace

import aiohttp
import pytest
from sqlalchemy import insert, update

from camerad.live.model import CloseLive, LiveTaken, LiveWaits, OpenLive, Waiting
from linkage import schema as s
from linkage.looking.register import Ended, LookKind, LookRegister, NewLook
from linkage.looking.settings import LiveSettings
from linkage.web.live_words import MOST_VIEWS
from tests.linkage.web_house import EAST, WEST, house
from tests.polling import until


@pytest.fixture
async def town(tmp_path):
    async with house(tmp_path, live=LiveSettings(views=2, lasts=300.0)) as h:
        await h.person("duty", "duty-officer")
        await h.person("shift", "shift-leader")
        yield h


class Page:
    """A console page's socket, as a test drives it."""

    def __init__(self, socket):
        self.socket = socket

    async def say(self, **message):
        await self.socket.send_str(json.dumps(message))

    async def hear(self):
        message = await self.socket.receive(timeout=20)
        if message.type is aiohttp.WSMsgType.BINARY:
            return struct.unpack(">BBBBIQI", message.data[:20]), message.data[20:]
        assert message.type is aiohttp.WSMsgType.TEXT, message
        return json.loads(message.data)

    async def hear_of(self, kind):
        """The next message of this type; what comes before it is passed over."""
        while True:
            said = await self.hear()
            if isinstance(said, dict) and said["type"] == kind:
                return said


@asynccontextmanager
async def page(town, username="duty", **headers):
    async with town.browser(username) as browser:
        headers = {"Origin": town.url.rstrip("/"), **headers}
        async with browser.ws_connect("/api/v1/live", headers=headers) as socket:
            yield Page(socket)


async def register(town):
    async with town.browser("shift") as browser:
        return (await (await browser.get("/api/v1/looks")).json())["items"]


async def closed_register(town):
    """The register, once nobody looks any more."""
    found = []

    async def is_closed():
        found[:] = await register(town)
        return bool(found) and all(look["ended"] for look in found)

    await until(is_closed, timeout_s=20)
    return found


async def linked(town, incident="i-1", camera="cam-east"):
    await town.incident(incident)
    row = insert(s.incident_cameras).values(incident_id=incident, camera_id=camera)
    await town.database.write(lambda conn: conn.execute(row))


async def test_an_officer_of_an_incident_sees_its_camera_and_the_look_is_written_down(town):
    await linked(town)
    async with page(town) as p:
        await p.say(type="open", view=3, camera="cam-east", incident="i-1")
        begun = await p.hear()
        assert (begun["type"], begun["view"], begun["lasts_s"]) == ("begun", 3, 300.0)
        (open_look,) = await register(town)
        assert (open_look["ended"], open_look["id"]) == (None, begun["look"])
        number = town.pictures.live.film()
        assert town.pictures.live.orders == [OpenLive(number, "cam-east", film=True)]
        form = await p.hear_of("format")
        assert (form["view"], form["via"], form["codec"]) == (3, "fmp4", "avc1.42C01E")
        assert await p.hear() == ((1, 1, 3, 0, 1, 0, 0), b"init")
        assert await p.hear() == ((1, 2, 3, 0, 2, 1_700_000_000_000, 40), b"fragment 2")
        await p.say(type="taken", view=3, number=2)
        town.clock.move(42)
        await p.say(type="close", view=3)
        over = await p.hear_of("over")
    assert (over["why"], over["refused"]) == ("closed", False)
    (look,) = await closed_register(town)
    assert (look["username"], look["unit"], look["camera"]) == ("duty", "综治中心", "cam-east")
    assert (look["incident"], look["incident_number"]) == ("i-1", "20261121-i-1")
    assert (look["seconds"], look["why_ended"], look["purpose"]) == (42.0, "closed", None)
    assert town.pictures.live.orders[1:] == [LiveTaken(number, 2), CloseLive(number)]
    begin, end = [e for e in await town.audited() if e["action"] == "look"]
    assert (begin["detail"]["live"], begin["detail"]["incident"]) == ("begun", "i-1")
    assert (end["detail"]["live"], end["detail"]["seconds"]) == ("ended", 42.0)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"camera": "cam-east"}, "no-reason"),
        ({"camera": "cam-east", "incident": "i-1"}, "no-reason"),
        ({"camera": "cam-east", "incident": "nowhere", "purpose": "x"}, "no-such-incident"),
        ({"camera": "cam-home", "purpose": "x"}, "not-during-incident"),
        ({"camera": "cam-nowhere", "purpose": "x"}, "not-found"),
    ],
)
async def test_what_may_not_be_looked_at_is_refused_with_its_reason(town, said, why):
    await town.incident("i-1")
    async with page(town) as p:
        await p.say(type="open", view=0, **said)
        over = await p.hear()
    assert (over["type"], over["why"], over["refused"]) == ("over", why, True)
    assert over["said"]
    assert await register(town) == []
    assert town.pictures.live.orders == []


async def test_a_camera_of_another_village_is_not_there(town):
    await town.person("west", "duty-officer", [WEST])
    async with page(town, "west") as p:
        await p.say(type="open", view=0, camera="cam-east", purpose="巡查")
        assert (await p.hear())["why"] == "not-found"


async def test_a_stated_purpose_lies_sealed_and_is_read_in_the_register(town):
    async with page(town) as p:
        await p.say(type="open", view=0, camera="cam-east", purpose=" 巡查集市 ")
        await p.hear_of("begun")
    (look,) = await closed_register(town)
    assert (look["purpose"], look["incident"], look["why_ended"]) == ("巡查集市", None, "left")
    assert "巡查" not in str(await town.audited())


async def test_it_ends_by_itself_unless_more_time_is_asked_for(town):
    async with page(town) as p:
        await p.say(type="open", view=0, camera="cam-east", purpose="巡查")
        first = await p.hear_of("begun")
        town.clock.move(200)
        await p.say(type="continue", view=0)
        more = await p.hear_of("begun")
        assert more["until_ms"] == first["until_ms"] + 200_000
        town.clock.move(299)
        town.pictures.live.film()
        await p.hear_of("format")
        town.clock.move(2)
        assert (await p.hear_of("over"))["why"] == "time"
    (look,) = await closed_register(town)
    assert (look["seconds"], look["why_ended"]) == (501.0, "time")


async def test_it_ends_when_its_reason_does(town):
    await linked(town, camera="cam-home")
    async with page(town) as p:
        await p.say(type="open", view=0, camera="cam-home", incident="i-1")
        await p.hear_of("begun")
        closed = update(s.incidents).values(stage="closed")
        await town.database.write(lambda conn: conn.execute(closed))
        town.clock.move(4)
        assert (await p.hear_of("over"))["why"] == "not-allowed"
    assert (await closed_register(town))[0]["why_ended"] == "not-allowed"


async def test_it_ends_when_the_right_to_look_does(town):
    async with page(town) as p:
        await p.say(type="open", view=0, camera="cam-east", purpose="巡查")
        await p.hear_of("begun")
        gone = s.sessions.delete().where(s.sessions.c.username == "duty")
        await town.database.write(lambda conn: conn.execute(gone))
        town.clock.move(4)
        assert (await p.hear_of("over"))["why"] == "not-allowed"


async def test_a_viewer_that_answers_nothing_is_let_go(town):
    async with page(town) as p:
        await p.say(type="open", view=0, camera="cam-east", purpose="巡查")
        await p.hear_of("begun")
        town.pictures.live.film()
        await p.hear_of("format")
        await p.hear()
        town.clock.move(16)
        assert (await p.hear_of("over"))["why"] == "silent"


async def test_so_many_look_at_once_and_the_next_is_refused(town):
    async with page(town) as p, page(town, "shift") as other:
        for view in (0, 1):
            await p.say(type="open", view=view, camera="cam-east", purpose="巡查")
            await p.hear_of("begun")
        await other.say(type="open", view=0, camera="cam-east", purpose="巡查")
        over = await other.hear()
        assert (over["why"], over["refused"]) == ("too-many", True)
        await p.say(type="close", view=1)
        await p.hear_of("over")
        await other.say(type="open", view=0, camera="cam-east", purpose="巡查")
        await other.hear_of("begun")


async def test_a_browser_that_cannot_play_the_film_gets_pictures(town):
    async with page(town) as p:
        await p.say(type="open", view=0, camera="cam-east", purpose="巡查")
        await p.hear_of("begun")
        first = town.pictures.live.film()
        await p.hear_of("format")
        await p.say(type="pictures", view=0)
        await until(_asked(town, OpenLive(first + 1, "cam-east", film=False)), timeout_s=20)
    assert CloseLive(first) in town.pictures.live.orders
    assert len(await closed_register(town)) == 1


async def test_when_a_worker_dies_the_view_is_asked_for_anew(town):
    async with page(town) as p:
        await p.say(type="open", view=0, camera="cam-east", purpose="巡查")
        await p.hear_of("begun")
        first = town.pictures.live.film()
        await p.hear_of("format")
        town.pictures.live.lose("cam-east")
        assert (await p.hear_of("waits"))["why"] == "starting"
        await until(_asked(town, OpenLive(first + 1, "cam-east", film=True)), timeout_s=20)
        town.pictures.live.film()
        await p.hear_of("format")


async def test_a_camera_without_a_picture_says_so_and_is_tried_on(town):
    async with page(town) as p:
        await p.say(type="open", view=0, camera="cam-down", purpose="巡查")
        await p.hear_of("begun")
        waits = await p.hear_of("waits")
        assert (waits["why"], "watched" in waits["said"]) == ("camera", True)
        await p.say(type="open", view=1, camera="cam-east", purpose="巡查")
        await p.hear_of("begun")
        feed = town.pictures.live.feeds[-1]
        town.pictures.live._desk.heard(LiveWaits(feed.view, Waiting.CAMERA, "断线 / lost"))
        while (waits := await p.hear_of("waits"))["view"] != 1:
            pass
        assert waits["said"] == "断线 / lost"


async def test_another_sites_page_cannot_open_the_socket(town):
    for origin in ("http://evil.example", ""):
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            async with page(town, Origin=origin):
                pass
        assert refused.value.status == 403


async def test_what_is_no_message_is_answered_as_such(town):
    async with page(town) as p:
        await p.say(type="what", view=0)
        assert (await p.hear())["why"] == "bad"


async def test_a_seventeenth_view_of_a_page_and_one_twice_are_refused(tmp_path):
    async with house(tmp_path, live=LiveSettings(views=2 * MOST_VIEWS)) as town:
        await town.person("duty", "duty-officer")
        async with page(town) as p:
            for view in range(MOST_VIEWS):
                await p.say(type="open", view=view, camera="cam-east", purpose="巡查")
                await p.hear_of("begun")
            for view in (0, MOST_VIEWS):
                await p.say(type="open", view=view, camera="cam-east", purpose="巡查")
                over = await p.hear_of("over")
                assert (over["view"], over["why"]) == (view, "bad")


async def test_a_look_that_the_service_died_in_is_closed_at_its_next_start(town):
    who = await _principal(town)
    before = LookRegister(town.database, town.box, town.clock, writer="main")
    elsewhere = LookRegister(town.database, town.box, town.clock, writer="other")
    new = NewLook(LookKind.LIVE, "cam-east", who, "127.0.0.1", "巡查", None)
    lost = await before.begin(new)
    await elsewhere.begin(replace(new, id="running"))
    town.clock.move(20)
    await before.touch([lost])
    town.clock.move(3600)
    after = LookRegister(town.database, town.box, town.clock, writer="main")
    assert await after.close_forgotten() == 1
    assert await after.close_forgotten() == 0
    ended = {look["id"]: look for look in await register(town)}[lost]
    assert (ended["why_ended"], ended["seconds"]) == ("unknown", 20.0)
    await after.end(lost, Ended.CLOSED)
    assert {x["id"]: x for x in await register(town)}[lost] == ended
    assert sum(look["ended"] is None for look in await register(town)) == 1


async def test_the_register_is_read_page_by_page_inside_ones_places(town):
    who = await _principal(town)
    looks = LookRegister(town.database, town.box, town.clock, writer="main")
    for camera in ("cam-east", "cam-west", "cam-east"):
        town.clock.move(1)
        await looks.begin(NewLook(LookKind.SNAPSHOT, camera, who, "", "x", None))
    await town.person("auditor", "auditor", [EAST])
    async with town.browser("auditor") as browser:
        one = await (await browser.get("/api/v1/looks?limit=1")).json()
        two = await (await browser.get(f"/api/v1/looks?limit=1&after={one['next']}")).json()
        three = await (await browser.get(f"/api/v1/looks?limit=1&after={two['next']}")).json()
        assert (await browser.get("/api/v1/looks?after=guess")).status == 400
        of_west = await (await browser.get("/api/v1/looks?camera=cam-west")).json()
    assert [p["items"][0]["camera"] for p in (one, two)] == ["cam-east", "cam-east"]
    assert (three["items"], of_west["items"]) == ([], [])


async def test_when_the_service_stops_the_look_says_so(tmp_path):
    async with house(tmp_path) as town:
        await town.person("duty", "duty-officer")
        async with page(town) as p:
            await p.say(type="open", view=0, camera="cam-east", purpose="巡查")
            begun = await p.hear_of("begun")
            await town.server.runner.cleanup()
        looks = await town.database.read(_rows)
    assert [(row.id, row.why_ended) for row in looks] == [(begun["look"], "service")]


def _rows(conn):
    return conn.exec_driver_sql("SELECT id, why_ended FROM looks").all()


def _asked(town, order):
    async def is_there():
        await asyncio.sleep(0)
        return order in town.pictures.live.orders

    return is_there


async def _principal(town):
    from linkage.accounts.rights import Places, Principal, Role

    return Principal("duty", "值班员", "综治中心", Role.DUTY_OFFICER, Places(None))
