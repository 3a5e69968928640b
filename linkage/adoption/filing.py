"""The filing list (备案) of all cameras: what the county's police ask for, from the inventory."""

from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row, func, select

from lianfang_timing import from_unix_ms
from linkage.accounts.rights import Places
from linkage.adoption.model import Layer, LegalClass
from linkage.consent.schema import camera_consents
from linkage.registry.model import Said
from linkage.schema import cameras, villages

TAB = "备案 filing"
HEADINGS = (
    "序号 No.",
    "编号 id",
    "名称 name",
    "建设使用单位 unit",
    "村 village",
    "安装位置 location",
    "纬度 latitude",
    "经度 longitude",
    "场所类别 legal class",
    "层级 layer",
    "设备类型 type",
    "厂商 make",
    "型号 model",
    "序列号 serial",
    "图像保存 kept for",
    "提示标志 notice sign",
    "禁止场所核对 place judged",
    "是否在用 in use",
    "住户同意 household's consent",
)
_KEPT_DAYS = 30
"""What the law asks for at least; how long a site keeps what is in its recorders' settings."""


def lines(conn: Connection, places: Places, *, unit: str, zone: ZoneInfo) -> list[list[str]]:
    """One line a camera inside the caller's places, in the order of villages and ids."""
    consent = camera_consents.c
    agreed = (
        select(func.max(consent.agreed_on))
        .where(consent.camera_id == cameras.c.id, consent.withdrawn_at_ms.is_(None))
        .scalar_subquery()
    )
    rows = conn.execute(
        select(cameras, villages.c.name.label("village"), agreed.label("agreed_on"))
        .join(villages, villages.c.id == cameras.c.village_id)
        .order_by(cameras.c.village_id, cameras.c.id)
    )
    inside = [row for row in rows if places.covers(row.village_id)]
    return [_line(number, row, unit, zone) for number, row in enumerate(inside, start=1)]


def _line(number: int, row: Row[Any], unit: str, zone: ZoneInfo) -> list[str]:
    legal = LegalClass(row.legal_class)
    sign = _day(row.sign_seen_at_ms, row.sign_seen_by, zone)
    cells = (
        number,
        row.id,
        row.name,
        unit,
        row.village,
        row.location,
        row.latitude,
        row.longitude,
        legal.label,
        Layer(row.layer).label,
        Said("录像机通道", "recorder channel")
        if row.recorder_reference
        else Said("网络摄像机", "IP camera"),
        row.manufacturer,
        row.model,
        row.serial,
        Said(f"不少于 {_KEPT_DAYS} 天", "days at least") if legal is LegalClass.PUBLIC else None,
        sign if legal.needs_sign else Said("不要求", "not asked for"),
        _day(row.place_judged_at_ms, row.place_judged_by, zone),
        Said("在用", "in use") if row.enabled else Said("未启用", "not in use"),
        _agreed(row) if legal is LegalClass.PRIVATE else None,
    )
    return [_text(cell) for cell in cells]


def _agreed(row: Row[Any]) -> str | Said:
    """Marks a household's camera."""
    return row.agreed_on or Said("无同意，不使用", "none: not used")


def _day(at_ms: int | None, by: str | None, zone: ZoneInfo) -> str | Said:
    if at_ms is None:
        return Said("未填", "not said")
    return f"{from_unix_ms(at_ms).astimezone(zone):%Y-%m-%d} {by or ''}".strip()


def _text(cell: object) -> str:
    match cell:
        case None:
            return ""
        case Said(zh, en):
            return f"{zh} {en}"
    return str(cell)
