"""Visits to households whose button was pressed without need: who was there, when, what was said.

Revision ID: 0021
Revises: 0020
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "household_visits",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("household_id", sa.String(length=64), nullable=False),
        sa.Column("village_id", sa.String(length=64), nullable=False),
        sa.Column("visited_on", sa.String(length=10), nullable=False),
        sa.Column("visited_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("noted_by", sa.String(length=64), nullable=False),
        sa.Column("noted_at_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["household_id"],
            ["households.id"],
            name=op.f("fk_household_visits_household_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_household_visits")),
    )
    op.create_index(
        "ix_household_visits_household_visited",
        "household_visits",
        ["household_id", "visited_at_ms"],
    )
    op.create_index("ix_household_visits_visited_at_ms", "household_visits", ["visited_at_ms"])
