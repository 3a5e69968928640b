"""Versions of cameras' zones; where in the picture something moved, as a coarse grid.

Revision ID: 0022
Revises: 0021
"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "camera_zone_versions",
        sa.Column("camera_id", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("zones", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["camera_id"], ["cameras.id"], name=op.f("fk_camera_zone_versions_camera_id")
        ),
        sa.PrimaryKeyConstraint("camera_id", "version", name=op.f("pk_camera_zone_versions")),
    )
    op.add_column("motion_intervals", sa.Column("cells", sa.String(length=36), nullable=True))
