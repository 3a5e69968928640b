"""Devices that a file names: in the cells of their households, and in a sheet of their own. Pure.

A device that is new is registered as planned: its label is made later, on the console.
"""

from dataclasses import dataclass

from alarms.model import DeviceState
from linkage.registry.faults import Fault
from linkage.registry.model import Change, Entity, Said
from linkage.registry.sheets.household_rows import HouseholdRow
from linkage.registry.sheets.model import Spot, Write
from linkage.registry.sheets.place_book import PlaceBook
from linkage.registry.sheets.registered import KnownDevice, Registered
from linkage.registry.sheets.row_reading import KIND_WORDS, RowReader


@dataclass(frozen=True)
class _Said:
    """What one place of the file says of a device; None: nothing."""

    spot: Spot
    key: str
    kind: str | None = None
    household_id: str | None = None
    group_id: str | None = None
    placed: bool = False
    """It says where the device hangs, be it nowhere."""
    unsigned: bool | None = None


class DeviceRows:
    """Reads what is said of devices; remembers which were named."""

    def __init__(self, registered: Registered, book: PlaceBook, households: set[str]) -> None:
        """`households` are those that the file names."""
        self._registered = registered
        self._book = book
        self._households = households
        self._said: dict[str, _Said] = {}

    @property
    def named(self) -> int:
        return len(self._said)

    def read(self, spot: Spot) -> None:
        """A row of a sheet of devices."""
        reader = RowReader(spot)
        id_ = reader.id("device_id")
        if id_ == "":
            reader.refuse("device_id", _NO_ID)
            return
        kind = reader.kind("kind") if reader.said("kind") else ""
        household = self._household(reader)
        group = self._group(reader)
        unsigned = reader.yes("unsigned") if reader.said("unsigned") else None
        placed = reader.said("household_id") or reader.said("group_id")
        known = self._registered.devices.get(id_ or "")
        stays = known is not None and (known.household_id, known.group_id) == (household, group)
        if household and group and not stays:
            reader.refuse("group_id", _TWO_PLACES)
        if id_ is None or kind is None or reader.bad or not self._may_name(reader, id_):
            return
        first = self._said.get(id_)
        if first is not None:
            spot.refuse("device_id", _named_before(id_, first))
            return
        self._said[id_] = _Said(
            spot, "device_id", kind or None, household or None, group or None, placed, unsigned
        )

    def hang(self, row: HouseholdRow) -> None:
        """The buttons that a household's own row names; after all sheets of devices."""
        for id_ in row.buttons or ():
            self._hang(row, id_)
        if row.buttons is None:
            return
        for id_ in self._registered.devices_of.get(row.id, ()):
            device = self._registered.devices[id_]
            if device.kind == "button" and id_ not in row.buttons and id_ not in self._said:
                row.spot.warn("buttons", _still_there(id_))

    def writes(self) -> list[Write]:
        """What is made and changed."""
        found = (self._write(id_, said) for id_, said in self._said.items())
        return [write for write in found if write is not None]

    def _hang(self, row: HouseholdRow, id_: str) -> None:
        said = self._said.get(id_)
        spot = row.spot
        if said is not None:
            if said.placed and said.household_id != row.id:
                spot.refuse("buttons", _hangs_elsewhere(id_, said), id_)
            elif said.kind not in (None, "button"):
                spot.refuse("buttons", _no_button(id_, str(said.kind)), id_)
            elif not said.placed:
                self._said[id_] = _Said(
                    said.spot, said.key, said.kind, row.id, None, True, said.unsigned
                )
            return
        reader = RowReader(spot)
        if not self._may_name(reader, id_, key="buttons"):
            return
        known = self._registered.devices.get(id_)
        if known is not None and known.kind != "button":
            spot.refuse("buttons", _no_button(id_, known.kind), id_)
            return
        if known is not None and known.household_id not in (None, row.id):
            spot.refuse("buttons", _registered_elsewhere(id_, str(known.household_id)), id_)
            return
        self._said[id_] = _Said(spot, "buttons", "button", row.id, None, placed=True)

    def _may_name(self, reader: RowReader, id_: str, key: str = "device_id") -> bool:
        known = self._registered.devices.get(id_)
        if known is None:
            return True
        places = self._book.places
        if not places.covers(self._registered.village_of_device(id_)):
            reader.refuse(key, _ELSEWHERE, id_)
            return False
        if known.state is DeviceState.REVOKED:
            reader.refuse(key, _REVOKED, id_)
            return False
        return True

    def _household(self, reader: RowReader) -> str | None:
        id_ = reader.id("household_id") if reader.said("household_id") else ""
        if not id_ or id_ in self._households:
            return id_
        known = self._registered.households.get(id_)
        if known is None or not self._book.places.covers(
            self._registered.village_of_household(id_)
        ):
            reader.refuse("household_id", _NO_HOUSEHOLD)
            return None
        if not known.in_net:
            reader.refuse("household_id", _LEFT)
            return None
        return id_

    def _group(self, reader: RowReader) -> str | None:
        id_ = reader.id("group_id") if reader.said("group_id") else ""
        if not id_:
            return id_
        known = self._registered.groups.get(id_)
        there = id_ in self._book.groups.entries and self._book.places.covers(
            self._book.village_of_group(id_)
        )
        if not there or (known is not None and known.retired):
            reader.refuse("group_id", _NO_GROUP)
            return None
        return id_

    def _write(self, id_: str, said: _Said) -> Write | None:
        known = self._registered.devices.get(id_)
        if known is None:
            return self._new(id_, said)
        values: dict[str, object] = {}
        if said.kind is not None and said.kind != known.kind:
            values["kind"] = said.kind
        if said.placed and (said.household_id, said.group_id) != (
            known.household_id,
            known.group_id,
        ):
            values |= {"household_id": said.household_id, "group_id": said.group_id}
        if said.unsigned is not None and said.unsigned != known.unsigned:
            values["unsigned"] = said.unsigned
        return self._changed(id_, said, known, values) if values else None

    def _new(self, id_: str, said: _Said) -> Write | None:
        kind = said.kind
        if kind is None:
            said.spot.refuse("kind", _NO_KIND)
            return None
        if said.household_id is None and said.group_id is None:
            if not self._book.places.covers(None):
                said.spot.refuse("household_id", _NOWHERE)
                return None
            said.spot.warn("household_id", _NOWHERE)
        values: dict[str, object] = {
            "kind": kind,
            "household_id": said.household_id,
            "group_id": said.group_id,
            "unsigned": bool(said.unsigned),
        }
        data: dict[str, object] = {
            "household": said.household_id,
            "group": said.group_id,
            "by": "sheet",
        }
        return Write(Entity.DEVICE, id_, Change.CREATED, values, data=data)

    def _changed(
        self, id_: str, said: _Said, known: KnownDevice, values: dict[str, object]
    ) -> Write | None:
        if known.state is not DeviceState.PLANNED and {"kind", "unsigned"} & values.keys():
            key = "unsigned" if "unsigned" in values else "kind"
            said.spot.refuse(key, _IN_USE)
            return None
        moved = "household_id" in values and (known.household_id or known.group_id) is not None
        if moved and known.state is not DeviceState.PLANNED:
            said.spot.warn(said.key, _moves(id_, known), id_)
        data: dict[str, object] = {"fields": sorted(values)}
        if moved:
            data["from"] = known.household_id or known.group_id
            data["to"] = said.household_id or said.group_id
        change = Change.MOVED if moved else Change.CHANGED
        return Write(Entity.DEVICE, id_, change, values, tuple(sorted(values)), data)


def _named_before(id_: str, first: _Said) -> Fault:
    number = 0 if first.spot.row is None else first.spot.row.number
    return Fault(
        Said(
            f"设备 {id_} 已在“{first.spot.table.name}”第 {number} 行",
            f"the device {id_} is in row {number} of “{first.spot.table.name}” already",
        ),
        Said("每台设备只写一次", "name each device once"),
    )


def _hangs_elsewhere(id_: str, said: _Said) -> Fault:
    number = 0 if said.spot.row is None else said.spot.row.number
    other = said.household_id or said.group_id or "–"
    return Fault(
        Said(
            f"“{said.spot.table.name}”第 {number} 行写着 {id_} 属于 {other}",
            f"row {number} of “{said.spot.table.name}” says that {id_} belongs to {other}",
        ),
        Said(
            "一台设备只能属于一户：请改正其中一处", "one device, one household: correct one of them"
        ),
    )


def _registered_elsewhere(id_: str, household: str) -> Fault:
    return Fault(
        Said(f"按钮 {id_} 登记在 {household}", f"the button {id_} is registered at {household}"),
        Said(
            "请核对编号；按钮真的换了户，请在“设备”表里写明",
            "check it; if the button did move, say so in the sheet of devices",
        ),
    )


def _no_button(id_: str, kind: str) -> Fault:
    word = KIND_WORDS.get(kind, kind)
    return Fault(
        Said(f"{id_} 是{word}，不是按钮", f"{id_} is a {kind}, no button"),
        Said("请从“按钮编号”里删除", "take it out of the buttons"),
    )


def _still_there(id_: str) -> Fault:
    return Fault(
        Said(
            f"这一户还登记着按钮 {id_}，导入不会删除",
            f"the button {id_} is registered here too, and stays",
        ),
        Said("如已拆除，请在设备页面吊销", "if it was taken down, revoke it on its page"),
    )


def _moves(id_: str, known: KnownDevice) -> Fault:
    return Fault(
        Said(
            f"使用中的 {id_} 将从 {known.household_id or known.group_id} 换到这里",
            f"{id_} is in use and will move here from {known.household_id or known.group_id}",
        ),
        Said("请在新位置按测试键核实", "press its test key at the new place"),
    )


_NO_ID = Fault(
    Said("没有填写设备编号", "the device's id is missing"),
    Said("请填写标签上的编号；说明等行请删除", "give the id on its label; delete rows of remarks"),
)
_NO_KIND = Fault(
    Said("新设备没有写明类型", "the device is new, and its kind is missing"),
    Said("请填“按钮”“警报器”或“喇叭”", "write 按钮 (button), 警报器 (siren) or 喇叭 (loudspeaker)"),
)
_NO_HOUSEHOLD = Fault(
    Said("没有这一户", "there is no such household"),
    Said("请核对户编号，或先在“户”表里登记", "check the id, or add it to the sheet of households"),
)
_LEFT = Fault(
    Said("这一户已退出", "this household has left the net"),
    Said("请填写现在的户，或留空", "give the household that has it now, or leave it empty"),
)
_NO_GROUP = Fault(
    Said("没有这个联防组", "there is no such group"),
    Said("请核对组编号，或先在“户”表里登记", "check the id, or add it to the sheet of households"),
)
_TWO_PLACES = Fault(
    Said("户编号和组编号都填了", "both a household and a group are given"),
    Said("装在一户就只填户，整组共用就只填组", "give the household, or the group it is shared by"),
)
_NOWHERE = Fault(
    Said(
        "没有写明装在哪里，报警时找不到地点", "nothing says where it hangs: a press has no address"
    ),
    Said("请填写户编号或组编号", "give a household or a group"),
)
_REVOKED = Fault(
    Said("这台设备已吊销", "this device was revoked"),
    Said("请给新设备用新编号，并删除这里的", "a new device needs a new id: take this one out"),
)
_ELSEWHERE = Fault(
    Said(
        "这台设备不在您负责的范围内，或编号已被别处使用",
        "this device is not among your places, or its id is in use elsewhere",
    ),
    Said(
        "请核对编号；别处的请交由乡镇管理员导入",
        "check the id; what lies elsewhere is imported by the township",
    ),
)
_IN_USE = Fault(
    Said(
        "这台设备已在使用，类型和签名方式不能由表格更改",
        "the device is in use: no sheet changes this",
    ),
    Said("请在设备页面操作，或恢复原来的内容", "use its page, or write what was there before"),
)
