"""Motion intervals: what moved in which zone, and when.

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "motion_intervals",
        sa.Column("camera_id", sa.String(length=64), nullable=False),
        sa.Column("from_ms", sa.BigInteger(), nullable=False),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("to_ms", sa.BigInteger(), nullable=False),
        sa.Column("area", sa.String(length=80), nullable=True),
        sa.PrimaryKeyConstraint("camera_id", "from_ms", "zone", name=op.f("pk_motion_intervals")),
    )
    op.create_index("ix_motion_intervals_from_ms", "motion_intervals", ["from_ms"], unique=False)
