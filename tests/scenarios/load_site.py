"""A site of any size, its mosquitto with a login and rights for each device. For load and attacks.

The broker's settings are those that `lianfang broker mosquitto-config` writes.
"""

import asyncio
import hashlib
import resource
import secrets
import subprocess
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Connection, insert

from alarms import mosquitto as theirs
from alarms.devices import Credentials, DeviceRegistry
from linkage import schema
from linkage.demo.town import DemoButton
from linkage.settings import shipped_folder
from linkage.storage import open_storage
from tests.brokers import Mosquitto, free_port, listening
from tests.external import program
from tests.scenarios.house import House
from tests.scenarios.tiny_mqtt import TinyMqtt

IN_GROUP, IN_VILLAGE = 10, 200
SERVICE_LOGIN, COUNTER_LOGIN = "lianfang-service", "counter"

_SITE = """\
[site]
name_zh = "测试镇综治中心"
name_en = "Test Township"
node = "test"

[database]
url = "sqlite:///{data}/lianfang.db"

[data]
site_key_file = "../data/site.key"

[mqtt]
embedded = {embedded}
port = {mqtt_port}
{login}
[console]
port = {port}

[cameras]
discover = false
workers = 1
"""


@dataclass
class GuardedMosquitto(Mosquitto):
    """A mosquitto with two listeners: the service's, and the devices' (`port`)."""

    service_port: int = field(default_factory=free_port)
    service_password: str = field(default_factory=lambda: secrets.token_urlsafe(12))
    counter_password: str = field(default_factory=lambda: secrets.token_urlsafe(12))

    def write(self, given: Sequence[Credentials]) -> None:
        """Write its files; it reads them when it starts."""
        doors = theirs.Doors(
            folder=self.folder,
            data_folder=self.folder,
            service=theirs.Listener("127.0.0.1", self.service_port),
            devices=theirs.Listener("127.0.0.1", self.port),
        )
        counter = f"user {COUNTER_LOGIN}\ntopic read $SYS/#\n"
        files = {
            theirs.CONFIGURATION: f"user root\nsys_interval 1\n{theirs.configuration(doors)}",
            theirs.DEVICE_RIGHTS: theirs.device_rights("lianfang"),
            theirs.DEVICE_PASSWORDS: theirs.password_file(
                {g.login: _hash(g.password, theirs.DEVICE_ITERATIONS) for g in given}
            ),
            theirs.SERVICE_RIGHTS: theirs.service_rights("lianfang", SERVICE_LOGIN) + counter,
            theirs.SERVICE_PASSWORDS: theirs.password_file(
                {
                    SERVICE_LOGIN: _hash(self.service_password, theirs.SERVICE_ITERATIONS),
                    COUNTER_LOGIN: _hash(self.counter_password, theirs.SERVICE_ITERATIONS),
                }
            ),
        }
        for name, text in files.items():
            path = self.folder / name
            path.write_text(text, encoding="utf-8")
            path.chmod(0o600)

    async def start(self) -> None:
        binary = program("mosquitto", package="mosquitto")
        with (self.folder / "broker.log").open("ab") as log:
            self.process = subprocess.Popen(
                [binary, "-c", str(self.folder / theirs.CONFIGURATION)], stdout=log, stderr=log
            )
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.prlimit(self.process.pid, resource.RLIMIT_NOFILE, (hard, hard))
        await listening(self.port)

    async def clients_connected(self, *, at_least: int, within_s: float = 20.0) -> int:
        """How many clients the broker itself counts, as soon as they are `at_least` so many."""
        counts: asyncio.Queue[int] = asyncio.Queue()
        wire = TinyMqtt(
            COUNTER_LOGIN,
            (COUNTER_LOGIN, self.counter_password),
            ["$SYS/broker/clients/connected"],
            on_message=lambda _topic, payload: counts.put_nowait(int(payload)),
        )
        loop = asyncio.get_running_loop()
        await loop.create_connection(lambda: wire, "127.0.0.1", self.service_port)
        found = 0
        try:
            async with asyncio.timeout(within_s):
                while found < at_least:
                    found = await counts.get()
        except TimeoutError:
            return found
        finally:
            wire.close()
            await wire.lost.wait()
        return found


@asynccontextmanager
async def load_site(
    folder: Path, *, devices: int, broker: str = "mosquitto", data: Path | None = None
) -> AsyncIterator[House]:
    """A seeded site with so many buttons, ten households a group; the service is not running yet.

    `data` is where its database lies instead of in the site's folder.
    """
    site = folder / "site"
    (site / "config").mkdir(parents=True)
    outside = GuardedMosquitto(free_port(), folder) if broker == "mosquitto" else None
    made = House(site, free_port(), free_port() if outside is None else outside.port, outside)
    _write_settings(made, data or site / "data")
    storage = open_storage(made.settings)
    registry = DeviceRegistry(storage.database, storage.box)
    made.buttons = storage.database.write_now(lambda conn: _seed(conn, registry, devices))
    storage.database.close_now()
    if outside is not None:
        outside.write([b.credentials for b in made.buttons])
        await outside.start()
    try:
        yield made
    finally:
        await made.kill()
        if outside is not None:
            outside.kill()


def _write_settings(made: House, data: Path) -> None:
    login, port = "", made.mqtt_port
    if isinstance(made.broker, GuardedMosquitto):
        (made.config / "mqtt.password").write_text(made.broker.service_password)
        login = f'username = "{SERVICE_LOGIN}"\npassword_file = "mqtt.password"\n'
        port = made.broker.service_port
    text = _SITE.format(
        data=data,
        embedded=str(made.broker is None).lower(),
        mqtt_port=port,
        login=login,
        port=made.port,
    )
    (made.config / "site.toml").write_text(text, encoding="utf-8")
    for name in ("rules.toml", "escalation.toml"):
        (made.config / name).write_text((shipped_folder() / name).read_text(encoding="utf-8"))


def _seed(conn: Connection, registry: DeviceRegistry, devices: int) -> list[DemoButton]:
    villages = [f"v{n}" for n in range(-(-devices // IN_VILLAGE))]
    groups = [f"g{n}" for n in range(-(-devices // IN_GROUP))]
    of_village = IN_VILLAGE // IN_GROUP
    conn.execute(insert(schema.villages), [{"id": v, "name": v} for v in villages])
    conn.execute(
        insert(schema.grids), [{"id": f"w-{v}", "village_id": v, "name": v} for v in villages]
    )
    conn.execute(
        insert(schema.mutual_aid_groups),
        [
            {"id": g, "grid_id": f"w-{villages[n // of_village]}", "name": g}
            for n, g in enumerate(groups)
        ],
    )
    conn.execute(
        insert(schema.households),
        [
            {
                "id": f"h{n:04d}",
                "group_id": groups[n // IN_GROUP],
                "label": f"{n:04d}",
                "wants_notices": True,
            }
            for n in range(devices)
        ],
    )
    return [_button(conn, registry, n) for n in range(devices)]


def _button(conn: Connection, registry: DeviceRegistry, number: int) -> DemoButton:
    household, group = f"h{number:04d}", f"g{number // IN_GROUP}"
    village = f"v{number // IN_VILLAGE}"
    return DemoButton(
        credentials=registry.enrol_in(conn, f"b{number:04d}", household_id=household),
        household=household,
        household_label=f"{number:04d}",
        group=group,
        group_name=group,
        village=village,
        village_name=village,
    )


def _hash(password: str, iterations: int) -> str:
    salt = hashlib.sha256(password.encode()).digest()[: theirs.SALT_BYTES]
    return theirs.hash_password(password, salt=salt, iterations=iterations)
