"""The cells of one row as values: texts, ids, telephones, numbers, yes or no, lists. Pure.

Every method gives None where the cell cannot be what its column says, and has said so then.
Whether the value goes with all others is decided in `planning`.
"""

import re
from collections.abc import Mapping

from linkage.registry.faults import (
    MOST_FURTHER,
    Fault,
    id_fault,
    narrow,
    phone_fault,
    text_fault,
    tidy,
    tidy_phone,
    too_many_further,
)
from linkage.registry.model import Said, ToldBy
from linkage.registry.personal import FurtherContact
from linkage.registry.sheets.cells import nested
from linkage.registry.sheets.model import OddCell, Spot

_SCIENTIFIC = re.compile(r"(\d)(?:\.(\d+))?[eE]\+?(\d{1,3})")
_YES = frozenset({"是", "有", "要", "接收", "愿意", "yes", "y", "true", "1", "√", "✓", "v"})
_NO = frozenset({"否", "无", "不", "不要", "不接收", "不愿意", "no", "n", "false", "0", "×", "x"})
WAYS_WORDS = {ToldBy.BUTTON: "按钮", ToldBy.PHONE: "电话", ToldBy.BOTH: "两者"}
_WAYS: Mapping[str, ToldBy] = {
    **dict.fromkeys(("按钮", "按钮通知", "button"), ToldBy.BUTTON),
    **dict.fromkeys(("电话", "打电话", "电话通知", "phone", "telephone"), ToldBy.PHONE),
    **dict.fromkeys(("两者", "都要", "按钮和电话", "按钮电话", "both"), ToldBy.BOTH),
}
LEADER, MEMBER = "联户长", "成员"
_ROLES = {
    **dict.fromkeys(("联户长", "组长", "户长", "leader"), True),
    **dict.fromkeys(("成员", "组员", "普通成员", "member"), False),
}
KINDS: Mapping[str, str] = {
    **dict.fromkeys(("按钮", "报警按钮", "一键报警", "button"), "button"),
    **dict.fromkeys(("警报器", "警报", "警笛", "siren"), "siren"),
    **dict.fromkeys(("喇叭", "广播", "音柱", "loudspeaker", "speaker"), "loudspeaker"),
}
_SYSTEMS: Mapping[str, bool] = {
    **dict.fromkeys(("wgs-84", "wgs84", "gps", "天地图", "cgcs2000", "2000"), False),
    **dict.fromkeys(("gcj-02", "gcj02", "高德", "腾讯", "高德地图", "腾讯地图", "火星"), True),
}
"""Whether it is GCJ-02."""
KIND_WORDS = {"button": "按钮", "siren": "警报器", "loudspeaker": "喇叭"}


class RowReader:
    """Reads one row; `bad` once something was refused."""

    def __init__(self, spot: Spot) -> None:
        self.spot = spot
        self.bad = False

    def said(self, key: str) -> bool:
        """Whether the sheet has this column."""
        return key in self._cells

    @property
    def _cells(self) -> Mapping[str, object]:
        return {} if self.spot.row is None else self.spot.row.cells

    def refuse(self, key: str, fault: Fault, value: str | None = None) -> None:
        self.bad = True
        self.spot.refuse(key, fault, value)

    def plain(self, key: str) -> str | None:
        """The cell's text; empty where there is no such column."""
        cell = self._cells.get(key, "")
        if isinstance(cell, OddCell):
            self.refuse(key, cell.fault)
            return None
        return str(cell)

    def text(self, key: str, *, longest: int = 100, kept: str | None = None) -> str | None:
        """One line. What is `kept` already is not looked at again."""
        plain = self.plain(key)
        if plain is None:
            return None
        text = plain if plain == kept else tidy(plain)
        if text != kept and (fault := text_fault(text, longest=longest)):
            self.refuse(key, fault)
            return None
        return text

    def id(self, key: str) -> str | None:
        """An id; empty where none is written."""
        plain = self.plain(key)
        if plain is None or plain == "":
            return plain
        text = self._unscientific(key, narrow(plain))
        if text is not None and (fault := id_fault(text)):
            self.refuse(key, fault)
            return None
        return text

    def ids(self, key: str) -> list[str] | None:
        """Several ids in one cell."""
        plain = self.plain(key)
        if plain is None:
            return None
        texts = [one for one in re.split(r"[;,，、\s|]+", narrow(plain)) if one]
        for text in texts:
            if (fault := id_fault(text)) is not None:
                self.refuse(key, fault, text)
                return None
        return texts

    def phone(self, key: str, *, kept: str | None = None) -> str | None:
        """A telephone number as it is kept."""
        plain = self.plain(key)
        if plain is None:
            return None
        text = self._unscientific(key, narrow(plain))
        if text is None or text == kept:
            return text
        phone = tidy_phone(text)
        if phone != kept and (fault := phone_fault(phone)):
            self.refuse(key, _better(phone, fault))
            return None
        return phone

    def further(self, key: str) -> tuple[FurtherContact, ...] | None:
        """Further contacts, as `name/phone/relation；…`."""
        plain = self.plain(key)
        if plain is None:
            return None
        found = []
        for entry in nested(plain):
            # people write blanks where we write strokes
            parts = entry[0].split() if len(entry) == 1 else entry
            if not 2 <= len(parts) <= 3:
                self.refuse(key, _FURTHER, "/".join(parts))
                return None
            name, phone, relation = tidy(parts[0]), tidy_phone(parts[1]), tidy("".join(parts[2:]))
            fault = text_fault(name) or phone_fault(phone) or text_fault(relation)
            if fault is not None:
                self.refuse(key, fault, "/".join(parts))
                return None
            found.append(FurtherContact(name, phone, relation))
        if len(found) > MOST_FURTHER:
            self.refuse(key, too_many_further())
            return None
        return tuple(found)

    def yes(self, key: str) -> bool | None:
        """Yes or no; None where the cell is empty or wrong."""
        plain = self.plain(key)
        if plain is None or plain == "":
            return None
        word = narrow(plain).lower()
        if word in _YES or word in _NO:
            return word in _YES
        self.refuse(key, _YES_OR_NO)
        return None

    def told_by(self, key: str) -> ToldBy | None:
        """How the household is told; None where the cell is empty or wrong."""
        plain = self.plain(key)
        if plain is None or plain == "":
            return None
        found = _WAYS.get(narrow(plain).lower())
        if found is None:
            self.refuse(key, _WAY)
        return found

    def leads(self, key: str) -> bool | None:
        """Whether the role is 联户长; empty is a member."""
        plain = self.plain(key)
        if plain is None:
            return None
        word = narrow(plain).lower()
        if word == "" or word in _ROLES:
            return _ROLES.get(word, False)
        self.refuse(key, _ROLE)
        return None

    def kind(self, key: str) -> str | None:
        """A kind of device; empty where none is written."""
        plain = self.plain(key)
        if plain is None or plain == "":
            return plain
        found = KINDS.get(narrow(plain).lower())
        if found is None:
            self.refuse(key, _KIND)
        return found

    def degrees(self, key: str) -> float | None:
        """Decimal degrees; None where the cell is empty or wrong."""
        plain = self.plain(key)
        if plain is None or plain == "":
            return None
        text = narrow(plain).removesuffix("°")
        if not re.fullmatch(r"[+-]?\d{1,3}(\.\d{1,20})?", text):
            self.refuse(key, _DEGREES)
            return None
        return float(text)

    def is_gcj02(self, key: str) -> bool:
        """Whether coordinates were read off a map of GCJ-02; empty is WGS-84."""
        plain = self.plain(key)
        if plain is None or plain == "":
            return False
        found = _SYSTEMS.get(narrow(plain).lower())
        if found is None:
            self.refuse(key, _SYSTEM)
        return bool(found)

    def count(self, key: str, *, most: int) -> int | None:
        """A whole number; None where the cell is empty or wrong."""
        plain = self.plain(key)
        if plain is None or plain == "":
            return None
        text = narrow(plain).replace(",", "").removesuffix("户")
        if not re.fullmatch(r"\d{1,9}", text) or int(text) > most:
            self.refuse(
                key,
                Fault(
                    Said(f"不是 0 至 {most} 的整数", f"it is no whole number from 0 to {most}"),
                    Said("请只填数字，如 312", "write digits only, such as 312"),
                ),
            )
            return None
        return int(text)

    def _unscientific(self, key: str, text: str) -> str | None:
        """A long number that a spreadsheet shows as 1.38E+10, where all its digits are there."""
        found = _SCIENTIFIC.fullmatch(text)
        if found is None or ("." not in text and "+" not in text):
            return text
        digits, last = found[1] + (found[2] or ""), int(found[3])
        if len(digits) > last and set(digits[last + 1 :]) <= {"0"}:
            return digits[: last + 1]
        self.refuse(key, _LOST)
        return None


def _better(phone: str, fault: Fault) -> Fault:
    """The same fault with what most often is behind it."""
    if re.search(r"[/;；,，、]|\d \d", phone) or (phone.isdigit() and len(phone) > 16):
        return _SEVERAL
    # of the area codes only Peking's begins with 01
    if re.fullmatch(r"10\d{8}|[2-9]\d+", phone) and phone_fault(f"0{phone}") is None:
        return Fault(
            fault.why,
            Said(
                f"是不是 0{phone}？Excel 会去掉区号前的 0：请设为“文本”格式再填",
                f"is it 0{phone}? Excel drops the 0 of the area code: set the column to “Text”",
            ),
        )
    return fault


_SYSTEM = Fault(
    Said("不认识这个坐标来源", "nobody knows this system of coordinates"),
    Said(
        "请填 WGS-84（GPS、天地图）、高德或腾讯；百度坐标不能用，请换一种地图重新取",
        "write WGS-84 (GPS, Tianditu) or GCJ-02 (Amap, Tencent); Baidu has a system of its own",
    ),
)
_LOST = Fault(
    Said("变成了科学计数法，后面的数字已丢失", "it was turned into 1.38E+10, its digits are lost"),
    Said(
        "请把这一列设为“文本”格式，再重新填写全部数字",
        "set the column to “Text”, then type all digits again",
    ),
)
_SEVERAL = Fault(
    Said("一格里有几个号码", "there are several numbers in one cell"),
    Said(
        "这里只写一个，其余写在“其他联系人”，如 李演示/0574-88123456/女儿",
        "keep one here, the others belong into “其他联系人”, as name/phone/relation",
    ),
)
_FURTHER = Fault(
    Said("不是“姓名/电话/关系”", "it is not name/phone/relation"),
    Said(
        "请写成 李演示/0574-88123456/女儿，多人用；隔开",
        "write it as 李演示/0574-88123456/女儿, several with ; between them",
    ),
)
_YES_OR_NO = Fault(
    Said("应为“是”或“否”", "it must be yes or no"),
    Said("请填“是”或“否”", "write 是 (yes) or 否 (no)"),
)
_WAY = Fault(
    Said("没有这种通知方式", "there is no such way of telling"),
    Said("请填“按钮”“电话”或“两者”", "write 按钮 (button), 电话 (phone) or 两者 (both)"),
)
_ROLE = Fault(
    Said("角色只有联户长和成员", "a role is leader or member"),
    Said(f"请填“{LEADER}”或“{MEMBER}”，留空为成员", "write 联户长 (leader) or 成员 (member)"),
)
_KIND = Fault(
    Said("没有这种设备类型", "there is no such kind of device"),
    Said(
        "请填“按钮”“警报器”或“喇叭”",
        "write 按钮 (button), 警报器 (siren) or 喇叭 (loudspeaker)",
    ),
)
_DEGREES = Fault(
    Said("不是以度为单位的小数", "it is no number of degrees"),
    Said("请写成小数，如 29.8012，不用度分秒", "write a decimal such as 29.8012, no minutes"),
)
