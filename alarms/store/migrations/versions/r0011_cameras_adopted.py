"""What is known of a camera since it was adopted: make, streams, clock, sign, who judged its place.

Revision ID: 0011
Revises: 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_COLUMNS = (
    ("recorder_reference", sa.String(length=200)),
    ("source", sa.String(length=100)),
    ("main_stream_uri", sa.String(length=500)),
    ("snapshot_uri", sa.String(length=500)),
    ("manufacturer", sa.String(length=100)),
    ("model", sa.String(length=100)),
    ("serial", sa.String(length=100)),
    ("location", sa.String(length=200)),
    ("clock_skew_s", sa.Float()),
    ("clock_read_at_ms", sa.BigInteger()),
    ("sign_seen_at_ms", sa.BigInteger()),
    ("sign_seen_by", sa.String(length=64)),
    ("place_judged_at_ms", sa.BigInteger()),
    ("place_judged_by", sa.String(length=64)),
)


def upgrade() -> None:
    for name, kind in _COLUMNS:
        op.add_column("cameras", sa.Column(name, kind, nullable=True))
    op.create_index(
        "ix_cameras_recorder_source", "cameras", ["recorder_reference", "source"], unique=True
    )
