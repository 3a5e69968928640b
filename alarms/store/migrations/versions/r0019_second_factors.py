"""Second factors, accounts that end by themselves, sessions that are listed and locked.

Revision ID: 0019
Revises: 0018
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("accounts", sa.Column("expires_at_ms", sa.BigInteger(), nullable=True))
    op.add_column("sessions", sa.Column("address", sa.String(length=64), nullable=True))
    op.add_column("sessions", sa.Column("browser", sa.String(length=200), nullable=True))
    op.add_column("sessions", sa.Column("locked_at_ms", sa.BigInteger(), nullable=True))
    op.create_table(
        "second_factors",
        sa.Column("username", sa.String(length=64), nullable=False),
        sa.Column("secret_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("confirmed_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("last_step", sa.BigInteger(), nullable=True),
        sa.Column("pending_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("pending_at_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["username"], ["accounts.username"], name=op.f("fk_second_factors_username")
        ),
        sa.PrimaryKeyConstraint("username", name=op.f("pk_second_factors")),
    )
    op.create_table(
        "recovery_codes",
        sa.Column("username", sa.String(length=64), nullable=False),
        sa.Column("code_mac", sa.String(length=64), nullable=False),
        sa.Column("used_at_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["username"], ["accounts.username"], name=op.f("fk_recovery_codes_username")
        ),
        sa.PrimaryKeyConstraint("username", "code_mac", name=op.f("pk_recovery_codes")),
    )
