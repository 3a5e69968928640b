"""Running one statement for many rows, past what SQLAlchemy does for each row.

In a storm a press leaves a dozen rows; looking at every value's type costs more than writing it.
Only for statements whose values the driver takes as they are: text, numbers, booleans, None.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache

from sqlalchemy import Connection, Executable, Insert, Table
from sqlalchemy.dialects import postgresql, sqlite

from alarms.store.prepared import Prepared


def execute_many(
    conn: Connection, statement: Executable, rows: Sequence[Mapping[str, object]]
) -> None:
    """As `conn.execute(statement, rows)`. All rows have the keys of the first; there is one.

    The statement has no value but those of the rows, and is built once: what is made of it is kept.
    """
    _prepared(statement, tuple(rows[0])).write(conn, rows)


@lru_cache(maxsize=16)
def insert_unless_there(table: Table, dialect: str) -> Insert:
    """The insert that leaves a row alone whose primary key is taken. `dialect` is its name."""
    key = [column.name for column in table.primary_key]
    if dialect == "postgresql":
        return postgresql.insert(table).on_conflict_do_nothing(index_elements=key)
    return sqlite.insert(table).on_conflict_do_nothing(index_elements=key)


@lru_cache(maxsize=64)
def _prepared(statement: Executable, names: tuple[str, ...]) -> Prepared:
    # an insert must not ask for the position that it gave
    plain = statement.inline() if isinstance(statement, Insert) else statement
    return Prepared(plain, sets=names)
