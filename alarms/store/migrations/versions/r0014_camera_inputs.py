"""Buttons wired to cameras' digital inputs.

Revision ID: 0014
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "camera_inputs",
        sa.Column("camera_id", sa.String(length=64), nullable=False),
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("button", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("silent", sa.Boolean(), nullable=False),
        sa.Column("normally_closed", sa.Boolean(), nullable=False),
        sa.Column("wired_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("wired_by", sa.String(length=64), nullable=False),
        sa.Column("test_until_ms", sa.BigInteger(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=True),
        sa.Column("changed_ms", sa.BigInteger(), nullable=True),
        sa.Column("edge_ms", sa.BigInteger(), nullable=True),
        sa.Column("pressed_ms", sa.BigInteger(), nullable=True),
        sa.Column("presses", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["camera_id"], ["cameras.id"], name=op.f("fk_camera_inputs_camera_id")
        ),
        sa.PrimaryKeyConstraint("camera_id", "token", name=op.f("pk_camera_inputs")),
        sa.UniqueConstraint("button", name=op.f("uq_camera_inputs_button")),
    )
