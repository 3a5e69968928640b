"""`lianfang broker mosquitto-config`: what a mosquitto in front of this site must be told."""

import argparse
import re
import secrets
import ssl
import sys
from pathlib import Path

from alarms import mosquitto
from alarms.broker_rules import OWN_LOGIN
from alarms.devices import DeviceRegistry
from alarms.model import DEVICE_ID_PATTERN
from alarms.mosquitto import Doors, Listener, TlsFiles
from alarms.store import write_secret
from linkage.commands.common import Subparsers, add_config, open_site
from linkage.enrolment.mosquitto_files import device_files, reserved_in, write_files
from linkage.errors import BadSettings
from linkage.loopback import stays_here
from linkage.settings import Settings

SERVICE_SECRET = "mosquitto-service.secret"
"""Drawn beside the site key where site.toml names no login."""

_TLS_PORT, _PLAIN_PORT = 8883, 1884
_LOGIN = re.compile(DEVICE_ID_PATTERN)


def add(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser("broker", help="消息代理 / the MQTT broker")
    nested = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    config = nested.add_parser(
        "mosquitto-config",
        help="写出 Mosquitto 的配置、密码和权限文件 / write mosquitto's files",
        description="设备从 --host、--port 进入，只能用自己的主题；服务从 site.toml 的 mqtt.host、"
        "mqtt.port 进入。设备有增减后再运行一次，然后让 mosquitto 重新读取（SIGHUP） / "
        "devices come in at --host and --port and may use only their own topics; the service comes "
        "in at mqtt.host and mqtt.port of site.toml. Run it again when devices were added or taken "
        "away, then have mosquitto reload (SIGHUP).",
    )
    add_config(config)
    config.add_argument(
        "--out", type=Path, required=True, metavar="FOLDER", help="写到哪里 / where to write"
    )
    config.add_argument(
        "--host",
        metavar="H",
        help="设备监听地址 / the devices' address; left out: all with TLS, else 127.0.0.1",
    )
    config.add_argument(
        "--port",
        type=int,
        metavar="P",
        help=f"设备端口 / the devices' port; left out: {_TLS_PORT} with TLS, else {_PLAIN_PORT}",
    )
    config.add_argument(
        "--tls-cert", type=Path, metavar="F", help="证书（含中间证书） / certificate and chain, PEM"
    )
    config.add_argument("--tls-key", type=Path, metavar="F", help="私钥 / its private key, PEM")
    config.add_argument(
        "--data",
        type=Path,
        default=Path("/var/lib/mosquitto"),
        metavar="FOLDER",
        help="mosquitto 保存消息的文件夹 / where mosquitto keeps messages (default: %(default)s)",
    )
    config.set_defaults(function=main)


def main(arguments: argparse.Namespace) -> int:
    with open_site(arguments.config) as site:
        doors = _doors(arguments, site.settings)
        registry = DeviceRegistry(site.database, site.box)
        logins = site.database.read_now(registry.broker_logins_in)
        username, password, drawn = _service_login(site.settings)
        prefix = site.settings.file.mqtt.prefix
    reserved = reserved_in(logins, prefix)
    folder = Path(doors.folder)
    _make(folder)
    write_files(
        folder,
        {
            mosquitto.SERVICE_PASSWORDS: mosquitto.password_file(
                {username: _service_hash(folder, username, password)}
            ),
            mosquitto.SERVICE_RIGHTS: mosquitto.service_rights(prefix, username),
            **device_files(logins, prefix),
            mosquitto.CONFIGURATION: mosquitto.configuration(doors),
        },
    )
    print(f"{folder}: 已写好 / written: {len(logins) - len(reserved)} 个设备登录 / device logins")
    print(f"  设备 / devices: {_told(doors.devices)}")
    print(f"  服务 / service: {_told(doors.service)}, {username}")
    if drawn is not None:
        print(
            f"请在 site.toml 的 [mqtt] 中写入 / now write under [mqtt] in site.toml:\n"
            f'  username = "{username}"\n  password_file = "{drawn}"'
        )
    print("让 mosquitto 重新读取 / have mosquitto reload: systemctl reload mosquitto")
    for login in reserved:
        print(
            f"lianfang: device {login} has no login: its id begins as the service's own client ids "
            "do, and it could take our session over; register it under another id",
            file=sys.stderr,
        )
    return 1 if reserved else 0


# --- what the settings and arguments mean -------------------------------------------------------


def _doors(arguments: argparse.Namespace, settings: Settings) -> Doors:
    mqtt, where = settings.file.mqtt, settings.folder / "site.toml"
    if mqtt.embedded:
        raise BadSettings(f"{where}: mqtt.embedded: set it to false to use mosquitto")
    tls = _tls(arguments)
    host = arguments.host
    port = arguments.port or (_PLAIN_PORT if tls is None else _TLS_PORT)
    if tls is None:
        host = host or "127.0.0.1"
        if not stays_here(host):
            raise BadSettings(
                f"--host {host}: devices' logins may not cross a network in the clear: "
                "give --tls-cert and --tls-key"
            )
    if not 1 <= port <= 65535:
        raise BadSettings(f"--port {port}: a port is between 1 and 65535")
    if port == mqtt.port:
        raise BadSettings(
            f"--port {port} is mqtt.port of {where}, where the service comes in: "
            "devices need a port of their own"
        )
    if mqtt.ca_file is not None and tls is None:
        raise BadSettings(
            f"{where}: mqtt.ca_file: the service expects TLS: give --tls-cert and --tls-key"
        )
    here = stays_here(mqtt.host)
    if not here and mqtt.ca_file is None:
        raise BadSettings(
            f"{where}: mqtt.ca_file: mosquitto is on another machine ({mqtt.host}); name the "
            "authority that signed its certificate, so that the service speaks TLS"
        )
    return Doors(
        folder=arguments.out.resolve(),
        data_folder=arguments.data.resolve(),
        service=Listener(
            mqtt.host if here else None, mqtt.port, None if mqtt.ca_file is None else tls
        ),
        devices=Listener(host, port, tls),
    )


def _tls(arguments: argparse.Namespace) -> TlsFiles | None:
    certificate, key = arguments.tls_cert, arguments.tls_key
    if certificate is None and key is None:
        return None
    if certificate is None or key is None:
        raise BadSettings("--tls-cert and --tls-key go together")
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key)
    except PermissionError:
        # the key may be mosquitto's alone; it says itself when the two do not fit
        print(f"未能检查 / not checked, not ours to read: {key}", file=sys.stderr)
    except OSError as error:
        raise BadSettings(
            f"--tls-cert {certificate}, --tls-key {key}: no certificate and its key in PEM: "
            f"{error.strerror or error}"
        ) from error
    return TlsFiles(certificate.resolve(), key.resolve())


def _service_login(settings: Settings) -> tuple[str, str, Path | None]:
    """Name, password, and the file of a password that was drawn because site.toml names none."""
    mqtt, where = settings.file.mqtt, settings.folder / "site.toml"
    if mqtt.password_file is None:
        if mqtt.username is not None:
            raise BadSettings(
                f"{where}: mqtt.password_file: name the file that holds the password of "
                f"mqtt.username, or leave both out and have one drawn"
            )
        path = settings.site_key_file.parent / SERVICE_SECRET
        if not path.exists():
            write_secret(path, secrets.token_urlsafe(24).encode())
        return OWN_LOGIN, path.read_text(encoding="utf-8"), path
    if mqtt.username is None or _LOGIN.fullmatch(mqtt.username) is None:
        raise BadSettings(
            f"{where}: mqtt.username: write a name of 1 to 64 letters, digits, '.', '_' or '-', "
            f'such as "{OWN_LOGIN}"'
        )
    password = settings.secret(mqtt.password_file, key="mqtt.password_file")
    if not password:
        raise BadSettings(f"{where}: mqtt.password_file: the file is empty")
    return mqtt.username, password, None


# --- writing ------------------------------------------------------------------------------------


def _service_hash(folder: Path, username: str, password: str) -> str:
    """The hash that is there when it is still right, so that a second run changes nothing."""
    iterations = mosquitto.SERVICE_ITERATIONS
    path = folder / mosquitto.SERVICE_PASSWORDS
    try:
        kept = mosquitto.hash_in(path.read_text(encoding="utf-8"), username)
    except FileNotFoundError:
        kept = None
    except OSError as error:
        raise BadSettings(f"--out: cannot read {path}: {error.strerror}") from error
    if kept is not None and mosquitto.is_hash_of(password, kept, iterations=iterations):
        return kept
    salt = secrets.token_bytes(mosquitto.SALT_BYTES)
    return mosquitto.hash_password(password, salt=salt, iterations=iterations)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o750)
    except OSError as error:
        raise BadSettings(f"--out: cannot make {folder}: {error.strerror}") from error


def _told(listener: Listener) -> str:
    return f"{listener.host or '*'}:{listener.port} {'TLS' if listener.tls else 'plain'}"
