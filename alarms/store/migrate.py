"""Bringing a database to the schema of this program (Alembic)."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from alarms.errors import StoreTooNew

_SCRIPTS = Path(__file__).parent / "migrations"


def upgrade(engine: Engine, *, to: str = "head") -> None:
    """Run every migration that this database has not seen; `to` an older schema in tests only.

    Raises StoreTooNew when the database knows a migration that this program does not.
    """
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    config.set_main_option("path_separator", "os")
    script = ScriptDirectory.from_config(config)
    known = {revision.revision for revision in script.walk_revisions()}
    with engine.begin() as conn:
        current = MigrationContext.configure(conn).get_current_revision()
        if current is not None and current not in known:
            raise StoreTooNew(
                f"the database {engine.url.render_as_string(hide_password=True)} was written by a "
                f"newer version of lianfang (its schema is {current}): install that version, or "
                "restore a backup made with this one"
            )
        if current == script.get_current_head():
            return
        config.attributes["connection"] = conn
        command.upgrade(config, to)
