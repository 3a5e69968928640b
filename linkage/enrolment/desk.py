"""Where people have devices enrolled: the store's transaction, then the broker, then the sheet."""

from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from alarms.devices import DeviceRegistry
from alarms.errors import StoreBusy
from alarms.store import Database, SealedBox
from lianfang_timing import Clock
from linkage.enrolment import changing
from linkage.enrolment.changing import Label, RevokeReason, Wanted
from linkage.enrolment.doors import BrokerDoor, NoDoor
from linkage.enrolment.labels import WayIn
from linkage.enrolment.sheets import KEPT_S, Sheets
from linkage.errors import BadSettings
from linkage.loopback import stays_here
from linkage.registry.errors import NotPossible
from linkage.registry.history import Caller
from linkage.registry.model import Said

log = structlog.get_logger()


@dataclass(frozen=True)
class Made:
    """A sheet that waits to be printed."""

    sheet: str
    """Its id: good once, for its owner, for `kept_s`."""
    kept_s: float
    devices: tuple[str, ...]
    warnings: tuple[Said, ...]
    """Why a label may not work yet."""


class EnrolmentDesk:
    """One for a process; its routes ask for permissions before they come here."""

    def __init__(
        self,
        database: Database,
        registry: DeviceRegistry,
        box: SealedBox,
        clock: Clock,
        door: BrokerDoor,
        *,
        way: WayIn,
        overlap_s: float,
    ) -> None:
        self.way = way
        self._database = database
        self._registry = registry
        self._box = box
        self._door = door
        self._overlap_ms = round(overlap_s * 1000)
        self._sheets = Sheets(clock)

    async def put(
        self, caller: Caller, device: str, wanted: Wanted, *, only_new: bool = False
    ) -> bool:
        """Whether it is new. Raises BadEntry, NoSuchEntry, NotPossible, StoreBusy."""
        return await self._database.write(
            lambda conn: changing.put_device(
                conn, self._registry, caller, device, wanted, only_new=only_new
            )
        )

    async def issue(self, caller: Caller, devices: Sequence[str]) -> Made:
        """Labels for these. Raises NoSuchEntry, NotPossible, StoreBusy."""
        self._must_have_room()
        labels = await self._database.write(
            lambda conn: changing.issue(
                conn, self._box, caller, devices, overlap_ms=self._overlap_ms
            )
        )
        return await self._made(caller, labels)

    async def rotate(self, caller: Caller, device: str) -> Made:
        """Another label for a device in use. Raises NoSuchEntry, NotPossible, StoreBusy."""
        self._must_have_room()
        label = await self._database.write(
            lambda conn: changing.rotate(
                conn, self._box, caller, device, overlap_ms=self._overlap_ms
            )
        )
        return await self._made(caller, [label])

    async def revoke(self, caller: Caller, device: str, reason: RevokeReason) -> list[Said]:
        """No press of it is heard any more, and what it has open at the broker is ended.

        Warnings say what is left to do. Raises NoSuchEntry, NotPossible, StoreBusy.
        """
        await self._database.write(lambda conn: changing.revoke(conn, caller, device, reason))
        await self._door.let_go(device)
        return await self._settled()

    def take_sheet(self, sheet: str, owner: str) -> tuple[Label, ...] | None:
        """The labels of a sheet, for the only time."""
        return self._sheets.take(sheet, owner)

    def forget_old_sheets(self) -> None:
        """Secrets that nobody came for do not stay in memory."""
        self._sheets.forget_old()

    def _must_have_room(self) -> None:
        if self._sheets.is_full:
            raise NotPossible(
                Said(
                    "待打印的标签页太多，请先打印，或十分钟后再试",
                    "too many label sheets wait to be printed: print them, or try in ten minutes",
                )
            )

    async def _made(self, caller: Caller, labels: Sequence[Label]) -> Made:
        warnings = await self._settled()
        if stays_here(self.way.host):
            warnings.append(
                Said(
                    f"标签上的服务器地址是 {self.way.host}，只在本机有效；"
                    "请在 site.toml 的 [enrolment] 设置 host",
                    f"the labels name {self.way.host}, which only this machine can reach: set "
                    "enrolment.host in site.toml",
                )
            )
        sheet = self._sheets.keep(caller.username, labels)
        devices = tuple(label.given.device for label in labels)
        return Made(sheet, KEPT_S, devices, tuple(warnings))

    async def _settled(self) -> list[Said]:
        """What the broker was not told, and who must tell it."""
        if isinstance(self._door, NoDoor):
            return [
                Said(
                    "请运行 lianfang broker mosquitto-config 并重新加载 Mosquitto",
                    "run `lianfang broker mosquitto-config` and have mosquitto reload",
                )
            ]
        try:
            await self._door.settle()
        except (BadSettings, StoreBusy) as error:
            log.error("enrolment.broker_not_told", detail=str(error))
            return [Said(f"登录未写入代理：{error}", f"the broker was not told: {error}")]
        return []
