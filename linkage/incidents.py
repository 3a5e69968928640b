"""The desk: where people take the steps of an incident, from the sign-for to the review.

Each step is one transaction: the incident's row, its event, what is cancelled and what is planned
by it. Who may take a step is the web's business; whether the incident allows it is in
`linkage.steps`.
"""

from collections.abc import Sequence
from typing import NotRequired, TypedDict, Unpack

import structlog
from sqlalchemy import Connection, select, update

from alarms.model import AlarmKind, AlarmSource, ReplyState, SeenNotice
from alarms.store import Database
from alarms.store.tables import alarms
from lianfang_timing import Clock, unix_ms
from linkage import records
from linkage.changes import Changes
from linkage.errors import NoSuchIncident, StaleVersion
from linkage.model import ActionKind, Actor, EventType, Outcome, PlannedAction, action_id
from linkage.schema import accounts, incident_alarms, incidents
from linkage.steps import MOVES, Ask, Move, Step, check
from linkage.timeline import Entry, NewEvent, record, record_all

REPLY_LASTS_MS = 60 * 60 * 1000

logger = structlog.get_logger()

_QUIET_AFTER = (AlarmKind.DURESS.value, AlarmKind.CANCEL.value)
"""A device that sent one of these hears `received` and nothing more (contract §3)."""

_SEEN_ORDER = ("delivered", "read", "coming", "cannot")


class Said(TypedDict):
    """What every step takes by keyword."""

    actor: Actor
    version: int
    """The version of the incident on which the person decided."""
    note: NotRequired[str | None]
    outcome: NotRequired[Outcome | None]
    to: NotRequired[str | None]


class IncidentDesk:
    """Where people take steps. All methods return the incident's new version.

    Raise NoSuchIncident, StaleVersion (with the version now), StepNotAllowed or StoreBusy.
    """

    def __init__(self, database: Database, clock: Clock, changes: Changes, *, writer: str) -> None:
        self._database = database
        self._clock = clock
        self._changes = changes
        self._writer = writer

    async def acknowledge(self, incident_id: str, **said: Unpack[Said]) -> int:
        """签收: this person has it now; the escalation stops. Once more by the same is harmless."""
        return await self._take(incident_id, Ask(Step.ACKNOWLEDGE, **said))

    async def verify(self, incident_id: str, **said: Unpack[Said]) -> int:
        """核查登记: somebody there was spoken with, or seen."""
        return await self._take(incident_id, Ask(Step.VERIFY, **said))

    async def dispatch(self, incident_id: str, **said: Unpack[Said]) -> int:
        """指挥派遣: `to` says who is sent."""
        return await self._take(incident_id, Ask(Step.DISPATCH, **said))

    async def respond(self, incident_id: str, **said: Unpack[Said]) -> int:
        """处置反馈: what those who were sent have done."""
        return await self._take(incident_id, Ask(Step.RESPOND, **said))

    async def close(self, incident_id: str, **said: Unpack[Said]) -> int:
        """核查结案: needs an outcome."""
        return await self._take(incident_id, Ask(Step.CLOSE, **said))

    async def review(self, incident_id: str, **said: Unpack[Said]) -> int:
        """考核评价: how it was handled."""
        return await self._take(incident_id, Ask(Step.REVIEW, **said))

    async def note(self, incident_id: str, **said: Unpack[Said]) -> int:
        """备注: needs a note; possible at any stage."""
        return await self._take(incident_id, Ask(Step.NOTE, **said))

    async def seen(self, said: Sequence[SeenNotice]) -> list[bool]:
        """Members' devices say `delivered read coming cannot` to notices they were sent.

        False where there is no such notice to this device, or the state is none of these; both are
        what a device may send and no error of ours. Raises StoreBusy: then nothing was kept.
        """
        now_ms = unix_ms(self._clock.now())
        known, position = await self._database.write(
            lambda conn: self._note_seen(conn, said, now_ms)
        )
        self._changes.notify(position)
        return known

    async def _take(self, incident_id: str, ask: Ask) -> int:
        now_ms = unix_ms(self._clock.now())
        version, position = await self._database.write(
            lambda conn: self._write(conn, incident_id, ask, now_ms)
        )
        self._changes.notify(position)
        logger.info("incident.step", step=ask.step.value, incident=incident_id, version=version)
        return version

    def _write(self, conn: Connection, incident_id: str, ask: Ask, now_ms: int) -> tuple[int, int]:
        incident = records.incident_by_id(conn, incident_id)
        if incident is None:
            raise NoSuchIncident(f"没有警情 {incident_id} / no incident {incident_id}")
        if ask.step is Step.ACKNOWLEDGE and incident.acknowledged_by == ask.actor.username:
            return incident.version, incident.changed_position
        if ask.version != incident.version:
            raise StaleVersion(incident.version)
        move = MOVES[ask.step]
        signed_by = incident.acknowledged_by
        check(incident, ask, None if signed_by is None else _display_name(conn, signed_by))
        changed = _changes_of(ask, move, now_ms)
        if changed:
            conn.execute(update(incidents).where(incidents.c.id == incident_id).values(**changed))
        if ask.step in (Step.ACKNOWLEDGE, Step.CLOSE):
            settled = [ActionKind.ESCALATE, ActionKind.PAGE]
            if ask.step is Step.CLOSE:
                settled.append(ActionKind.NOTICE)
            records.cancel(conn, incident_id, settled, now_ms=now_ms)
        if move.reply is not None:
            replies = _replies(conn, incident_id, move.reply, now_ms)
            records.plan(conn, incident_id, replies, now_ms=now_ms)
        said = {"note": ask.note, "outcome": ask.outcome, "to": ask.to}
        data = {"by": ask.actor.display_name, **{k: v for k, v in said.items() if v is not None}}
        position = record(
            conn,
            incident_id,
            [NewEvent(move.event, data, actor=ask.actor.username)],
            writer=self._writer,
            at_ms=now_ms,
            new_version=True,
        )
        return incident.version + 1, position

    def _note_seen(
        self, conn: Connection, said: Sequence[SeenNotice], now_ms: int
    ) -> tuple[list[bool], int]:
        # devices may send any text; not every database takes any
        asked = [one.notice_id for one in said if one.notice_id.isascii()]
        notices = records.notices(conn, [i for i in asked if i.isprintable()])
        known: list[bool] = []
        entries: list[Entry] = []
        changed: dict[str, dict[str, object]] = {}
        for one in said:
            notice = notices.get(one.notice_id)
            if one.state not in _SEEN_ORDER or notice is None or notice.target != one.device:
                known.append(False)
                continue
            known.append(True)
            payload = changed.get(notice.id, notice.payload)
            if not _is_news(payload.get("seen"), one.state):
                continue
            changed[notice.id] = {**payload, "seen": one.state}
            event = NewEvent(EventType.NOTICE_SEEN, {"device": one.device, "state": one.state})
            entries.append(Entry(notice.incident_id, [event], new_version=False))
        records.keep_payloads(conn, changed)
        return known, record_all(conn, entries, writer=self._writer, at_ms=now_ms)


def _is_news(before: object, state: str) -> bool:
    """Messages may come twice and out of order; coming and cannot may change into each other."""
    return not (
        before == state
        or (before in ("coming", "cannot") and state in ("delivered", "read"))
        or (before == "read" and state == "delivered")
    )


def _changes_of(ask: Ask, move: Move, now_ms: int) -> dict[str, object]:
    changed: dict[str, object] = {}
    if move.leads_to is not None:
        changed["stage"] = move.leads_to.value
    if ask.step is Step.ACKNOWLEDGE:
        changed |= {
            "acknowledged_by": ask.actor.username,
            "acknowledged_at_ms": now_ms,
            "next_due_at_ms": None,
        }
    if ask.step is Step.CLOSE and ask.outcome is not None:
        changed |= {
            "outcome": ask.outcome.value,
            "closed_at_ms": now_ms,
            "next_due_at_ms": None,
        }
    return changed


def _display_name(conn: Connection, username: str) -> str:
    found = conn.scalar(select(accounts.c.display_name).where(accounts.c.username == username))
    return username if found is None else str(found)


def _replies(
    conn: Connection, incident_id: str, state: ReplyState, now_ms: int
) -> list[PlannedAction]:
    """A reply for each press of the incident, save to devices that claimed to cancel, truly or
    under duress."""
    here = incident_alarms.c.incident_id == incident_id
    quiet = select(incident_alarms.c.device).where(here, incident_alarms.c.kind.in_(_QUIET_AFTER))
    presses = conn.execute(
        select(alarms.c.id, alarms.c.device, alarms.c.boot, alarms.c.seq)
        .join(incident_alarms, incident_alarms.c.alarm_id == alarms.c.id)
        .where(
            here,
            alarms.c.source == AlarmSource.BUTTON.value,
            alarms.c.device.not_in(quiet),
        )
        .order_by(alarms.c.position)
    )
    return [
        PlannedAction(
            id=action_id(ActionKind.REPLY, press.id, state.value),
            kind=ActionKind.REPLY,
            target=press.device,
            due_at_ms=now_ms,
            deadline_ms=now_ms + REPLY_LASTS_MS,
            payload={
                "boot": press.boot,
                "seq": press.seq,
                "state": state.value,
                "alarm": press.id,
                "time_ms": now_ms,
            },
        )
        for press in presses
    ]
