"""The demo's folder: settings, data, films, and what another program needs to press a button."""

import fcntl
import hashlib
import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from alarms.devices import Credentials
from alarms.errors import StoreUnusable
from alarms.signature import key_from_text
from alarms.store import migrations
from camerad.simulator.site import Address
from linkage.demo.town import DemoAccount, DemoButton

CONFIG, DATA, FILMS, ACCESS = "config", "data", "films", "access.json"
LOCK, MADE_BY = ".running", ".made-by"

_SITE = """\
# 演示用设置，每次 make demo 重新写出 / settings of the demo, written anew by every `make demo`.
# make clean 清除小镇 / `make clean` forgets the town.

[site]
name_zh = "横河镇综治中心（演示）"
name_en = "Henghe Township (demo)"
county = "示范县"
township = "横河镇"
time_zone = "Asia/Shanghai"
node = "demo"

[mqtt]
embedded = true
host = "127.0.0.1"
port = {mqtt_port}

[console]
host = "127.0.0.1"
port = {port}

[cameras]
interfaces = ["127.0.0.1"]
workers = 1
"""


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Hold the demo's folder for one demo at a time. Raises StoreUnusable when another has it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / LOCK).open("w")
    except OSError as error:
        raise _cannot_write(folder, error) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StoreUnusable(
                f"another demo is running on {folder}: end it first, or run this one elsewhere"
            ) from error
        yield


def prepare(folder: Path, shipped: Path, *, port: int, mqtt_port: int) -> Path:
    """Write the settings. Returns their folder.

    A town that is there is kept, as long as this version of the program made it. Touches nothing
    but its own names in `folder`. Raises StoreUnusable when it cannot write there.
    """
    config = folder / CONFIG
    try:
        if not _is_ours(folder):
            for old in (config, folder / DATA):
                if old.exists():
                    shutil.rmtree(old)
            (folder / ACCESS).unlink(missing_ok=True)
        config.mkdir(parents=True, exist_ok=True)
        (folder / MADE_BY).write_text(_made_by(), encoding="utf-8")
        (config / "site.toml").write_text(
            _SITE.format(port=port, mqtt_port=mqtt_port), encoding="utf-8"
        )
        for name in ("rules.toml", "escalation.toml", "holidays.toml"):
            shutil.copy(shipped / name, config / name)
    except OSError as error:
        raise _cannot_write(folder, error) from error
    return config


@dataclass(frozen=True)
class Kept:
    """What `access.json` says of a town that is there."""

    accounts: list[DemoAccount]
    buttons: list[Credentials]
    sounders: list[Credentials]


def kept(folder: Path) -> Kept | None:
    """The accounts and devices of a town that is there, from `access.json`; None for a new one."""
    path = folder / ACCESS
    if not path.exists():
        return None
    facts = json.loads(path.read_text(encoding="utf-8"))
    accounts = [DemoAccount(a["username"], a["role"], a["password"]) for a in facts["accounts"]]
    return Kept(accounts, _given(facts["devices"]), _given(facts.get("sounders", [])))


def _given(found: list[dict[str, str]]) -> list[Credentials]:
    return [Credentials(d["id"], d["login"], d["password"], key_from_text(d["key"])) for d in found]


def _is_ours(folder: Path) -> bool:
    """Whether a whole town of this very schema is there."""
    made_by = folder / MADE_BY
    whole = (folder / ACCESS).exists() and (folder / DATA).is_dir() and made_by.exists()
    return whole and made_by.read_text(encoding="utf-8") == _made_by()


def _made_by() -> str:
    """The version and the schema: a town of another one is not carried over, a demo has no past."""
    versions = Path(migrations.__path__[0]) / "versions"
    schema = b"".join(file.read_bytes() for file in sorted(versions.glob("*.py")))
    return f"{version('lianfang')} {hashlib.sha256(schema).hexdigest()}\n"


def _cannot_write(folder: Path, error: OSError) -> StoreUnusable:
    return StoreUnusable(
        f"the demo cannot write in {folder}: {error.strerror}; run it in a folder of yours"
    )


def write_access(
    folder: Path,
    *,
    console: str,
    mqtt_port: int,
    accounts: Sequence[DemoAccount],
    buttons: Sequence[DemoButton],
    sounders: Sequence[Credentials],
    cameras: Sequence[Address],
) -> None:
    """`access.json` (contract §1): for the demo only, readable by its owner."""
    facts = {
        "console": console,
        "mqtt": {"host": "127.0.0.1", "port": mqtt_port},
        "config": str(folder / CONFIG),
        "accounts": [
            {"username": a.username, "password": a.password, "role": a.role} for a in accounts
        ],
        "devices": [
            {
                "id": b.credentials.device,
                "kind": "button",
                "login": b.credentials.login,
                "password": b.credentials.password,
                "key": b.credentials.key_text,
                "household": b.household,
                "group": b.group,
                "village": b.village,
            }
            for b in buttons
        ],
        # apart from the buttons: nobody presses these
        "sounders": [
            {"id": s.device, "login": s.login, "password": s.password, "key": s.key_text}
            for s in sounders
        ],
        "cameras": list(cameras),
    }
    path = folder / ACCESS
    part = path.with_suffix(".part")
    part.touch(mode=0o600)
    part.write_text(json.dumps(facts, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    part.rename(path)
