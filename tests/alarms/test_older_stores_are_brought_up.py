"""What a migration does to rows that are there: an older store, filled, and then opened."""

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Engine,
    Float,
    Integer,
    MetaData,
    create_engine,
    insert,
    select,
)

from alarms.store import Database
from alarms.store.migrate import upgrade
from linkage.schema import cameras, evidence

Put = Callable[..., None]


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path) -> Iterator[Engine]:
    """Of a store without any table yet."""
    url = f"sqlite:///{tmp_path}/old.db"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres_url")
    engine = create_engine(url)
    yield engine
    engine.dispose()


def filler(conn: Connection) -> Put:
    """Puts a row into a table as that was then; what must be there and is not given is made up."""
    known = MetaData()
    known.reflect(conn)

    def put(table: str, **given: object) -> None:
        of = known.tables[table]
        needed = {c.name: _something(c) for c in of.columns if not c.nullable}
        conn.execute(insert(of).values({**needed, **given}))

    return put


def _something(column: Column[object]) -> object:
    if isinstance(column.type, Boolean):
        return False
    return 0 if isinstance(column.type, Integer | Float) else "x"


async def opened(engine: Engine) -> Database:
    """By the program of today."""
    engine.dispose()
    database = Database(engine.url.render_as_string(hide_password=False))
    await database.open()
    return database


async def test_households_cameras_are_not_watched_until_a_consent_is_recorded(
    engine: Engine,
) -> None:
    upgrade(engine, to="0016")
    with engine.begin() as conn:
        put = filler(conn)
        put("villages", id="v1")
        for name, legal_class, enabled in (
            ("gate", "public", True),
            ("shop", "other_public", True),
            ("home", "private", True),
            ("spare", "public", False),
        ):
            put("cameras", id=name, village_id="v1", legal_class=legal_class, enabled=enabled)
    database = await opened(engine)
    try:
        c = cameras.c
        found = await database.read(
            lambda conn: {row.id: row.enabled for row in conn.execute(select(c.id, c.enabled))}
        )
    finally:
        await database.close()
    assert found == {"gate": True, "shop": True, "home": False, "spare": False}


async def test_what_was_kept_has_the_class_that_its_camera_has_now(engine: Engine) -> None:
    upgrade(engine, to="0019")
    with engine.begin() as conn:
        put = filler(conn)
        put("villages", id="v1")
        put("incidents", id="i1")
        for name, legal_class in (("gate", "public"), ("home", "private")):
            put("cameras", id=name, village_id="v1", legal_class=legal_class)
        for name in ("gate", "home", "gone"):
            put("evidence", id=f"e-{name}", incident_id="i1", camera_id=name)
    database = await opened(engine)
    try:
        e = evidence.c
        found = await database.read(
            lambda conn: {
                row.camera_id: row.legal_class
                for row in conn.execute(select(e.camera_id, e.legal_class))
            }
        )
    finally:
        await database.close()
    assert found == {"gate": "public", "home": "private", "gone": None}
