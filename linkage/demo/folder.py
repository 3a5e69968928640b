"""The demo's folder: settings, data, films, and what another program needs to press a button."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

from alarms.errors import StoreUnusable
from camerad.simulator.site import Address
from linkage.demo.town import DemoAccount, DemoButton

CONFIG, DATA, FILMS, ACCESS = "config", "data", "films", "access.json"

_SITE = """\
# 演示用设置，每次 make demo 重新写出 / settings of the demo, written anew by every `make demo`.

[site]
name_zh = "横河镇综治中心（演示）"
name_en = "Henghe Township (demo)"
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


def prepare(folder: Path, shipped: Path, *, port: int, mqtt_port: int) -> Path:
    """Begin anew: settings written, old data gone, films kept. Returns the settings folder.

    Touches nothing but its own names in `folder`. Raises StoreUnusable when it cannot write there.
    """
    config = folder / CONFIG
    try:
        for old in (config, folder / DATA):
            if old.exists():
                shutil.rmtree(old)
        (folder / ACCESS).unlink(missing_ok=True)
        config.mkdir(parents=True)
        (config / "site.toml").write_text(
            _SITE.format(port=port, mqtt_port=mqtt_port), encoding="utf-8"
        )
        for name in ("rules.toml", "escalation.toml"):
            shutil.copy(shipped / name, config / name)
    except OSError as error:
        raise StoreUnusable(
            f"the demo cannot write in {folder}: {error.strerror}; run it in a folder of yours"
        ) from error
    return config


def write_access(
    folder: Path,
    *,
    console: str,
    mqtt_port: int,
    accounts: Sequence[DemoAccount],
    buttons: Sequence[DemoButton],
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
        "cameras": list(cameras),
    }
    path = folder / ACCESS
    part = path.with_suffix(".part")
    part.touch(mode=0o600)
    part.write_text(json.dumps(facts, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    part.rename(path)
