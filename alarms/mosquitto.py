"""What mosquitto must be told about us: the text of its configuration, password and rights files.

Two listeners, each with its own logins and rights. The service's keeps the client ids that it is
given, because intake and `button press` share one login. The devices' replaces every client id by
the login: who has stolen a device's login can neither take our session over nor a neighbour's.
Only text is made here; reading the store and writing files belong to the command.
"""

import base64
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath

from alarms import device_topics
from alarms.device_topics import BUTTON, LOUDSPEAKER, SIREN
from alarms.model import LoginOwner

CONFIGURATION = "mosquitto.conf"
DEVICE_PASSWORDS, DEVICE_RIGHTS = "devices.password", "devices.acl"
SERVICE_PASSWORDS, SERVICE_RIGHTS = "service.password", "service.acl"

DEVICE_ITERATIONS = 1
"""A device's password is 128 random bits: nobody finds it by trying, however cheap one try is,
and mosquitto checks logins in the thread that also carries the presses."""
SERVICE_ITERATIONS = 1000
"""People choose this one at times; it is checked once a connection, on a listener of its own."""

MAX_PAYLOAD_BYTES = MAX_PACKET_BYTES = (1 << 20) + (1 << 16)
"""A mebibyte and its topic. A payload between the two limits would be confirmed and thrown away
without a word, so there is nothing between them."""
MAX_INFLIGHT_BYTES, MAX_QUEUED_BYTES = 32 << 20, 64 << 20
"""For one client, on top of each other. The first is also what a flood can make our own process
hold; 100000 presses of 350 bytes are 35 MB."""

SALT_BYTES = 12
"""mosquitto up to 2.0 reads no other length."""

_FORMAT = "7"  # PBKDF2 with SHA-512
_HEADER = (
    "# Written by `lianfang broker mosquitto-config`: a change made here is lost at its next run."
)


@dataclass(frozen=True)
class TlsFiles:
    """PEM files that mosquitto reads; the certificate's may hold the chain above it."""

    certificate: PurePath
    key: PurePath


@dataclass(frozen=True)
class Listener:
    """An address that mosquitto listens on. `host` None: every address; `tls` None: plain."""

    host: str | None
    port: int
    tls: TlsFiles | None = None


@dataclass(frozen=True)
class Doors:
    """A site's mosquitto: where its files are (absolute) and who comes in where."""

    folder: PurePath
    data_folder: PurePath
    service: Listener
    devices: Listener


def hash_password(password: str, *, salt: bytes, iterations: int) -> str:
    """A password as mosquitto's password files hold it. `salt` is SALT_BYTES long."""
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, iterations)
    salt_text, digest_text = (base64.b64encode(part).decode() for part in (salt, digest))
    return f"${_FORMAT}${iterations}${salt_text}${digest_text}"


def is_hash_of(password: str, hashed: str, *, iterations: int) -> bool:
    """Whether `hashed` is this password's, made with so many iterations."""
    fields = hashed.split("$")
    if len(fields) != 5 or fields[:3] != ["", _FORMAT, str(iterations)]:
        return False
    try:
        salt = base64.b64decode(fields[3], validate=True)
    except ValueError:
        return False
    return secrets.compare_digest(
        hash_password(password, salt=salt, iterations=iterations).encode(), hashed.encode()
    )


def configuration(doors: Doors) -> str:
    """The text of mosquitto.conf."""
    return "\n".join(
        [
            _HEADER,
            "",
            # it must come before every setting that it divides
            "per_listener_settings true",
            "",
            "# what is on disk when the machine stops: saved every second",
            "persistence true",
            f"persistence_location {str(doors.data_folder).rstrip('/')}/",
            "autosave_interval 1",
            "autosave_on_changes false",
            "",
            "# the defaults (20, 1000) would hold a storm back and then drop it; so many bytes",
            "# hold a hundred thousand presses, and a flood of huge payloads fills no memory",
            "max_inflight_messages 20000",
            f"max_inflight_bytes {MAX_INFLIGHT_BYTES}",
            "max_queued_messages 100000",
            f"max_queued_bytes {MAX_QUEUED_BYTES}",
            "set_tcp_nodelay true",
            "",
            "# a press has at most 4096 bytes; up to here a larger one is answered `rejected`, and",
            "# whoever sends a larger one still is thrown out",
            f"message_size_limit {MAX_PAYLOAD_BYTES}",
            f"max_packet_size {MAX_PACKET_BYTES}",
            "max_keepalive 1800",
            "persistent_client_expiration 14d",
            "",
            "log_dest stderr",
            "",
            "# the service and its commands",
            *_listener(doors.service, doors.folder, SERVICE_PASSWORDS, SERVICE_RIGHTS),
            "",
            "# the devices: a client id is always the login, whatever the device asks for",
            *_listener(doors.devices, doors.folder, DEVICE_PASSWORDS, DEVICE_RIGHTS),
            "use_username_as_clientid true",
            "",
        ]
    )


def device_rights(prefix: str, logins: Mapping[str, LoginOwner] | None = None) -> str:
    """The rights file of the devices' listener: each only its own topics (contract §3).

    `logins` say whose they are. mosquitto's patterns know a login and neither its kind nor its
    device: they give everybody a button's topics below the login's own name. Who is no button, or
    has a second login while it is being rotated, has them taken away and gets its own by name. So a
    town's thousands of buttons cost no line, and all others a few lines each.
    """
    everybody = [f"pattern write {topic}" for topic in device_topics.writes(prefix, BUTTON, "%u")]
    everybody += [f"pattern read {topic}" for topic in device_topics.reads(prefix, BUTTON, "%u")]
    others: list[str] = []
    for login, owner in sorted((logins or {}).items(), key=lambda one: one[0]):
        if owner == LoginOwner(login, BUTTON):
            continue
        kind, device = owner.kind, owner.device
        others += ["", f"user {login}", f"topic deny {prefix}/{BUTTON}/{login}/#"]
        others += [f"topic write {topic}" for topic in device_topics.writes(prefix, kind, device)]
        others += [f"topic read {topic}" for topic in device_topics.reads(prefix, kind, device)]
    return _lines(_HEADER, *everybody, *others)


def service_rights(prefix: str, login: str) -> str:
    """The rights file of the service's listener.

    Beside what intake and the outbox need it may send presses and read replies and its own status:
    `lianfang button press` uses this login. What makes a press genuine is its signature.
    """
    rights = [f"readwrite {prefix}/button/+/{leaf}" for leaf in ("press", "reply")]
    rights += [f"read {prefix}/button/+/{leaf}" for leaf in ("status", "seen")]
    rights += [f"write {prefix}/button/+/notice"]
    for kind in (SIREN, LOUDSPEAKER):
        of_kind = f"{prefix}/{kind}/+"
        rights += [f"read {topic}" for topic in device_topics.writes(prefix, kind, "+")]
        leaves = device_topics.OWN[kind].device_reads
        rights += [f"write {of_kind}/{leaf}" for leaf in leaves]
    rights += [f"readwrite {prefix}/service/status"]
    return _lines(_HEADER, f"user {login}", *(f"topic {right}" for right in rights))


def password_file(hashes: Mapping[str, str]) -> str:
    """The text of a password file: `hash_password` of each login."""
    return _lines(_HEADER, *(f"{login}:{hashes[login]}" for login in sorted(hashes)))


def hash_in(text: str, login: str) -> str | None:
    """What a password file holds for this login."""
    found = (line.partition(":") for line in text.splitlines())
    return next((hashed for name, _, hashed in found if name == login), None)


def is_service_client_id(prefix: str, login: str) -> bool:
    """Whether a device of this login would share client ids with the service or its commands."""
    return login.startswith((f"{prefix}-intake-", f"{prefix}-press-"))


def _listener(listener: Listener, folder: PurePath, passwords: str, rights: str) -> list[str]:
    address = f"{listener.port}" if listener.host is None else f"{listener.port} {listener.host}"
    lines = [
        f"listener {address}",
        "allow_anonymous false",
        f"password_file {folder / passwords}",
        f"acl_file {folder / rights}",
    ]
    if listener.tls is not None:
        lines += [
            f"certfile {listener.tls.certificate}",
            f"keyfile {listener.tls.key}",
            "tls_version tlsv1.2",
        ]
    return lines


def _lines(*lines: str) -> str:
    return "".join(f"{line}\n" for line in lines)
