"""What a household is told of its camera, to print and hand over: Chinese first."""

from zoneinfo import ZoneInfo

from lianfang_timing import from_unix_ms
from linkage.consent.model import OwnerLog, OwnLook, Standing
from linkage.web.print_page import heading, page, paragraph, table

_LOOKS = {
    "live": "实时查看 live",
    "snapshot": "看一张画面 picture",
    "clip": "看留存的录像 kept clip",
    "picture": "看留存的图片 kept picture",
}
_FILES = {"clip": "录像 clip", "snapshot": "图片 picture"}
_STANDING = {
    Standing.NONE: "尚未同意 not agreed",
    Standing.AGREED: "同意有效 agreed",
    Standing.WITHDRAWN: "已撤回 withdrawn",
}
_RIGHTS = """平时由程序侦测画面中的移动，不给人看。您可以随时撤回同意：告诉村里或综治中心即可，
不需要理由，当即停止。未结警情之外，任何人都不能查看这台摄像机；每次查看都登记在下表，不能删改。
A program watches for movement; nobody sees it. You may withdraw at any time, without a reason: it
ends at once. Nobody may look but while an incident that the camera belongs to is open; each look is
listed below, and nobody can change it."""


def page_of(log: OwnerLog, *, site: str, printed: str, zone: ZoneInfo) -> str:
    """The page."""

    def when(ms: int) -> str:
        return f"{from_unix_ms(ms).astimezone(zone):%Y-%m-%d %H:%M:%S}"

    camera, consent = log.camera, log.camera.consent
    parts = [paragraph(printed), paragraph(_RIGHTS), heading("同意 Consent")]
    facts = [("状态 Status", _STANDING[camera.standing])]
    if consent is not None:
        said = consent.agreement
        kept = "可留存警情录像、图片 may be kept" if said.keeps else "不留存 nothing is kept"
        facts += [
            ("户 Household", camera.household_label or ""),
            ("同意人 Agreed by", f"{said.agreed_by} {said.agreed_on}"),
            ("用于 For", said.purpose),
            ("书面同意 Paper", said.reference),
            ("警情画面 Pictures of incidents", kept),
        ]
        if consent.withdrawn_at_ms is not None:
            facts.append(("撤回 Withdrawn", when(consent.withdrawn_at_ms)))
    parts.append(table(("项目 Item", "内容 Said"), facts))
    parts.append(heading(f"谁看过 Who looked（{len(log.looks)}）"))
    head = ("开始 Begun", "多久 For", "谁 Who", "单位 Unit", "怎样 How", "警情 Incident")
    parts.append(
        table(
            head,
            (
                (
                    when(one.began_at_ms),
                    _lasted(one),
                    one.display_name,
                    one.unit,
                    _LOOKS.get(one.kind, one.kind),
                    one.incident or "",
                )
                for one in log.looks
            ),
        )
    )
    parts.append(heading(f"留存了什么 What is kept（{len(log.files)}）"))
    parts.append(
        table(
            ("时间 At", "什么 What", "警情 Incident", "保全 Held"),
            (
                (
                    when(one.at_ms),
                    _FILES.get(one.kind, one.kind),
                    one.incident,
                    "因案保全 for a case" if one.is_held else "",
                )
                for one in log.files
            ),
        )
    )
    if log.more:
        parts.append(paragraph("只列最近 500 项 / the newest 500 only"))
    return page(f"{site} 住户摄像机 {camera.name} 使用记录 Log", parts)


def _lasted(look: OwnLook) -> str:
    if look.kind != "live":
        return ""
    return "进行中 goes on" if look.goes_on else f"{look.seconds:.0f} 秒 s"
