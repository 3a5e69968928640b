"""The log on both engines: once, in order, chained, and never ahead of a slower writer."""

import asyncio
import threading

import pytest
from sqlalchemy import Connection, delete, update

from alarms.log import AlarmLog, cursor, move_cursor
from alarms.model import AlarmKind, AlarmSource, Flag, NewAlarm, Refusal, RefusalReason
from alarms.store import Database, chain
from alarms.store.tables import alarms, refusals
from lianfang_timing import SystemClock
from tests.alarms.conftest import Door


def press(seq: int, *, device: str = "b-1", boot: int = 1, mac: str = "") -> NewAlarm:
    return NewAlarm(
        source=AlarmSource.BUTTON,
        device=device,
        boot=boot,
        seq=seq,
        mac=mac or f"{seq:064x}",
        kind=AlarmKind.PANIC,
        mac_ok=True,
    )


@pytest.fixture
def log(either_database: Database) -> AlarmLog:
    return AlarmLog(either_database, SystemClock(), writer="test")


def faults(database: Database) -> list[str]:
    return database.read_now(lambda conn: list(chain.faults(conn, alarms)))


async def test_each_identity_is_kept_once_and_answered_with_the_first(log: AlarmLog) -> None:
    first = await log.append([press(1), press(1), press(2)])
    again = await log.append([press(2)])
    assert [a.duplicate for a in first] == [False, True, False]
    assert first[0].alarm_id == first[1].alarm_id
    assert (again[0].alarm_id, again[0].duplicate) == (first[2].alarm_id, True)
    assert again[0].received_at_ms == first[2].received_at_ms
    assert [a.seq for a in await log.read(after=0)] == [1, 2]


async def test_same_counters_with_another_mac_are_another_press(log: AlarmLog) -> None:
    await log.append([press(1, mac="a" * 64)])
    appended = await log.append([press(1, mac="b" * 64)])
    assert not appended[0].duplicate


async def test_reader_continues_from_its_cursor(either_database: Database, log: AlarmLog) -> None:
    await log.append([press(1), press(2)])
    positions = [a.position for a in await log.read(after=0)]
    await either_database.write(lambda c: move_cursor(c, "engine", positions[0]))
    after = await either_database.read(lambda c: cursor(c, "engine"))
    assert [a.position for a in await log.read(after=after)] == positions[1:]


async def test_reader_never_overtakes_a_slower_writer(
    either_database: Database, log: AlarmLog
) -> None:
    """A paused append must not let a later one become visible first (design.md §5)."""
    inside, go_on = threading.Event(), threading.Event()

    def slow(conn: Connection) -> None:
        links = chain.extend(conn, alarms, "slow", [{"id": "slow"}])
        conn.execute(
            alarms.insert().values(
                id="slow", source="button", device="s", boot=1, seq=1, kind="panic", silent=False,
                received_at_ms=1, mac_ok=True, flags="", **vars(links[0]),
            )
        )  # fmt: skip
        inside.set()
        assert go_on.wait(10)

    other = Database(either_database._url.render_as_string(hide_password=False))
    paused = asyncio.create_task(asyncio.to_thread(other.write_now, slow))
    await asyncio.to_thread(inside.wait, 10)
    fast = asyncio.create_task(log.append([press(1)]))
    done, _ = await asyncio.wait({fast}, timeout=0.3)
    assert not done, "a later append became visible before the paused one"
    go_on.set()
    await asyncio.gather(paused, fast)
    positions = await either_database.read(
        lambda c: [r.id for r in c.execute(alarms.select().order_by(alarms.c.position))]
    )
    assert positions[0] == "slow"
    other.close_now()


async def test_counter_gone_back_only_marks_the_press(door: Door) -> None:
    def at(boot: int, seq: int) -> NewAlarm:
        return press(seq, device="dongcun-017-1", boot=boot, mac=f"{boot:032x}{seq:032x}")

    await door.log.append([at(5, 10)])
    await door.log.append([at(5, 9)])
    await door.log.append([at(5, 11), at(1, 1), at(1, 2)])
    flags = {(a.boot, a.seq): a.flags for a in await door.log.read(after=0)}
    suspect = {k for k, v in flags.items() if Flag.SEQUENCE_SUSPECT in v}
    assert suspect == {(5, 9), (1, 1)}


async def test_untouched_chain_is_intact(either_database: Database, log: AlarmLog) -> None:
    await log.append([press(1), press(2)])
    await log.append([press(3)])
    assert faults(either_database) == []


@pytest.mark.parametrize(
    ("tamper", "sentence"),
    [
        (update(alarms).where(alarms.c.seq == 2).values(payload="{}"), "row 2 was changed"),
        (update(alarms).where(alarms.c.seq == 2).values(kind="test"), "column kind differs"),
        (delete(alarms).where(alarms.c.seq == 2), "row 2 is missing"),
        (delete(alarms).where(alarms.c.seq == 3), "row 3 is missing: the tail was cut"),
    ],
)
async def test_changed_missing_or_cut_row_is_named(
    either_database: Database, log: AlarmLog, tamper: object, sentence: str
) -> None:
    await log.append([press(1), press(2), press(3)])
    await either_database.write(lambda conn: conn.execute(tamper))
    assert sentence in faults(either_database)[0]


async def test_refusals_are_kept_and_bounded(
    either_database: Database,
) -> None:
    log = AlarmLog(either_database, SystemClock(), writer="test", refusals_kept=3)
    refusal = Refusal("b-1", "t", RefusalReason.MALFORMED, "why", 10, b"x" * 1000)
    for _ in range(5):
        await log.append([], [refusal])
    rows = await either_database.read(lambda c: c.execute(refusals.select()).all())
    assert [r.position for r in rows] == [3, 4, 5]
    assert rows[0].head == b"x" * 284
