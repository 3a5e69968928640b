"""A mosquitto with TLS, as our command sets it up (`lianfang broker`); and bare clients of it."""

import asyncio
import os
import signal
import ssl
import subprocess
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Self

import paho.mqtt.client as paho
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from paho.mqtt.enums import CallbackAPIVersion

from tests.brokers import Mosquitto, free_port, listening
from tests.commands.running import lianfang
from tests.external import program

SERVICE_LOGIN, SERVICE_PASSWORD = "our-service", "the secret of our own login"


@dataclass(frozen=True)
class Certificates:
    """A throw-away authority and a broker's certificate for 127.0.0.1, as PEM files."""

    authority: Path
    certificate: Path
    key: Path


def throw_away_certificates(folder: Path) -> Certificates:
    made = Certificates(folder / "ca.pem", folder / "broker.pem", folder / "broker.key")
    now = datetime.now(UTC)
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Throw-away authority")])

    def builder(name: x509.Name, public: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        made = x509.CertificateBuilder().subject_name(name).issuer_name(ca_name).public_key(public)
        made = made.serial_number(x509.random_serial_number())
        return made.not_valid_before(now - timedelta(hours=1)).not_valid_after(
            now + timedelta(days=1)
        )

    authority = (
        builder(ca_name, ca_key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(ca_key, hashes.SHA256())
    )
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "broker")])
    names = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    certificate = (
        builder(name, key.public_key())
        .add_extension(names, critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    made.authority.write_bytes(authority.public_bytes(pem))
    made.certificate.write_bytes(certificate.public_bytes(pem))
    made.key.write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return made


@dataclass
class GuardedMosquitto(Mosquitto):
    """`port` is the service's, `device_port` the devices'; `write` before `start`."""

    certificates: Certificates = field(kw_only=True)
    device_port: int = field(kw_only=True)

    @property
    def settings(self) -> str:
        """The lines of `[mqtt]` that the service needs."""
        (self.folder / "mqtt-password").write_text(SERVICE_PASSWORD)
        return (
            f'username = "{SERVICE_LOGIN}"\npassword_file = "{self.folder / "mqtt-password"}"\n'
            f'ca_file = "{self.certificates.authority}"\n'
        )

    def write(self, config: Path) -> None:
        """Have the command write the files for the site as it now is."""
        data = self.folder / "mosquitto-data"
        data.mkdir(exist_ok=True)
        done = lianfang(
            *("broker", "mosquitto-config", "--config", config, "--data", data),
            *("--out", self.folder / "mosquitto", "--host", "127.0.0.1"),
            *("--port", str(self.device_port), "--tls-cert", self.certificates.certificate),
            *("--tls-key", self.certificates.key),
        )
        assert done.status == 0, done.err

    async def start(self) -> None:
        binary = program("mosquitto", package="mosquitto")
        config = self.folder / "mosquitto" / "mosquitto.conf"
        if os.getuid() == 0:
            # else it gives root up and may not read what belongs to the test
            text = config.read_text(encoding="utf-8")
            config = self.folder / "mosquitto-as-root.conf"
            config.write_text(f"user root\n{text}", encoding="utf-8")
        with (self.folder / "mosquitto.log").open("ab") as log:
            self.process = subprocess.Popen([binary, "-c", str(config)], stderr=log)
        await listening(self.port)
        await listening(self.device_port)

    def reload(self) -> None:
        """What `systemctl reload mosquitto` does."""
        assert self.process is not None
        self.process.send_signal(signal.SIGHUP)


def guarded_mosquitto(folder: Path) -> GuardedMosquitto:
    """Not started: its files can be written only when there is a site."""
    return GuardedMosquitto(
        free_port(),
        folder,
        certificates=throw_away_certificates(folder),
        device_port=free_port(),
    )


class BareClient:
    """An MQTT client that says exactly what a test tells it to, over TLS."""

    def __init__(
        self,
        port: int,
        authority: Path | None,
        login: str | None = None,
        password: str | None = None,
        *,
        client_id: str = "bare",
        lasting: bool = False,
        topics: tuple[str, ...] = (),
    ) -> None:
        self.heard: list[tuple[str, bytes]] = []
        self.refused: str | None = None
        self._loop = asyncio.get_running_loop()
        self._answered, self._changed = asyncio.Event(), asyncio.Event()
        self.lost = asyncio.Event()
        self._port, self._topics = port, [(topic, 1) for topic in topics]
        client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=client_id,
            clean_session=not lasting,
            reconnect_on_failure=False,
        )
        if login is not None:
            client.username_pw_set(login, password)
        if authority is not None:
            client.tls_set_context(ssl.create_default_context(cafile=str(authority)))
        client.on_connect = self._on_connect
        client.on_subscribe = lambda *_: self._tell(self._answered.set)
        client.on_disconnect = lambda *_: self._tell(self.lost.set)
        client.on_message = lambda _c, _u, m: self._tell(self._hear, m.topic, m.payload)
        self.client = client

    async def __aenter__(self) -> Self:
        """Connected and subscribed, or refused."""
        await asyncio.to_thread(self.client.connect, "127.0.0.1", self._port)
        self.client.loop_start()
        async with asyncio.timeout(10):
            await self._answered.wait()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.client.disconnect()
        await asyncio.to_thread(self.client.loop_stop)

    async def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Return when the broker has confirmed, which it also does for what it throws away."""
        info = self.client.publish(topic, payload, qos=1, retain=retain)
        await asyncio.to_thread(info.wait_for_publish, 10)
        assert info.is_published()

    async def hears(self, topic: str, *, number: int = 1, within_s: float = 20) -> bytes:
        """The first message on this topic, or the `number`th; raises TimeoutError."""
        async with asyncio.timeout(within_s):
            while True:
                found = [payload for heard, payload in self.heard if heard == topic]
                if len(found) >= number:
                    return found[number - 1]
                self._changed.clear()
                await self._changed.wait()

    def _on_connect(
        self, client: paho.Client, _userdata: object, _flags: object, reason, _properties: object
    ) -> None:
        if reason.is_failure:
            self.refused = str(reason)
        elif self._topics:
            client.subscribe(self._topics)
            return
        self._tell(self._answered.set)

    def _hear(self, topic: str, payload: bytes) -> None:
        self.heard.append((topic, payload))
        self._changed.set()

    def _tell(self, function, *args: object) -> None:
        self._loop.call_soon_threadsafe(function, *args)
