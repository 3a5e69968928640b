"""What is wrong with an entry of the registry, and how to mend it: ids, names, labels,
telephones, positions.

Pure, and the same for a form, the API and a sheet of 4 000 rows. What depends on other entries
(a label twice in a group, a household of another village) belongs to whoever has those at hand.
"""

import re
import unicodedata
from dataclasses import dataclass

from linkage.registry.model import Said, is_id

LONGEST_NAME = 100
LONGEST_HEALTH = 200
LONGEST_ADDRESS = 200
MOST_FURTHER = 10

_MOBILE = re.compile(r"1[3-9]\d{9}")
_LANDLINE = re.compile(r"(0\d{2,3}-?)?[2-9]\d{6,7}(-\d{1,6})?|400-?\d{3}-?\d{4}|800-?\d{3}-?\d{4}")
# what is invented (in a demo, in training) must not be able to ring anywhere
_NOWHERE = re.compile(r"0{4}\d{6,8}")
_ABROAD = re.compile(r"\+(?!86)\d{8,15}")
_COUNTRY = re.compile(r"^(?:(?:\+|00)86-?(?=[01])|86(?=1[3-9]\d{9}$))")
_EMERGENCY = frozenset({"110", "119", "120", "122", "12345", "12110"})
# degrees; the whole country with room to spare
_LATITUDES, _LONGITUDES = (3.0, 54.0), (73.0, 136.0)


@dataclass(frozen=True)
class Fault:
    """Why something cannot be kept, and what to do about it."""

    why: Said
    mend: Said

    @property
    def said(self) -> Said:
        """Both in one sentence."""
        return Said(f"{self.why.zh}；{self.mend.zh}", f"{self.why.en}: {self.mend.en}")


def tidy(text: str) -> str:
    """Without spaces around it and with one space where there were several."""
    return " ".join(text.split())


def narrow(text: str) -> str:
    """As `tidy`, with the full-width digits, letters and hyphens that input methods make."""
    plain = unicodedata.normalize("NFKC", text)
    return tidy(re.sub("[‐‑‒–—−﹣－]", "-", plain))


def tidy_phone(text: str) -> str:
    """A telephone number as it is kept: no spaces, no +86; a landline keeps its hyphen."""
    plain = re.sub(r"[ ()]", "", narrow(text))
    plain = _COUNTRY.sub("", plain, count=1)
    together = plain.replace("-", "")
    return together if _MOBILE.fullmatch(together) else plain


def id_fault(text: str) -> Fault | None:
    if text == "":
        return Fault(
            Said("没有填写编号", "the id is missing"),
            Said(
                "请填写编号，如 dongcun-017，一经使用不要再改",
                "give one such as dongcun-017, and never change it afterwards",
            ),
        )
    if is_id(text):
        return None
    if len(text) > 64:
        return Fault(
            Said(f"编号有 {len(text)} 个字符，太长", f"the id has {len(text)} characters"),
            Said("请缩短到 64 个字符以内", "shorten it to 64 at most"),
        )
    odd = "".join(sorted({c for c in text if not is_id(c)}))
    return Fault(
        Said(f"编号里不能有“{odd}”", f"an id cannot contain {odd!r}"),
        Said(
            "编号只用字母、数字、点、横线和下划线，如 dongcun-017；汉字请写在名称里",
            "use letters, digits, dot, hyphen and underscore only; put other words into the name",
        ),
    )


def name_fault(text: str, *, longest: int = LONGEST_NAME) -> Fault | None:
    """Of any text that must not be empty."""
    if text == "":
        return Fault(Said("没有填写", "it is empty"), Said("请填写", "fill it in"))
    return text_fault(text, longest=longest)


def text_fault(text: str, *, longest: int = LONGEST_NAME) -> Fault | None:
    """Of any text; an empty one is right."""
    if len(text) > longest:
        return Fault(
            Said(f"有 {len(text)} 个字，太长", f"it has {len(text)} characters"),
            Said(f"请缩短到 {longest} 个字以内", f"shorten it to {longest} at most"),
        )
    if any(unicodedata.category(c) in ("Cc", "Cs", "Cn", "Co") for c in text):
        return Fault(
            Said(
                "含有看不见的控制符或无法识别的字", "it contains control or unreadable characters"
            ),
            Said("请删除后重新输入这一格", "delete it and type it again"),
        )
    if "\ufffd" in text:
        return Fault(
            Said("含有乱码（�）", "it contains characters that were lost (�)"),
            Said("请重新输入这一格", "type it again"),
        )
    return None


def label_fault(label: str, *, contact_name: str = "") -> Fault | None:
    """Of the agreed label that neighbours see: never a name, never a telephone number."""
    if label == "":
        return Fault(
            Said("没有填写户称呼", "the household's label is missing"),
            Said(
                "请填写与住户商定的称呼，如“3组07号”，不要写姓名",
                "give the agreed label, such as 3组07号, never a name",
            ),
        )
    found = text_fault(label)
    if found is not None:
        return found
    if len(contact_name) > 1 and contact_name in label:
        return Fault(
            Said("户称呼里有联系人姓名，邻居会看到它", "the label contains the contact's name"),
            Said(
                "请改成不含姓名的称呼，如“3组07号”",
                "neighbours see the label: use one such as 3组07号",
            ),
        )
    if re.search(r"1[3-9]\d{9}", label):
        return Fault(
            Said("户称呼里有电话号码，邻居会看到它", "the label contains a telephone number"),
            Said("请把号码移到“电话”一列", "move the number to the telephone"),
        )
    return None


def same_label_fault(label: str, other: str) -> Fault:
    """Two households of a group, `other` one of them, would be called the same."""
    return Fault(
        Said(
            f"同组的 {other} 也叫“{label}”，邻居分不清是谁家求助",
            f"{other} of the same group has the same label: neighbours cannot tell them apart",
        ),
        Said("请给其中一户改称呼", "give one of them another label"),
    )


def too_many_further() -> Fault:
    """More further contacts than anybody calls."""
    return Fault(
        Said(f"其他联系人超过 {MOST_FURTHER} 位", f"there are more than {MOST_FURTHER} of them"),
        Said("请只留最要紧的几位", "keep those that matter most"),
    )


def phone_fault(phone: str) -> Fault | None:
    """Of a number as `tidy_phone` gives it; an empty one is right."""
    if phone == "" or any(
        shape.fullmatch(phone) for shape in (_MOBILE, _LANDLINE, _NOWHERE, _ABROAD)
    ):
        return None
    mend = Said(
        "请核对：手机 11 位，固定电话写区号，如 0574-88123456",
        "check it: a mobile has 11 digits, a landline is written with its area code, "
        "as 0574-88123456",
    )
    if phone in _EMERGENCY:
        return Fault(
            Said(f"{phone} 不是住户的电话", f"{phone} is nobody's own number"),
            Said("请填写住户自己的电话，没有就留空", "give the household's own, or leave it empty"),
        )
    digits = sum(c.isdigit() for c in phone)
    if phone.isdigit() and phone[0] == "1":
        return Fault(
            Said(
                f"手机号码有 {digits} 位，应为 11 位"
                if digits != 11
                else f"没有 {phone[:3]} 开头的手机号码",
                f"a mobile number has 11 digits, this one has {digits}"
                if digits != 11
                else f"no mobile number begins with {phone[:3]}",
            ),
            mend,
        )
    return Fault(Said("不像电话号码", "it does not look like a telephone number"), mend)


def position_fault(latitude: float | None, longitude: float | None) -> Fault | None:
    """Of a household's place on the map, WGS-84 degrees; none at all is right."""
    if latitude is None and longitude is None:
        return None
    if latitude is None or longitude is None:
        return Fault(
            Said("纬度和经度只填了一个", "only one of latitude and longitude is given"),
            Said("请两个都填，或都留空", "give both, or leave both empty"),
        )
    if _inside(latitude, longitude):
        return None
    if _inside(longitude, latitude):
        return Fault(
            Said("纬度和经度写反了", "latitude and longitude are the wrong way round"),
            Said("请交换这两格", "swap the two"),
        )
    return Fault(
        Said("这个位置不在国内", "this position lies outside the country"),
        Said(
            "请核对：纬度约 18 至 54，经度约 73 至 135，单位为度",
            "check it: latitude is about 18 to 54, longitude 73 to 135, in degrees",
        ),
    )


def _inside(latitude: float, longitude: float) -> bool:
    return (
        _LATITUDES[0] <= latitude <= _LATITUDES[1] and _LONGITUDES[0] <= longitude <= _LONGITUDES[1]
    )
