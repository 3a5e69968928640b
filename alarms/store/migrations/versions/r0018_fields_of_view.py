"""Where cameras look, how wide and how far.

Revision ID: 0018
Revises: 0017
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("view_bearing_deg", "view_angle_deg", "view_range_m"):
        op.add_column("cameras", sa.Column(name, sa.Float(), nullable=True))
