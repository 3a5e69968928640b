"""The tables of quiet: silences and maintenance windows, drills.

A row is never deleted; ending one moves its end. Times are Unix milliseconds UTC in columns that
end in `_ms`; scopes are JSON lists of ids.
"""

from sqlalchemy import BigInteger, Column, Index, String, Table, Text, text

from alarms.store.tables import metadata
from linkage.schema import incident_alarms

quiet_windows = Table(
    "quiet_windows",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("sort", String(16), nullable=False),  # linkage.quiet.model.WindowSort
    Column("cameras", Text, nullable=False),
    Column("villages", Text, nullable=False),
    Column("layers", Text, nullable=False),
    Column("devices", Text, nullable=False),
    Column("kinds", Text, nullable=False),  # JSON list of alarm kinds; never one for help
    Column("reason", Text, nullable=False),  # sealed (linkage.registry.texts)
    Column("author", String(64), nullable=False),
    Column("made_at_ms", BigInteger, nullable=False),
    Column("begin_ms", BigInteger, nullable=False),
    Column("end_ms", BigInteger, nullable=False, index=True),
    Column("ended_by", String(64)),  # who ended it early
)

drills = Table(
    "drills",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("name", String(100), nullable=False),
    Column("villages", Text, nullable=False),
    Column("groups", Text, nullable=False),
    Column("devices", Text, nullable=False),
    Column("begin_ms", BigInteger, nullable=False),
    Column("end_ms", BigInteger, nullable=False, index=True),
    Column("notice_to", Text, nullable=False),  # 报备: who was told of it; sealed
    Column("noticed_at_ms", BigInteger),
    Column("note", Text, nullable=False),  # sealed
    Column("made_by", String(64), nullable=False),
    Column("made_at_ms", BigInteger, nullable=False),
    Column("started_by", String(64)),
    Column("started_at_ms", BigInteger),
    Column("ended_by", String(64)),
    Column("ended_at_ms", BigInteger),
)

OF_CAMERAS = text("kind = 'loitering'")

Index(
    "ix_incident_alarms_of_cameras_received_at_ms",
    incident_alarms.c.received_at_ms,
    sqlite_where=OF_CAMERAS,
    postgresql_where=OF_CAMERAS,
)
