"""The log against a model of it, on both engines, whatever comes in whatever order.

Appends with repeats, deaths before and after the commit, reopening, readers that die half way,
pruning, clocks that jump, and a slow writer beside a fast one. Always: each identity stands once,
nothing that was told is missing, readers skip nothing and see nothing twice, the chain holds.

LIANFANG_LONG_TESTS=1 looks much further.
"""

import asyncio
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Connection, delete, func, select

from alarms.errors import StoreBusy
from alarms.log import AlarmLog, cursor, move_cursor, read_alarms
from alarms.model import AlarmKind, AlarmSource, Appended, LoggedAlarm, NewAlarm
from alarms.pruning import Pruned, months_before, prune
from alarms.store import Database, SealedBox, chain, metadata
from alarms.store.tables import alarm_identities, alarms
from lianfang_timing import unix_ms

QUICK = settings(
    max_examples=15,
    stateful_step_count=25,
    deadline=None,
    # shrinking takes minutes on a server; what fails is shown as it was found
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
LONG = settings(QUICK, max_examples=400, stateful_step_count=60, phases=list(Phase))
CHOSEN = LONG if os.environ.get("LIANFANG_LONG_TESTS") else QUICK

ZONE = ZoneInfo("Asia/Shanghai")
BOX = SealedBox(bytes(32))
READERS = ("engine", "other")
EVERYTHING = 10_000

Batch = list[int]
batches = st.lists(st.integers(0, 12), min_size=1, max_size=5)


class Killed(Exception):
    """The process dies here."""


def die() -> None:
    raise Killed


def go_on() -> None:
    return None


class HookedDatabase(Database):
    """The real store, with a place to die or to dawdle on either side of the commit."""

    before_commit: Callable[[], None] = staticmethod(go_on)
    after_commit: Callable[[], None] = staticmethod(go_on)

    def write_now(self, work):
        def hooked(conn: Connection) -> object:
            result = work(conn)
            self.before_commit()
            return result

        result = super().write_now(hooked)
        self.after_commit()
        return result


class JumpingClock:
    def __init__(self) -> None:
        self.moment = datetime(2026, 1, 1, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return 0.0


@dataclass(frozen=True)
class Kept:
    """An alarm that the model knows to be on disk, or to have been pruned from there."""

    seq: int
    id: str
    received_at_ms: int


def press(seq: int) -> NewAlarm:
    return NewAlarm(AlarmSource.BUTTON, "b-1", 1, seq, f"{seq:064x}", AlarmKind.PANIC, mac_ok=True)


class LogMachine(RuleBasedStateMachine):
    """`url` is that of a migrated store, which every example begins by emptying."""

    url = ""

    def __init__(self) -> None:
        super().__init__()
        self.clock = JumpingClock()
        self.kept: list[Kept] = []
        """In the order of their commits, the pruned ones too."""
        self.gone = 0
        self.handled = dict.fromkeys(READERS, 0)
        self.runner = asyncio.Runner()
        self.open()

    def open(self) -> None:
        self.database = HookedDatabase(self.url)
        self.log = AlarmLog(self.database, self.clock, writer="main")

    def teardown(self) -> None:
        self.database.close_now()
        self.runner.close()

    # what the model expects

    def fresh(self, batch: Batch) -> Batch:
        known = {k.seq for k in self.kept}
        return [seq for seq in dict.fromkeys(batch) if seq not in known]

    def told(self, batch: Batch, answers: list[Appended]) -> None:
        """Hold the answers against the model, and learn the new alarms from them."""
        known = {k.seq: k for k in self.kept}
        assert len(answers) == len(batch)
        for seq, answer in zip(batch, answers, strict=True):
            if seq in known:
                assert answer.duplicate
                first = known[seq]
                assert (answer.alarm_id, answer.received_at_ms) == (first.id, first.received_at_ms)
            else:
                assert not answer.duplicate
                assert answer.received_at_ms == unix_ms(self.clock.now())
                known[seq] = Kept(seq, answer.alarm_id, answer.received_at_ms)
                self.kept.append(known[seq])

    def learn_untold(self, batch: Batch) -> None:
        """A commit that nobody heard of: the log must hold exactly what was new in it."""
        new = self.fresh(batch)
        found = self.standing()[len(self.kept) - self.gone :]
        assert [a.seq for a in found] == new
        self.kept += [Kept(a.seq, a.id, a.received_at_ms) for a in found]

    def standing(self) -> list[LoggedAlarm]:
        return self.runner.run(self.log.read(after=0, limit=EVERYTHING))

    # what may happen

    @initialize()
    def begin_empty(self) -> None:
        def empty(conn: Connection) -> None:
            for table in reversed(metadata.sorted_tables):
                conn.execute(delete(table))

        self.database.write_now(empty)

    @rule(batch=batches)
    def append(self, batch: Batch) -> None:
        self.told(batch, self.runner.run(self.log.append([press(s) for s in batch])))

    @precondition(lambda self: self.kept)
    @rule(data=st.data())
    def repeat(self, data: st.DataObject) -> None:
        again = data.draw(st.sampled_from(self.kept))
        (answer,) = self.runner.run(self.log.append([press(again.seq)]))
        assert answer == Appended(again.id, again.received_at_ms, duplicate=True)

    @rule(batch=batches)
    def die_before_the_commit(self, batch: Batch) -> None:
        self.database.before_commit = die
        with pytest.raises(Killed):
            self.runner.run(self.log.append([press(s) for s in batch]))
        self.reopen()

    @rule(batch=batches)
    def die_between_commit_and_answer(self, batch: Batch) -> None:
        self.database.after_commit = die
        with pytest.raises(Killed):
            self.runner.run(self.log.append([press(s) for s in batch]))
        self.reopen()
        self.learn_untold(batch)

    @rule(batch=batches)
    def fail_to_commit_and_try_again(self, batch: Batch) -> None:
        """As intake does it: the same log, the same batch."""
        self.database.before_commit = die
        with pytest.raises(Killed):
            self.runner.run(self.log.append([press(s) for s in batch]))
        self.database.before_commit = go_on
        self.append(batch)

    @rule()
    def reopen(self) -> None:
        self.database.close_now()
        self.open()

    @rule(days=st.sampled_from([-3, 1, 200, 400]))
    def let_time_pass(self, days: int) -> None:
        self.clock.moment += timedelta(days=days)

    @rule(reader=st.sampled_from(READERS), limit=st.integers(1, 4), dies=st.booleans())
    def handle(self, reader: str, limit: int, dies: bool) -> None:
        def work(conn: Connection) -> list[str]:
            found = read_alarms(conn, after=cursor(conn, reader), limit=limit)
            if found:
                move_cursor(conn, reader, found[-1].position)
            return [a.id for a in found]

        if dies:
            self.database.before_commit = die
            with pytest.raises(Killed):
                self.database.write_now(work)
            self.reopen()
            return
        begin = self.handled[reader]
        expected = [k.id for k in self.kept[begin : begin + limit]]
        assert self.database.write_now(work) == expected
        self.handled[reader] += len(expected)

    @rule()
    def catch_up(self) -> None:
        """All readers; without this pruning would seldom find anything."""
        for reader in READERS:
            self.handle(reader, EVERYTHING, dies=False)

    @precondition(lambda self: self.gone < min(self.handled.values()))
    @rule(at_once=st.integers(1, 6), dies=st.booleans())
    def prune(self, at_once: int, dies: bool) -> None:
        now = self.clock.now()
        before_ms = unix_ms(months_before(now, 6, ZONE))

        def work(conn: Connection) -> Pruned:
            return prune(
                conn, BOX, before_ms=before_ms, now_ms=unix_ms(now), zone=ZONE, at_once=at_once
            )

        if dies:
            self.database.before_commit = die
            with pytest.raises(Killed):
                self.database.write_now(work)
            self.reopen()
            return
        read_by_all = self.kept[self.gone : min(self.handled.values())]
        old = list(takewhile(lambda k: k.received_at_ms < before_ms, read_by_all))
        expected = len(old[:at_once])
        assert self.database.write_now(work) == Pruned(expected, more=expected == at_once)
        self.gone += expected

    @rule(slow=batches, fast=batches, dies=st.booleans())
    def write_beside_a_slow_writer(self, slow: Batch, fast: Batch, dies: bool) -> None:
        """What the slow one holds uncommitted is nobody's to see, and the fast one comes after."""
        inside, released = threading.Event(), threading.Event()

        def dawdle() -> None:
            inside.set()
            assert released.wait(10)
            if dies:
                raise Killed

        other = HookedDatabase(self.url)
        other.before_commit = dawdle
        slow_log = AlarmLog(other, self.clock, writer="slow")

        async def both() -> tuple[list[Appended] | BaseException, list[Appended]]:
            pausing = asyncio.create_task(slow_log.append([press(s) for s in slow]))
            await asyncio.to_thread(inside.wait, 10)
            hurrying = asyncio.create_task(self.append_until_it_works(fast))
            try:
                seen = await self.log.read(after=0, limit=EVERYTHING)
                assert [a.id for a in seen] == [k.id for k in self.kept[self.gone :]]
                # given the time to, it must not get past the slow one: a cursor would skip that
                done, _ = await asyncio.wait({hurrying}, timeout=0.05)
                assert not done
            finally:
                released.set()
            paused, hurried = await asyncio.gather(pausing, hurrying, return_exceptions=True)
            if isinstance(hurried, BaseException):
                raise hurried
            return paused, hurried

        try:
            paused, hurried = self.runner.run(both())
        finally:
            other.close_now()
        if dies:
            assert isinstance(paused, Killed)
        else:
            assert not isinstance(paused, BaseException), paused
            self.told(slow, paused)
        self.told(fast, hurried)

    async def append_until_it_works(self, batch: Batch) -> list[Appended]:
        """On a crowded machine SQLite's patience may end before the slow writer does."""
        while True:
            try:
                return await self.log.append([press(s) for s in batch])
            except StoreBusy:
                continue

    # what always holds

    @invariant()
    def the_log_is_what_was_told(self) -> None:
        found = [Kept(a.seq, a.id, a.received_at_ms) for a in self.standing()]
        assert found == self.kept[self.gone :]

    @invariant()
    def each_identity_stands_once_for_ever(self) -> None:
        count = select(func.count()).select_from(alarm_identities)
        assert self.database.read_now(lambda conn: conn.scalar(count)) == len(self.kept)

    @invariant()
    def the_chain_holds(self) -> None:
        faults = self.database.read_now(lambda conn: list(chain.faults(conn, alarms, BOX)))
        assert faults == []


def test_log_never_skips_never_doubles_never_lies(either_database: Database) -> None:
    url = either_database._url.render_as_string(hide_password=False)
    machine = type("LogMachineHere", (LogMachine,), {"url": url})
    run_state_machine_as_test(machine, settings=CHOSEN)
