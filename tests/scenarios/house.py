"""A whole site in real processes: `lianfang run`, its broker, its seeded town. For scenarios.

The service runs as its users run it: another process, found by its address, ended by signals.
"""

import asyncio
import os
import signal
import sys
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, Self

import aiohttp
from argon2 import PasswordHasher
from sqlalchemy import Connection

from alarms.button import ButtonTiming
from alarms.devices import DeviceRegistry
from alarms.simulator import SimulatedButton
from alarms.store import Database
from lianfang_timing import Backoff, SystemClock, unix_ms
from linkage.accounts.passwords import Passwords
from linkage.demo import town
from linkage.settings import Settings, load_settings, shipped_folder
from linkage.storage import open_storage
from tests.brokers import Mosquitto, free_port, mosquitto
from tests.guarded import guarded_mosquitto
from tests.polling import until
from tests.scenarios.nursery import Nursery, own_nursery

QUICK = ButtonTiming(
    first_repeat_s=0.5, repeat_cap_s=2.0, reconnect=Backoff(first_s=0.1, cap_s=0.5)
)
"""The contract's pattern of repeats, quicker, so that a scenario with many crashes ends today."""

READY_WITHIN_S = 30.0

_SITE = """\
[site]
name_zh = "测试镇综治中心"
name_en = "Test Township"
node = "test"

[database]
url = "{database_url}"

[mqtt]
embedded = {embedded}
port = {mqtt_port}
{mqtt}
[console]
port = {port}

[cameras]
discover = {discover}
interfaces = ["127.0.0.1"]
workers = 1
"""


class Living(Protocol):
    """A running process, started or forked."""

    @property
    def returncode(self) -> int | None: ...
    def send_signal(self, number: int, /) -> None: ...
    async def wait(self) -> int: ...


@dataclass
class House:
    """A site's folder and the processes that serve it."""

    folder: Path
    port: int
    mqtt_port: int
    broker: Mosquitto | None
    """The outside broker, or None when the service runs the embedded one."""
    accounts: dict[str, str] = field(default_factory=dict)
    """Passwords by user name: duty, leader, police, dongcun-head, auditor, admin."""
    buttons: Sequence[town.DemoButton] = ()
    process: Living | None = None
    device_port: int | None = None
    """Where devices come in, when that is not `mqtt_port`; with TLS under `ca_file`."""
    ca_file: Path | None = None

    @property
    def config(self) -> Path:
        return self.folder / "config"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log_file(self) -> Path:
        return self.folder / "service.log"

    @property
    def settings(self) -> Settings:
        return load_settings(self.config)

    def database(self) -> Database:
        """Another connection to the site's store; the caller closes it."""
        return Database(self.settings.database_url)

    def button(
        self,
        number: int = 0,
        *,
        device: str | None = None,
        timing: ButtonTiming = QUICK,
        boot: int | None = None,
        key: bytes | None = None,
    ) -> SimulatedButton:
        """A living button of the town, by its number or its device id; ten make a group."""
        made = self.buttons[number]
        if device is not None:
            made = next(b for b in self.buttons if b.credentials.device == device)
        given = made.credentials
        return SimulatedButton(
            device=given.device,
            login=given.login,
            password=given.password,
            key=key or given.key,
            port=self.device_port or self.mqtt_port,
            ca_file=None if self.ca_file is None else str(self.ca_file),
            timing=timing,
            boot=boot,
        )

    async def start(self, *program: str) -> None:
        """Start the service (or `program` in its place) and return when it can take a press."""
        await self.spawn(*program)
        await self.ready()

    async def spawn(self, *program: str) -> None:
        """Start without waiting: the service in a forked process, a `program` in a new one."""
        if not program:
            self.fork(own_nursery())
            return
        with self.log_file.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable,
                *program,
                stdout=log,
                stderr=log,
                env=os.environ | {"PYTHONPATH": str(Path(__file__).resolve().parents[2])},
            )

    async def start_from(self, nursery: Nursery) -> None:
        """As `start`, but forked from what is imported already: a tenth of the time."""
        self.fork(nursery)
        await self.ready()

    def fork(self, nursery: Nursery, *, point: str = "", left: int = 0) -> Living:
        """Start without waiting; with a `point` it kills itself there (`killable.POINTS`)."""
        self.process = nursery.fork(self.config, self.log_file, point=point, left=left)
        return self.process

    async def ready(self, timeout_s: float = READY_WITHIN_S) -> None:
        """Return when `readyz` says that a press can be taken."""

        async def is_ready() -> bool:
            if self.process is not None and self.process.returncode is not None:
                raise AssertionError(f"the service ended: {self.log_file.read_text()[-2000:]}")
            try:
                async with session.get(f"{self.url}/readyz") as answer:
                    return answer.status == 200
            except aiohttp.ClientError:
                return False

        async with aiohttp.ClientSession() as session:
            await until(is_ready, timeout_s=timeout_s)

    async def why_not_ready(self, reason: str, *, within_s: float = 20.0) -> list[str]:
        """What `readyz` says, once it is red with `reason` among its words."""

        async def said() -> list[str]:
            async with session.get(f"{self.url}/readyz") as answer:
                reasons: list[str] = (await answer.json())["reasons"]
                is_red = answer.status == 503 and any(reason in one for one in reasons)
                return reasons if is_red else []

        async with aiohttp.ClientSession() as session:
            return await until(said, timeout_s=within_s)

    def escalate(self, *steps: tuple[str, str], repeat: str = "60s") -> None:
        """Write the plan `default` anew: (after, whom to call) in order."""
        text = f'[[plan]]\nname = "default"\nrepeat = "{repeat}"\n'
        for after, call in steps:
            text += f'[[plan.step]]\nafter = "{after}"\ncall = ["{call}"]\n'
        (self.config / "escalation.toml").write_text(text, encoding="utf-8")

    async def stop(self) -> int:
        """SIGTERM, and the exit status."""
        return await self._end(signal.SIGTERM)

    async def kill(self) -> int:
        """SIGKILL: what a power cut is to a process."""
        return await self._end(signal.SIGKILL)

    async def _end(self, number: signal.Signals) -> int:
        process, self.process = self.process, None
        if process is None:
            return 0
        if process.returncode is None:
            process.send_signal(number)
        async with asyncio.timeout(60):
            return await process.wait()

    def client(self) -> "Officer":
        return Officer(self)


class Officer:
    """A person at the HTTP API."""

    def __init__(self, house: House) -> None:
        self._house = house
        jar = aiohttp.CookieJar(unsafe=True)  # cookies of an address without a name
        self.session = aiohttp.ClientSession(
            house.url, cookie_jar=jar, headers={"X-Requested-With": "lianfang"}
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.session.close()

    async def sign_in(self, username: str = "duty") -> None:
        body = {"username": username, "password": self._house.accounts[username]}
        async with self.session.post("/api/v1/session", json=body) as answer:
            assert answer.status == 204, await answer.text()

    async def get(self, path: str) -> dict[str, object]:
        async with self.session.get(f"/api/v1{path}") as answer:
            assert answer.status == 200, await answer.text()
            found: dict[str, object] = await answer.json()
            return found

    async def incident_of(self, alarm: str | None, *, within_s: float = 10.0) -> dict[str, object]:
        """The incident that holds this alarm, as soon as there is one."""

        async def found() -> dict[str, object] | None:
            for incident in (await self.get("/incidents?limit=200"))["items"]:
                if any(a["id"] == alarm for a in incident["alarms"]):
                    return dict(incident)
            return None

        return await until(found, timeout_s=within_s)

    async def detail(self, incident: dict[str, object]) -> dict[str, object]:
        return await self.get(f"/incidents/{incident['id']}")

    async def until(
        self,
        incident: dict[str, object],
        true: Callable[[dict[str, object]], object],
        *,
        within_s: float = 10.0,
    ) -> dict[str, object]:
        """The incident's page once `true` holds of it. Raises TimeoutError."""

        async def shown() -> dict[str, object] | None:
            found = await self.detail(incident)
            return found if true(found) else None

        return await until(shown, timeout_s=within_s)

    async def sees_called(
        self, incident: dict[str, object], username: str, *, within_s: float = 10.0
    ) -> dict[str, object]:
        """The incident's page once this person was reached: at a console in use, sound on."""
        reached = [(username, "sent"), (username, "answered")]
        return await self.until(
            incident,
            lambda i: any((c["username"], c["state"]) in reached for c in i["called"]),
            within_s=within_s,
        )

    async def report(self, **said: str) -> str:
        """Raise an alarm by hand; the alarm's id."""
        headers = {"Idempotency-Key": uuid.uuid4().hex}
        async with self.session.post("/api/v1/reports", json=said, headers=headers) as answer:
            assert answer.status == 201, await answer.text()
            return str((await answer.json())["alarm"])

    async def step(self, incident: dict[str, object], step: str, **body: object) -> int:
        """Take a step on what was seen; the HTTP status."""
        headers = {"If-Match": str(incident["version"])}
        path = f"/api/v1/incidents/{incident['id']}/{step}"
        async with self.session.post(path, json=body, headers=headers) as answer:
            return answer.status

    async def here(self, *, sound: str = "unlocked", visible: bool = True) -> None:
        """Be at the console, as the page says it every 10 s."""
        body = {"sound": sound, "visible": visible}
        async with self.session.post("/api/v1/presence", json=body) as answer:
            assert answer.status == 204, await answer.text()


@asynccontextmanager
async def house(
    folder: Path,
    *,
    broker: str = "mosquitto",
    zones: Sequence[town.CameraZone] = (),
    discover: bool = False,
    database_url: str | None = None,
) -> AsyncIterator[House]:
    """A seeded site that is not running yet. `broker` is mosquitto, guarded (a mosquitto with TLS,
    logins and rights as our own command writes them) or embedded.

    Cameras are registered only when `zones` are given. Without `database_url` it uses SQLite.
    """
    site = folder / "site"
    (site / "config").mkdir(parents=True)
    if broker == "guarded":
        strict = guarded_mosquitto(folder)
        made = House(site, free_port(), strict.port, strict)
        made.device_port, made.ca_file = strict.device_port, strict.certificates.authority
        _prepare(made, zones, discover, database_url, mqtt=strict.settings)
        strict.write(made.config)
        await strict.start()
        try:
            yield made
        finally:
            await made.kill()
            strict.stop()
        return
    if broker == "mosquitto":
        async with mosquitto(folder) as outside:
            made = House(site, free_port(), outside.port, outside)
            _prepare(made, zones, discover, database_url)
            try:
                yield made
            finally:
                await made.kill()
        return
    made = House(site, free_port(), free_port(), None)
    _prepare(made, zones, discover, database_url)
    try:
        yield made
    finally:
        await made.kill()


CAMERA_LOGIN, CAMERA_PASSWORD = "viewer", "simulated"


def _prepare(
    made: House,
    zones: Sequence[town.CameraZone],
    discover: bool,
    database_url: str | None = None,
    *,
    mqtt: str = "",
) -> None:
    text = _SITE.format(
        database_url=database_url or "sqlite:///../data/lianfang.db",
        embedded=str(made.broker is None).lower(),
        mqtt=mqtt,
        mqtt_port=made.mqtt_port,
        port=made.port,
        discover=str(discover).lower(),
    )
    (made.config / "site.toml").write_text(text, encoding="utf-8")
    for name in ("rules.toml", "escalation.toml"):
        (made.config / name).write_text((shipped_folder() / name).read_text(encoding="utf-8"))
    storage = open_storage(made.settings)
    devices = DeviceRegistry(storage.database, storage.box)
    # a light hash: the suite signs in often, and what is shown here is not its strength
    passwords = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))

    def seed(conn: Connection) -> None:
        town.seed_places(conn, storage.box)
        if zones:
            town.seed_cameras(
                conn, storage.box, zones, username=CAMERA_LOGIN, password=CAMERA_PASSWORD
            )
        accounts = town.seed_accounts(conn, passwords, now_ms=unix_ms(SystemClock().now()))
        made.accounts = {account.username: account.password for account in accounts}
        made.buttons = town.seed_buttons(conn, devices)

    storage.database.write_now(seed)
    storage.database.close_now()
