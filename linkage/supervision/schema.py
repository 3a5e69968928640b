"""The table of maintenance orders. Times are Unix milliseconds UTC in columns ending in `_ms`."""

from sqlalchemy import BigInteger, Column, Index, String, Table, Text

from alarms.store.tables import metadata

maintenance_orders = Table(
    "maintenance_orders",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("kind", String(16), nullable=False),  # linkage.supervision.model.Fault
    Column("device_id", String(64), index=True),  # None: a whole village
    Column("household_id", String(64)),
    Column("group_id", String(64)),
    Column("village_id", String(64), index=True),
    Column("state", String(16), nullable=False),  # linkage.supervision.model.OrderState
    Column("raised_at_ms", BigInteger, nullable=False),
    Column("owner", String(64)),  # user name; None: nobody could be found, and the page says so
    Column("due_at_ms", BigInteger, nullable=False),
    Column("overdue_at_ms", BigInteger),  # when it was handed up because its due time passed
    Column("recovered_at_ms", BigInteger),  # the device itself was well again
    Column("done_at_ms", BigInteger),
    Column("done_by", String(64)),
    Column("detail", Text, nullable=False),  # JSON, nothing personal
    Index("ix_maintenance_orders_state_due_at_ms", "state", "due_at_ms"),
)
