"""Fixtures that more than one package's tests use."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from alarms.store import Database
from tests.stores import postgres

# here, before any package's tests import them: a failed assert in a helper says what it compared
pytest.register_assert_rewrite("tests.guarded", "tests.scenarios.house", "tests.scenarios.storm")


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    with postgres() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
async def either_database(
    request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncIterator[Database]:
    """An empty store on each engine in turn."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/lianfang.db"
    else:
        url = request.getfixturevalue("postgres_url")
        empty_postgres(url)
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
