"""The store: one schema on both engines, errors that say what to do, sealed secrets."""

import asyncio
import threading
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, insert, text

import linkage.appraisal.schema
import linkage.camera_events.schema
import linkage.custody.schema
import linkage.duty.schema  # hangs its tables on the metadata
import linkage.ledgers.schema
import linkage.looking.schema
import linkage.motion.schema
import linkage.quiet.schema
import linkage.registry.schema
import linkage.response_plans.schema
import linkage.schema  # hangs its tables on the metadata
import linkage.supervision.schema
import linkage.zones.schema  # noqa: F401
from alarms.errors import StoreBusy, StoreTooNew, StoreUnusable
from alarms.store import Database, SealedBox, load_or_create_site_key, metadata
from alarms.store.tables import cursors


async def test_migrated_schema_is_the_one_in_the_code(either_database: Database) -> None:
    def differences(conn: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(conn), metadata))

    assert await either_database.read(differences) == []


async def test_failed_write_leaves_nothing(either_database: Database) -> None:
    def half(conn: Connection) -> None:
        conn.execute(insert(cursors).values(reader="r", position=1))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await either_database.write(half)
    count = await either_database.read(lambda c: c.scalar(text("SELECT count(*) FROM cursors")))
    assert count == 0


async def test_database_of_a_newer_version_is_refused_with_one_sentence(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/lianfang.db"
    database = Database(url)
    await database.open()
    await database.write(lambda c: c.execute(text("UPDATE alembic_version SET version_num='9999'")))
    await database.close()
    newer = Database(url)
    with pytest.raises(StoreTooNew, match="newer version of lianfang"):
        await newer.open()
    await newer.close()


async def test_locked_database_is_busy_not_broken(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/lianfang.db")
    await database.open()
    other = Database(f"sqlite:///{tmp_path}/lianfang.db")

    def hold(conn: Connection) -> None:
        with pytest.raises(StoreBusy):
            other.write_now(lambda c: c.execute(insert(cursors).values(reader="r", position=1)))

    await database.write(hold)
    other.write_now(lambda c: c.execute(insert(cursors).values(reader="r", position=1)))
    other.close_now()
    await database.close()


async def test_what_is_urgent_is_written_before_what_waits(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/lianfang.db")
    await database.open()
    go_on, order = threading.Event(), []
    writes = [asyncio.create_task(database.write(lambda _: go_on.wait(20)))]
    for name, urgent in (("notice", False), ("engine", False), ("press", True), ("more", True)):
        work = database.write(lambda _, name=name: order.append(name), urgent=urgent)
        writes.append(asyncio.create_task(work))
    await asyncio.sleep(0)  # every task has asked for its turn
    go_on.set()
    await asyncio.gather(*writes)
    await database.close()
    assert order == ["press", "more", "notice", "engine"]


async def test_write_that_is_cancelled_before_its_turn_does_not_happen(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/lianfang.db")
    await database.open()
    go_on, order = threading.Event(), []
    running = asyncio.create_task(database.write(lambda _: go_on.wait(20)))
    waiting = asyncio.create_task(database.write(lambda _: order.append("cancelled")))
    last = asyncio.create_task(database.write(lambda _: order.append("last")))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    go_on.set()
    await asyncio.gather(running, last)
    await database.close()
    assert order == ["last"]


async def test_file_that_is_no_database_is_refused_with_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "lianfang.db").write_bytes(b"this is not a database" * 100)
    database = Database(f"sqlite:///{tmp_path}/lianfang.db")
    with pytest.raises(StoreUnusable, match="restore it from your backup"):
        await database.open()
    await database.close()


def test_secret_opens_only_in_its_own_place() -> None:
    box = SealedBox(bytes(32))
    sealed = box.seal(b"key", context="device:a")
    assert box.open(sealed, context="device:a") == b"key"
    with pytest.raises(StoreUnusable, match="device:b"):
        box.open(sealed, context="device:b")


def test_site_key_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "site.key"
    key = load_or_create_site_key(path, may_create=True)
    assert path.stat().st_mode & 0o777 == 0o600
    assert load_or_create_site_key(path, may_create=False) == key


def test_missing_site_key_of_a_store_with_secrets_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreUnusable, match="from your backup"):
        load_or_create_site_key(tmp_path / "site.key", may_create=False)


async def test_database_file_taken_away_is_noticed_before_anything_is_told(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/lianfang.db")
    await database.open()
    await database.write(lambda c: c.execute(insert(cursors).values(reader="a", position=1)))
    (tmp_path / "lianfang.db").rename(tmp_path / "elsewhere.db")
    with pytest.raises(StoreBusy, match="removed or replaced"):
        await database.write(lambda c: c.execute(insert(cursors).values(reader="b", position=1)))
    (tmp_path / "elsewhere.db").rename(tmp_path / "lianfang.db")
    await database.write(lambda c: c.execute(insert(cursors).values(reader="c", position=1)))
    await database.close()
