"""派警单: an incident on one sheet for those who are sent, to print and to fill in by hand."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from alarms.model import AlarmKind
from alarms.store.chain import Head
from linkage.model.incident import Stage
from linkage.web.incident_detail_views import Household, IncidentDetail, TimelineItem
from linkage.web.print_page import heading, page, paragraph, table

_NONE = "无 / none"
_ITEM = ("项目 Item", "内容 Entry")
_ROOM = "\u3000" * 30
"""To write by hand: wide spaces, because our pages allow no inline style."""
_SAID = ("verified", "noted", "dispatched", "responded", "cancel_claimed")
"""What of the timeline those who are sent must know."""
_TO_FILL_IN = (
    "接单人 Taken by",
    "接单时间 At",
    "出动时间 Set out",
    "到场时间 Arrived",
    "处置情况 What was done",
    "处置人签名 Signature",
)


def page_of(
    incident: IncidentDetail,
    *,
    site_name: str,
    printed_by: str,
    printed_at: datetime,
    chains: Sequence[Head],
) -> str:
    """The page. `printed_at` where the site is; `chains`: where the records end now."""
    return page(
        f"{site_name} 派警单 Dispatch order",
        (
            *_warnings(incident),
            table(_ITEM, _facts(incident)),
            heading("报警户 Who called"),
            table(
                ("户 Household", "类别 Kind", "联系人 Contact", "电话 Telephone", "地址 Address"),
                _callers(incident),
            ),
            heading("派遣 Sent"),
            table(_ITEM, _sent(incident)),
            heading("情况 What is known"),
            table(
                ("时间 At", "何人 By", "内容 What was said"),
                [_said(item) for item in incident.timeline if _is_said(item)],
            ),
            heading(f"应急预案 Response plan · {incident.response_plan.name}"),
            table(
                ("", "事项 Item", "办理 Done by"),
                [
                    (
                        "☐" if item.ticked is None else "☑",
                        item.text,
                        ""
                        if item.ticked is None
                        else f"{item.ticked.by.display_name} {_minute(item.ticked.at)}",
                    )
                    for item in incident.response_plan.items
                ],
            ),
            heading("附近摄像机 Cameras near"),
            table(
                ("名称 Name", "距离 Distance"),
                [(c.name, _metres(c.distance_m)) for c in incident.cameras_near],
            ),
            heading("处置回执 To be filled in"),
            table(_ITEM, [(name, _ROOM) for name in _TO_FILL_IN]),
            heading("记录链末端 Ends of the chains"),
            table(
                ("链 Chain", "写入者 Writer", "行数 Rows", "末端 Head"),
                [(c.chain, c.writer, str(c.number), c.link) for c in chains],
            ),
            paragraph(f"打印 Printed: {printed_by} {printed_at:%Y-%m-%d %H:%M}"),
        ),
    )


def _warnings(incident: IncidentDetail) -> Iterable[str]:
    if incident.drill:
        yield heading("演练 DRILL")
    if incident.silent or incident.kind == AlarmKind.DURESS.value:
        yield heading("静默报警：不要回拨、不要惊动现场 Silent: do not call back, arrive quietly")


def _facts(incident: IncidentDetail) -> Sequence[tuple[str, str]]:
    place = incident.place
    where = " ".join(
        part for part in (place.village, place.grid, place.group, place.household) if part
    )
    taken = incident.acknowledged
    return (
        ("编号 Number", incident.number),
        ("类别 Kind", " / ".join(AlarmKind(incident.kind).label)),
        ("级别 Priority", str(incident.priority)),
        ("地点 Place", where or _NONE),
        ("接报时间 Opened", _second(incident.opened_at)),
        ("环节 Step", " / ".join(Stage(incident.stage).label)),
        (
            "签收 Taken by",
            "未签收 / nobody" if taken is None else f"{taken.by} {_second(taken.at)}",
        ),
    )


def _callers(incident: IncidentDetail) -> Iterable[tuple[str, str, str, str, str]]:
    homes = {home.id: home for home in incident.households}
    for caller in incident.callers:
        home = homes.get(caller.household_id or "")
        label = caller.household or caller.device or _NONE
        yield (label, AlarmKind(caller.kind).label[0], *_contact(home))


def _contact(home: Household | None) -> tuple[str, str, str]:
    if home is None:
        return "", "", ""
    return home.contact_name or "", home.contact_phone or "", home.address or ""


def _sent(incident: IncidentDetail) -> Sequence[tuple[str, str]]:
    to = incident.responder
    people = "" if to is None else "、".join(person.display_name for person in to.people)
    times = incident.times
    return (
        ("派往 Sent", "未派 / nobody" if to is None else people or to.to or _NONE),
        ("派遣 Dispatched", _second(times.dispatched)),
        ("出动 Set out", _second(times.set_out)),
        ("到场 Arrived", _second(times.arrived)),
    )


def _is_said(item: TimelineItem) -> bool:
    return item.type in _SAID and isinstance(item.data.get("note"), str)


def _said(item: TimelineItem) -> tuple[str, str, str]:
    by = "" if item.actor is None else item.actor.display_name
    return _second(item.at), by, str(item.data["note"])


def _metres(distance_m: float | None) -> str:
    return "" if distance_m is None else f"{distance_m:.0f} m"


def _minute(at: str) -> str:
    return datetime.fromisoformat(at).strftime("%Y-%m-%d %H:%M")


def _second(at: str | None) -> str:
    """2026-11-21 21:03:05, where the site is, of RFC 3339; empty where there is none."""
    return "" if at is None else datetime.fromisoformat(at).strftime("%Y-%m-%d %H:%M:%S")
