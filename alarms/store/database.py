"""Opening the database and running work in it, off the event loop.

SQLite: one writer thread, `BEGIN IMMEDIATE`, WAL, `synchronous=FULL`. PostgreSQL: the same calls;
every writing transaction takes one advisory lock, because there sequence order is not commit
order and a reader's cursor could otherwise overtake a slower writer (design.md §5).
"""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, InterfaceError, OperationalError

from alarms.errors import StoreBusy, StoreUnusable
from alarms.store.migrate import upgrade
from alarms.store.writing import WriterThread

T = TypeVar("T")

# any fixed number; it names our lock among those of other programs on the same server
_WRITER_LOCK = 0x6C69_616E
_READERS = 4
_BUSY_TIMEOUT_MS = 2000


class Database:
    """The store. `work` is a plain function of a connection; it must not keep the connection."""

    def __init__(self, url: str) -> None:
        """`url` is an SQLAlchemy URL: `sqlite:///path` or `postgresql+psycopg://…`.

        Raises StoreUnusable when the URL is not one of these.
        """
        try:
            self._url = make_url(url)
        except ArgumentError as error:
            raise StoreUnusable(f"database url {url!r} is not a database URL") from error
        if self._url.get_backend_name() not in ("sqlite", "postgresql"):
            raise StoreUnusable(
                f"database {self._url.get_backend_name()!r} is not supported: use sqlite or "
                "postgresql"
            )
        self._is_sqlite = self._url.get_backend_name() == "sqlite"
        self._write_engine = self._engine(pool_size=1)
        self._read_engine = self._engine(pool_size=_READERS)
        self._file: tuple[int, int] | None = None
        self._writer = WriterThread()
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="store-reader")

    def __repr__(self) -> str:
        return f"Database({self._url.render_as_string(hide_password=True)})"

    @property
    def waiting(self) -> tuple[int, int]:
        """How much urgent and how much other writing waits for its turn."""
        return self._writer.waiting

    async def open(self) -> None:
        """Connect and bring the schema up to date.

        Raises StoreTooNew, StoreUnusable or StoreBusy.
        """
        await self._writer.run(self._prepare, urgent=False)

    async def close(self) -> None:
        """Finish what is running and let go of the database."""
        await asyncio.to_thread(self.close_now)

    def close_now(self) -> None:
        """As `close`, for callers without an event loop."""
        self._writer.shutdown()
        self._readers.shutdown()
        self._write_engine.dispose()
        self._read_engine.dispose()

    async def write(self, work: Callable[[Connection], T], *, urgent: bool = False) -> T:
        """Run `work` in one transaction, alone among writers, synced to disk when this returns.

        `urgent` goes before all else that waits: for presses, which somebody waits for at a
        button. Raises StoreBusy when it could not be committed now: nothing of it happened.
        """
        return await self._writer.run(lambda: self.write_now(work), urgent=urgent)

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in a reading transaction. Raises StoreBusy."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._readers, lambda: self.read_now(work))

    def write_now(self, work: Callable[[Connection], T]) -> T:
        """As `write`, in the calling thread; for the command line."""
        with _Translated(self), self._write_engine.begin() as conn:
            if not self._is_sqlite:
                conn.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _WRITER_LOCK})
            result = work(conn)
            self._must_still_have_its_file()
            return result

    def read_now(self, work: Callable[[Connection], T]) -> T:
        """As `read`, in the calling thread; for the command line."""
        with _Translated(self), self._read_engine.connect() as conn:
            return work(conn)

    async def empty_wal(self) -> bool:
        """Bring SQLite's write-ahead log into the file and empty it, so that what was erased is in
        neither. False when a reader still needed it: the next checkpoint does it. Raises StoreBusy.
        """
        return await self._writer.run(self._empty_wal, urgent=False)

    def empty_wal_now(self) -> bool:
        """As `empty_wal`, in the calling thread; for the command line."""
        return self._empty_wal()

    def _empty_wal(self) -> bool:
        if not self._is_sqlite:
            return True
        with _Translated(self), closing(self._write_engine.raw_connection()) as conn:
            cursor = conn.cursor()
            try:
                row = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            finally:
                cursor.close()
        return bool(row[0] == 0)

    def prepare_now(self) -> None:
        """As `open`, in the calling thread; for the command line."""
        self._prepare()

    def _prepare(self) -> None:
        with _Translated(self):
            upgrade(self._write_engine)
        self._file = self._file_now()

    def _file_now(self) -> tuple[int, int] | None:
        """Which file the URL names at this moment: its device and inode; None for PostgreSQL."""
        if not self._is_sqlite or not self._url.database:
            return None
        found = Path(self._url.database).stat()
        return (found.st_dev, found.st_ino)

    def _must_still_have_its_file(self) -> None:
        """Raise StoreBusy when the SQLite file was removed or replaced under us: SQLite would go on
        committing into a file that nobody will ever open again."""
        if self._file is None:
            return
        try:
            found = self._file_now()
        except OSError:
            found = None
        if found != self._file:
            raise StoreBusy(
                f"{self!r} was removed or replaced while in use: stop the service, put the file "
                "back, start again"
            )

    def _engine(self, *, pool_size: int) -> Engine:
        if self._is_sqlite:
            engine = create_engine(
                self._url,
                pool_size=pool_size,
                max_overflow=0,
                connect_args={"check_same_thread": False},
            )
            event.listen(engine, "connect", _configure_sqlite)
            writes = pool_size == 1
            event.listen(engine, "begin", _begin_immediate if writes else _begin_deferred)
            return engine
        # a reader sees one moment, as on SQLite: verifying chains relies on it; a writer must see
        # what was committed before it got the lock
        return create_engine(
            self._url,
            pool_size=pool_size,
            max_overflow=0,
            pool_pre_ping=True,
            pool_timeout=5,
            isolation_level="READ COMMITTED" if pool_size == 1 else "REPEATABLE READ",
        )


def _configure_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    # the driver's own BEGIN is deferred and late; ours below is not
    connection.isolation_level = None
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        # what was deleted or replaced is overwritten where that costs no writing of its own
        "secure_delete=FAST",
        f"busy_timeout={_BUSY_TIMEOUT_MS}",
    ):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_immediate(conn: Connection) -> None:
    conn.exec_driver_sql("BEGIN IMMEDIATE")


def _begin_deferred(conn: Connection) -> None:
    conn.exec_driver_sql("BEGIN")


class _Translated:
    """Turns the database's errors into ours at this one door."""

    def __init__(self, database: "Database") -> None:
        self._database = database

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        match error:
            case OperationalError() | InterfaceError():
                raise StoreBusy(f"the database cannot answer now: {error.orig}") from error
            case DatabaseError() if isinstance(error.orig, sqlite3.DatabaseError) and (
                "not a database" in str(error.orig) or "malformed" in str(error.orig)
            ):
                raise StoreUnusable(
                    f"{self._database!r} cannot be read ({error.orig}): restore it from your backup"
                ) from error
            case _:
                return
