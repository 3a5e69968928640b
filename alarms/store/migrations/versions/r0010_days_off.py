"""Zones have hours of their own on days off.

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("zones", sa.Column("armed_days_off", sa.String(length=16), nullable=True))
