"""Pruning: nothing young, nothing unread, a signed checkpoint, identities for ever."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, func, insert, select, update

from alarms.errors import BrokenChain, TooYoungToPrune
from alarms.log import AlarmLog, move_cursor
from alarms.model import AlarmKind, AlarmSource, NewAlarm
from alarms.pruning import Pruned, months_before, prune
from alarms.store import Database, SealedBox, chain
from alarms.store.tables import alarm_identities, alarms, chain_checkpoints
from lianfang_timing import unix_ms

SHANGHAI, NEW_YORK = ZoneInfo("Asia/Shanghai"), ZoneInfo("America/New_York")
BOX = SealedBox(bytes(32))
NOW = datetime(2026, 11, 21, 4, tzinfo=UTC)
YEAR_AGO = NOW - timedelta(days=365)


class SetClock:
    """Shows what it was set to."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return 0.0


@dataclass
class Site:
    """A log whose alarms come at chosen times, and its only reader."""

    database: Database
    clock: SetClock
    log: AlarmLog

    async def press(self, *seqs: int, at: datetime, writer: str = "test") -> None:
        self.clock.moment = at
        await AlarmLog(self.database, self.clock, writer=writer).append([press(s) for s in seqs])

    async def read_all(self) -> None:
        newest = select(func.max(alarms.c.position)).scalar_subquery()
        await self.database.write(lambda c: move_cursor(c, "engine", c.scalar(select(newest)) or 0))

    async def prune(self, *, before: datetime | None = None, **more: int) -> Pruned:
        limit = months_before(NOW, 6, SHANGHAI) if before is None else before
        return await self.database.write(
            lambda c: prune(
                c, BOX, before_ms=unix_ms(limit), now_ms=unix_ms(NOW), zone=SHANGHAI, **more
            )
        )

    async def left(self) -> list[int]:
        return [a.seq for a in await self.log.read(after=0)]

    async def faults(self, box: SealedBox | None = BOX) -> list[str]:
        return await self.database.read(lambda c: list(chain.faults(c, alarms, box)))


def press(seq: int) -> NewAlarm:
    return NewAlarm(AlarmSource.BUTTON, "b-1", 1, seq, f"{seq:064x}", AlarmKind.PANIC, mac_ok=True)


@pytest.fixture
def site(either_database: Database) -> Site:
    clock = SetClock(NOW)
    return Site(either_database, clock, AlarmLog(either_database, clock, writer="test"))


async def test_old_alarms_go_and_young_ones_stay_and_the_chain_holds(site: Site) -> None:
    await site.press(1, 2, at=YEAR_AGO)
    await site.press(3, at=NOW)
    await site.read_all()
    assert await site.prune() == Pruned(2, more=False)
    assert await site.left() == [3]
    assert await site.faults() == []


async def test_pruned_chain_goes_on_and_is_pruned_again(site: Site) -> None:
    await site.press(1, 2, at=YEAR_AGO)
    await site.read_all()
    await site.prune()
    assert (await site.left(), await site.faults()) == ([], [])
    await site.press(3, 4, at=YEAR_AGO + timedelta(days=1))
    await site.press(5, at=NOW)
    await site.read_all()
    await site.prune()
    assert (await site.left(), await site.faults()) == ([5], [])


async def test_each_writers_chain_gets_its_own_checkpoint(site: Site) -> None:
    await site.press(1, at=YEAR_AGO, writer="a")
    await site.press(2, at=YEAR_AGO, writer="b")
    await site.press(3, at=NOW, writer="a")
    await site.read_all()
    await site.prune()
    assert (await site.left(), await site.faults()) == ([3], [])


async def test_repeat_of_a_pruned_press_is_still_a_duplicate(site: Site) -> None:
    await site.press(1, at=YEAR_AGO)
    await site.read_all()
    (first,) = await site.log.read(after=0)
    await site.prune()
    (again,) = await site.log.append([press(1)])
    assert (again.duplicate, again.alarm_id) == (True, first.id)
    assert again.received_at_ms == first.received_at_ms
    assert await site.left() == []


async def test_position_of_a_pruned_alarm_is_never_given_again(site: Site) -> None:
    await site.press(1, 2, at=YEAR_AGO)
    await site.read_all()
    newest = (await site.log.read(after=0))[-1].position
    await site.prune()
    await site.press(3, at=NOW)
    (after,) = await site.log.read(after=newest)
    assert after.seq == 3


async def test_younger_than_six_months_is_refused_and_nothing_goes(site: Site) -> None:
    await site.press(1, at=YEAR_AGO)
    await site.read_all()
    limit = months_before(NOW, 6, SHANGHAI)
    with pytest.raises(TooYoungToPrune, match="2026-05-21T12:00:00"):
        await site.prune(before=limit + timedelta(milliseconds=1))
    assert await site.left() == [1]


async def test_what_a_reader_has_not_read_stays(site: Site) -> None:
    await site.press(1, 2, at=YEAR_AGO)
    assert await site.prune() == Pruned(0, more=False)
    first = (await site.log.read(after=0))[0].position
    await site.read_all()
    await site.database.write(lambda c: move_cursor(c, "slow", first))
    await site.prune()
    assert (await site.left(), await site.faults()) == ([2], [])


async def test_what_is_still_needed_stays_with_all_behind_it(site: Site) -> None:
    await site.press(1, 2, 3, at=YEAR_AGO)
    await site.read_all()
    second = (await site.log.read(after=0))[1].position
    await site.prune(keep_from=second)
    assert await site.left() == [2, 3]


async def test_an_alarm_with_a_clock_ahead_keeps_what_is_behind_it(site: Site) -> None:
    await site.press(1, at=YEAR_AGO)
    await site.press(2, at=datetime(2099, 1, 1, tzinfo=UTC))
    await site.press(3, at=YEAR_AGO)
    await site.read_all()
    await site.prune()
    assert (await site.left(), await site.faults()) == ([2, 3], [])


async def test_many_go_in_several_transactions(site: Site) -> None:
    await site.press(*range(5), at=YEAR_AGO)
    await site.read_all()
    done = [await site.prune(at_once=2) for _ in range(3)]
    assert done == [Pruned(2, more=True), Pruned(2, more=True), Pruned(1, more=False)]
    assert await site.faults() == []


async def test_failed_pruning_leaves_rows_and_no_checkpoint(site: Site) -> None:
    await site.press(1, at=YEAR_AGO)
    await site.read_all()

    def half(conn):
        prune(
            conn,
            BOX,
            before_ms=unix_ms(YEAR_AGO) + 1,
            now_ms=unix_ms(NOW),
            zone=SHANGHAI,
        )
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await site.database.write(half)
    assert await site.left() == [1]
    count = select(func.count()).select_from(chain_checkpoints)
    assert await site.database.read(lambda c: c.scalar(count)) == 0


async def test_pruning_does_not_hide_a_changed_row(site: Site) -> None:
    await site.press(1, 2, at=YEAR_AGO)
    await site.read_all()
    await site.database.write(
        lambda c: c.execute(update(alarms).where(alarms.c.seq == 1).values(kind="test"))
    )
    with pytest.raises(BrokenChain, match="row 1 was changed"):
        await site.prune()
    assert await site.left() == [1, 2]


FORGERIES = [
    (update(chain_checkpoints).values(link="0" * 64), "checkpoint at row 2 is forged"),
    (update(chain_checkpoints).values(up_to_number=3), "checkpoint at row 3 is forged"),
    (update(chain_checkpoints).values(pruned_at_ms=1), "checkpoint at row 2 is forged"),
    (update(chain_checkpoints).values(mac="f" * 64), "checkpoint at row 2 is forged"),
    (delete(chain_checkpoints), "row 1 is missing, and no checkpoint says that rows up to 2 were"),
    (delete(alarms).where(alarms.c.seq == 3), "row 3 is missing"),
    (delete(alarms).where(alarms.c.seq == 4), "row 4 is missing: the tail was cut after row 3"),
    (update(alarms).where(alarms.c.seq == 3).values(kind="test"), "row 3 was changed"),
]


@pytest.mark.parametrize(("forge", "sentence"), FORGERIES)
async def test_forged_or_missing_checkpoint_is_named(
    site: Site, forge: object, sentence: str
) -> None:
    await site.press(1, 2, at=YEAR_AGO)
    await site.press(3, 4, at=NOW)
    await site.read_all()
    await site.prune()
    await site.database.write(lambda c: c.execute(forge))
    (fault,) = await site.faults()
    assert sentence in fault


async def test_old_checkpoint_put_back_is_named(site: Site) -> None:
    await site.press(1, at=YEAR_AGO)
    await site.read_all()
    await site.prune()
    old = await site.database.read(
        lambda c: dict(c.execute(select(chain_checkpoints)).mappings().one())
    )
    await site.press(2, at=YEAR_AGO)
    await site.press(3, at=NOW)
    await site.read_all()
    await site.prune()
    await site.database.write(lambda c: c.execute(update(chain_checkpoints).values(**old)))
    assert "row 2 is missing" in (await site.faults())[0]


async def test_row_put_back_behind_the_checkpoint_is_named(site: Site) -> None:
    await site.press(1, 2, at=YEAR_AGO)
    await site.read_all()
    row = await site.database.read(lambda c: dict(c.execute(select(alarms)).mappings().first()))
    await site.prune()
    await site.database.write(lambda c: c.execute(insert(alarms).values(**row)))
    assert "row 1 is there although" in (await site.faults())[0]


async def test_checkpoint_of_another_site_is_forged(site: Site) -> None:
    await site.press(1, at=YEAR_AGO)
    await site.read_all()
    await site.prune()
    assert "is forged" in (await site.faults(SealedBox(b"\1" * 32)))[0]
    assert "cannot be proven without the site key" in (await site.faults(None))[0]


async def test_forged_checkpoint_is_not_pruned_upon(site: Site) -> None:
    await site.press(1, 2, at=YEAR_AGO)
    await site.read_all()
    await site.prune(at_once=1)
    await site.database.write(lambda c: c.execute(update(chain_checkpoints).values(mac="0" * 64)))
    with pytest.raises(BrokenChain, match="forged"):
        await site.prune()


async def test_identities_stay_when_alarms_go(site: Site) -> None:
    await site.press(1, 2, at=YEAR_AGO)
    await site.read_all()
    await site.prune()
    count = select(func.count()).select_from(alarm_identities)
    assert await site.database.read(lambda c: c.scalar(count)) == 2


async def test_chain_is_verified_as_of_one_moment(site: Site) -> None:
    """An append or a prune while the verification runs must not look like a fault."""
    await site.press(1, at=YEAR_AGO)
    await site.read_all()
    other = Database(site.database._url.render_as_string(hide_password=False))

    def verify(conn):
        conn.execute(select(chain_checkpoints)).all()  # the verification has begun
        other.write_now(
            lambda c: prune(
                c, BOX, before_ms=unix_ms(YEAR_AGO) + 1, now_ms=unix_ms(NOW), zone=SHANGHAI
            )
        )
        return [row.seq for row in conn.execute(select(alarms))]

    try:
        assert await site.database.read(verify) == [1]
    finally:
        other.close_now()
    assert await site.faults() == []


@pytest.mark.parametrize(
    ("local", "months", "expected"),
    [
        ("2026-11-21T12:00", 6, "2026-05-21T12:00"),
        ("2026-08-31T12:00", 6, "2026-02-28T12:00"),
        ("2028-08-31T12:00", 6, "2028-02-29T12:00"),
        ("2026-03-01T00:00", 6, "2025-09-01T00:00"),
        ("2026-01-15T12:00", 1, "2025-12-15T12:00"),
        ("2026-12-31T23:59", 12, "2025-12-31T23:59"),
        ("2026-06-30T12:00", 18, "2024-12-30T12:00"),
    ],
)
def test_months_are_the_calendars(local: str, months: int, expected: str) -> None:
    moment = datetime.fromisoformat(local).replace(tzinfo=SHANGHAI)
    before = months_before(moment, months, SHANGHAI)
    assert before == datetime.fromisoformat(expected).replace(tzinfo=SHANGHAI)


def test_months_are_counted_on_the_local_date() -> None:
    moment = datetime(2026, 8, 31, 17, tzinfo=UTC)  # already 1 September in Shanghai
    assert months_before(moment, 6, SHANGHAI) == datetime(2026, 2, 28, 17, tzinfo=UTC)


@given(
    st.integers(946_684_800, 4_102_444_800),  # 2000 to 2100
    st.integers(1, 240),
    st.sampled_from([SHANGHAI, NEW_YORK, ZoneInfo("UTC")]),
)
def test_whatever_the_date_at_least_these_months_lie_between(
    unix_s: int, months: int, zone: ZoneInfo
) -> None:
    moment = datetime.fromtimestamp(unix_s, UTC)
    before = months_before(moment, months, zone).astimezone(zone)
    local = moment.astimezone(zone)
    assert (local.year - before.year) * 12 + local.month - before.month == months
    assert before.day <= local.day
