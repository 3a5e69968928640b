"""Running the demo: films, simulated cameras, a seeded town, the real service, living buttons."""

import asyncio
import random
import socket
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import structlog
from aiohttp import web
from sqlalchemy import Connection
from tqdm import tqdm

from alarms.device_topics import SIREN
from alarms.devices import Credentials, DeviceRegistry
from alarms.simulated_sounders import SimulatedLoudspeaker, SimulatedSiren
from alarms.simulator import SimulatedButton
from camerad.simulator.film import ensure_films, film_from_clip
from camerad.simulator.scenes import SCENES
from camerad.simulator.site import Address, CameraSpec, SimulatedCameraSite
from lianfang_timing import SystemClock, unix_ms
from linkage.accounts.passwords import Passwords
from linkage.demo import folder as demo_folder
from linkage.demo import town
from linkage.demo.duty_room import seed_duty_room
from linkage.demo.history import seed_history
from linkage.demo.page import button_page
from linkage.demo.upkeep import SOUNDERS, battery_of, seed_upkeep
from linkage.errors import PortRefused
from linkage.life import Service
from linkage.main import serve
from linkage.settings import Settings, load_settings, shipped_folder
from linkage.storage import open_storage

_CAMERA_LOGIN, _CAMERA_PASSWORD = "viewer", "simulated-camera"
_WHOLE_PICTURE = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
_FIRST_PRESS_S, _PRESS_EVERY_S = 45.0, (150.0, 300.0)
_HOST = "127.0.0.1"

log = structlog.get_logger()


@dataclass(frozen=True)
class _Town:
    """What was seeded, with the secrets that only a demo may show."""

    accounts: Sequence[town.DemoAccount]
    buttons: Sequence[town.DemoButton]
    sounders: Sequence[Credentials]
    names: Mapping[str, str]
    """Endpoint references by camera."""


async def run_demo(
    folder: Path, *, video: Path | None, seconds: float | None, port: int, mqtt_port: int
) -> None:
    """Run until a signal, or for `seconds` after the console is ready.

    Raises PortRefused, SourceUnreadable, StoreUnusable, each with one clear sentence.
    """
    if port == mqtt_port:
        raise PortRefused(f"--port and --mqtt-port are both {port}: give two different ones")
    for name, number in (("--port", port), ("--mqtt-port", mqtt_port)):
        _must_be_free(name, number)
    with demo_folder.held(folder):
        await _run_in(folder, video=video, seconds=seconds, port=port, mqtt_port=mqtt_port)


async def _run_in(
    folder: Path, *, video: Path | None, seconds: float | None, port: int, mqtt_port: int
) -> None:
    config = demo_folder.prepare(folder, shipped_folder(), port=port, mqtt_port=mqtt_port)
    films, zones = await asyncio.to_thread(_films, folder / demo_folder.FILMS, video)
    settings = load_settings(config)
    made = await asyncio.to_thread(_settle, settings, zones, demo_folder.kept(folder))
    stop = asyncio.Event()
    async with AsyncExitStack() as stack:
        door = stack.enter_context(_page_door(port, mqtt_port))
        cameras = await stack.enter_async_context(
            SimulatedCameraSite([_spec(c, films[c.id], made.names[c.id]) for c in town.CAMERAS])
        )
        demo_folder.write_access(
            folder,
            console=f"http://{_HOST}:{port}",
            mqtt_port=mqtt_port,
            accounts=made.accounts,
            buttons=made.buttons,
            sounders=made.sounders,
            cameras=cameras,
        )
        live = partial(_live, made=made, cameras=cameras, door=door, seconds=seconds, stop=stop)
        await serve(settings, demo_button_page=_page_url(door), ready=live, until=stop)


async def _live(
    service: Service,
    *,
    made: _Town,
    cameras: Sequence[Address],
    door: socket.socket,
    seconds: float | None,
    stop: asyncio.Event,
) -> None:
    """The buttons' lives and the page to press them, for as long as the service runs."""
    mqtt = service.settings.file.mqtt
    async with AsyncExitStack() as stack:
        buttons = {}
        for made_button in made.buttons:
            given = made_button.credentials
            buttons[given.device] = await stack.enter_async_context(
                SimulatedButton(
                    device=given.device,
                    login=given.login,
                    password=given.password,
                    key=given.key,
                    host=mqtt.host,
                    port=mqtt.port,
                    prefix=mqtt.prefix,
                    battery=battery_of(given.device),
                )
            )
        kinds = dict(SOUNDERS)
        for given in made.sounders:
            sounder = SimulatedSiren if kinds[given.device] == SIREN else SimulatedLoudspeaker
            await stack.enter_async_context(
                sounder(
                    device=given.device,
                    login=given.login,
                    password=given.password,
                    host=mqtt.host,
                    port=mqtt.port,
                    prefix=mqtt.prefix,
                )
            )
        runner = web.AppRunner(button_page(made.buttons, buttons), access_log=None)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        await web.SockSite(runner, door).start()
        _say(service, made, cameras, _page_url(door))
        presses = asyncio.create_task(_press_now_and_then(list(buttons.values())))
        stack.callback(presses.cancel)
        if seconds is None:
            await asyncio.Event().wait()
        await asyncio.sleep(seconds or 0)
        stop.set()
        await asyncio.Event().wait()


async def _press_now_and_then(buttons: Sequence[SimulatedButton]) -> None:
    choice = random.Random(9)
    await asyncio.sleep(_FIRST_PRESS_S)
    while True:
        button = choice.choice(buttons)
        kind = choice.choice(("panic", "panic", "medical", "fire", "missing", "test"))
        outcome = await button.press(kind)
        log.info("demo.press", device=button.device, kind=kind, answer=outcome.state)
        await asyncio.sleep(choice.uniform(*_PRESS_EVERY_S))


def _films(folder: Path, video: Path | None) -> tuple[dict[str, Path], list[town.CameraZone]]:
    """The film of every camera and where on it somebody may linger. Blocking."""
    scenes = {scene.id: scene for scene in SCENES}
    wanted = [scenes[camera.scene] for camera in town.CAMERAS]
    with tqdm(total=len(wanted), desc="绘制街景 / drawing the streets", unit="部") as bar:

        def progress(done: int, _all: int) -> None:
            bar.update(done - bar.n)

        drawn = ensure_films(folder, wanted, progress)
    films = {camera.id: drawn[camera.scene][0] for camera in town.CAMERAS}
    polygons = {camera.id: drawn[camera.scene][1].polygon for camera in town.CAMERAS}
    if video is not None:
        first = town.CAMERAS[0].id
        films[first] = folder / "visitor-clip.mp4"
        film_from_clip(video, films[first])
        polygons[first] = _WHOLE_PICTURE
    return films, [town.CameraZone(camera, polygons[camera]) for camera in films]


def _settle(
    settings: Settings,
    zones: Sequence[town.CameraZone],
    kept: demo_folder.Kept | None,
) -> _Town:
    """The town in its store: the one that is there, or a new one. Blocking."""
    storage = open_storage(settings)
    try:
        devices = DeviceRegistry(storage.database, storage.box)

        def found(conn: Connection) -> _Town:
            assert kept is not None
            town.seed_zones(conn, zones)
            by_device = {given.device: given for given in kept.buttons}
            buttons = town.buttons_of(lambda home: by_device[f"{home}-1"])
            return _Town(kept.accounts, buttons, kept.sounders, town.name_cameras(conn))

        def founded(conn: Connection) -> _Town:
            town.seed_places(conn, storage.box)
            town.seed_cameras(
                conn, storage.box, zones, username=_CAMERA_LOGIN, password=_CAMERA_PASSWORD
            )
            now_ms = unix_ms(SystemClock().now())
            accounts = town.seed_accounts(conn, Passwords(), now_ms=now_ms)
            seed_duty_room(conn, storage.box, now_ms=now_ms)
            buttons = town.seed_buttons(conn, devices)
            tested_ms = unix_ms(SystemClock().now())
            node = settings.file.site.node
            town.try_buttons(conn, buttons, writer=node, now_ms=tested_ms)
            sounders = seed_upkeep(
                conn, devices, storage.box, buttons, writer=node, now_ms=tested_ms
            )
            seed_history(conn, buttons, zone=settings.time_zone, writer=node, now_ms=tested_ms)
            return _Town(accounts, buttons, sounders, town.name_cameras(conn))

        return storage.database.write_now(founded if kept is None else found)
    finally:
        storage.database.close_now()


def _spec(camera: town.DemoCamera, film: Path, endpoint_reference: str) -> CameraSpec:
    return CameraSpec(
        id=camera.id,
        endpoint_reference=endpoint_reference,
        name=camera.name,
        film=str(film.resolve()),
        username=_CAMERA_LOGIN,
        password=_CAMERA_PASSWORD,
        location=camera.village,
    )


def _say(service: Service, made: _Town, cameras: Sequence[Address], page: str) -> None:
    lines = [
        "",
        f"console ready: {service.url}",
        "",
        "演示账号 / demo accounts:",
        *(f"  {a.username:<14}{a.password:<16}{a.role}" for a in made.accounts),
        "",
        "试一试 / try:",
        f"  1. 用 duty 登录控制台 / sign in as duty:   {service.url}",
        f"  2. 在按钮页按一户 / press a button:        {page}",
        "  3. 在控制台点“签收”，看按钮变化 / sign for it and watch the button",
        f"  {len(cameras)} 台模拟摄像机 / simulated cameras, {len(made.buttons)} 户 / households; "
        "数据 / data: ./demo-data",
        "  Ctrl-C 结束 / ends it",
        "",
    ]
    print("\n".join(lines), flush=True)


def _must_be_free(name: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_HOST, port))
        except OSError as error:
            raise PortRefused(
                f"{name}: {_HOST}:{port} cannot be used ({error.strerror}): give another, such as "
                f"make demo {'PORT' if name == '--port' else 'MQTT_PORT'}={port + 10}"
            ) from error


def _page_door(console_port: int, mqtt_port: int) -> socket.socket:
    """Listens on the port after the console's, or any free one where that is taken or the broker's.

    It is held from here on: cameras and clients are given ports before the page is served.
    """
    wanted = console_port + 1 if console_port + 1 != mqtt_port else 0
    try:
        return socket.create_server((_HOST, wanted))
    except (OSError, OverflowError):
        return socket.create_server((_HOST, 0))


def _page_url(door: socket.socket) -> str:
    return f"http://{_HOST}:{door.getsockname()[1]}/"
