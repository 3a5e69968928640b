"""Posts, rota, absences, hand-over, patrol teams, village officers.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "duty_posts",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("villages", sa.Text(), nullable=False),
        sa.Column("grids", sa.Text(), nullable=False),
        sa.Column("must_be_manned", sa.Boolean(), nullable=False),
        sa.Column("hours", sa.String(length=16), nullable=True),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duty_posts")),
    )
    op.create_table(
        "duty_watch",
        sa.Column("name", sa.String(length=16), nullable=False),
        sa.Column("manned_before", sa.Boolean(), nullable=False),
        sa.Column("empty_since_ms", sa.BigInteger(), nullable=True),
        sa.Column("raised", sa.Integer(), nullable=False),
        sa.Column("raised_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("villages", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_duty_watch")),
    )
    op.create_table(
        "handovers",
        sa.Column("position", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("handover_id", sa.String(length=36), nullable=False),
        sa.Column("act", sa.String(length=8), nullable=False),
        sa.Column("username", sa.String(length=64), nullable=False),
        sa.Column("display_name", sa.String(length=100), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("places", sa.Text(), nullable=False),
        sa.Column("sheet", sa.Text(), nullable=False),
        sa.Column("writer", sa.String(length=64), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("link", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_handovers")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_handovers_handover_id_act", "handovers", ["handover_id", "act"], unique=True
    )
    op.create_index("ix_handovers_writer_number", "handovers", ["writer", "number"], unique=True)
    op.create_table(
        "patrol_teams",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("villages", sa.Text(), nullable=False),
        sa.Column("grids", sa.Text(), nullable=False),
        sa.Column("slots", sa.Text(), nullable=False),
        sa.Column("usernames", sa.Text(), nullable=False),
        sa.Column("members_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("latitude", sa.Float(), nullable=True),
        sa.Column("longitude", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_patrol_teams")),
    )
    op.create_table(
        "absences",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("username", sa.String(length=64), nullable=False),
        sa.Column("begin_ms", sa.BigInteger(), nullable=False),
        sa.Column("end_ms", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(length=16), nullable=False),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["username"], ["accounts.username"], name=op.f("fk_absences_username")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_absences")),
    )
    op.create_index(op.f("ix_absences_username"), "absences", ["username"], unique=False)
    op.create_table(
        "duty_overrides",
        sa.Column("position", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("post_id", sa.String(length=64), nullable=False),
        sa.Column("begin_ms", sa.BigInteger(), nullable=False),
        sa.Column("end_ms", sa.BigInteger(), nullable=False),
        sa.Column("username", sa.String(length=64), nullable=True),
        sa.Column("replaces", sa.String(length=64), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["post_id"], ["duty_posts.id"], name=op.f("fk_duty_overrides_post_id")
        ),
        sa.ForeignKeyConstraint(
            ["replaces"], ["accounts.username"], name=op.f("fk_duty_overrides_replaces")
        ),
        sa.ForeignKeyConstraint(
            ["username"], ["accounts.username"], name=op.f("fk_duty_overrides_username")
        ),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_duty_overrides")),
        sa.UniqueConstraint("id", name=op.f("uq_duty_overrides_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_duty_overrides_post_id"), "duty_overrides", ["post_id"], unique=False)
    op.create_table(
        "duty_patterns",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("post_id", sa.String(length=64), nullable=False),
        sa.Column("start", sa.String(length=5), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("crews", sa.Text(), nullable=False),
        sa.Column("begins_on", sa.String(length=10), nullable=False),
        sa.Column("ends_on", sa.String(length=10), nullable=True),
        sa.Column("weekdays", sa.String(length=20), nullable=False),
        sa.Column("turn", sa.String(length=8), nullable=False),
        sa.ForeignKeyConstraint(
            ["post_id"], ["duty_posts.id"], name=op.f("fk_duty_patterns_post_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duty_patterns")),
    )
    op.create_index(op.f("ix_duty_patterns_post_id"), "duty_patterns", ["post_id"], unique=False)
    op.create_table(
        "village_officers",
        sa.Column("village_id", sa.String(length=64), nullable=False),
        sa.Column("username", sa.String(length=64), nullable=True),
        sa.Column("contact_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("unit", sa.String(length=100), nullable=False),
        sa.ForeignKeyConstraint(
            ["username"], ["accounts.username"], name=op.f("fk_village_officers_username")
        ),
        sa.ForeignKeyConstraint(
            ["village_id"], ["villages.id"], name=op.f("fk_village_officers_village_id")
        ),
        sa.PrimaryKeyConstraint("village_id", name=op.f("pk_village_officers")),
    )
