"""Both database engines for tests that hold on either: real SQLite, real PostgreSQL."""

import contextlib
import functools
import os
import pwd
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alarms.store import Database
from tests.brokers import free_port
from tests.external import program


def migrated_sqlite(file: Path) -> str:
    """Make `file` a store with our tables and nothing in them; gives its URL.

    A copy of one that was migrated by `Database.open`, which has then nothing to do: a tenth of a
    second for each test that is not about migrations.
    """
    file.write_bytes(_migrated())
    return f"sqlite:///{file}"


@functools.cache
def _migrated() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "migrated.db"
        database = Database(f"sqlite:///{file}")
        database.prepare_now()
        database.write_now(lambda conn: None)
        with contextlib.closing(sqlite3.connect(file)) as conn:
            # into the one file that is read below
            conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        database.close_now()
        return file.read_bytes()


@contextmanager
def postgres(*, synced: bool = False) -> Iterator[str]:
    """A throw-away PostgreSQL server on loopback; gives the URL of its empty database.

    Commits are not `synced` to disk unless asked for: tests cut no power.
    """
    initdb = program("initdb", package="postgresql")
    server = program("postgres", package="postgresql")
    # not below pytest's own folder: every pytest that starts shuts that one to other users again
    with tempfile.TemporaryDirectory(prefix="lianfang-postgres-") as name:
        yield from _serve(Path(name), initdb, server, () if synced else ("-F",))


def _serve(folder: Path, initdb: str, server: str, options: tuple[str, ...]) -> Iterator[str]:
    data, port = folder / "data", free_port()
    data.mkdir(mode=0o700)
    user = _unprivileged_user()
    if user is not None:
        # PostgreSQL refuses to run as root; its files must then belong to whom it runs as
        folder.chmod(0o755)
        os.chown(data, user.pw_uid, user.pw_gid)
    as_user = {"user": user.pw_uid, "group": user.pw_gid} if user is not None else {}
    with (folder / "postgres.log").open("wb") as log:
        # a session of its own: a signal meant for the tests is not meant for the server
        quiet = {"stdout": log, "stderr": log, "cwd": "/", "start_new_session": True}
        made = subprocess.run(
            [initdb, "-D", data, "-U", "lianfang", "--auth=trust", "--no-sync", "-E", "UTF8"],
            check=False,
            **quiet,
            **as_user,
        )
        assert made.returncode == 0, f"initdb failed: {_tail(folder)}"
        process = subprocess.Popen(
            [server, "-D", data, "-p", str(port), "-h", "127.0.0.1", "-k", "", *options],
            **quiet,
            **as_user,
        )
    try:
        _wait_until_it_answers(port)
        yield f"postgresql+psycopg://lianfang@127.0.0.1:{port}/postgres"
        ended = process.poll()
        assert ended is None, f"PostgreSQL ended by itself ({ended}): {_tail(folder)}"
    finally:
        process.terminate()
        process.wait(20)


def _tail(folder: Path) -> str:
    return (folder / "postgres.log").read_text(errors="replace")[-2000:]


def _unprivileged_user() -> pwd.struct_passwd | None:
    if os.getuid() != 0:
        return None
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return pwd.getpwnam("nobody")


def _wait_until_it_answers(port: int) -> None:
    import psycopg

    for _ in range(600):
        try:
            psycopg.connect(f"host=127.0.0.1 port={port} user=lianfang dbname=postgres").close()
        except psycopg.OperationalError:
            # polling a foreign process that gives no event
            subprocess.run(["sleep", "0.05"], check=True)
        else:
            return
    raise TimeoutError("PostgreSQL did not answer in time")
