"""What the six steps keep of an incident: times, people, due times, merging.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for column in (
        sa.Column("stepped_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("verified_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("dispatched_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("set_out_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("arrived_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("responded_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("reviewed_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("dispatched_to", sa.String(length=200), nullable=True),
        sa.Column("responders", sa.Text(), nullable=True),
        sa.Column("responded_by", sa.String(length=64), nullable=True),
        sa.Column("supervised_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("supervised_by", sa.String(length=64), nullable=True),
        sa.Column("suspended_until_ms", sa.BigInteger(), nullable=True),
        sa.Column("merged_into", sa.String(length=36), nullable=True),
        sa.Column("due_step", sa.String(length=16), nullable=True),
        sa.Column("overdue", sa.Integer(), nullable=True),
        sa.Column("relinks", sa.Integer(), nullable=True),
    ):
        op.add_column("incidents", column)
    op.create_index(op.f("ix_incidents_merged_into"), "incidents", ["merged_into"], unique=False)
