"""The tables of the response plans. A version is a row and is never changed."""

from sqlalchemy import BigInteger, Boolean, Column, Integer, String, Table, Text

from alarms.store.tables import metadata

response_plans = Table(
    "response_plans",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("name", String(100), nullable=False),
    Column("kinds", Text, nullable=False),  # JSON; [] is every kind
    Column("villages", Text, nullable=False),  # JSON; [] is every village
    Column("items", Text, nullable=False),  # JSON [{"id", "text"}]
    Column("contacts", Text, nullable=False),  # JSON [{"name", "phone"}]; never a household's
    Column("made_at_ms", BigInteger, nullable=False),
    Column("made_by", String(64), nullable=False),
    Column("retired", Boolean, nullable=False),
)

# The present state of each item of an incident's plan; how it came about is in the timeline.
response_plan_ticks = Table(
    "response_plan_ticks",
    metadata,
    Column("incident_id", String(36), primary_key=True),
    Column("plan_id", String(64), primary_key=True),
    Column("item_id", String(64), primary_key=True),
    Column("done", Boolean, nullable=False),
    Column("by", String(64), nullable=False),
    Column("at_ms", BigInteger, nullable=False),
)
