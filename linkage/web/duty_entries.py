"""The rota's nouns: posts, patterns, overrides, absences.

A pattern and an override belong where their post is, an absence where the person is.
"""

import json
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import Connection, select

from lianfang_timing import unix_ms
from linkage.accounts.rights import Permission
from linkage.duty import registry
from linkage.duty.errors import BadEntry
from linkage.duty.model import Absence, Area, Override, Pattern, Post, hours_of, hours_text
from linkage.duty.reading import load_rota
from linkage.registry.texts import TextOpener, seal_said
from linkage.schema import accounts
from linkage.web import duty_views as shapes
from linkage.web.duty_nouns import Entry, Noun, area_of
from linkage.web.ports import Ports


def _posts(conn: Connection, ports: Ports) -> list[Entry]:
    return [
        Entry(
            post.id,
            post.area,
            shapes.PostItem(
                id=post.id,
                name=post.name,
                role=post.role,
                villages=sorted(post.area.villages),
                grids=sorted(post.area.grids),
                must_be_manned=post.must_be_manned,
                hours=None if post.hours is None else hours_text(post.hours),
            ),
        )
        for post in load_rota(conn, ports.site.zone).posts
    ]


def _put_post(
    conn: Connection, ports: Ports, name: str, body: shapes.PostBody, _before: Entry | None
) -> None:
    post = Post(
        id=name,
        name=body.name,
        role=body.role,
        area=area_of(body),
        must_be_manned=body.must_be_manned,
        hours=None if body.hours is None else hours_of(body.hours),
    )
    registry.put_post(conn, post, now_ms=unix_ms(ports.clock.now()))


def _patterns(conn: Connection, ports: Ports) -> list[Entry]:
    rota = load_rota(conn, ports.site.zone)
    areas = {post.id: post.area for post in rota.posts}
    return [
        Entry(
            p.id,
            areas[p.post_id],
            shapes.PatternItem(
                id=p.id,
                post=p.post_id,
                start=f"{p.start:%H:%M}",
                hours=p.length.total_seconds() / 3600,
                crews=[list(crew) for crew in p.crews],
                begins_on=p.begins_on,
                ends_on=p.ends_on,
                weekdays=sorted(p.weekdays),
                turn=p.turn,
            ),
        )
        for p in rota.patterns
    ]


def _put_pattern(
    conn: Connection, _ports: Ports, name: str, body: shapes.PatternBody, _before: Entry | None
) -> None:
    pattern = Pattern(
        id=name,
        post_id=body.post,
        start=time.fromisoformat(body.start),
        length=timedelta(hours=body.hours),
        crews=tuple(tuple(crew) for crew in body.crews),
        begins_on=body.begins_on,
        ends_on=body.ends_on,
        weekdays=frozenset(body.weekdays),
        turn=body.turn,
    )
    registry.put_pattern(conn, pattern)


def _overrides(conn: Connection, ports: Ports) -> list[Entry]:
    rota = load_rota(conn, ports.site.zone)
    areas = {post.id: post.area for post in rota.posts}
    zone, opener = ports.site.zone, TextOpener(conn, ports.box)
    return [
        Entry(
            o.id,
            areas[o.post_id],
            shapes.OverrideItem(
                id=o.id,
                post=o.post_id,
                begin=o.begin.astimezone(zone),
                until=o.end.astimezone(zone),
                username=o.username,
                replaces=o.replaces,
                reason=opener.open(o.reason),
            ),
        )
        for o in rota.overrides
    ]


def _put_override(
    conn: Connection, ports: Ports, name: str, body: shapes.OverrideBody, _before: Entry | None
) -> None:
    begin, end = _checked(body.begin), _checked(body.until)
    reason = seal_said(conn, ports.box, None, body.reason) or ""
    override = Override(name, body.post, begin, end, body.username, body.replaces, reason)
    registry.put_override(conn, override)


def _checked(moment: datetime) -> datetime:
    if not 2000 <= moment.year <= 2100:
        raise BadEntry("日期须在 2000 至 2100 年 / dates are from 2000 to 2100")
    return moment


def _person_area(conn: Connection, username: str) -> Area:
    places = conn.scalar(select(accounts.c.places).where(accounts.c.username == username))
    return Area(frozenset()) if places is None else Area(frozenset(json.loads(places)))


def _absences(conn: Connection, ports: Ports) -> list[Entry]:
    zone, opener = ports.site.zone, TextOpener(conn, ports.box)
    return [
        Entry(
            a.id,
            _person_area(conn, a.username),
            shapes.AbsenceItem(
                id=a.id,
                username=a.username,
                begin=a.begin.astimezone(zone),
                until=a.end.astimezone(zone),
                reason=a.reason,
                note=opener.open(a.note),
            ),
        )
        for a in load_rota(conn, zone).absences
    ]


def _put_absence(
    conn: Connection, ports: Ports, name: str, body: shapes.AbsenceBody, _before: Entry | None
) -> None:
    begin, end = _checked(body.begin), _checked(body.until)
    note = seal_said(conn, ports.box, None, body.note) or ""
    registry.put_absence(conn, Absence(name, body.username, begin, end, body.reason, note))


ROTA_NOUNS: tuple[Noun[Any], ...] = (
    Noun(
        "post",
        "posts",
        shapes.PostBody,
        shapes.PostItem,
        shapes.PostPage,
        _posts,
        lambda _conn, _id, body: area_of(body),
        _put_post,
        registry.delete_post,
    ),
    Noun(
        "pattern",
        "patterns",
        shapes.PatternBody,
        shapes.PatternItem,
        shapes.PatternPage,
        _patterns,
        lambda conn, _id, body: registry.area_of_post(conn, body.post),
        _put_pattern,
        registry.delete_pattern,
    ),
    Noun(
        "override",
        "overrides",
        shapes.OverrideBody,
        shapes.OverrideItem,
        shapes.OverridePage,
        _overrides,
        lambda conn, _id, body: registry.area_of_post(conn, body.post),
        _put_override,
        registry.delete_override,
    ),
    Noun(
        "absence",
        "absences",
        shapes.AbsenceBody,
        shapes.AbsenceItem,
        shapes.AbsencePage,
        _absences,
        lambda conn, _id, body: _person_area(conn, body.username),
        _put_absence,
        registry.delete_absence,
        read_needs=Permission.DUTY_EDIT,
    ),
)
