"""The three kinds of sheet and their columns: the one table that reading, writing, the template
and the operator guide go by. Only words; nothing here looks at a row.
"""

import re
import unicodedata
from dataclasses import dataclass, replace
from enum import StrEnum

from linkage.registry.model import Said


class SheetKind(StrEnum):
    """What the rows of a sheet are."""

    VILLAGES = "villages"
    HOUSEHOLDS = "households"
    DEVICES = "devices"

    @property
    def tab(self) -> str:
        """What we call the tab of an XLSX file."""
        return _TABS[self]


_TABS = {SheetKind.VILLAGES: "村", SheetKind.HOUSEHOLDS: "户", SheetKind.DEVICES: "设备"}
GUIDE_TAB = "填写说明"
"""The tab that explains the others; nothing is read from it."""


@dataclass(frozen=True)
class Column:
    """One column of a sheet."""

    key: str
    zh: str
    """The heading as we write it."""
    en: str
    means: Said
    example: str
    also: tuple[str, ...] = ()
    """Further headings that are understood."""
    needed: bool = False
    """Without this column the sheet cannot be read."""
    tells: bool = False
    """A sheet with this column is of this kind and no other."""


_VILLAGE_ID = Column(
    "village_id",
    "村编号",
    "village id",
    Said(
        "字母、数字、点、横线；新村须与村名一起填", "a new village needs its name beside it as well"
    ),
    "dongcun",
    ("村社区编号", "village code"),
)
_VILLAGE_NAME = Column(
    "village_name",
    "村名",
    "village",
    Said("村或社区；已登记的村可以只填村名", "a registered village may be given by name alone"),
    "东村",
    ("村", "村社区", "社区", "行政村", "village name"),
)
_GROUP_ID = Column(
    "group_id",
    "组编号",
    "group id",
    Said("十户联防组；新组须与组名、网格一起填", "a new group needs its name and its grid as well"),
    "dongcun-g3",
    ("联防组编号", "group code"),
)
_HOUSEHOLD_ID = "户编号"

_VILLAGES = (
    replace(_VILLAGE_ID, needed=True, also=(*_VILLAGE_ID.also, "编号", "id")),
    replace(_VILLAGE_NAME, also=(*_VILLAGE_NAME.also, "名称", "name")),
    Column(
        "households_total",
        "总户数",
        "households in total",
        Said("全村户数，用来算覆盖率", "all households of the village, for its coverage"),
        "312",
        ("户数", "全村户数", "total households", "households total", "households"),
        tells=True,
    ),
    Column(
        "grids",
        "网格",
        "grids",
        Said(
            "编号/名称，多个用；隔开；只增加和改名，不删除",
            "id/name, several with ; between them; adds and renames, never removes",
        ),
        "dongcun-w1/东村第1网格；dongcun-w2/东村第2网格",
        ("网格清单",),
        tells=True,
    ),
)

_HOUSEHOLDS = (
    _VILLAGE_ID,
    _VILLAGE_NAME,
    Column(
        "grid_id",
        "网格编号",
        "grid id",
        Said("新网格须与网格名一起填", "a new grid needs its name as well"),
        "dongcun-w1",
        ("grid code",),
    ),
    Column(
        "grid_name",
        "网格名",
        "grid",
        Said("已登记的网格可以只填名称", "a registered grid may be given by name alone"),
        "东村第1网格",
        ("网格", "网格名称", "grid name"),
    ),
    _GROUP_ID,
    Column(
        "group_name",
        "组名",
        "group",
        Said("已登记的组可以只填名称", "a registered group may be given by name alone"),
        "东村3组",
        ("组", "联防组", "十户联防组", "联防组名称", "group name"),
    ),
    Column(
        "household_id",
        _HOUSEHOLD_ID,
        "household id",
        Said("每户一个，一经使用不再更改", "one for each household, never changed afterwards"),
        "dongcun-017",
        ("住户编号", "编号", "id", "household", "household code"),
        needed=True,
    ),
    Column(
        "label",
        "户称呼",
        "label",
        Said(
            "邻居收到通知时看到的称呼，须与住户商定，不写姓名；同组内不重复",
            "what neighbours see in a notice: agreed, never a name, once in a group",
        ),
        "3组17号",
        ("称呼", "门牌", "户号", "household label"),
        tells=True,
    ),
    Column(
        "estate_id",
        "小区编号",
        "estate id",
        Said("住宅小区；没有就留空", "the housing estate, where there is one"),
        "dongcun-huayuan",
    ),
    Column(
        "estate_name",
        "小区名",
        "estate",
        Said("新小区须与编号一起填", "a new estate needs it beside its id"),
        "东村花园",
        ("小区", "小区名称", "住宅小区", "estate name"),
    ),
    Column(
        "property_company",
        "物业公司",
        "property company",
        Said("小区的物业公司", "of the estate"),
        "示范物业",
        ("物业",),
    ),
    Column(
        "contact_name",
        "联系人",
        "contact",
        Said("加密保存，平时遮盖", "kept encrypted, masked on screens"),
        "王演示",
        ("姓名", "户主", "联系人姓名", "contact name", "name"),
        tells=True,
    ),
    Column(
        "phone",
        "电话",
        "phone",
        Said("手机 11 位；固定电话写区号", "a mobile of 11 digits; a landline with area code"),
        "00000000317",
        ("手机", "手机号", "手机号码", "联系电话", "电话号码", "telephone", "mobile"),
    ),
    Column(
        "address",
        "地址",
        "address",
        Said("门牌地址", "where helpers go to"),
        "东村3组17号",
        ("住址", "家庭住址", "详细地址"),
    ),
    Column(
        "health",
        "健康提示",
        "health hint",
        Said("只写施救者必须知道的，越短越好", "what a helper must know, as short as can be"),
        "轮椅",
        ("健康", "健康情况", "health"),
    ),
    Column(
        "further",
        "其他联系人",
        "further contacts",
        Said("姓名/电话/关系，多人用；隔开", "name/phone/relation, several with ; between them"),
        "李演示/00000000318/女儿",
        ("备用联系人", "紧急联系人", "other contacts"),
    ),
    Column(
        "role",
        "角色",
        "role",
        Said("联户长或成员；留空为成员", "leader or member; empty is member"),
        "联户长",
        ("职务", "组内角色"),
        tells=True,
    ),
    Column(
        "wants_notices",
        "接收通知",
        "wants notices",
        Said(
            "邻居求助时是否通知这一户：是或否；新户留空为是",
            "whether it is told when a neighbour calls: yes or no; a new one's empty cell is yes",
        ),
        "是",
        ("是否接收通知", "通知", "notices"),
    ),
    Column(
        "told_by",
        "通知方式",
        "told by",
        Said(
            "按钮、电话或两者；新户留空为按钮",
            "button, phone or both; a new one's empty cell is button",
        ),
        "按钮",
        ("如何通知", "怎样通知", "how told"),
    ),
    Column(
        "latitude",
        "纬度",
        "latitude",
        Said("度，WGS-84；未测量就留空", "degrees, WGS-84; empty when not surveyed"),
        "29.8012",
        ("lat",),
    ),
    Column("longitude", "经度", "longitude", Said("同上", "the same"), "121.5204", ("lon", "lng")),
    Column(
        "system",
        "坐标来源",
        "coordinates from",
        Said(
            "GPS、天地图填 WGS-84；从高德、腾讯地图抄来的填“高德”或“腾讯”，导入时换算；"
            "留空为 WGS-84",
            "WGS-84 (GPS, Tianditu), or GCJ-02 (Amap, Tencent Maps), which is turned into WGS-84; "
            "empty is WGS-84",
        ),
        "WGS-84",
        ("坐标系", "坐标系统", "coordinate system", "datum"),
    ),
    Column(
        "buttons",
        "按钮编号",
        "buttons",
        Said(
            "这一户的按钮，多个用；隔开；没有登记的会登记为待发放，不会因留空而删除",
            "this household's buttons, several with ; between them; new ones are registered as "
            "planned, none is ever removed",
        ),
        "dongcun-017-1",
        ("按钮", "报警按钮", "设备编号", "button", "button ids"),
    ),
)

_DEVICES = (
    Column(
        "device_id",
        "设备编号",
        "device id",
        Said("印在标签上的编号", "as printed on its label"),
        "dongcun-g3-siren",
        ("编号", "设备", "id", "device", "device code"),
        needed=True,
    ),
    Column(
        "kind",
        "设备类型",
        "kind",
        Said("按钮、警报器或喇叭", "button, siren or loudspeaker"),
        "警报器",
        ("类型", "设备种类", "type", "device kind"),
        tells=True,
    ),
    Column(
        "household_id",
        _HOUSEHOLD_ID,
        "household id",
        Said("装在哪一户；与组编号只填一个", "where it hangs; this or the group, not both"),
        "",
        ("住户编号", "所属户", "household"),
    ),
    replace(
        _GROUP_ID,
        means=Said("整组共用的设备填这里", "for a device of the whole group"),
        also=(*_GROUP_ID.also, "所属组", "group"),
    ),
    Column(
        "unsigned",
        "无签名",
        "unsigned",
        Said("通过适配器接入、不会签名的成品按钮填“是”", "yes for bought buttons that cannot sign"),
        "否",
        ("不签名", "是否无签名"),
        tells=True,
    ),
)

COLUMNS: dict[SheetKind, tuple[Column, ...]] = {
    SheetKind.VILLAGES: _VILLAGES,
    SheetKind.HOUSEHOLDS: _HOUSEHOLDS,
    SheetKind.DEVICES: _DEVICES,
}


def plain_heading(text: str) -> str:
    """A heading without what clerks put around it: stars, colons, remarks in brackets, spaces."""
    narrow = unicodedata.normalize("NFKC", text).lower()
    bare = re.sub(r"\(.*?\)|\[.*?\]|【.*?】", "", narrow)
    return re.sub(r"[\s*:_/\-、,.]+", "", bare)


def understood(kind: SheetKind) -> dict[str, Column]:
    """Every heading that a sheet of this kind may have, plain, with its column."""
    return {
        plain_heading(text): column
        for column in COLUMNS[kind]
        for text in (column.zh, column.en, *column.also)
    }


def column_of(kind: SheetKind, key: str) -> Column:
    """The column of this key."""
    return next(column for column in COLUMNS[kind] if column.key == key)
