"""A hand-over sheet to print and sign: one page of HTML, Chinese first."""

from datetime import datetime

from alarms.model import AlarmKind
from linkage.model.incident import Stage
from linkage.web.handover_views import HandoverSignature, HandoverView
from linkage.web.print_page import heading, page, paragraph, table

_NONE = "无 / none"
_NOT_SIGNED = "待接班人签收 / not signed yet"


def page_of(handover: HandoverView, *, site_name: str) -> str:
    """The page. `handover` has its sheet."""
    sheet = handover.sheet
    assert sheet is not None
    title = f"{site_name} 交接班记录 Hand-over"
    incidents = [
        (
            i.number,
            _kind(i.kind),
            _stage(i.stage),
            i.place,
            _minute(i.opened_at),
            i.acknowledged_by or "未签收 / nobody",
            i.sent or "",
        )
        for i in sheet.incidents
    ]
    since = ""
    if handover.since is not None:
        opened = "、".join(handover.since.opened) or _NONE
        ended = "、".join(handover.since.ended) or _NONE
        since = (
            heading("签收时 At the signature")
            + paragraph(f"此间新增 opened since: {opened}")
            + paragraph(f"此间办结 ended since: {ended}")
            + paragraph(f"备注 Notes: {handover.since.notes or _NONE}")
        )
    return page(
        title,
        (
            paragraph(f"编号 Number: {handover.id}"),
            table(
                ("", "姓名 Name", "时间 Time", "签名 Signature"),
                [
                    ("交班人 Outgoing", *_signature(handover.outgoing), ""),
                    ("接班人 Incoming", *_signature(handover.incoming), ""),
                ],
            ),
            heading("未结警情 Open incidents"),
            table(
                (
                    "编号 No.",
                    "类别 Kind",
                    "环节 Step",
                    "地点 Place",
                    "时间 Opened",
                    "签收人 Who has it",
                    "已派 Sent",
                ),
                incidents,
            ),
            heading("在岗人员 On duty"),
            table(
                ("岗位 Post", "在岗 There", "请假 Away"),
                [(p.post, "、".join(p.people), "、".join(p.absent)) for p in sheet.duty],
            ),
            heading("故障摄像机 Cameras down"),
            table(
                ("编号 Id", "名称 Name", "原因 Reason"),
                [(c.id, c.name, c.reason) for c in sheet.cameras_down],
            ),
            heading("交班备注 Notes"),
            paragraph(sheet.notes or _NONE),
            since,
            heading("记录链末端 Ends of the chains"),
            table(
                ("链 Chain", "写入者 Writer", "行数 Rows", "末端 Head"),
                [(c.chain, c.writer, str(c.number), c.link) for c in sheet.chains],
            ),
        ),
    )


def _signature(signature: HandoverSignature | None) -> tuple[str, str]:
    if signature is None:
        return _NOT_SIGNED, ""
    return signature.display_name, _minute(signature.at)


def _minute(at: str) -> str:
    """2026-11-21 21:03, where the site is, of RFC 3339."""
    return datetime.fromisoformat(at).strftime("%Y-%m-%d %H:%M")


def _kind(kind: str) -> str:
    return AlarmKind(kind).label[0]


def _stage(stage: str) -> str:
    return Stage(stage).label[0]
