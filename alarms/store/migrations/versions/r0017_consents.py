"""What households agreed to for their cameras. One that nobody agreed to is not watched any more.

Revision ID: 0017
Revises: 0016
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "camera_consents",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("camera_id", sa.String(length=64), nullable=False),
        sa.Column("household_id", sa.String(length=64), nullable=False),
        sa.Column("agreed_by", sa.Text(), nullable=False),
        sa.Column("agreed_on", sa.String(length=10), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("keeps", sa.Boolean(), nullable=False),
        sa.Column("recorded_by", sa.String(length=64), nullable=False),
        sa.Column("recorded_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("withdrawn_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("withdrawn_by", sa.String(length=64), nullable=True),
        sa.Column("withdrawn_said", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["camera_id"], ["cameras.id"], name=op.f("fk_camera_consents_camera_id")
        ),
        sa.ForeignKeyConstraint(
            ["household_id"],
            ["households.id"],
            name=op.f("fk_camera_consents_household_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_camera_consents")),
    )
    op.create_index(op.f("ix_camera_consents_household_id"), "camera_consents", ["household_id"])
    op.create_index(
        "ix_camera_consents_camera_recorded", "camera_consents", ["camera_id", "recorded_at_ms"]
    )
    # it rests on their agreement: until that is recorded nobody looks
    cameras = sa.table("cameras", sa.column("legal_class"), sa.column("enabled"))
    op.execute(
        sa.update(cameras).where(cameras.c.legal_class == "private").values(enabled=sa.false())
    )
