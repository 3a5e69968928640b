"""Sirens on cameras' relay outputs.

Revision ID: 0015
Revises: 0014
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "camera_relays",
        sa.Column("camera_id", sa.String(length=64), nullable=False),
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("siren", sa.String(length=64), nullable=False),
        sa.Column("wired_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("wired_by", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["camera_id"], ["cameras.id"], name=op.f("fk_camera_relays_camera_id")
        ),
        sa.PrimaryKeyConstraint("camera_id", "token", name=op.f("pk_camera_relays")),
        sa.UniqueConstraint("siren", name=op.f("uq_camera_relays_siren")),
    )
