"""The tables of maintenance orders and of what the watch remembers of each device.

Times of the wall clock are Unix milliseconds UTC in columns ending in `_ms`. Columns ending in
`_listened` are milliseconds of listening (`linkage.supervision.deciding.Listening`): they count
on only while we could hear the devices, and no wall clock that is set can move them.
"""

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
    Column("folded_into", String(36), index=True),  # the village's order that stands for it
    Column("raised_at_ms", BigInteger, nullable=False),
    Column("owner", String(64)),  # user name; None: nobody could be found, and the page says so
    Column("due_at_ms", BigInteger, nullable=False),
    Column("overdue_at_ms", BigInteger),  # when it was handed up because its due time passed
    Column("handed_to", String(64)),  # user name of the shift leader it was handed up to
    Column("recovered_at_ms", BigInteger),  # the device itself was well again
    Column("done_at_ms", BigInteger),
    Column("done_by", String(64)),  # None: it closed by itself
    Column("detail", Text, nullable=False),  # JSON, nothing personal
    Index("ix_maintenance_orders_state_due_at_ms", "state", "due_at_ms"),
)

# What must outlive a restart; written now and then, so it may be a minute behind.
supervised_devices = Table(
    "supervised_devices",
    metadata,
    Column("device_id", String(64), primary_key=True),
    Column("first_listened", BigInteger, nullable=False),  # when it came under supervision
    Column("heard_listened", BigInteger),  # when it last spoke itself; None: never
    Column("excused_listened", BigInteger),  # its time began anew: somebody saw to it
    Column("memory", Text, nullable=False),  # JSON: linkage.supervision.storage
)

# One row, named `watch`: how long we have listened in all.
supervision_listening = Table(
    "supervision_listening",
    metadata,
    Column("name", String(16), primary_key=True),
    Column("listened_ms", BigInteger, nullable=False),
)
