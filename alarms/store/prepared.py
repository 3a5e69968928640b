"""Statements on the way of a press: compiled once for a dialect, run on the driver's own cursor.

Between a statement and its driver SQLAlchemy takes ten times as long as SQLite takes for it
(measured: 70 µs against 7), and a press needs seven. Everything else uses SQLAlchemy as it is.
What the driver raises comes out as SQLAlchemy's errors, as everywhere.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import BindParameter, Connection, Executable, bindparam
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import SQLCompiler


class Prepared:
    """One statement. Its values go to the driver as they are: plain numbers, texts and bytes."""

    def __init__(self, statement: Executable, *, sets: Sequence[str] = ()) -> None:
        """`sets` are the columns that an insert or update gives a value."""
        self._statement, self._sets = statement, sets
        self._compiled: dict[str, SQLCompiler] = {}

    def rows(self, conn: Connection, values: Mapping[str, object]) -> list[tuple[Any, ...]]:
        """What a select finds, in the order of its columns."""
        found: list[tuple[Any, ...]] = self._run(
            conn, lambda cursor: self._execute(cursor, conn, values).fetchall()
        )
        return found

    def write(self, conn: Connection, rows: Sequence[Mapping[str, object]]) -> None:
        """Run an insert or update once for each of `rows`."""
        if len(rows) == 1:
            self._run(conn, lambda cursor: self._execute(cursor, conn, rows[0]))
            return
        sql, arranged = self._sql(conn)
        self._run(conn, lambda cursor: cursor.executemany(sql, [arranged(row) for row in rows]))

    def _execute(
        self, cursor: DBAPICursor, conn: Connection, values: Mapping[str, object]
    ) -> DBAPICursor:
        sql, arranged = self._sql(conn)
        cursor.execute(sql, arranged(values))
        return cursor

    def _sql(self, conn: Connection) -> tuple[str, Callable[[Mapping[str, object]], Any]]:
        compiled = self._compiled.get(conn.dialect.name)
        if compiled is None:
            made = self._statement.compile(dialect=conn.dialect, column_keys=list(self._sets))  # type: ignore[attr-defined]
            compiled = self._compiled[conn.dialect.name] = made
        order = compiled.positiontup
        if order is None:
            return str(compiled), lambda values: values
        return str(compiled), lambda values: [values[name] for name in order]

    def _run(self, conn: Connection, work: Callable[[DBAPICursor], Any]) -> Any:
        if not conn.in_transaction():
            conn.begin()  # as SQLAlchemy does before the first statement
        errors = conn.dialect.loaded_dbapi.Error
        cursor = conn.connection.cursor()
        try:
            return work(cursor)
        except errors as error:
            # without the values: among them are keys
            translated = DBAPIError.instance(
                "a prepared statement", None, error, errors, hide_parameters=True
            )
            if conn.dialect.is_disconnect(error, None, cursor):
                conn.invalidate(error)
            raise translated from error
        finally:
            cursor.close()


class PreparedIn:
    """A select by a list of values, compiled for lists of 1, 2, 4, 8 … values."""

    def __init__(self, make: Callable[[Sequence[BindParameter[Any]]], Executable]) -> None:
        """`make` puts the parameters into a `column.in_(…)`."""
        self._make = make
        self._by_size: dict[int, Prepared] = {}

    def rows(self, conn: Connection, values: Sequence[str]) -> list[tuple[Any, ...]]:
        """What is found for any of `values`; nothing for none."""
        if not values:
            return []
        size = 1 << (len(values) - 1).bit_length()
        found = self._by_size.get(size)
        if found is None:
            parameters: list[BindParameter[Any]] = [bindparam(f"value_{n}") for n in range(size)]
            found = self._by_size[size] = Prepared(self._make(parameters))
        # the last one again and again, so that few lengths have to be compiled
        filled = [*values, *[values[-1]] * (size - len(values))]
        return found.rows(conn, {f"value_{n}": value for n, value in enumerate(filled)})
