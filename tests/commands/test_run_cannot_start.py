"""`lianfang run` that cannot: one sentence that says what to do, never a traceback."""

import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from tests.commands.running import lianfang
from tests.scenarios.house import House


@contextmanager
def taken(port: int) -> Iterator[None]:
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", port))
        other.listen()
        yield


async def test_a_console_port_that_is_taken_is_named(idle_site: House) -> None:
    with taken(idle_site.port):
        done = lianfang("run", "--config", idle_site.config)
    assert done.status in (1, 2)
    assert str(idle_site.port) in done.complaint
    assert "console.port" in done.complaint


async def test_a_broker_port_that_is_taken_is_named(idle_site: House) -> None:
    with taken(idle_site.mqtt_port):
        done = lianfang("run", "--config", idle_site.config)
    assert done.status in (1, 2)
    assert str(idle_site.mqtt_port) in done.complaint


@pytest.mark.parametrize("command", [["run"], ["user", "list"], ["alarms", "export"]])
async def test_a_database_of_a_newer_version_is_left_alone(
    idle_site: House, command: list[str]
) -> None:
    file = idle_site.folder / "data" / "lianfang.db"
    with closing(sqlite3.connect(file)) as store:
        store.execute("UPDATE alembic_version SET version_num = 'r9999'")
        store.commit()
    done = lianfang(*command, "--config", idle_site.config)
    assert done.status == 2
    assert "newer" in done.complaint
    with closing(sqlite3.connect(file)) as store:
        assert store.execute("SELECT version_num FROM alembic_version").fetchone() == ("r9999",)


async def test_a_file_where_the_data_folder_should_be_is_named(idle_site: House) -> None:
    data = idle_site.folder / "data"
    data.rename(idle_site.folder / "elsewhere")
    data.write_text("in the way")
    done = lianfang("run", "--config", idle_site.config)
    assert done.status == 2
    assert str(data) in done.complaint


async def test_a_file_that_is_no_database_is_named(idle_site: House) -> None:
    file = idle_site.folder / "data" / "lianfang.db"
    for other in file.parent.glob("lianfang.db-*"):
        other.unlink()
    file.write_bytes(b"this is a letter, not a database. " * 200)
    done = lianfang("run", "--config", idle_site.config)
    assert done.status == 2
    assert "lianfang.db" in done.complaint
