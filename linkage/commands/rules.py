"""`lianfang rules`: does every alarm reach a person, and why was this one decided so?"""

import argparse
import json
import sys
from collections.abc import Iterable
from datetime import datetime
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from alarms.log import read_alarms
from alarms.model import LoggedAlarm
from alarms.store.tables import alarms
from lianfang_timing import SystemClock, from_unix_ms, unix_ms
from linkage import stages
from linkage.commands.common import OpenSite, Subparsers, add_config, open_site
from linkage.duty.reading import load_rota
from linkage.duty.schema import village_officers
from linkage.errors import LinkageError
from linkage.fact_reading import FactReader
from linkage.facts import Facts
from linkage.model.event import Decision
from linkage.people import people
from linkage.pipeline import decide
from linkage.rules.check import Gap, Report, Spot, Town, check
from linkage.rules.model import tried
from linkage.schema import (
    grids,
    incident_alarms,
    incident_events,
    incidents,
    mutual_aid_groups,
    villages,
)
from linkage.stages import Draft, question_of
from linkage.surroundings import surroundings

_SHOWN_GAPS = 100


class NoSuchAlarm(LinkageError):
    """The log holds no alarm with this id."""


def add(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser("rules", help="联动规则 / the linkage rules")
    nested = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    checking = nested.add_parser(
        "check",
        help="每种报警是否都有人接 / does every alarm reach a person?",
        description="逐一核对每种报警、每处地点、今后七天的每个时段是否有人接；有空缺返回 1 / "
        "walk every kind, source and place through every hour of the coming week: 0 somebody is "
        "always reached, 1 not always.",
    )
    add_config(checking)
    checking.set_defaults(function=main_check)
    explaining = nested.add_parser(
        "explain",
        help="这条报警为何这样处理 / why was this alarm decided so?",
        description="列出每条规则是否命中及原因，以及当时和现在的处理 / each rule with whether it "
        "matches and why not, what was decided then, and what would be decided now.",
    )
    explaining.add_argument("alarm", metavar="ALARM", help="报警编号 / the alarm's id")
    add_config(explaining)
    explaining.set_defaults(function=main_explain)


def main_check(arguments: argparse.Namespace) -> int:
    now = SystemClock().now()
    with open_site(arguments.config) as site:
        zone = site.settings.time_zone
        town = site.database.read_now(lambda conn: _town(conn, zone, unix_ms(now)))
        report = check(site.settings.rules, site.settings.plans, town, now)
    for one in report.unreachable:
        why = "不会命中，请核对 / it never matches"
        if one.shadowed_by is not None:
            why = f"被规则 {one.shadowed_by} 挡住 / shadowed by rule {one.shadowed_by}"
        print(f"注意 / note: 规则 {one.rule}：{why}", file=sys.stderr)
    for missing in report.unknown:
        zh, en = ("岗位", "post") if missing.callee.post is not None else ("账号", "account in use")
        print(
            f"注意 / note: 预案 plan {missing.plan}, step {missing.step}: "
            f'没有这个{zh} / there is no such {en}: "{missing.callee}"',
            file=sys.stderr,
        )
    if report.gaps:
        _tell_gaps(report, zone)
        return 1
    print(
        f"每种报警都有人接 / every alarm reaches a person: {report.spots} 处地点 places, "
        f"{report.moments} 个时段 stretches of time, 7 天 days"
    )
    return 0


def main_explain(arguments: argparse.Namespace) -> int:
    with open_site(arguments.config) as site:
        facts, then = site.database.read_now(lambda conn: _look(conn, site, arguments.alarm))
    print(
        f"报警 {facts.alarm.id}: {facts.alarm.kind.label[0]} / {facts.alarm.kind.value}, "
        f"{facts.alarm.source.value} {facts.alarm.device}, {facts.local:%Y-%m-%d %H:%M:%S}"
    )
    print("规则 / rules:")
    draft = _as_far_as_rules(facts)
    asked = tried(facts.rules, question_of(draft, facts))
    for one in asked:
        zh, en = one.why_not
        said = "命中 / matches" if one.matched else f"{zh}不符 / no: {en}"
        print(f"  {one.rule.name}: {said}")
    for rule in facts.rules.rules[len(asked) :]:
        print(f"  {rule.name}: 未轮到 / not asked, an earlier one matched")
    print(f"当时 / decided then: {then[0]}")
    _tell_decisions(then[1])
    print("现在 / as it would be decided now:")
    _tell_decisions(decide(facts).decisions)
    return 0


def _as_far_as_rules(facts: Facts) -> Draft:
    return stages.note_drill(stages.place(Draft(), facts), facts)


def _tell_decisions(decisions: Iterable[Decision]) -> None:
    for one in decisions:
        print(f"  {'+' if one.matched else '-'} {one.stage}: {one.reason}")


def _tell_gaps(report: Report, zone: ZoneInfo) -> None:
    def shared(gap: Gap) -> tuple[datetime, datetime, str, str, str]:
        return gap.begin, gap.end, str(gap.spot), gap.plan, gap.rule

    shown = 0
    for (begin, end, spot, plan, rule), gaps in groupby(sorted(report.gaps, key=shared), shared):
        kinds = sorted(
            {f"{gap.kind.label[0]} {gap.kind.value} ({gap.source.value})" for gap in gaps}
        )
        shown += 1
        if shown > _SHOWN_GAPS:
            continue
        print(
            f"无人接 / reaches nobody: {spot}, {_local(begin, zone)} – {_local(end, zone)}, "
            f"规则 rule {rule}, 预案 plan {plan}: {', '.join(kinds)}"
        )
    if shown > _SHOWN_GAPS:
        print(f"另有 {shown - _SHOWN_GAPS} 条 / and {shown - _SHOWN_GAPS} more")


def _local(moment: datetime, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%m-%d %H:%M}"


def _town(conn: Connection, zone: ZoneInfo, now_ms: int) -> Town:
    in_villages = conn.scalars(select(villages.c.id).order_by(villages.c.id)).all()
    in_grids = conn.execute(select(grids.c.id, grids.c.village_id).order_by(grids.c.id)).all()
    in_groups = conn.execute(
        select(mutual_aid_groups.c.id, mutual_aid_groups.c.grid_id, grids.c.village_id)
        .join(grids, grids.c.id == mutual_aid_groups.c.grid_id)
        .order_by(mutual_aid_groups.c.id)
    ).all()
    officers = conn.execute(
        select(village_officers.c.village_id, village_officers.c.username).where(
            village_officers.c.username.is_not(None)
        )
    )
    return Town(
        people=tuple(people(conn, now_ms)),
        rota=load_rota(conn, zone, since_ms=now_ms),
        spots=(
            *(Spot(village) for village in in_villages),
            *(Spot(grid.village_id, grid.id) for grid in in_grids),
            *(Spot(group.village_id, group.grid_id, group.id) for group in in_groups),
        ),
        officers={row.village_id: row.username for row in officers},
    )


def _look(conn: Connection, site: OpenSite, alarm_id: str) -> tuple[Facts, tuple[str, Any]]:
    position = conn.scalar(select(alarms.c.position).where(alarms.c.id == alarm_id))
    if position is None:
        raise NoSuchAlarm(f"没有报警 {alarm_id} / there is no alarm {alarm_id} in the log")
    (alarm,) = read_alarms(conn, after=position - 1, limit=1)
    return _facts_now(conn, site, alarm), _decided_then(conn, alarm)


def _facts_now(conn: Connection, site: OpenSite, alarm: LoggedAlarm) -> Facts:
    """As if it came now, beside what is open now; also its own, where that is open."""
    settings = site.settings
    reader = FactReader(
        conn,
        [alarm],
        surroundings(conn, [alarm]),
        {},
        rules=settings.rules,
        ways=settings.ways,
        now_ms=unix_ms(SystemClock().now()),
        time_zone=settings.time_zone,
        again=True,
    )
    return reader.facts(alarm)


def _decided_then(conn: Connection, alarm: LoggedAlarm) -> tuple[str, list[Decision]]:
    row = conn.execute(
        select(incidents.c.id, incidents.c.number)
        .join(incident_alarms, incident_alarms.c.incident_id == incidents.c.id)
        .where(incident_alarms.c.alarm_id == alarm.id)
    ).first()
    if row is None:
        return "只留记录，不在任何警情中 / kept in the log only, in no incident", []
    # people may have moved it since: its decisions stay where they were written
    events = conn.execute(
        select(incident_events.c.at_ms, incident_events.c.data)
        .where(
            incident_events.c.type.in_(["opened", "alarm_added"]),
            incident_events.c.at_ms >= alarm.received_at_ms,
        )
        .order_by(incident_events.c.position)
    )
    for event in events:
        data = json.loads(event.data)
        if data.get("alarm") == alarm.id:
            at = from_unix_ms(event.at_ms)
            return f"{row.number}, {at:%Y-%m-%dT%H:%M:%SZ}", [
                Decision(**one) for one in data["decisions"]
            ]
    return f"{row.number}", []
