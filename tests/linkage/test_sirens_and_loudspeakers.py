"""Sirens and loudspeakers of the group: when they sound, when they never do, and when they stop."""

from pathlib import Path

from sqlalchemy import insert

from alarms.model import AlarmKind, SounderStatus
from alarms.store.tables import devices
from linkage.camera_events.schema import camera_relays
from linkage.model.person import Actor
from linkage.rules.model import BUILT_IN
from linkage.ways.sounder_news import SounderNews
from tests.linkage.town import actions_of, loitering, press, rows
from tests.linkage.way_house import close, way_town

DUTY = Actor("duty", "张伟")


def orders(town) -> list[bool]:
    return [bool(order["on"]) for order in town.publisher.to("siren")]


async def test_a_rule_lets_siren_and_loudspeaker_sound_as_the_contract_writes_it(tmp_path: Path):
    async with way_town(tmp_path) as town:
        await town.happens(press("b1", 1))
        topics = [topic for topic, _ in town.publisher.sent if "button" not in topic]
        assert sorted(topics) == ["lianfang/loudspeaker/l1/say", "lianfang/siren/s1/set"]
        [order] = town.publisher.to("siren")
        assert {k: v for k, v in order.items() if k != "id"} == {
            "v": 1,
            "on": True,
            "until_ms": town.clock.ms + 180_000,
        }
        [said] = town.publisher.to("loudspeaker")
        assert {k: v for k, v in said.items() if k != "id"} == {
            "v": 1,
            "phrase": "neighbour-needs-help",
            "repeat": 3,
            "until_ms": town.clock.ms + 120_000,
        }


async def test_a_siren_that_fails_says_whether_it_hangs_on_a_relay(tmp_path: Path):
    async with way_town(tmp_path) as town:
        relay = {"camera_id": "cam-near", "token": "r1", "siren": "s1"}
        await town.database.write(
            lambda conn: conn.execute(
                insert(camera_relays).values(**relay, wired_at_ms=1, wired_by="leader")
            )
        )
        town.publisher.away = True
        await town.happens(press("b1", 1))
        town.clock.forward(600)
        await town.outbox.run_once()
        events = await rows(town.database, "incident_events")
        failed = {e["data"]["kind"]: e["data"] for e in events if e["type"] == "told"}
        assert {kind: one["way"] for kind, one in failed.items()} == {
            "siren": "onvif",
            "loudspeaker": "mqtt",
        }
        assert failed["siren"]["state"] == "failed"


async def test_without_a_rule_that_asks_for_it_nothing_sounds(tmp_path: Path):
    async with way_town(tmp_path, rule=BUILT_IN) as town:
        await town.happens(press("b1", 1))
        assert town.publisher.to("siren") == town.publisher.to("loudspeaker") == []


async def test_another_groups_press_does_not_sound_here(tmp_path: Path):
    async with way_town(tmp_path) as town:
        await town.happens(press("b5", 1))
        assert town.publisher.to("siren") == []


async def test_a_silent_press_a_duress_and_a_cancel_sound_nothing(tmp_path: Path):
    for number, alarm in enumerate(
        (
            press("b1", 1, silent=True),
            press("b1", 1, AlarmKind.DURESS),
            press("b1", 1, AlarmKind.CANCEL),
        )
    ):
        folder = tmp_path / str(number)
        folder.mkdir()
        async with way_town(folder) as town:
            await town.happens(alarm)
            assert town.publisher.sent == []


async def test_loitering_sounds_nothing(tmp_path: Path):
    async with way_town(tmp_path) as town:
        await town.happens(loitering("cam-near", 1))
        assert town.publisher.sent == []


async def test_where_somebody_pressed_silently_a_neighbours_press_sounds_nothing(tmp_path: Path):
    async with way_town(tmp_path) as town:
        await town.happens(press("b1", 1, AlarmKind.DURESS), press("b2", 1))
        assert town.publisher.to("siren") == town.publisher.to("loudspeaker") == []


async def test_duress_and_cancel_alike_switch_off_what_sounds(tmp_path: Path):
    seen = []
    for kind in (AlarmKind.DURESS, AlarmKind.CANCEL):
        folder = tmp_path / kind.value
        folder.mkdir()
        async with way_town(folder) as town:
            await town.happens(press("b1", 1))
            await town.happens(press("b1", 2, kind))
            await town.later(200)
            seen.append(orders(town)[:2])
    assert seen == [[True, False], [True, False]]


async def test_what_could_not_be_sent_before_a_duress_is_not_sent_after_it(tmp_path: Path):
    async with way_town(tmp_path) as town:
        town.publisher.away = True
        await town.happens(press("b1", 1))
        await town.happens(press("b1", 2, AlarmKind.DURESS))
        town.publisher.away = False
        await town.later(10)
        assert True not in orders(town)
        assert town.publisher.to("loudspeaker") == []


async def test_a_close_switches_the_siren_off(tmp_path: Path):
    async with way_town(tmp_path) as town:
        incident = await town.happens(press("b1", 1))
        await close(town, incident)
        await town.outbox.run_once()
        assert orders(town) == [True, False]
        await town.later(200)
        assert orders(town) == [True, False]


async def test_its_time_switches_the_siren_off(tmp_path: Path):
    async with way_town(tmp_path) as town:
        await town.happens(press("b1", 1))
        await town.later(179)
        assert orders(town) == [True]
        await town.later(1)
        assert orders(town) == [True, False]


async def test_a_neighbours_press_lets_it_sound_on(tmp_path: Path):
    async with way_town(tmp_path) as town:
        await town.happens(press("b1", 1))
        town.clock.forward(170)
        await town.happens(press("b2", 1))
        await town.later(20)
        assert orders(town) == [True, True]
        await town.later(170)
        assert orders(town) == [True, True, False]


async def test_a_siren_that_another_open_incident_needs_stays_on(tmp_path: Path):
    async with way_town(tmp_path) as town:
        first = await town.happens(press("b1", 1))
        town.clock.forward(1000)
        second = await town.happens(press("b2", 1))
        assert second["id"] != first["id"]
        await town.station.silence(second["id"], actor=DUTY, note=None)
        town.clock.forward(1)
        await town.happens(press("b2", 2))
        before = orders(town)
        await town.desk.acknowledge(first["id"], actor=DUTY, version=first["version"])
        await town.outbox.run_once()
        assert orders(town) == before


async def test_an_officer_silences_it_and_the_incident_goes_on(tmp_path: Path):
    async with way_town(tmp_path) as town:
        incident = await town.happens(press("b1", 1))
        await town.station.silence(incident["id"], actor=DUTY, note="现场已有人")
        await town.outbox.run_once()
        assert orders(town) == [True, False]
        now = await town.incident()
        assert (now["stage"], now["version"]) == ("reported", incident["version"])


async def test_a_siren_that_says_it_is_on_has_been_told_once(tmp_path: Path):
    async with way_town(tmp_path) as town:
        await town.happens(press("b1", 1))
        news = SounderNews(town.database, town.clock, town.changes, writer="linkage")
        # off is what it was before, on comes twice: once more after a reconnect
        for sounding in (False, True, True):
            await news([SounderStatus("s1", "siren", sounding)])
        await news([SounderStatus("l1", "loudspeaker", True), SounderStatus("s9", "siren", True)])
        told = [e for e in await town.events("told") if e["state"] == "delivered"]
        assert [(e["target"], e["kind"]) for e in told] == [("s1", "siren"), ("l1", "loudspeaker")]


async def test_every_siren_of_the_group_sounds(tmp_path: Path):
    async with way_town(tmp_path) as town:
        more = insert(devices).values(id="s2", kind="siren", group_id="g3", unsigned=True)
        await town.database.write(lambda conn: conn.execute(more))
        await town.happens(press("b1", 1))
        assert len(await actions_of(town.database, "siren", "sent")) == 2
