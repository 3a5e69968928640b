"""What is taken out for ever: all that is personal of a household, or single texts.

To be run inside `Database.write`. Erasing forgets the household's key and everything personal of
its row, and the keys of the texts elsewhere that mention it; ids, times and what was done stay, so
that the chains and the ledgers stay whole. Export what is kept first (`household_export`): nothing
of it can be brought back.
"""

import hashlib
import json
from collections.abc import Collection, Iterator, Sequence

from sqlalchemy import Connection, select, update

from alarms.credentials import revoke_in
from alarms.store import SealedBox, chain
from linkage import audit
from linkage.audit import AuditAction, AuditEntry
from linkage.consent.writing import withdraw_all_of
from linkage.model.action import ActionKind
from linkage.model.incident import OPEN_STAGES
from linkage.registry import places
from linkage.registry.errors import NotPossible
from linkage.registry.history import REASON_LIMIT, Caller, note
from linkage.registry.leaving import devices_of
from linkage.registry.mentions import Mentions
from linkage.registry.model import ERASED_LABEL, Change, Entity, Outcome, Said, ToldBy, Written
from linkage.registry.moving import no_longer_leader
from linkage.registry.places import must_cover
from linkage.registry.schema import text_keys
from linkage.registry.texts import seal_text
from linkage.registry.writing import size_warnings
from linkage.schema import actions, households, incident_alarms, incidents

_AT_ONCE = 500
_OPEN = [stage.value for stage in OPEN_STAGES]


def erase(
    conn: Connection,
    caller: Caller,
    box: SealedBox,
    household_id: str,
    reason: str,
    found: Mentions,
) -> Written:
    """Forget everything personal of the household, and the texts `found` that mention it, for a
    reason that is written down.

    Raises NotPossible while an incident of it, or one whose record mentions it, is open: help may
    need to find it.
    """
    must_cover(caller.places, places.village_of_household(conn, household_id))
    if conn.scalar(select(households.c.erased_at_ms).where(households.c.id == household_id)):
        raise NotPossible(Said("该户资料已删除", "this household was erased already"))
    if _has_open_incident(conn, household_id):
        raise NotPossible(
            Said("该户有未结警情，结案后再删除", "an incident of this household is open: close it")
        )
    open_one = _open_among(conn, {one for one in found.texts.values() if one is not None})
    if open_one is not None:
        raise NotPossible(
            Said(
                f"未结警情 {open_one} 的记录提到该户，结案后再删除",
                f"the record of {open_one}, which is open, mentions this household: close it",
            )
        )
    return erase_anyway(
        conn, caller, box, household_id, reason, found.texts, older=len(found.older)
    )


def erase_anyway(
    conn: Connection,
    caller: Caller,
    box: SealedBox,
    household_id: str,
    reason: str,
    texts: Collection[str],
    *,
    older: int = 0,
) -> Written:
    """As `erase`, also while an incident is open: what was decided before, done once more."""
    h = households.c
    row = conn.execute(
        select(h.group_id, h.left_at_ms, h.data_key_sealed).where(h.id == household_id)
    ).one()
    no_longer_leader(conn, caller, [household_id], row.group_id)
    revoked = _revoke_devices(conn, caller, household_id)
    withdraw_all_of(conn, caller, household_id)
    _forget_label(conn, household_id)
    values = {
        "label": ERASED_LABEL,
        "estate_id": None,
        "latitude": None,
        "longitude": None,
        "wants_notices": False,
        "told_by": ToldBy.BUTTON.value,
        "data_key_sealed": None,
        "personal_sealed": None,
        "left_at_ms": caller.at_ms if row.left_at_ms is None else row.left_at_ms,
        "erased_at_ms": caller.at_ms,
    }
    conn.execute(update(households).where(h.id == household_id).values(values))
    _forget_positions(conn, household_id)
    taken = take_out(conn, texts, at_ms=caller.at_ms)
    data = {
        "devices": revoked,
        "texts": taken,
        "key": fingerprint(row.data_key_sealed),
        # under the site key: why it was done must be known when the household's own is gone
        "reason": seal_text(conn, box, None, reason[:REASON_LIMIT]),
    }
    note(conn, caller, Entity.HOUSEHOLD, household_id, Change.ERASED, data)
    said = (*_said_of(len(taken), older), *size_warnings(conn, row.group_id))
    return Written(Outcome.CHANGED, said)


def redact(
    conn: Connection,
    caller: Caller,
    box: SealedBox,
    about: str,
    text_ids: Sequence[str],
    reason: str,
) -> list[str]:
    """Take single texts out of `about` (`handover:…`, `incident:…`); those that were still there.

    Raises NotPossible when there was none.
    """
    taken = take_out(conn, text_ids, at_ms=caller.at_ms)
    if not taken:
        raise NotPossible(Said("没有可删除的文字", "there is no text that could be taken out"))
    why = seal_text(conn, box, None, reason[:REASON_LIMIT])
    detail: dict[str, object] = {
        "unit": caller.unit,
        "change": "redacted",
        "texts": taken,
        "reason": why,
    }
    entry = AuditEntry(caller.username, AuditAction.CHANGE, about, caller.address, detail)
    audit.record(conn, caller.writer, [entry], at_ms=caller.at_ms)
    return taken


def take_out(conn: Connection, text_ids: Collection[str], *, at_ms: int) -> list[str]:
    """Forget the keys of these texts; the ids of those that still had one, sorted."""
    t, taken = text_keys.c, list[str]()
    for some in some_of(text_ids):
        there = t.id.in_(some) & t.key_sealed.is_not(None)
        taken += conn.scalars(select(t.id).where(there).order_by(t.id))
        conn.execute(update(text_keys).where(there).values(key_sealed=None, redacted_at_ms=at_ms))
    return taken


def fingerprint(key_sealed: bytes | None) -> str | None:
    """By which a household's key is known again when it is gone; None: it never had one."""
    return None if key_sealed is None else hashlib.sha256(bytes(key_sealed)).hexdigest()


def some_of(ids: Collection[str]) -> Iterator[list[str]]:
    """They in order, as many at once as a statement takes."""
    ordered = sorted(ids)
    for start in range(0, len(ordered), _AT_ONCE):
        yield ordered[start : start + _AT_ONCE]


def _said_of(taken: int, older: int) -> Iterator[Said]:
    if taken:
        yield Said(
            f"其他记录中提到该户的 {taken} 处文字已删除",
            f"{taken} texts elsewhere that mention it were taken out",
        )
    if older:
        yield Said(
            f"另有 {older} 处旧文字提到该户，不能单独删除",
            f"{older} older texts mention it and cannot be taken out",
        )


def _revoke_devices(conn: Connection, caller: Caller, household_id: str) -> list[str]:
    found = devices_of(conn, household_id)
    for device in found:
        revoke_in(conn, device, at_ms=caller.at_ms)
        data = {"household": household_id, "why": "erased"}
        note(conn, caller, Entity.DEVICE, device, Change.REVOKED, data)
    return found


def _open_among(conn: Connection, incident_ids: set[str]) -> str | None:
    """The number of one that is open."""
    i = incidents.c
    for some in some_of(incident_ids):
        query = select(i.number).where(i.id.in_(some), i.stage.in_(_OPEN)).order_by(i.number)
        number = conn.scalar(query.limit(1))
        if number is not None:
            return str(number)
    return None


def _has_open_incident(conn: Connection, household_id: str) -> bool:
    i, a = incidents.c, incident_alarms.c
    own = select(i.id).where(i.household_id == household_id, i.stage.in_(_OPEN))
    pressed = (
        select(i.id)
        .join(incident_alarms, a.incident_id == i.id)
        .where(a.household_id == household_id, i.stage.in_(_OPEN))
    )
    return conn.scalar(own.union(pressed).limit(1)) is not None


def _forget_label(conn: Connection, household_id: str) -> None:
    """In what was planned for its neighbours: who pressed, as they knew the household."""
    a = actions.c
    of_household = (
        select(incident_alarms.c.incident_id)
        .where(incident_alarms.c.household_id == household_id)
        .union(select(incidents.c.id).where(incidents.c.household_id == household_id))
    )
    rows = conn.execute(
        select(a.id, a.payload).where(
            a.incident_id.in_(of_household),
            a.kind.in_([ActionKind.NOTICE.value, ActionKind.FAN_OUT.value]),
        )
    ).all()
    for row in rows:
        payload = json.loads(row.payload)
        # what is still to be planned holds the notice's payload in its own
        told = payload.get("notice") or payload
        if told.get("household") == household_id and "from" in told:
            told["from"] = ERASED_LABEL
            kept = chain.canonical(payload)
            conn.execute(update(actions).where(a.id == row.id).values(payload=kept))


def _forget_positions(conn: Connection, household_id: str) -> None:
    """Where its incidents began is where it lives."""
    conn.execute(
        update(incidents)
        .where(incidents.c.household_id == household_id)
        .values(latitude=None, longitude=None, cell=None)
    )
