"""The tables of the ledgers. They outlive the pruning of the log. Times are Unix milliseconds UTC.

Places are kept as they were at that moment: a household may move to another group afterwards.
"""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, String, Table

from alarms.store.tables import metadata

device_tests = Table(
    "device_tests",
    metadata,
    Column("alarm_id", String(36), primary_key=True),  # the test press in the log
    Column("device_id", String(64), nullable=False, index=True),
    Column("household_id", String(64)),
    Column("group_id", String(64)),
    Column("village_id", String(64)),
    Column("at_ms", BigInteger, nullable=False),  # received
    Index("ix_device_tests_village_id_at_ms", "village_id", "at_ms"),
)

group_tests = Table(
    "group_tests",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("group_id", String(64), nullable=False, index=True),
    Column("village_id", String(64), nullable=False),
    Column("started_by", String(64), nullable=False),
    Column("started_at_ms", BigInteger, nullable=False),
    Column("until_ms", BigInteger, nullable=False),  # answers count until then
)

group_test_members = Table(
    "group_test_members",
    metadata,
    Column("test_id", ForeignKey("group_tests.id"), primary_key=True),
    Column("device_id", String(64), primary_key=True),
    Column("household_id", String(64), nullable=False),
    Column("sent_at_ms", BigInteger),  # taken by the broker; None: not yet
    Column("state", String(16)),  # delivered | read | coming | cannot; None: nothing heard
    Column("answered_at_ms", BigInteger),
)
