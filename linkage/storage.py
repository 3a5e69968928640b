"""Opening a site's store and finding its broker: the daemon and every command begin here."""

import secrets
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, exists, select
from sqlalchemy.engine import make_url

from alarms.broker_rules import OWN_LOGIN
from alarms.errors import StoreBusy, StoreUnusable
from alarms.mqtt import BrokerAddress
from alarms.store import Database, SealedBox, load_or_create_site_key, write_secret
from alarms.store.tables import devices
from lianfang_timing import Clock, SystemClock, unix_ms
from linkage import schema
from linkage.registry import erasures
from linkage.settings import Settings

EMBEDDED_BROKER_SECRET = "embedded-broker.secret"


@dataclass(frozen=True)
class Storage:
    """A site's open store."""

    database: Database
    box: SealedBox


def open_storage(
    settings: Settings,
    make_database: type[Database] = Database,
    clock: Clock = SystemClock(),  # noqa: B008 - it holds no state
) -> Storage:
    """Open the site's store, making it where it is not there yet. What was erased and has come
    back with an older backup is erased again before this returns.

    Raises StoreUnusable, StoreTooNew or StoreBusy, each with one clear sentence.
    """
    for folder in _folders(settings):
        _make(folder)
    with ExitStack() as undo:
        database = make_database(settings.database_url)
        undo.callback(database.close_now)
        try:
            database.prepare_now()
            has_secrets = database.read_now(_holds_secrets)
        except StoreBusy as error:
            raise StoreUnusable(
                f"cannot open the database {database!r}: {error.__cause__ or error}; "
                "check that its folder is writable and no other server holds it"
            ) from error
        key = load_or_create_site_key(settings.site_key_file, may_create=not has_secrets)
        box = SealedBox(key)
        erasures.keep_up(
            database,
            box,
            settings.erasure_list_file,
            now_ms=unix_ms(clock.now()),
            writer=settings.file.site.node,
        )
        undo.pop_all()
    return Storage(database, box)


def broker_address(settings: Settings) -> BrokerAddress:
    """Where the site's broker is and how the service and its commands log in.

    The embedded broker's secret is drawn at first use. Raises BadSettings, StoreUnusable.
    """
    mqtt = settings.file.mqtt
    if mqtt.embedded:
        return BrokerAddress(mqtt.host, mqtt.port, OWN_LOGIN, _embedded_secret(settings))
    password = None
    if mqtt.password_file is not None:
        password = settings.secret(mqtt.password_file, key="mqtt.password_file")
    ca_file = None if mqtt.ca_file is None else str(settings.path(mqtt.ca_file))
    return BrokerAddress(mqtt.host, mqtt.port, mqtt.username, password, ca_file)


def _embedded_secret(settings: Settings) -> str:
    path = settings.site_key_file.parent / EMBEDDED_BROKER_SECRET
    if not path.exists():
        write_secret(path, secrets.token_urlsafe(24).encode())
    return path.read_text(encoding="utf-8")


def _folders(settings: Settings) -> list[Path]:
    folders = [
        settings.evidence_folder,
        settings.site_key_file.parent,
        settings.erasure_list_file.parent,
    ]
    url = make_url(settings.database_url)
    if url.get_backend_name() == "sqlite" and url.database:
        folders.append(Path(url.database).parent)
    return folders


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o750)
    except OSError as error:
        raise StoreUnusable(
            f"cannot make the folder {folder}: {error.strerror}; name another in site.toml, or "
            "give the program's user the right to write there"
        ) from error


def _holds_secrets(conn: Connection) -> bool:
    sealed = (
        devices.c.key_sealed,
        schema.cameras.c.password_sealed,
        schema.households.c.data_key_sealed,
    )
    return any(conn.scalar(select(exists().where(column.is_not(None)))) for column in sealed)
