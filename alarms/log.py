"""The alarm log: append-only, hash-chained, the only way in. What is not here did not happen.

An append is one synced transaction for a whole batch; each identity is kept once for ever.
Readers follow by position and keep their own cursor (`move_cursor`).
"""

import asyncio
import json
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from sqlalchemy import Connection, Integer, bindparam, delete, func, insert, select, update

from alarms.model import (
    AlarmKind,
    AlarmSource,
    Appended,
    DeviceRecord,
    Flag,
    LoggedAlarm,
    NewAlarm,
    Refusal,
)
from alarms.overlap import end_overlaps
from alarms.store import Database, chain
from alarms.store.prepared import Prepared, PreparedIn
from alarms.store.tables import alarm_identities, alarms, cursors, devices, refusals
from lianfang_timing import Clock, unix_ms

# this is the way of every press
_KNOWN = PreparedIn(
    lambda identities: select(
        alarm_identities.c.identity,
        alarm_identities.c.alarm_id,
        alarm_identities.c.received_at_ms,
    ).where(alarm_identities.c.identity.in_(identities))
)
_COUNTERS = PreparedIn(
    lambda ids: select(devices.c.id, devices.c.last_boot, devices.c.last_seq).where(
        devices.c.id.in_(ids)
    )
)
_MOVE_COUNTERS = Prepared(
    update(devices).where(devices.c.id == bindparam("device")), sets=("last_boot", "last_seq")
)
_INSERT_ALARMS = Prepared(
    insert(alarms).inline(), sets=[c.name for c in alarms.c if c is not alarms.c.position]
)
_INSERT_IDENTITIES = Prepared(
    insert(alarm_identities).inline(), sets=[c.name for c in alarm_identities.c]
)

_NEXT_ALARMS = Prepared(
    select(alarms)
    .where(alarms.c.position > bindparam("after"))
    .order_by(alarms.c.position)
    .limit(bindparam("at_most", type_=Integer))
)
_CURSOR = Prepared(select(cursors.c.position).where(cursors.c.reader == bindparam("whose")))
_INSERT_CURSOR = Prepared(insert(cursors).inline(), sets=("reader", "position"))
_MOVE_CURSOR = Prepared(
    update(cursors).where(cursors.c.reader == bindparam("whose")), sets=("position",)
)

REFUSALS_KEPT = 10_000
_HEAD_BYTES = 256 + 28
"""With what sealing adds."""


class Verdict(Protocol):
    """What is to be appended, as `AlarmLog.take_in` needs it."""

    @property
    def alarms(self) -> Sequence[NewAlarm]: ...
    @property
    def refusals(self) -> Sequence[Refusal]: ...
    @property
    def devices(self) -> Mapping[str, DeviceRecord]:
        """The records of the alarms' devices, as far as they were read in this transaction."""
        ...


V = TypeVar("V", bound=Verdict)


@dataclass(frozen=True)
class _Given:
    alarms: Sequence[NewAlarm]
    refusals: Sequence[Refusal]
    devices: Mapping[str, DeviceRecord] = field(default_factory=dict)


class AlarmLog:
    """The durable log of one writer. Many tasks may append and read at once."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        writer: str,
        refusals_kept: int = REFUSALS_KEPT,
    ) -> None:
        self._database = database
        self._clock = clock
        self._writer = writer
        self._refusals_kept = refusals_kept
        self._grown = asyncio.Event()

    async def append(
        self, new: Sequence[NewAlarm], refused: Sequence[Refusal] = ()
    ) -> list[Appended]:
        """Commit these, synced to disk, before returning; one answer for each of `new`, in order.

        Raises StoreBusy: then nothing was kept and the same call may be tried again.
        """
        given = _Given(new, refused)
        return (await self.take_in(lambda _conn: given))[1]

    async def take_in(self, judge: Callable[[Connection], V]) -> tuple[V, list[Appended]]:
        """Let `judge` say what is to be appended, in the transaction that appends it: one visit to
        the store for a press, and no key can be taken away between the judgement and the log.

        `judge` runs in the writer's thread. What it said, and one answer for each of its alarms, in
        order. Raises StoreBusy: then nothing was kept and the same call may be tried again.
        """
        received_at_ms = unix_ms(self._clock.now())

        def work(conn: Connection) -> tuple[V, list[Appended]]:
            verdict = judge(conn)
            answers = _append_alarms(conn, verdict, self._writer, received_at_ms)
            _keep_refusals(conn, verdict.refusals, received_at_ms, self._refusals_kept)
            return verdict, answers

        verdict, appended = await self._database.write(work, urgent=True)
        if any(not a.duplicate for a in appended):
            self._grown.set()
        return verdict, appended

    async def read(self, *, after: int, limit: int = 500) -> list[LoggedAlarm]:
        """Alarms with a position above `after`, oldest first. Raises StoreBusy."""
        return await self._database.read(lambda conn: read_alarms(conn, after=after, limit=limit))

    async def grown(self) -> None:
        """Return when this process has appended something since the last call returned.

        Other processes append too: readers also look by themselves now and then.
        """
        await self._grown.wait()
        self._grown.clear()


def read_alarms(conn: Connection, *, after: int, limit: int) -> list[LoggedAlarm]:
    """As `AlarmLog.read`, inside a transaction."""
    rows = _NEXT_ALARMS.records(conn, {"after": after, "at_most": limit})
    return [
        LoggedAlarm(
            position=r.position,
            id=r.id,
            source=AlarmSource(r.source),
            device=r.device,
            boot=r.boot,
            seq=r.seq,
            kind=AlarmKind(r.kind),
            silent=bool(r.silent),
            at_ms=r.at_ms,
            received_at_ms=r.received_at_ms,
            mac_ok=bool(r.mac_ok),
            flags=frozenset(Flag(f) for f in r.flags.split()),
            detail=json.loads(r.payload)["detail"],
            chain=r.link,
        )
        for r in rows
    ]


def cursor(conn: Connection, reader: str) -> int:
    """The position `reader` has dealt with; 0 before its first."""
    found = _CURSOR.rows(conn, {"whose": reader})
    return int(found[0][0]) if found else 0


def move_cursor(conn: Connection, reader: str, position: int) -> None:
    """Note, in the transaction that holds the results, that `reader` has dealt with `position`."""
    if _CURSOR.rows(conn, {"whose": reader}):
        _MOVE_CURSOR.write(conn, [{"whose": reader, "position": position}])
    else:
        _INSERT_CURSOR.write(conn, [{"reader": reader, "position": position}])


def identity_text(alarm: NewAlarm) -> str:
    """The identity as the store keeps it; device ids hold no `|`."""
    return f"{alarm.device}|{alarm.boot}|{alarm.seq}|{alarm.mac}"


def _append_alarms(
    conn: Connection, verdict: Verdict, writer: str, received_at_ms: int
) -> list[Appended]:
    new = verdict.alarms
    if not new:
        return []
    identities = [identity_text(alarm) for alarm in new]
    answers = _known(conn, set(identities))
    fresh: dict[str, NewAlarm] = {}
    for identity, alarm in zip(identities, new, strict=True):
        if identity not in answers:
            fresh.setdefault(identity, alarm)
    inserted = _insert(conn, fresh, verdict.devices, writer, received_at_ms)
    result = []
    for identity in identities:
        first = inserted.pop(identity, None)
        if first is None:
            result.append(answers[identity])
        else:
            # the first of two equal presses in one batch is the alarm, the second its duplicate
            result.append(first)
            answers[identity] = Appended(first.alarm_id, received_at_ms, duplicate=True)
    return result


def _known(conn: Connection, identities: Collection[str]) -> dict[str, Appended]:
    rows = _KNOWN.rows(conn, list(identities))
    return {identity: Appended(alarm, at_ms, duplicate=True) for identity, alarm, at_ms in rows}


def _insert(
    conn: Connection,
    fresh: dict[str, NewAlarm],
    records: Mapping[str, DeviceRecord],
    writer: str,
    received_at_ms: int,
) -> dict[str, Appended]:
    if not fresh:
        return {}
    rows: list[dict[str, object]] = [
        {
            "id": uuid.uuid4().hex,
            "source": alarm.source.value,
            "device": alarm.device,
            "boot": alarm.boot,
            "seq": alarm.seq,
            "kind": alarm.kind.value,
            "silent": alarm.silent,
            "at_ms": alarm.at_ms,
            "received_at_ms": received_at_ms,
            "mac_ok": alarm.mac_ok,
            "flags": " ".join(sorted(flags)),
        }
        for alarm, flags in _with_sequence_flags(conn, list(fresh.values()), records)
    ]
    facts: list[dict[str, object]] = [
        {**row, "mac": alarm.mac, "detail": alarm.detail}
        for row, alarm in zip(rows, fresh.values(), strict=True)
    ]
    links = chain.extend(conn, alarms, writer, facts)
    _INSERT_ALARMS.write(conn, [{**r, **vars(k)} for r, k in zip(rows, links, strict=True)])
    _INSERT_IDENTITIES.write(
        conn,
        [
            {"identity": identity, "alarm_id": row["id"], "received_at_ms": received_at_ms}
            for identity, row in zip(fresh, rows, strict=True)
        ],
    )
    end_overlaps(conn, fresh.values(), records, at_ms=received_at_ms)
    return {
        identity: Appended(str(row["id"]), received_at_ms, duplicate=False)
        for identity, row in zip(fresh, rows, strict=True)
    }


def _with_sequence_flags(
    conn: Connection, fresh: Sequence[NewAlarm], records: Mapping[str, DeviceRecord]
) -> list[tuple[NewAlarm, frozenset[Flag]]]:
    """Mark what counts lower than its device did just before, and remember the newest counters."""
    ids = {a.device for a in fresh if a.source is AlarmSource.BUTTON}
    before = {i: (records[i].last_boot, records[i].last_seq) for i in ids if i in records}
    if missing := ids - set(before):
        rows = _COUNTERS.rows(conn, list(missing))
        before |= {device: (boot, seq) for device, boot, seq in rows}
    last = dict(before)
    marked = []
    for alarm in fresh:
        flags = alarm.flags
        if alarm.device in last:
            counters = (alarm.boot, alarm.seq)
            if last[alarm.device][0] is not None and counters < last[alarm.device]:
                flags |= {Flag.SEQUENCE_SUSPECT}
            last[alarm.device] = counters
        marked.append((alarm, flags))
    moved = [
        {"device": device, "last_boot": boot, "last_seq": seq}
        for device, (boot, seq) in last.items()
        if before[device] != (boot, seq)
    ]
    if moved:
        _MOVE_COUNTERS.write(conn, moved)
    return marked


def _keep_refusals(conn: Connection, refused: Sequence[Refusal], at_ms: int, kept: int) -> None:
    if not refused:
        return
    conn.execute(
        insert(refusals),
        [
            {
                "at_ms": at_ms,
                "device": r.device,
                "topic": r.topic[:256],
                "reason": r.reason.value,
                "detail": r.detail[:500],
                "size": r.size,
                "head": r.head[:_HEAD_BYTES],
            }
            for r in refused
        ],
    )
    newest = conn.scalar(select(func.max(refusals.c.position)))
    conn.execute(delete(refusals).where(refusals.c.position <= int(newest or 0) - kept))
