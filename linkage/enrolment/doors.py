"""The broker, as far as devices' logins are concerned: told what counts, and whom to throw out."""

import asyncio
from pathlib import Path
from typing import Protocol

from alarms.broker import EmbeddedBroker
from alarms.devices import DeviceRegistry
from alarms.store import Database
from linkage.enrolment.mosquitto_files import changed_files, device_files, write_files


class BrokerDoor(Protocol):
    """The broker that devices come in by."""

    async def settle(self) -> None:
        """Have it know every login that counts at this moment, and no other.

        Raises BadSettings when that cannot be done, StoreBusy when it cannot be done now.
        """
        ...

    async def let_go(self, device: str, login: str | None = None) -> None:
        """End whatever this device has open there, or what this login of it has."""
        ...


class EmbeddedDoor:
    """Our own broker: it asks the store at every login, and ends sessions when it is told."""

    def __init__(self, broker: EmbeddedBroker) -> None:
        self._broker = broker

    async def settle(self) -> None:
        return

    async def let_go(self, device: str, login: str | None = None) -> None:
        await self._broker.let_go(device, login)


class MosquittoDoor:
    """A mosquitto beside us: its files are kept as they must be.

    It reads them again when it is reloaded (`lianfang-mosquitto-reload.path` does that), and then
    ends the sessions of logins that are gone by itself.
    """

    def __init__(
        self, folder: Path, database: Database, devices: DeviceRegistry, prefix: str
    ) -> None:
        self._folder = folder
        self._database = database
        self._devices = devices
        self._prefix = prefix

    async def settle(self) -> None:
        logins = await self._database.read(self._devices.broker_logins_in)
        await asyncio.to_thread(self._write, device_files(logins, self._prefix))

    async def let_go(self, device: str, login: str | None = None) -> None:
        # the reload does it
        return

    def _write(self, files: dict[str, str]) -> None:
        write_files(self._folder, changed_files(self._folder, files))


class NoDoor:
    """A broker that somebody else looks after: `lianfang broker mosquitto-config`, by hand."""

    async def settle(self) -> None:
        return

    async def let_go(self, device: str, login: str | None = None) -> None:
        return
