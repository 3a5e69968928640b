"""Fixtures that more than one package's tests use."""

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from alarms.store import Database
from tests.scenarios.nursery import own_nursery
from tests.stores import migrated_sqlite, postgres
from tests.turns import Turns, shared_folder

# here, before any package's tests import them: a failed assert in a helper says what it compared
pytest.register_assert_rewrite("tests.guarded", "tests.scenarios.house", "tests.scenarios.storm")

_TURNS = pytest.StashKey[Turns]()
_SLOW = ("scenarios", "browser", "house", "console")
"""Folders of tests that mostly wait for processes: begun first, so that none is left at the end."""


def pytest_xdist_auto_num_workers() -> int:
    """For `-n auto`: one more than there are cores, because many tests mostly wait."""
    return min(len(os.sched_getaffinity(0)) + 1, 6)


def pytest_configure(config: pytest.Config) -> None:
    given = getattr(config, "workerinput", None)
    if given is not None:
        config.stash[_TURNS] = Turns(Path(given["turns"]))
    elif config.getoption("numprocesses", None):
        folder = shared_folder()
        config.add_cleanup(folder.cleanup)
        config.stash[_TURNS] = Turns(Path(folder.name))


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    node.workerinput["turns"] = str(node.config.stash[_TURNS].folder)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if _TURNS not in config.stash:
        return

    def order(item: pytest.Item) -> int:
        if item.path in with_alone:
            return 0
        return 1 if item.path.relative_to(Path(__file__).parent).parts[0] in _SLOW else 2

    with_alone = {item.path for item in items if item.get_closest_marker("alone")}
    items.sort(key=order)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    turns = item.config.stash.get(_TURNS, None)
    alone = item.get_closest_marker("alone") is not None
    # outside of the time limit: waiting for a turn is nobody's fault
    with nullcontext() if turns is None else turns.taken(alone=alone):
        return (yield)


@pytest.fixture(scope="session", autouse=True)
def _nursery_ends() -> Iterator[None]:
    yield
    if own_nursery.cache_info().currsize:
        own_nursery().close()


@pytest.fixture(scope="session")
def _postgres_server() -> Iterator[str]:
    with postgres() as url:
        yield url


@pytest.fixture
def postgres_url(_postgres_server: str) -> str:
    """An empty database of the run's PostgreSQL."""
    empty_postgres(_postgres_server)
    return _postgres_server


@pytest.fixture(params=["sqlite", "postgresql"])
async def either_database(
    request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncIterator[Database]:
    """An empty store on each engine in turn."""
    if request.param == "sqlite":
        url = migrated_sqlite(tmp_path / "lianfang.db")
    else:
        url = request.getfixturevalue("postgres_url")
    database = Database(url)
    await database.open()
    yield database
    await database.close()


def empty_postgres(url: str) -> None:
    """Take away what the test before left."""
    import psycopg

    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as conn:
        conn.execute("DROP SCHEMA public CASCADE")
        conn.execute("CREATE SCHEMA public")
