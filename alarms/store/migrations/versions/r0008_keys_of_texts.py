"""Free texts have keys of their own; reasons and notes that are sealed now may be longer.

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_LONGER = (
    ("quiet_windows", "reason", 200),
    ("drills", "notice_to", 200),
    ("drills", "note", 1000),
    ("duty_overrides", "reason", 200),
    ("absences", "note", 200),
)


def upgrade() -> None:
    op.create_table(
        "text_keys",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("household_id", sa.String(length=64), nullable=True),
        sa.Column("key_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("redacted_at_ms", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_text_keys")),
    )
    op.create_index(op.f("ix_text_keys_redacted_at_ms"), "text_keys", ["redacted_at_ms"])
    for table, column, length in _LONGER:
        with op.batch_alter_table(table) as batch:
            batch.alter_column(
                column,
                existing_type=sa.String(length=length),
                type_=sa.Text(),
                existing_nullable=False,
            )
