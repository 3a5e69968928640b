"""The table of visits. Times are Unix milliseconds UTC."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, String, Table, Text

from alarms.store.tables import metadata

# 回访: who was at a household's door to see why its button is pressed without need; never deleted.
household_visits = Table(
    "household_visits",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("household_id", ForeignKey("households.id"), nullable=False),
    Column("village_id", String(64), nullable=False),  # where the household was then
    Column("visited_on", String(10), nullable=False),  # YYYY-MM-DD, local
    Column("visited_at_ms", BigInteger, nullable=False),  # that day's end, or when it was noted
    Column("said", Text, nullable=False),  # sealed under the household's key
    Column("noted_by", String(64), nullable=False),
    Column("noted_at_ms", BigInteger, nullable=False),
    Index("ix_household_visits_household_visited", "household_id", "visited_at_ms"),
    Index("ix_household_visits_visited_at_ms", "visited_at_ms"),
)
