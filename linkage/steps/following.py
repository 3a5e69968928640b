"""What else hangs on a step: what it settles, and what it causes beside its own event.

Runs inside the step's transaction, after `linkage.steps.taking` allowed it.
"""

from sqlalchemy import Connection

from alarms.model import ReplyState
from linkage import records
from linkage.model.action import ActionKind, PlannedAction
from linkage.model.incident import Incident, Stage
from linkage.model.person import Person
from linkage.quiet import turning_real
from linkage.steps import merging, writing
from linkage.steps.checks import Ask, Situation
from linkage.steps.moves import Step
from linkage.steps.policy import DeskPolicy
from linkage.steps.replying import replies
from linkage.steps.situations import account_of
from linkage.steps.taking import absorb
from linkage.timeline import record
from linkage.ways.over import notices_over, webhooks_over, webhooks_told
from linkage.ways.planning import REOPENED, told_webhooks
from linkage.ways.quieting import all_off
from linkage.ways.settings import Ways

_CALLED_BY = frozenset({Step.DISPATCH, Step.RETURN, Step.REASSIGN})
"""Steps that call the account they name."""


def cancel_settled(conn: Connection, incident_id: str, step: Step, now_ms: int) -> None:
    """What was planned and is not wanted any more, now that this step is taken."""
    if step not in (Step.ACKNOWLEDGE, Step.CLOSE, Step.MERGE, Step.MAKE_REAL):
        return
    settled = [ActionKind.ESCALATE, ActionKind.PAGE]
    if step is Step.CLOSE:
        settled += [ActionKind.NOTICE, ActionKind.FAN_OUT]
    records.cancel(conn, incident_id, settled, now_ms=now_ms)


def follow(
    conn: Connection,
    incident: Incident,
    ask: Ask,
    situation: Situation,
    policy: DeskPolicy,
    *,
    writer: str,
) -> int:
    """What else the step causes; the position of the last event of another incident, or 0."""
    now_ms = situation.now_ms
    match ask.step:
        case Step.MERGE:
            return _merge(conn, incident, situation, ask, policy, writer)
        case Step.SPLIT:
            return _split(conn, incident, ask, situation, writer)
        case Step.CLOSE:
            cause = f"close|{incident.id}|{incident.version}"
            all_off(conn, incident.id, cause=cause, now_ms=now_ms)
            notices_over(conn, incident.id, version=incident.version, now_ms=now_ms)
            told = webhooks_told(conn, incident.id)
            webhooks_over(conn, incident.id, told, version=incident.version, now_ms=now_ms)
        case Step.REOPEN:
            look = writing.escalation_begins(incident, incident.version, now_ms)
            again = _told_webhooks(incident, policy.ways, "reopen", REOPENED, now_ms)
            records.plan(conn, incident.id, [look, *again], now_ms=now_ms)
        case Step.MAKE_REAL:
            _made_real(conn, incident, policy.ways, now_ms)
        case Step.SUPERVISE:
            _page(conn, incident, account_of(conn, incident.acknowledged_by, now_ms), ask, now_ms)
        case step if step in _CALLED_BY:
            _page(conn, incident, situation.to, ask, now_ms)
    return 0


def _made_real(conn: Connection, incident: Incident, ways: Ways, now_ms: int) -> None:
    """What a real press would have caused, and a drill's has not."""
    cause = f"make-real|{incident.id}|{incident.version}"
    planned = [
        writing.escalation_begins(incident, incident.version, now_ms),
        *turning_real.notices_of(conn, incident, cause=cause, now_ms=now_ms),
        *_told_webhooks(incident, ways, "make-real", "rang_again", now_ms),
    ]
    records.plan(conn, incident.id, planned, now_ms=now_ms)


def _told_webhooks(
    incident: Incident, ways: Ways, step: str, event: str, now_ms: int
) -> list[PlannedAction]:
    return told_webhooks(
        ways,
        cause=f"{step}|{incident.id}|{incident.version}",
        event=event,
        kind=incident.kind,
        village_id=incident.village_id,
        now_ms=now_ms,
        drill=incident.drill,
    )


def _page(conn: Connection, incident: Incident, who: Person | None, ask: Ask, now_ms: int) -> None:
    called = [] if who is None or who.username == ask.actor.username else [who]
    writing.page(
        conn,
        incident,
        called,
        why=ask.step.value,
        version=incident.version,
        now_ms=now_ms,
    )


def _merge(
    conn: Connection,
    merged: Incident,
    situation: Situation,
    ask: Ask,
    policy: DeskPolicy,
    writer: str,
) -> int:
    target, now_ms = situation.into, situation.now_ms
    assert target is not None, "the situation of a merge names the other incident"
    presses = merging.alarm_ids(conn, merged.id)
    told = webhooks_told(conn, merged.id)
    merging.move_all(conn, merged.id, target.id)
    # after the move: this one is about the incident that ends
    webhooks_over(conn, merged.id, told, version=merged.version, now_ms=now_ms, into=target.number)
    taken = absorb(target, merged, ask, now_ms, policy.due)
    position = writing.write(conn, target, taken, writer=writer, now_ms=now_ms, new_version=True)
    # those who pressed hear how their incident fares now
    heard = []
    if target.acknowledged_by is not None:
        heard.append(ReplyState.ACKNOWLEDGED)
    if target.stage in (Stage.DISPATCHED, Stage.RESPONDED):
        heard.append(ReplyState.DISPATCHED)
    for state in heard:
        planned = replies(conn, target.id, state, now_ms, only=presses)
        records.plan(conn, target.id, planned, now_ms=now_ms)
    return position


def _split(
    conn: Connection, incident: Incident, ask: Ask, situation: Situation, writer: str
) -> int:
    assert situation.split_id is not None, "the situation of a split names the new incident"
    assert situation.split_number is not None, "as does its number"
    split, opened = merging.open_split(
        conn,
        incident,
        ask.alarms,
        new_id=situation.split_id,
        number=situation.split_number,
        actor=ask.actor,
        reason=ask.reason,
        now_ms=situation.now_ms,
    )
    look = writing.escalation_begins(split, 1, situation.now_ms)
    records.plan(conn, split.id, [look], now_ms=situation.now_ms)
    return record(
        conn,
        split.id,
        [opened],
        writer=writer,
        at_ms=situation.now_ms,
        new_version=True,
    )
