"""Statements on the way of a press: compiled once for a dialect, run on the driver's own cursor.

Between a statement and its driver SQLAlchemy takes ten times as long as SQLite takes for it
(measured: 70 µs against 7), and a press needs seven. Everything else uses SQLAlchemy as it is.
What the driver raises comes out as SQLAlchemy's errors, as everywhere.
"""

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any

from sqlalchemy import BindParameter, Connection, Executable, bindparam
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import SQLCompiler

Arrange = Callable[[Mapping[str, object]], Any]
"""The values as the driver wants them: by name, or in the order of the statement."""


class Prepared:
    """One statement. Its values go to the driver as they are: plain numbers, texts and bytes."""

    def __init__(self, statement: Executable, *, sets: Sequence[str] = ()) -> None:
        """`sets` are the columns that an insert or update gives a value."""
        self._statement, self._sets = statement, sets
        self._named: Callable[[tuple[Any, ...]], Any] | None = None
        self._compiled: dict[str, tuple[str, Arrange]] = {}

    def rows(self, conn: Connection, values: Mapping[str, object]) -> list[tuple[Any, ...]]:
        """What a select finds, in the order of its columns."""
        found: list[tuple[Any, ...]] = self._run(
            conn, lambda cursor: self._execute(cursor, conn, values).fetchall()
        )
        return found

    def records(self, conn: Connection, values: Mapping[str, object]) -> list[Any]:
        """What a select finds, with its columns' names. Booleans are what the driver has for them:
        0 and 1 on SQLite."""
        if self._named is None:
            names = [column.key for column in self._statement.selected_columns]  # type: ignore[attr-defined]
            made: Any = namedtuple("Record", names)  # type: ignore[misc]
            self._named = made._make
        named = self._named
        return [named(row) for row in self.rows(conn, values)]

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

    def _sql(self, conn: Connection) -> tuple[str, Arrange]:
        found = self._compiled.get(conn.dialect.name)
        if found is None:
            made = self._statement.compile(dialect=conn.dialect, column_keys=list(self._sets))  # type: ignore[attr-defined]
            found = self._compiled[conn.dialect.name] = str(made), _arrange(made)
        return found

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


def _arrange(compiled: SQLCompiler) -> Arrange:
    order = compiled.positiontup
    # what the dialect adds of its own, such as OFFSET 0
    own = {name: value for name, value in compiled.params.items() if value is not None}
    if order is None:
        return (lambda values: {**own, **values}) if own else lambda values: values
    if own:
        return lambda values: [values[n] if n in values else own[n] for n in order]
    if len(order) > 1:  # of one name it would make no tuple
        return itemgetter(*order)
    return lambda values: [values[name] for name in order]


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
        prepared, asked = self._asking(values)
        return prepared.rows(conn, asked)

    def records(self, conn: Connection, values: Sequence[str]) -> list[Any]:
        """As `rows`, with the columns' names (`Prepared.records`)."""
        if not values:
            return []
        prepared, asked = self._asking(values)
        return prepared.records(conn, asked)

    def _asking(self, values: Sequence[str]) -> tuple[Prepared, dict[str, object]]:
        size = 1 << (len(values) - 1).bit_length()
        found = self._by_size.get(size)
        if found is None:
            parameters: list[BindParameter[Any]] = [bindparam(f"value_{n}") for n in range(size)]
            found = self._by_size[size] = Prepared(self._make(parameters))
        # the last one again and again, so that few lengths have to be compiled
        filled = [*values, *[values[-1]] * (size - len(values))]
        return found, {f"value_{n}": value for n, value in enumerate(filled)}
