"""The ledgers as stations inspect them: headings and lines of text, for a sheet or a page."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import tzinfo

from lianfang_timing import from_unix_ms
from linkage.ledgers.device_tests import TestLine, UntestedGroup
from linkage.ledgers.group_tests import GroupTest
from linkage.quiet.ledger import LedgerLine
from linkage.quiet.model import Drill

_ANSWERS = {
    "delivered": "已送达 delivered",
    "read": "已看 read",
    "coming": "能来 coming",
    "cannot": "不能来 cannot",
}


@dataclass(frozen=True)
class Book:
    """One ledger. `title` and `headings` are Chinese first; every line has as many texts."""

    name: str
    """For a file's name."""
    title: str
    tab: str
    headings: Sequence[str]
    lines: Sequence[Sequence[str]]


def device_tests(tests: Iterable[TestLine], zone: tzinfo) -> Book:
    """一键报警测试台账."""
    return Book(
        "device-tests",
        "一键报警测试台账 Button tests",
        "一键报警测试台账",
        ("时间 Time", "村 Village", "组 Group", "户 Household", "设备 Device", "结果 Result"),
        [
            (
                _local(test.at_ms, zone),
                test.village or "",
                test.group or "",
                test.label or "",
                test.device,
                "正常 heard",
            )
            for test in tests
        ],
    )


def untested(groups: Iterable[UntestedGroup], zone: tzinfo) -> Book:
    """Who has not tested, a line a button."""
    return Book(
        "untested",
        "未测试清单 Not tested",
        "未测试清单",
        (
            "村 Village",
            "组 Group",
            "联户长 Leader",
            "户 Household",
            "设备 Device",
            "上次测试 Last test",
        ),
        [
            (
                group.village,
                group.group,
                group.leader_label or "未指定 nobody",
                button.label,
                button.device,
                "从未 never" if button.tested_at_ms is None else _local(button.tested_at_ms, zone),
            )
            for group in groups
            for button in group.untested
        ],
    )


def group_tests(tests: Iterable[GroupTest], zone: tzinfo) -> Book:
    """组内通知测试台账, a line a member."""
    return Book(
        "group-tests",
        "联防组通知测试台账 Group notification tests",
        "通知测试台账",
        (
            "时间 Time",
            "村 Village",
            "组 Group",
            "户 Household",
            "设备 Device",
            "已发送 Sent",
            "回应 Answer",
            "回应时间 Answered",
            "组织人 Started by",
        ),
        [
            (
                _local(test.started_at_ms, zone),
                test.village or "",
                test.group or test.group_id,
                member.label or "",
                member.device,
                _local(member.sent_at_ms, zone),
                _ANSWERS.get(member.state or "", "无回应 none"),
                _local(member.answered_at_ms, zone),
                test.started_by_name,
            )
            for test in tests
            for member in test.members
        ],
    )


def drills(held: Iterable[tuple[Drill, Sequence[LedgerLine]]], zone: tzinfo) -> Book:
    """“十户联防”演练台账, a line a button."""
    return Book(
        "drills",
        "“十户联防”演练台账 Drills",
        "演练台账",
        (
            "演练 Drill",
            "开始 Begin",
            "结束 End",
            "组 Group",
            "户 Household",
            "设备 Device",
            "按下 Pressed",
            "签收 Signed for",
            "签收人 By",
            "警情 Incident",
            "转为实警 Became real",
            "组织人 Planned by",
            "报备 Pre-notice",
        ),
        [
            (
                drill.name,
                _local(drill.begin_ms, zone),
                _local(drill.end_ms, zone),
                line.group or "",
                line.label or "",
                line.device,
                _local(line.pressed_at_ms, zone),
                _local(line.acknowledged_at_ms, zone),
                line.acknowledged_by or "",
                line.number or "",
                "是 yes" if line.became_real else "",
                drill.made_by,
                drill.notice_to,
            )
            for drill, lines in held
            for line in lines
        ],
    )


def _local(ms: int | None, zone: tzinfo) -> str:
    if ms is None:
        return ""
    return f"{from_unix_ms(ms).astimezone(zone):%Y-%m-%d %H:%M:%S}"
