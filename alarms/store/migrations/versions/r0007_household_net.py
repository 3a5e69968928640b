"""The household net: boundaries, estates, households' own keys, what devices have come to.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _places()
    _incidents()
    _devices()
    _books()


def _places() -> None:
    op.add_column("villages", sa.Column("households_total", sa.Integer(), nullable=True))
    op.add_column("villages", sa.Column("boundary", sa.Text(), nullable=True))
    op.add_column("grids", sa.Column("boundary", sa.Text(), nullable=True))
    op.add_column("mutual_aid_groups", sa.Column("leader_household_id", sa.String(64)))
    op.add_column("mutual_aid_groups", sa.Column("retired_at_ms", sa.BigInteger()))
    op.add_column("mutual_aid_groups", sa.Column("reminded_at_ms", sa.BigInteger()))
    for column in (
        sa.Column("estate_id", sa.String(length=64), nullable=True),
        sa.Column("told_by", sa.String(length=8), nullable=False, server_default="button"),
        sa.Column("data_key_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("personal_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("left_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("erased_at_ms", sa.BigInteger(), nullable=True),
    ):
        op.add_column("households", column)
    op.create_index(op.f("ix_households_estate_id"), "households", ["estate_id"])
    # contacts were sealed under the site key alone, which cannot be taken from one household;
    # no release has written any
    op.drop_column("households", "contact_sealed")
    op.create_table(
        "estates",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("village_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("property_company", sa.String(length=100), nullable=True),
        sa.Column("property_phone_sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["village_id"], ["villages.id"], name=op.f("fk_estates_village_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_estates")),
    )
    op.create_index(op.f("ix_estates_village_id"), "estates", ["village_id"])
    op.create_table(
        "registry_changes",
        sa.Column(
            "position",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
        ),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("entity", sa.String(length=16), nullable=False),
        sa.Column("entity_id", sa.String(length=64), nullable=False),
        sa.Column("change", sa.String(length=16), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_registry_changes")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_registry_changes_entity_entity_id", "registry_changes", ["entity", "entity_id"]
    )


def _incidents() -> None:
    # words about who was sent lie sealed, which is longer; SQLite cannot change a column's type
    op.execute("ALTER TABLE incidents RENAME COLUMN dispatched_to TO dispatched_to_before")
    op.add_column("incidents", sa.Column("dispatched_to", sa.Text(), nullable=True))
    op.execute(
        "UPDATE incidents SET dispatched_to = dispatched_to_before"
        " WHERE dispatched_to_before IS NOT NULL"
    )
    op.drop_column("incidents", "dispatched_to_before")


def _devices() -> None:
    for column in (
        sa.Column("state", sa.String(length=16), nullable=False, server_default="issued"),
        sa.Column("issued_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("enrolled_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("revoked_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("previous_key_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("previous_login", sa.String(length=64), nullable=True),
        sa.Column("previous_password_sha256", sa.String(length=64), nullable=True),
        sa.Column("previous_mosquitto_password", sa.String(length=160), nullable=True),
        sa.Column("previous_until_ms", sa.BigInteger(), nullable=True),
        sa.Column("heard_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("tested_at_ms", sa.BigInteger(), nullable=True),
    ):
        op.add_column("devices", column)
    op.create_index(op.f("ix_devices_previous_login"), "devices", ["previous_login"])


def _books() -> None:
    op.create_table(
        "maintenance_orders",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("device_id", sa.String(length=64), nullable=True),
        sa.Column("household_id", sa.String(length=64), nullable=True),
        sa.Column("group_id", sa.String(length=64), nullable=True),
        sa.Column("village_id", sa.String(length=64), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("folded_into", sa.String(length=36), nullable=True),
        sa.Column("raised_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=True),
        sa.Column("due_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("overdue_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("handed_to", sa.String(length=64), nullable=True),
        sa.Column("recovered_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("done_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("done_by", sa.String(length=64), nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_maintenance_orders")),
    )
    for column in ("device_id", "folded_into", "village_id"):
        op.create_index(op.f(f"ix_maintenance_orders_{column}"), "maintenance_orders", [column])
    op.create_index(
        "ix_maintenance_orders_state_due_at_ms", "maintenance_orders", ["state", "due_at_ms"]
    )
    op.create_table(
        "supervised_devices",
        sa.Column("device_id", sa.String(length=64), nullable=False),
        sa.Column("first_listened", sa.BigInteger(), nullable=False),
        sa.Column("heard_listened", sa.BigInteger(), nullable=True),
        sa.Column("excused_listened", sa.BigInteger(), nullable=True),
        sa.Column("memory", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("device_id", name=op.f("pk_supervised_devices")),
    )
    op.create_table(
        "supervision_listening",
        sa.Column("name", sa.String(length=16), nullable=False),
        sa.Column("listened_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_supervision_listening")),
    )
    op.create_table(
        "device_tests",
        sa.Column("alarm_id", sa.String(length=36), nullable=False),
        sa.Column("device_id", sa.String(length=64), nullable=False),
        sa.Column("household_id", sa.String(length=64), nullable=True),
        sa.Column("group_id", sa.String(length=64), nullable=True),
        sa.Column("village_id", sa.String(length=64), nullable=True),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("alarm_id", name=op.f("pk_device_tests")),
    )
    op.create_index(op.f("ix_device_tests_device_id"), "device_tests", ["device_id"])
    op.create_index("ix_device_tests_village_id_at_ms", "device_tests", ["village_id", "at_ms"])
    op.create_table(
        "group_tests",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("group_id", sa.String(length=64), nullable=False),
        sa.Column("village_id", sa.String(length=64), nullable=False),
        sa.Column("started_by", sa.String(length=64), nullable=False),
        sa.Column("started_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("until_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_group_tests")),
    )
    op.create_index(op.f("ix_group_tests_group_id"), "group_tests", ["group_id"])
    op.create_table(
        "group_test_members",
        sa.Column("test_id", sa.String(length=36), nullable=False),
        sa.Column("device_id", sa.String(length=64), nullable=False),
        sa.Column("household_id", sa.String(length=64), nullable=False),
        sa.Column("sent_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=True),
        sa.Column("answered_at_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["test_id"], ["group_tests.id"], name=op.f("fk_group_test_members_test_id")
        ),
        sa.PrimaryKeyConstraint("test_id", "device_id", name=op.f("pk_group_test_members")),
    )
