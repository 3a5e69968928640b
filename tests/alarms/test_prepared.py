"""Statements run on the driver's cursor: the same rows, the same transaction, the same errors."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Integer, bindparam, insert, select, update

from alarms.errors import StoreBusy
from alarms.store import Database
from alarms.store.prepared import Prepared, PreparedIn
from alarms.store.tables import cursors
from tests.stores import postgres

INSERT = Prepared(insert(cursors).inline(), sets=("reader", "position"))
MOVE = Prepared(update(cursors).where(cursors.c.reader == bindparam("whose")), sets=("position",))
ALL = Prepared(select(cursors.c.reader, cursors.c.position).order_by(cursors.c.position))
BY_READER = PreparedIn(
    lambda readers: (
        select(cursors.c.reader).where(cursors.c.reader.in_(readers)).order_by(cursors.c.position)
    )
)
ROWS = [{"reader": f"r{n}", "position": n} for n in range(9)]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if request.param == "postgresql":
        with postgres() as found:
            yield found
    else:
        yield f"sqlite:///{tmp_path_factory.mktemp('store')}/a.db"


@pytest.fixture
def store(url: str) -> Iterator[Database]:
    database = Database(url)
    database.prepare_now()
    database.write_now(lambda conn: conn.execute(cursors.delete()))
    database.write_now(lambda conn: INSERT.write(conn, ROWS))
    yield database
    database.close_now()


def test_rows_are_written_one_or_many_and_found_in_their_columns_order(store: Database) -> None:
    store.write_now(lambda conn: INSERT.write(conn, [{"reader": "one", "position": 99}]))
    found = store.read_now(lambda conn: ALL.rows(conn, {}))
    assert found == [*((f"r{n}", n) for n in range(9)), ("one", 99)]


def test_an_update_takes_its_condition_and_its_values_by_name(store: Database) -> None:
    store.write_now(lambda conn: MOVE.write(conn, [{"whose": "r3", "position": 30}]))
    found = store.read_now(lambda conn: dict(ALL.rows(conn, {})))  # type: ignore[arg-type]
    assert (found["r3"], found["r4"]) == (30, 4)


@pytest.mark.parametrize("count", [0, 1, 2, 3, 5, 8, 9])
def test_a_list_of_any_length_finds_each_once(store: Database, count: int) -> None:
    readers = [f"r{n}" for n in range(count)]
    found = store.read_now(lambda conn: BY_READER.rows(conn, readers))
    assert [reader for (reader,) in found] == readers


def test_what_fails_later_in_the_transaction_undoes_it(store: Database) -> None:
    def work(conn: object) -> None:
        MOVE.write(conn, [{"whose": "r3", "position": 30}])  # type: ignore[arg-type]
        raise LookupError

    with pytest.raises(LookupError):
        store.write_now(work)
    assert store.read_now(lambda conn: ALL.rows(conn, {}))[3] == ("r3", 3)


def test_two_reads_of_one_transaction_see_one_moment(store: Database) -> None:
    def work(conn: object) -> tuple[object, object]:
        before = ALL.rows(conn, {})  # type: ignore[arg-type]
        store.write_now(lambda c: MOVE.write(c, [{"whose": "r3", "position": 30}]))
        return before, ALL.rows(conn, {})  # type: ignore[arg-type]

    before, after = store.read_now(work)
    assert before == after


def test_a_driver_that_cannot_now_is_a_busy_store(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/a.db")
    database.prepare_now()
    with sqlite3.connect(tmp_path / "a.db") as other:
        other.execute("DROP TABLE cursors")
    with pytest.raises(StoreBusy, match="no such table"):
        database.read_now(lambda conn: ALL.rows(conn, {}))
    database.close_now()
    other.close()


def test_records_have_the_names_of_their_columns(store: Database) -> None:
    newest = Prepared(
        select(cursors)
        .where(cursors.c.position > bindparam("after"))
        .order_by(cursors.c.position)
        .limit(bindparam("at_most", type_=Integer))
    )
    found = store.read_now(lambda conn: newest.records(conn, {"after": 3, "at_most": 2}))
    assert [(one.reader, one.position) for one in found] == [("r4", 4), ("r5", 5)]
