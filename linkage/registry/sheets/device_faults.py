"""What cannot be so of a device in a file, and what the clerk should do. Only words."""

from linkage.registry.faults import Fault
from linkage.registry.model import Said
from linkage.registry.sheets.model import Spot
from linkage.registry.sheets.row_reading import KIND_WORDS


def named_before(id_: str, first: Spot) -> Fault:
    number = _row(first)
    return Fault(
        Said(
            f"设备 {id_} 已在“{first.table.name}”第 {number} 行",
            f"the device {id_} is in row {number} of “{first.table.name}” already",
        ),
        Said("每台设备只写一次", "name each device once"),
    )


def hangs_elsewhere(id_: str, said: Spot, where: str) -> Fault:
    number = _row(said)
    return Fault(
        Said(
            f"“{said.table.name}”第 {number} 行写着 {id_} 属于 {where}",
            f"row {number} of “{said.table.name}” says that {id_} belongs to {where}",
        ),
        Said(
            "一台设备只能属于一户：请改正其中一处", "one device, one household: correct one of them"
        ),
    )


def registered_elsewhere(id_: str, household: str) -> Fault:
    return Fault(
        Said(f"按钮 {id_} 登记在 {household}", f"the button {id_} is registered at {household}"),
        Said(
            "请核对编号；按钮真的换了户，请在“设备”表里写明",
            "check it; if the button did move, say so in the sheet of devices",
        ),
    )


def no_button(id_: str, kind: str) -> Fault:
    word = KIND_WORDS.get(kind, kind)
    return Fault(
        Said(f"{id_} 是{word}，不是按钮", f"{id_} is a {kind}, no button"),
        Said("请从“按钮编号”里删除", "take it out of the buttons"),
    )


def still_there(id_: str) -> Fault:
    return Fault(
        Said(
            f"这一户还登记着按钮 {id_}，导入不会删除",
            f"the button {id_} is registered here too, and stays",
        ),
        Said("如已拆除，请在设备页面吊销", "if it was taken down, revoke it on its page"),
    )


def moves(id_: str, before: str | None) -> Fault:
    return Fault(
        Said(
            f"使用中的 {id_} 将从 {before} 换到这里",
            f"{id_} is in use and will move here from {before}",
        ),
        Said("请在新位置按测试键核实", "press its test key at the new place"),
    )


def _row(spot: Spot) -> int:
    return 0 if spot.row is None else spot.row.number


NO_ID = Fault(
    Said("没有填写设备编号", "the device's id is missing"),
    Said("请填写标签上的编号；说明等行请删除", "give the id on its label; delete rows of remarks"),
)
NO_KIND = Fault(
    Said("新设备没有写明类型", "the device is new, and its kind is missing"),
    Said("请填“按钮”“警报器”或“喇叭”", "write 按钮 (button), 警报器 (siren) or 喇叭 (loudspeaker)"),
)
NO_HOUSEHOLD = Fault(
    Said("没有这一户", "there is no such household"),
    Said("请核对户编号，或先在“户”表里登记", "check the id, or add it to the sheet of households"),
)
LEFT = Fault(
    Said("这一户已退出", "this household has left the net"),
    Said("请填写现在的户，或留空", "give the household that has it now, or leave it empty"),
)
NO_GROUP = Fault(
    Said("没有这个联防组", "there is no such group"),
    Said("请核对组编号，或先在“户”表里登记", "check the id, or add it to the sheet of households"),
)
TWO_PLACES = Fault(
    Said("户编号和组编号都填了", "both a household and a group are given"),
    Said("装在一户就只填户，整组共用就只填组", "give the household, or the group it is shared by"),
)
NOWHERE = Fault(
    Said(
        "没有写明装在哪里，报警时找不到地点", "nothing says where it hangs: a press has no address"
    ),
    Said("请填写户编号或组编号", "give a household or a group"),
)
REVOKED = Fault(
    Said("这台设备已吊销", "this device was revoked"),
    Said("请给新设备用新编号，并删除这里的", "a new device needs a new id: take this one out"),
)
ELSEWHERE = Fault(
    Said(
        "这台设备不在您负责的范围内，或编号已被别处使用",
        "this device is not among your places, or its id is in use elsewhere",
    ),
    Said(
        "请核对编号；别处的请交由乡镇管理员导入",
        "check the id; what lies elsewhere is imported by the township",
    ),
)
IN_USE = Fault(
    Said(
        "这台设备已在使用，类型和签名方式不能由表格更改",
        "the device is in use: no sheet changes this",
    ),
    Said("请在设备页面操作，或恢复原来的内容", "use its page, or write what was there before"),
)
