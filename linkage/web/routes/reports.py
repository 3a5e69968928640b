"""Alarms that a person, a telephone platform or 12345 raises; they enter the log like presses."""

import hashlib
from enum import StrEnum
from typing import Annotated

import msgspec
from aiohttp import web
from msgspec import Meta, Struct
from sqlalchemy import Connection, select

from alarms.model import AlarmKind, AlarmSource, NewAlarm
from alarms.store import SealedBox
from alarms.store.tables import alarms
from linkage import schema as s
from linkage.accounts.rights import Permission
from linkage.audit import AuditAction
from linkage.registry.texts import seal_said
from linkage.web import alarm_views
from linkage.web.answering import answer
from linkage.web.guard import PORTS, caller_of
from linkage.web.problems import Problem
from linkage.web.reading import body_of
from linkage.web.routing import Parameter, Route

_KEY_LIMIT = 200


class ReportKind(StrEnum):
    """What a report can say; cancel and test are for devices."""

    PANIC = "panic"
    FIRE = "fire"
    MEDICAL = "medical"
    MISSING = "missing"
    OTHER = "other"
    DURESS = "duress"


class Report(Struct, forbid_unknown_fields=True):
    kind: ReportKind
    household: Annotated[str, Meta(max_length=64)] | None = None
    village: Annotated[str, Meta(max_length=64)] | None = None
    text: Annotated[str, Meta(max_length=500)] | None = None
    reporter: Annotated[str, Meta(max_length=100)] | None = None


async def report(request: web.Request) -> web.Response:
    ports, caller = request.app[PORTS], caller_of(request)
    key = request.headers.get("Idempotency-Key", "").strip()
    if not 1 <= len(key) <= _KEY_LIMIT or not key.isprintable():
        raise Problem(
            400,
            f"须带 Idempotency-Key，1 到 {_KEY_LIMIT} 个可见字符 / send an Idempotency-Key of 1 to "
            f"{_KEY_LIMIT} printable characters.",
        )
    said = await body_of(request, Report)
    if (said.household is None) == (said.village is None):
        raise Problem(
            422, "住户和村二选一 / say either household or village, and one of them only."
        )
    village = await ports.database.read(lambda conn: _village(conn, said))
    if village is None or not caller.principal.places.covers(village):
        raise _nothing_there(said)
    who = caller.principal.username
    await ports.audit.record(
        caller.entry(
            AuditAction.CHANGE,
            f"household:{said.household}" if said.household else f"village:{said.village}",
            {"report": said.kind.value, "key": _identity(who, key)},
        )
    )
    alarm = await ports.database.write(lambda conn: _alarm(conn, ports.box, said, who=who, key=key))
    # the log keeps each identity once for ever, so the key needs no other memory
    (appended,) = await ports.log.append([alarm])
    if appended.duplicate:
        first = await ports.database.read(lambda conn: _said_first(conn, appended.alarm_id))
        if first is not None and first != alarm.detail["said_sha256"]:
            raise Problem(
                422,
                "该 Idempotency-Key 已用于另一报警 / it was used for another report.",
            )
    status = 200 if appended.duplicate else 201
    return answer(alarm_views.Reported(alarm=appended.alarm_id), status)


def _nothing_there(said: Report) -> Problem:
    """Says the same of a place that there is not and of one that is not the caller's."""
    if said.household is not None:
        return Problem(404, f"没有住户 {said.household} / there is no household {said.household}.")
    return Problem(404, f"没有村 {said.village} / there is no village {said.village}.")


def _identity(who: str, key: str) -> str:
    """Of one report, once for ever; the key itself may be a caller's number."""
    return hashlib.sha256(f"{who}\n{key}".encode()).hexdigest()[:48]


def _alarm(conn: Connection, box: SealedBox, said: Report, *, who: str, key: str) -> NewAlarm:
    """What was said is sealed before it reaches the log, which is never changed."""
    body = msgspec.json.encode(said, order="deterministic")
    home = said.household
    return NewAlarm(
        source=AlarmSource.REPORT,
        device=f"report.{_identity(who, key)}",
        boot=0,
        seq=0,
        mac="",
        kind=AlarmKind(said.kind.value),
        silent=said.kind is ReportKind.DURESS,
        detail={
            "household": said.household,
            "village": said.village,
            "text": seal_said(conn, box, home, said.text),
            "reporter": seal_said(conn, box, home, said.reporter),
            "by": who,
            # signed, not only hashed: a short text could be found by trying
            "said_sha256": box.sign(f"report-v1|{body.decode()}"),
        },
    )


def _said_first(conn: Connection, alarm_id: str) -> str | None:
    """The digest of the report that raised this alarm; None when the log no longer has it."""
    payload = conn.scalar(select(alarms.c.payload).where(alarms.c.id == alarm_id))
    if payload is None:
        return None
    return str(msgspec.json.decode(payload)["detail"]["said_sha256"])


def _village(conn: Connection, said: Report) -> str | None:
    """The village the report is about; None when there is no such household or village."""
    if said.village is not None:
        return conn.scalar(select(s.villages.c.id).where(s.villages.c.id == said.village))
    h, g = s.households.c, s.mutual_aid_groups.c
    return conn.scalar(
        select(s.grids.c.village_id)
        .join(s.mutual_aid_groups, g.grid_id == s.grids.c.id)
        .join(s.households, h.group_id == g.id)
        .where(h.id == said.household)
    )


ROUTES = (
    Route(
        "POST",
        "/api/v1/reports",
        report,
        Permission.REPORT_CREATE,
        "Raise an alarm for somebody; 200 when this key has raised it before",
        body=Report,
        parameters=(
            Parameter(
                "Idempotency-Key",
                "header",
                True,
                {"type": "string", "minLength": 1, "maxLength": _KEY_LIMIT},
            ),
        ),
        answers={201: alarm_views.Reported, 200: alarm_views.Reported},
    ),
)
