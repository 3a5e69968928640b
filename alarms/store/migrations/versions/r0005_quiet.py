"""Silences, maintenance windows, drills; what correlation keeps of an incident.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "quiet_windows",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("sort", sa.String(length=16), nullable=False),
        sa.Column("cameras", sa.Text(), nullable=False),
        sa.Column("villages", sa.Text(), nullable=False),
        sa.Column("layers", sa.Text(), nullable=False),
        sa.Column("devices", sa.Text(), nullable=False),
        sa.Column("kinds", sa.Text(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("author", sa.String(length=64), nullable=False),
        sa.Column("made_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("begin_ms", sa.BigInteger(), nullable=False),
        sa.Column("end_ms", sa.BigInteger(), nullable=False),
        sa.Column("ended_by", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quiet_windows")),
    )
    op.create_index("ix_quiet_windows_end_ms", "quiet_windows", ["end_ms"], unique=False)
    op.create_table(
        "drills",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("villages", sa.Text(), nullable=False),
        sa.Column("groups", sa.Text(), nullable=False),
        sa.Column("devices", sa.Text(), nullable=False),
        sa.Column("begin_ms", sa.BigInteger(), nullable=False),
        sa.Column("end_ms", sa.BigInteger(), nullable=False),
        sa.Column("notice_to", sa.String(length=200), nullable=False),
        sa.Column("noticed_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("note", sa.String(length=1000), nullable=False),
        sa.Column("made_by", sa.String(length=64), nullable=False),
        sa.Column("made_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("started_by", sa.String(length=64), nullable=True),
        sa.Column("started_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("ended_by", sa.String(length=64), nullable=True),
        sa.Column("ended_at_ms", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drills")),
    )
    op.create_index("ix_drills_end_ms", "drills", ["end_ms"], unique=False)
    for column in (
        sa.Column("certainty", sa.String(length=16), nullable=True),
        sa.Column("drill_id", sa.String(length=36), nullable=True),
        sa.Column("flood_village", sa.String(length=64), nullable=True),
        sa.Column("latitude", sa.Float(), nullable=True),
        sa.Column("longitude", sa.Float(), nullable=True),
        sa.Column("cell", sa.String(length=24), nullable=True),
    ):
        op.add_column("incidents", column)
    for name in ("camera_id", "flood_village", "cell"):
        op.create_index(f"ix_incidents_{name}", "incidents", [name], unique=False)
    # what cameras raise is few among presses: the newest of it is asked for in a flood
    op.create_index(
        "ix_incident_alarms_of_cameras_received_at_ms",
        "incident_alarms",
        ["received_at_ms"],
        unique=False,
        sqlite_where=sa.text("kind = 'loitering'"),
        postgresql_where=sa.text("kind = 'loitering'"),
    )
