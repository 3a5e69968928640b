"""What the ways out keep: the lane an action waits in, and its turn there.

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "actions", sa.Column("lane", sa.String(length=80), nullable=False, server_default="")
    )
    op.add_column(
        "actions", sa.Column("turn", sa.Integer(), nullable=False, server_default=sa.text("0"))
    )
    # what was planned before had one lane a kind
    op.execute("UPDATE actions SET lane = kind")
    op.drop_index("ix_actions_state_kind_due_at_ms", table_name="actions")
    op.create_index(
        "ix_actions_state_lane_turn_due_at_ms",
        "actions",
        ["state", "lane", "turn", "due_at_ms"],
        unique=False,
    )
