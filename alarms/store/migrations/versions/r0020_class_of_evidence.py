"""Evidence is kept as long as the class asked for that its camera had when it was kept.

Revision ID: 0020
Revises: 0019
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("evidence", sa.Column("legal_class", sa.String(length=16), nullable=True))
    evidence = sa.table("evidence", sa.column("camera_id"), sa.column("legal_class"))
    cameras = sa.table("cameras", sa.column("id"), sa.column("legal_class"))
    # of what was kept before nobody wrote it down: the class of now, as it went until now
    now = sa.select(cameras.c.legal_class).where(cameras.c.id == evidence.c.camera_id)
    op.execute(sa.update(evidence).values(legal_class=now.scalar_subquery()))
