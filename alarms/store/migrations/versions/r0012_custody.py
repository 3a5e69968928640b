"""Custody of evidence: signed entries, gaps, legal holds, exports; clips beside pictures.

Revision ID: 0012
Revises: 0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_ROW_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    with op.batch_alter_table("evidence") as batch:
        batch.add_column(sa.Column("moment", sa.String(length=8), nullable=True))
        batch.add_column(sa.Column("until_ms", sa.BigInteger(), nullable=True))
        batch.add_column(sa.Column("press_ms", sa.BigInteger(), nullable=True))
        batch.add_column(sa.Column("detail", sa.Text(), nullable=True))
        batch.add_column(sa.Column("entered_at_ms", sa.BigInteger(), nullable=True))
    op.create_index(op.f("ix_evidence_entered_at_ms"), "evidence", ["entered_at_ms"])
    op.create_index(op.f("ix_evidence_at_ms"), "evidence", ["at_ms"])
    op.create_table(
        "evidence_entries",
        sa.Column("position", _ROW_NUMBER, autoincrement=True, nullable=False),
        sa.Column("incident_id", sa.String(length=36), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("evidence_id", sa.String(length=64), nullable=True),
        sa.Column("signature", sa.String(length=128), nullable=False),
        sa.Column("writer", sa.String(length=64), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("link", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_evidence_entries")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_evidence_entries_evidence_id"), "evidence_entries", ["evidence_id"])
    op.create_index(
        "ix_evidence_entries_incident_n", "evidence_entries", ["incident_id", "n"], unique=True
    )
    op.create_index(
        "ix_evidence_entries_writer_number", "evidence_entries", ["writer", "number"], unique=True
    )
    op.create_table(
        "evidence_gaps",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("incident_id", sa.String(length=36), nullable=False),
        sa.Column("camera_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("why", sa.String(length=16), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("unlink", sa.String(length=200), nullable=True),
        sa.Column("entered_at_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incidents.id"], name=op.f("fk_evidence_gaps_incident_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence_gaps")),
    )
    for column in ("incident_id", "unlink", "entered_at_ms"):
        op.create_index(op.f(f"ix_evidence_gaps_{column}"), "evidence_gaps", [column])
    op.create_table(
        "evidence_holds",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("incident_id", sa.String(length=36), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("held_by", sa.String(length=64), nullable=False),
        sa.Column("held_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("released_by", sa.String(length=64), nullable=True),
        sa.Column("released_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("release_reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incidents.id"], name=op.f("fk_evidence_holds_incident_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence_holds")),
    )
    op.create_index(op.f("ix_evidence_holds_incident_id"), "evidence_holds", ["incident_id"])
    op.create_table(
        "evidence_exports",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("incident_id", sa.String(length=36), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.String(length=64), nullable=False),
        sa.Column("asked_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("approved_by", sa.String(length=64), nullable=True),
        sa.Column("approved_at_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incidents.id"], name=op.f("fk_evidence_exports_incident_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence_exports")),
    )
    op.create_index(op.f("ix_evidence_exports_incident_id"), "evidence_exports", ["incident_id"])
