"""`lianfang demo` as its visitors start it: in an empty folder, for a while.

The films are drawn once and for all by other tests; here every camera plays the same short one,
put where the demo would have drawn its own.
"""

import asyncio
import hashlib
import hmac
import json
import os
import shutil
import signal
import time
from base64 import urlsafe_b64decode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import cv2
import numpy as np
import paho.mqtt.client as paho
import psutil
import pytest

from camerad.simulator import film as films
from camerad.simulator.scenes import MARKET, SCENES
from tests.brokers import free_port
from tests.commands.running import command, environment, lianfang
from tests.polling import until

SECONDS = 15


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of films as `demo-data/films` is, all of them the same short one."""
    folder = tmp_path_factory.mktemp("films")
    short = folder / "short.mp4"
    films.draw_film(short, MARKET, seconds=4, fps=10)
    for scene in SCENES:
        digest = films._digest(scene, films.FILM_S, films.FILM_FPS)
        shutil.copy(short, folder / f"{scene.id}-{digest}.mp4")
    short.unlink()
    return folder


@dataclass
class Demo:
    """A demo that is ready."""

    folder: Path
    home: Path
    access: dict[str, Any]
    """access.json as it was when "console ready" was printed."""
    said: str
    process: asyncio.subprocess.Process
    ready_s: float


@asynccontextmanager
async def demo(folder: Path, drawn: Path, *more: str) -> AsyncIterator[Demo]:
    """Run it in `folder`/visit with a home and a temporary folder of its own."""
    visit, home = folder / "visit", folder / "home"
    for made in (visit / "demo-data", home):
        made.mkdir(parents=True, exist_ok=True)
    shutil.copytree(drawn, visit / "demo-data" / "films", dirs_exist_ok=True)
    ports = ("--port", str(free_port()), "--mqtt-port", str(free_port()))
    process = await asyncio.create_subprocess_exec(
        *command("demo", *ports, *more),
        cwd=visit,
        env=environment()
        | {"HOME": str(home), "TMPDIR": str(home), "PYTHONDONTWRITEBYTECODE": "1"}
        | {"PYTHONUNBUFFERED": "1"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    errors = asyncio.create_task(process.stderr.read())
    try:
        said = ""
        async with asyncio.timeout(60):
            while "console ready" not in said:
                line = (await process.stdout.readline()).decode()
                assert line, (await errors).decode()[-3000:]
                said += line
        access = json.loads((visit / "demo-data" / "access.json").read_text(encoding="utf-8"))
        yield Demo(visit, home, access, said, process, time.monotonic())
    finally:
        if process.returncode is None:
            process.kill()
        await process.stdout.read()
        complaints = (await errors).decode()
        await process.wait()
    assert "Traceback" not in complaints, complaints[-3000:]


def signed_press(device: dict[str, str], *, boot: int, seq: int) -> bytes:
    """A press as contract §3 writes it, by no code of ours."""
    at_ms = time.time_ns() // 1_000_000
    key = urlsafe_b64decode(device["key"] + "=")
    text = f"v1|{device['id']}|{boot}|{seq}|panic|0|{at_ms}"
    mac = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    body = {"v": 1, "boot": boot, "seq": seq, "kind": "panic", "silent": False}
    return json.dumps(body | {"at_ms": at_ms, "mac": mac}).encode()


async def answer_to_a_press(access: dict[str, Any], device: dict[str, str]) -> dict[str, Any]:
    """Press through a bare MQTT client with the given credentials; the first reply to it."""
    loop, answer = asyncio.get_running_loop(), asyncio.Queue[dict[str, Any]]()
    client = paho.Client(paho.CallbackAPIVersion.VERSION2, client_id="visitor")
    client.username_pw_set(device["login"], device["password"])
    base = f"lianfang/button/{device['id']}"

    def heard(_client: object, _data: object, message: paho.MQTTMessage) -> None:
        loop.call_soon_threadsafe(answer.put_nowait, json.loads(message.payload))

    def subscribed(*_: object) -> None:
        client.publish(f"{base}/press", signed_press(device, boot=7, seq=1), qos=1)

    def connected(*_: object) -> None:
        client.subscribe(f"{base}/reply", qos=1)

    client.on_message, client.on_subscribe, client.on_connect = heard, subscribed, connected
    client.connect(access["mqtt"]["host"], access["mqtt"]["port"])
    client.loop_start()
    try:
        async with asyncio.timeout(20):
            while True:
                reply = await answer.get()
                if (reply["boot"], reply["seq"]) == (7, 1):
                    return reply
    finally:
        client.disconnect()
        client.loop_stop()


@pytest.mark.timeout(150)
async def test_a_visitor_presses_signs_in_and_the_demo_ends_by_itself(
    tmp_path: Path, drawn: Path
) -> None:
    async with demo(tmp_path, drawn, "--seconds", str(SECONDS)) as running:
        access = running.access
        assert access["console"] in running.said
        assert access.keys() >= {"console", "mqtt", "config", "accounts", "devices", "cameras"}
        assert access["mqtt"].keys() >= {"host", "port"}
        assert access["config"] == "demo-data/config"
        assert {"duty-officer", "administrator"} <= {a["role"] for a in access["accounts"]}
        assert all(a.keys() >= {"username", "password", "role"} for a in access["accounts"])
        wanted = {"id", "kind", "login", "password", "key", "household", "group", "village"}
        assert len(access["devices"]) >= 100
        assert all(d.keys() >= wanted and d["kind"] == "button" for d in access["devices"])
        assert len(access["cameras"]) == 6
        assert all(c["onvif"].startswith("http://127.0.0.1:") for c in access["cameras"])
        assert all(c["rtsp"].startswith("rtsp://127.0.0.1:") for c in access["cameras"])
        assert (running.folder / "demo-data" / "access.json").stat().st_mode & 0o077 == 0

        reply = await answer_to_a_press(access, access["devices"][33])
        assert reply["state"] == "received"
        assert reply["alarm"]

        async with officer_of(access) as officer:
            async with officer.get("/api/v1/me") as answer:
                page = (await answer.json())["demo"]["button_page"]
            async with officer.get("/") as answer:
                assert answer.status == 200
        async with aiohttp.ClientSession() as http, http.get(page) as answer:
            assert answer.status == 200

        family = psutil.Process(running.process.pid).children(recursive=True)
        assert await asyncio.wait_for(running.process.wait(), SECONDS + 30) == 0
        assert time.monotonic() - running.ready_s >= SECONDS
        _, orphans = psutil.wait_procs(family, timeout=2)
        assert not orphans
    assert os.listdir(running.folder) == ["demo-data"]  # noqa: PTH208
    assert not list(running.home.rglob("*")), "nothing is written elsewhere"


@pytest.mark.timeout(180)
async def test_a_killed_demo_comes_back_with_its_town_and_its_presses(
    tmp_path: Path, drawn: Path
) -> None:
    async with demo(tmp_path, drawn) as first:
        device = first.access["devices"][3]
        told = await answer_to_a_press(first.access, device)
        ports = ("--port", str(free_port()), "--mqtt-port", str(free_port()))
        second = await asyncio.to_thread(lianfang, "demo", *ports, folder=first.folder)
        assert second.status == 2
        assert "another demo is running" in second.complaint
        first.process.kill()
        await first.process.wait()
    async with demo(tmp_path, drawn) as again, officer_of(again.access) as officer:
        assert again.access["devices"] == first.access["devices"]
        assert again.access["accounts"] == first.access["accounts"]
        async with officer.get("/api/v1/alarms") as answer:
            logged = [alarm["id"] for alarm in (await answer.json())["items"]]
        assert logged == [told["alarm"]]


@asynccontextmanager
async def officer_of(access: dict[str, Any]) -> AsyncIterator[aiohttp.ClientSession]:
    """The demo's duty officer, signed in."""
    duty = next(a for a in access["accounts"] if a["role"] == "duty-officer")
    body = {"username": duty["username"], "password": duty["password"]}
    jar, given = aiohttp.CookieJar(unsafe=True), {"X-Requested-With": "lianfang"}
    async with aiohttp.ClientSession(access["console"], cookie_jar=jar, headers=given) as http:
        async with http.post("/api/v1/session", json=body) as answer:
            assert answer.status == 204
        yield http


@pytest.mark.timeout(120)
async def test_a_visitors_own_clip_is_what_a_camera_shows(tmp_path: Path, drawn: Path) -> None:
    clip = tmp_path / "visitor.avi"
    blue = np.full((240, 320, 3), (200, 60, 20), np.uint8)
    writer = cv2.VideoWriter(str(clip), cv2.VideoWriter.fourcc(*"MJPG"), 10, (320, 240))
    for _ in range(30):
        writer.write(blue)
    writer.release()
    async with (
        demo(tmp_path, drawn, "--video", str(clip)) as running,
        officer_of(running.access) as officer,
    ):
        shown = running.access["cameras"][0]["id"]
        asking = {"purpose": "a test"}
        address = f"/api/v1/cameras/{shown}/snapshot.jpg"

        async def snapshot() -> bytes | None:
            async with officer.get(address, params=asking) as answer:
                if answer.status == 200:
                    return await answer.read()
                assert answer.status == 503, await answer.text()
                return None

        # until the camera is found and watched
        jpeg = await until(snapshot, timeout_s=45, every_s=0.3)
        picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
        assert picture is not None
        assert picture.shape == blue.shape
        assert np.abs(picture.astype(int) - blue).mean() < 12


@pytest.mark.timeout(120)
async def test_ctrl_c_ends_it_and_everything_that_it_started(tmp_path: Path, drawn: Path) -> None:
    async with demo(tmp_path, drawn) as running:
        family = psutil.Process(running.process.pid).children(recursive=True)
        assert family
        # a terminal sends it to every process of the foreground
        for process in (running.process, *family):
            process.send_signal(signal.SIGINT)
        assert await asyncio.wait_for(running.process.wait(), 20) == 0
        _, orphans = psutil.wait_procs(family, timeout=2)
        assert not orphans


@pytest.mark.timeout(120)
async def test_a_broken_clip_is_told_in_one_sentence(tmp_path: Path, drawn: Path) -> None:
    shutil.copytree(drawn, tmp_path / "demo-data" / "films")
    (tmp_path / "letter.mp4").write_text("dear officer")
    ports = ("--port", str(free_port()), "--mqtt-port", str(free_port()))
    arguments = ("demo", "--video", "letter.mp4", *ports)
    done = await asyncio.to_thread(lianfang, *arguments, folder=tmp_path)
    assert done.status == 1
    assert "letter.mp4" in done.complaint


@pytest.mark.timeout(120)
async def test_a_port_that_is_taken_is_told_with_another_to_give(tmp_path: Path) -> None:
    server = await asyncio.start_server(lambda _r, w: w.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        arguments = ("demo", "--port", str(port), "--mqtt-port", str(free_port()))
        done = await asyncio.to_thread(lianfang, *arguments, folder=tmp_path)
    assert done.status == 1
    assert str(port) in done.complaint
    assert "PORT=" in done.complaint
    assert not (tmp_path / "demo-data").exists()
