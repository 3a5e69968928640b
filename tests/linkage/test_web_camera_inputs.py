"""Wiring a button to a camera's input over the API."""

import pytest
from sqlalchemy import insert, select

from alarms.store.tables import devices
from camerad.device_events.model import EventsHealth, EventsState
from camerad.errors import CameraUnreachable
from camerad.model import Preset, RelayOutput
from linkage.camera_events import dead_buttons, storage
from linkage.schema import zones
from tests.linkage.web_house import EAST, house
from tests.polling import until

INPUTS = "/api/v1/cameras/cam-east/inputs"
HOME = "dongcun-017"


class Listening:
    """What is heard of the one camera."""

    def __init__(self, clock) -> None:
        self.clock = clock
        self.state = EventsState.LISTENING
        self.heard = {"1": False, "2": True}
        self.dead = []
        self.looked = 0

    def health(self, camera_id):
        if camera_id != "cam-east":
            return None
        return EventsHealth(self.state, self.clock.now(), "")

    def inputs(self, camera_id):
        return self.heard if camera_id == "cam-east" else {}

    async def presets(self, camera_id):
        if self.state is not EventsState.LISTENING:
            raise CameraUnreachable("away")
        return [Preset("1", "大门")]

    async def relays(self, camera_id):
        if self.state is not EventsState.LISTENING:
            raise CameraUnreachable("away")
        return [RelayOutput("r1", monostable=False, lasts_s=0.0)]

    def look_now(self):
        self.looked += 1


@pytest.fixture
async def town(tmp_path):
    async with house(tmp_path, camera_events=Listening) as h:
        await h.person("admin", "administrator")
        await h.person("head", "village-head", [EAST])
        yield h


async def wire(browser, token="1", **body):
    answer = await browser.put(f"{INPUTS}/{token}", json={"button": "w1", **body})
    return answer.status, {} if answer.status == 204 else await answer.json()


async def shown(browser):
    answer = await browser.get(INPUTS)
    assert answer.status == 200
    return await answer.json()


async def test_a_button_is_registered_with_its_wires_and_is_in_use(town):
    async with town.browser("head") as browser:
        assert (await wire(browser, household=HOME))[0] == 204
        said = await shown(browser)
    one, two = said["items"]
    assert said["events"]["state"] == "listening"
    assert (one["token"], one["button"], one["kind"], one["active"]) == ("1", "w1", "panic", False)
    assert (two["token"], two["button"], two["active"]) == ("2", None, True)
    row = await town.database.read(
        lambda conn: conn.execute(select(devices).where(devices.c.id == "w1")).one()
    )
    assert (row.household_id, bool(row.unsigned), row.state) == (HOME, True, "issued")
    assert town.events.looked == 1


async def test_a_button_hangs_on_one_input_only_and_a_signed_one_on_none(town):
    async with town.browser("admin") as browser:
        await wire(browser)
        assert (await wire(browser, "2"))[0] == 409
        put = await browser.put("/api/v1/devices/mqtt-1", json={"household": HOME})
        assert put.status in (200, 201, 204)
        assert (await wire(browser, "2", button="mqtt-1"))[0] == 409
        assert (await wire(browser, "2", button="w2", kind="loitering"))[0] == 422
        assert (await wire(browser, "2", button="w2", kind="nothing"))[0] == 422
        assert (await wire(browser, "2" * 65, button="w2"))[0] == 422


async def test_wired_anew_it_is_not_the_same_wiring_and_forgets_how_it_stood(town):
    async with town.browser("admin") as browser:
        await wire(browser)
        before = (await town.database.read(storage.wired))[0]
        assert (await wire(browser, silent=True, normally_closed=True))[0] == 204
        same = (await town.database.read(storage.wired))[0]
        assert (same.wired_at_ms, same.silent, same.normally_closed) == (
            before.wired_at_ms,
            True,
            True,
        )
        assert (await browser.delete(f"{INPUTS}/1")).status == 204
        assert (await browser.delete(f"{INPUTS}/1")).status == 404
        town.clock.move(1)
        await wire(browser)
        anew = (await town.database.read(storage.wired))[0]
    assert anew.wired_at_ms > before.wired_at_ms


async def test_a_test_is_announced_for_two_minutes_and_a_dead_button_says_why(town):
    async with town.browser("admin") as browser:
        assert (await browser.post(f"{INPUTS}/1/test")).status == 404
        await wire(browser)
        assert (await browser.post(f"{INPUTS}/1/test")).status == 200
        wired = await town.database.read(storage.wired)
        town.events.dead = dead_buttons.dead(wired, {}, 0)
        one = (await shown(browser))["items"][0]

        async def card():
            items = (await (await browser.get("/api/v1/cameras")).json())["items"]
            found = next(c for c in items if c["id"] == "cam-east")
            return found if found["dead_buttons"] else None

        seen = await until(card, timeout_s=10)
    assert one["test_until"] is not None
    assert one["dead"] == "no-camera"
    assert (seen["dead_buttons"], seen["events"]["state"]) == (["w1"], "listening")


async def test_a_siren_hangs_on_a_relay_and_is_in_use(town):
    path = "/api/v1/cameras/cam-east/relays"
    async with town.browser("admin") as browser:
        body = {"siren": "s1", "group": "dongcun-t3"}
        assert (await browser.put(f"{path}/r1", json=body)).status == 204
        assert (await browser.put(f"{path}/r2", json=body)).status == 409
        assert (await browser.put(f"{path}/r2", json={"siren": "s1" * 40})).status == 422
        shown = await (await browser.get(path)).json()
        town.events.state = EventsState.LOST
        away = await (await browser.get(path)).json()
        assert (await browser.delete(f"{path}/r1")).status == 204
        assert (await browser.delete(f"{path}/r1")).status == 404
    assert shown == {
        "trouble": None,
        "items": [{"token": "r1", "siren": "s1", "monostable": False, "lasts_s": 0.0}],
    }
    assert (away["trouble"], away["items"][0]["monostable"]) == ("away", None)
    row = await town.database.read(
        lambda conn: conn.execute(select(devices).where(devices.c.id == "s1")).one()
    )
    assert (row.kind, row.group_id, row.state) == ("siren", "dongcun-t3", "issued")


async def test_a_camera_has_a_preset_for_incidents(town):
    path = "/api/v1/cameras/cam-east/preset"
    async with town.browser("admin") as browser:
        assert (await browser.delete(path)).status == 404
        assert (await browser.put(path, json={"preset": "1", "back_after_s": 1})).status == 422
        assert (await browser.put(path, json={"preset": "1"})).status == 204
        assert (await browser.put(path, json={"preset": "1", "home": "2"})).status == 204
        shown = await (await browser.get(path)).json()
        town.events.state = EventsState.LOST
        away = await (await browser.get(path)).json()
        assert (await browser.delete(path)).status == 204
    assert shown == {
        "trouble": None,
        "items": [{"token": "1", "name": "大门"}],
        "preset": "1",
        "home": "2",
        "back_after_s": 900,
        "away_for": None,
    }
    assert (away["trouble"], away["items"]) == ("away", [])


async def test_a_camera_with_a_privacy_zone_gets_no_preset(town):
    row = {"camera_id": "cam-east", "name": "window", "kind": "privacy", "polygon": "[]"}
    await town.database.write(lambda conn: conn.execute(insert(zones).values(**row)))
    async with town.browser("admin") as browser:
        answer = await browser.put("/api/v1/cameras/cam-east/preset", json={"preset": "1"})
        assert answer.status == 409
        assert "隐私" in (await answer.json())["detail"]
