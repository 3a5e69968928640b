"""What is read to say how each part of the system is; what follows from it: `linkage.parts`."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, func, select

from camerad.model import CameraHealth, CameraState
from lianfang_timing import unix_ms
from linkage import parts
from linkage import schema as s
from linkage.accounts import people, second_factor, sessions
from linkage.accounts.rights import Places, has_weight
from linkage.duty.attendance import read_chair
from linkage.duty.reading import load_rota
from linkage.duty.rota import on_duty
from linkage.model.action import ActionKind, ActionState
from linkage.parts import Part
from linkage.supervision import orders
from linkage.supervision.model import Fault, OrderState
from linkage.supervision.schema import maintenance_orders
from linkage.web.ports import Ports

_DAY_MS = 24 * 3600 * 1000
_SOON_MS = 7 * _DAY_MS
_NO_MESSAGES = frozenset({ActionKind.ESCALATE.value, ActionKind.DUE.value})
"""Clocks, not messages: they wait for their time."""


def read_parts(
    conn: Connection, ports: Ports, places: Places, disk: parts.Disk | None
) -> list[Part]:
    """Every part, the ones that alarms pass first."""
    now = ports.clock.now()
    now_ms = unix_ms(now)
    status = ports.system_status()
    intake, store = status.intake, status.store
    return [
        parts.link_part(
            "intake", up=intake.up, since_ms=unix_ms(intake.since), detail=intake.detail
        ),
        parts.broker_part(
            embedded=status.broker == "embedded", up=intake.up, since_ms=unix_ms(intake.since)
        ),
        parts.link_part("store", up=store.up, since_ms=unix_ms(store.since), detail=store.detail),
        parts.outbox_part(_outbox(conn, now_ms)),
        parts.people_part(_people(conn, ports, now)),
        parts.cameras_part(cameras := _cameras(conn, ports.camera_health(), places)),
        parts.disk_part(disk),
        parts.clock_part(own_wrong_since_ms=_own_clock(conn), cameras_off=cameras.clocks_off),
        parts.upkeep_part(_upkeep(conn, places)),
        _accounts(conn, places, now_ms),
    ]


def _outbox(conn: Connection, now_ms: int) -> parts.Outbox:
    a = s.actions.c
    late, oldest = conn.execute(
        select(func.count(), func.min(a.due_at_ms)).where(
            a.state == ActionState.PLANNED.value,
            a.due_at_ms < now_ms - parts.LATE_MS,
            a.kind.not_in(_NO_MESSAGES),
        )
    ).one()
    failed = conn.scalar(
        select(func.count())
        .select_from(s.actions)
        .where(
            a.state.in_([ActionState.FAILED.value, ActionState.EXPIRED.value]),
            a.due_at_ms > now_ms - _DAY_MS,
        )
    )
    return parts.Outbox(late, oldest, failed or 0)


def _people(conn: Connection, ports: Ports, now: datetime) -> parts.People:
    now_ms = unix_ms(now)
    rota = load_rota(conn, ports.site.zone, since_ms=now_ms)
    there = {name for one in on_duty(rota, now).manning for name in one.present}
    empty = read_chair(conn).empty_since
    return parts.People(
        officers=len(sessions.officers_present(conn, now_ms=now_ms)),
        on_rota=len(there),
        empty_since_ms=None if empty is None else unix_ms(empty),
    )


def _cameras(conn: Connection, health: Mapping[str, CameraHealth], places: Places) -> parts.Cameras:
    c = s.cameras.c
    rows = conn.execute(select(c.id, c.village_id, c.clock_skew_s).where(c.enabled.is_(True)))
    states: list[CameraState] = []
    down_since: list[int] = []
    clocks_off = 0
    for row in rows:
        if not places.covers(row.village_id):
            continue
        known = health.get(row.id)
        states.append(known.state if known else CameraState.CONNECTING)
        if known is not None and known.state is CameraState.DOWN:
            down_since.append(unix_ms(known.since))
        clocks_off += abs(row.clock_skew_s or 0.0) > parts.CAMERA_CLOCK_S
    return parts.Cameras(
        watching=states.count(CameraState.WATCHING),
        down=states.count(CameraState.DOWN),
        connecting=states.count(CameraState.CONNECTING),
        down_since_ms=min(down_since, default=None),
        clocks_off=clocks_off,
    )


def _own_clock(conn: Connection) -> int | None:
    o = maintenance_orders.c
    since_ms: int | None = conn.scalar(
        select(func.min(o.raised_at_ms)).where(
            o.kind == Fault.OWN_CLOCK.value, o.state == OrderState.OPEN.value
        )
    )
    return since_ms


def _upkeep(conn: Connection, places: Places) -> parts.Upkeep:
    found = [c for village, c in orders.counts(conn).items() if places.covers(village)]
    return parts.Upkeep(
        open=sum(c.open for c in found),
        overdue=sum(c.overdue for c in found),
        unowned=sum(c.unowned for c in found),
    )


def _accounts(conn: Connection, places: Places, now_ms: int) -> Part:
    enrolled = second_factor.all_enrolled(conn)
    there = [
        one
        for one in people.list_all(conn)
        if one.enabled and not one.has_ended(now_ms) and places.contain(one.places)
    ]
    return parts.accounts_part(
        without_factor=sum(has_weight(a.role) and a.username not in enrolled for a in there),
        ending_soon=sum(
            a.expires_at_ms is not None and a.expires_at_ms < now_ms + _SOON_MS for a in there
        ),
    )
