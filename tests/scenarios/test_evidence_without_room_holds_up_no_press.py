"""The space for evidence is used up, or its disk is: presses and incidents go on, the incident says
what it has not and why, and what is held stands.
"""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from camerad.simulator.film import draw_film
from camerad.simulator.reel import load_reel
from camerad.simulator.rtsp import RtspServer
from camerad.simulator.scenes import EAST_GATE
from lianfang_timing import SystemClock
from linkage.custody.clip_files import sha256_of
from linkage.custody.verifying import chain_faults, manifest_faults, manifests, unentered
from linkage.demo.town import VILLAGES
from linkage.storage import open_storage
from tests.polling import until
from tests.scenarios.cameras import LOGIN, PASSWORD, Registered, register, until_watching
from tests.scenarios.hardship import fill, said_not_ready, small_disk
from tests.scenarios.house import House, Officer, house

QUOTA = '\n[evidence]\nquota = "1MB"\nbefore = "5s"\nafter = "5s"\n'
"""Enough for a picture, and for no clip."""
CAMERA = "cam-gate"


async def test_evidence_without_room_holds_up_no_press(tmp_path: Path) -> None:
    film = tmp_path / "gate.mp4"
    draw_film(film, EAST_GATE, seconds=4, fps=8)
    elapsed = SystemClock().monotonic
    async with (
        house(tmp_path, broker="embedded") as site,
        RtspServer(load_reel(film), username=LOGIN, password=PASSWORD, elapsed=elapsed) as server,
        site.client() as leader,
    ):
        with (site.config / "site.toml").open("a", encoding="utf-8") as file:
            file.write(QUOTA)
        spot = (VILLAGES[0].latitude, VILLAGES[0].longitude)
        gate = Registered(CAMERA, endpoint_reference=None, stream_uri=server.url, spot=spot)
        register(site, gate)
        await site.start()
        await leader.sign_in("leader")
        await until_watching(leader, CAMERA)
        async with site.button() as button:
            outcome = await button.press(timeout_s=20)
        assert outcome.state == "received"
        incident = await leader.incident_of(outcome.alarm)
        shown = await leader.until(incident, lambda i: i["evidence"], within_s=30)
        assert {one["kind"] for one in shown["evidence"]} == {"snapshot"}
        [gap] = await missing(leader, incident)
        assert (gap["camera"], gap["kind"], gap["why"]) == (CAMERA, "clip", "quota")
        assert gap["said"].startswith("存证空间配额已满")
        async with leader.session.post(
            f"/api/v1/incidents/{incident['id']}/holds", json={"reason": "立案"}
        ) as answer:
            assert answer.status == 201
        # another press of the same night: the incident goes on, and the picture stands
        async with site.button(1) as neighbour:
            assert (await neighbour.press(timeout_s=20)).state == "received"
        async with leader.session.get(str(shown["evidence"][0]["url"])) as answer:
            assert answer.status == 200
        assert await site.stop() == 0


async def missing(leader: Officer, incident: dict[str, object]) -> list[dict[str, object]]:
    """What the incident says that it has not, as soon as it says anything."""

    async def said() -> list[dict[str, object]]:
        found = (await leader.get(f"/incidents/{incident['id']}/custody"))["missing"]
        assert isinstance(found, list)
        return found

    return await until(said, timeout_s=30)


FULL = """
[evidence]
keep_free = "0MB"
before = "5s"
after = "5s"

[data]
evidence_folder = "{folder}"
"""


@pytest.mark.timeout(150)
async def test_full_disks_hold_up_no_press_and_take_nothing_that_is_held(tmp_path: Path) -> None:
    film = tmp_path / "gate.mp4"
    draw_film(film, EAST_GATE, seconds=4, fps=8)
    elapsed = SystemClock().monotonic
    with (
        small_disk(tmp_path / "pictures", megabytes=16) as pictures,
        small_disk(tmp_path / "alarms", megabytes=16) as alarms,
    ):
        async with (
            house(
                tmp_path, broker="embedded", database_url=f"sqlite:///{alarms}/lianfang.db"
            ) as site,
            RtspServer(
                load_reel(film), username=LOGIN, password=PASSWORD, elapsed=elapsed
            ) as server,
            site.client() as leader,
        ):
            with (site.config / "site.toml").open("a", encoding="utf-8") as file:
                file.write(FULL.format(folder=pictures))
            spot = (VILLAGES[0].latitude, VILLAGES[0].longitude)
            register(
                site, Registered(CAMERA, endpoint_reference=None, stream_uri=server.url, spot=spot)
            )
            await site.start()
            await leader.sign_in("leader")
            await until_watching(leader, CAMERA)
            async with site.button() as button:
                alarm = (await button.press(timeout_s=20)).alarm
                incident = await leader.incident_of(alarm)
                await leader.until(incident, lambda i: clips_of(i), within_s=60)
                async with leader.session.post(
                    f"/api/v1/incidents/{incident['id']}/holds", json={"reason": "立案"}
                ) as answer:
                    assert answer.status == 201
                held = digests(pictures)
            # the pictures' disk is full in the midst of a clip, or as it begins
            async with site.button(1) as neighbour:
                assert (await neighbour.press(timeout_s=20)).state == "received"
                ballast = fill(pictures)
                await leader.until(incident, says_that_the_disk_is_full, within_s=60)
            async with site.button(11) as elsewhere:
                outcome = await elsewhere.press(timeout_s=20)
                assert outcome.state == "received"
                other = await leader.incident_of(outcome.alarm)
                assert other["id"] != incident["id"]
            # and then the alarms' disk
            async with site.button(21) as third:
                more = fill(alarms)
                pressing = asyncio.create_task(third.press(timeout_s=60))
                await said_not_ready(site)
                assert not pressing.done(), "nothing is told that is not on disk"
                more.unlink()
                outcome = await pressing
            assert outcome.state == "received"
            await leader.incident_of(outcome.alarm)
            ballast.unlink()
            assert digests(pictures).items() >= held.items()
            assert await until(lambda: stands(site, pictures), timeout_s=30, every_s=0.5)
            assert await site.stop() == 0


def clips_of(shown: dict[str, Any]) -> list[dict[str, Any]]:
    return [one for one in shown["evidence"] if one["kind"] == "clip"]


def says_that_the_disk_is_full(shown: dict[str, Any]) -> bool:
    """Of a clip that ends early for it, or of one that there is not."""
    cut = [cut for clip in clips_of(shown) for cut in clip["cuts"]]
    failed = [e["data"]["error"] for e in shown["timeline"] if e["type"] == "evidence_failed"]
    return any("磁盘" in said for said in [*cut, *failed])


def digests(folder: Path) -> dict[str, str]:
    """Of every picture and clip below."""
    kept = [file for ending in ("mp4", "jpg") for file in folder.rglob(f"*.{ending}")]
    return {str(file): sha256_of(file)[0] for file in kept}


async def stands(site: House, folder: Path) -> bool:
    """Whether `lianfang evidence verify` would find nothing."""
    storage = open_storage(site.settings)

    def faults(conn: Connection) -> list[str]:
        found = [*chain_faults(conn, storage.box), *unentered(conn, None)]
        for number, lines in manifests(conn, None):
            found += manifest_faults(number, lines, folder, storage.box.public_key)
        return found

    try:
        return not storage.database.read_now(faults)
    finally:
        storage.database.close_now()
