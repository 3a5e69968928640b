"""Alembic's entry: runs the migrations on the connection that `alarms.store.migrate` opened."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], render_as_batch=False)
context.run_migrations()
