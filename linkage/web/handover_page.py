"""A hand-over sheet to print and sign: one page of HTML, Chinese first."""

from collections.abc import Iterable, Sequence
from html import escape

from alarms.model import AlarmKind
from linkage.model import Stage
from linkage.web.handover_views import HandoverSignature, HandoverView

_NOT_SIGNED = "待接班人签收 / not signed yet"


def page_of(handover: HandoverView, *, site_name: str) -> str:
    """The page. `handover` has its sheet. Our pages allow no inline style, so it has none."""
    sheet = handover.sheet
    assert sheet is not None
    title = f"{site_name} 交接班记录 Hand-over"
    incidents = [
        (
            i.number,
            _kind(i.kind),
            _stage(i.stage),
            i.place,
            i.opened_at,
            i.acknowledged_by or "未签收 / nobody",
            i.sent or "",
        )
        for i in sheet.incidents
    ]
    since = ""
    if handover.since is not None:
        opened = "、".join(handover.since.opened) or "无 / none"
        ended = "、".join(handover.since.ended) or "无 / none"
        since = (
            "<h2>签收时 At the signature</h2>"
            f"<p>此间新增 opened since: {escape(opened)}</p>"
            f"<p>此间办结 ended since: {escape(ended)}</p>"
            f"<p>备注 Notes: {_lines(handover.since.notes)}</p>"
        )
    return "\n".join(
        (
            "<!doctype html>",
            '<html lang="zh"><head><meta charset="utf-8">',
            f"<title>{escape(title)}</title></head><body>",
            f"<h1>{escape(title)}</h1>",
            f"<p>编号 Number: {escape(handover.id)}</p>",
            _table(
                ("", "姓名 Name", "时间 Time", "签名 Signature"),
                [
                    ("交班人 Outgoing", *_signature(handover.outgoing), ""),
                    ("接班人 Incoming", *_signature(handover.incoming), ""),
                ],
            ),
            "<h2>未结警情 Open incidents</h2>",
            _table(
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
            "<h2>在岗人员 On duty</h2>",
            _table(
                ("岗位 Post", "在岗 There", "请假 Away"),
                [(p.post, "、".join(p.people), "、".join(p.absent)) for p in sheet.duty],
            ),
            "<h2>故障摄像机 Cameras down</h2>",
            _table(
                ("编号 Id", "名称 Name", "原因 Reason"),
                [(c.id, c.name, c.reason) for c in sheet.cameras_down],
            ),
            "<h2>交班备注 Notes</h2>",
            f"<p>{_lines(sheet.notes)}</p>",
            since,
            "<h2>记录链末端 Ends of the chains</h2>",
            _table(
                ("链 Chain", "写入者 Writer", "行数 Rows", "末端 Head"),
                [(c.chain, c.writer, str(c.number), c.link) for c in sheet.chains],
            ),
            "</body></html>",
        )
    )


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    body = "".join(_row("td", row) for row in rows)
    if not body:
        return "<p>无 / none</p>"
    return f'<table border="1" cellpadding="4" cellspacing="0">{_row("th", head)}{body}</table>'


def _row(cell: str, texts: Sequence[str]) -> str:
    cells = "".join(f"<{cell}>{escape(text)}</{cell}>" for text in texts)
    return f"<tr>{cells}</tr>"


def _signature(signature: HandoverSignature | None) -> tuple[str, str]:
    if signature is None:
        return _NOT_SIGNED, ""
    return signature.display_name, signature.at


def _kind(kind: str) -> str:
    return AlarmKind(kind).label[0]


def _stage(stage: str) -> str:
    return Stage(stage).label[0]


def _lines(text: str) -> str:
    return "<br>".join(escape(line) for line in text.splitlines()) or "无 / none"
