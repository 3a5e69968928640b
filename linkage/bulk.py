"""Running one statement for many rows, past what SQLAlchemy does for each row.

In a storm a press leaves a dozen rows; looking at every value's type costs more than writing it.
Only for statements whose values the driver takes as they are: text, numbers, booleans, None.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from operator import itemgetter

from sqlalchemy import Connection, Dialect, Executable, Insert, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Compiled


def execute_many(
    conn: Connection, statement: Executable, rows: Sequence[Mapping[str, object]]
) -> None:
    """As `conn.execute(statement, rows)`. All rows have the keys of the first; there is one.

    The statement has no value but those of the rows, and is built once: what is made of it is kept.
    """
    compiled = _compiled(statement, conn.dialect, tuple(rows[0]))
    names = compiled.positiontup  # type: ignore[attr-defined]
    if names is None:
        conn.exec_driver_sql(str(compiled), [dict(row) for row in rows])
        return
    values = itemgetter(*names)
    conn.exec_driver_sql(str(compiled), [values(row) for row in rows])


@lru_cache(maxsize=16)
def insert_unless_there(table: Table, dialect: str) -> Insert:
    """The insert that leaves a row alone whose primary key is taken. `dialect` is its name."""
    key = [column.name for column in table.primary_key]
    if dialect == "postgresql":
        return postgresql.insert(table).on_conflict_do_nothing(index_elements=key)
    return sqlite.insert(table).on_conflict_do_nothing(index_elements=key)


@lru_cache(maxsize=64)
def _compiled(statement: Executable, dialect: Dialect, names: tuple[str, ...]) -> Compiled:
    return statement.compile(  # type: ignore[attr-defined, no-any-return]
        dialect=dialect, column_keys=list(names), for_executemany=True
    )
