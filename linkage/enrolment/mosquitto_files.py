"""The files in which mosquitto finds the devices' logins, written as a whole or not at all.

What stands in them is `alarms.mosquitto`'s; the rest of mosquitto's files is written by
`lianfang broker mosquitto-config` alone.
"""

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from alarms import mosquitto
from alarms.devices import BrokerLogin
from linkage.errors import BadSettings


def reserved_in(logins: Mapping[str, BrokerLogin], prefix: str) -> list[str]:
    """Logins that must not be let in: they would share client ids with the service."""
    return sorted(login for login in logins if mosquitto.is_service_client_id(prefix, login))


def device_files(logins: Mapping[str, BrokerLogin], prefix: str) -> dict[str, str]:
    """Text by file name: the devices' passwords and rights."""
    reserved = set(reserved_in(logins, prefix))
    let_in = {login: of for login, of in logins.items() if login not in reserved}
    return {
        # mosquitto watches nothing: whoever reloads it does so for the passwords, so they come last
        mosquitto.DEVICE_RIGHTS: mosquitto.device_rights(
            prefix, {login: of.owner for login, of in let_in.items()}
        ),
        mosquitto.DEVICE_PASSWORDS: mosquitto.password_file(
            {login: of.mosquitto_password for login, of in let_in.items()}
        ),
    }


def changed_files(folder: Path, files: Mapping[str, str]) -> dict[str, str]:
    """Those of `files` that the folder does not hold as they are. Raises BadSettings."""
    changed = {}
    for name, text in files.items():
        path = folder / name
        try:
            kept = path.read_text(encoding="utf-8") if path.exists() else None
        except OSError as error:
            raise BadSettings(f"cannot read {path}: {error.strerror}") from error
        if kept != text:
            changed[name] = text
    return changed


def write_files(folder: Path, files: Mapping[str, str]) -> None:
    """Each file as a whole or not at all, mode 0640; of the folder's group where that is set.

    Raises BadSettings.
    """
    for name, text in files.items():
        path = folder / name
        try:
            handle, beside = tempfile.mkstemp(dir=folder, prefix=f".{name}-")
            try:
                with os.fdopen(handle, "w", encoding="utf-8") as file:
                    file.write(text)
                    file.flush()
                    os.fsync(file.fileno())
                    os.fchmod(file.fileno(), 0o640)
                Path(beside).replace(path)
            except OSError:
                Path(beside).unlink(missing_ok=True)
                raise
        except OSError as error:
            raise BadSettings(f"cannot write {path}: {error.strerror}") from error
