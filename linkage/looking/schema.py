"""The table of looks. Times are Unix milliseconds UTC."""

from sqlalchemy import BigInteger, Column, Index, String, Table, Text

from alarms.store.tables import metadata

# The register of looks: a row is begun before the first picture goes out, and closed at the end.
looks = Table(
    "looks",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("kind", String(10), nullable=False),  # linkage.looking.register.LookKind
    Column("camera_id", String(64), nullable=False),
    Column("incident_id", String(36)),  # the reason; None: `purpose` says it
    Column("username", String(64), nullable=False),
    Column("display_name", String(100), nullable=False),
    Column("unit", String(100), nullable=False),
    Column("role", String(32), nullable=False),
    Column("address", String(64), nullable=False),
    Column("purpose", Text),  # sealed
    Column("began_at_ms", BigInteger, nullable=False),
    Column("seen_until_ms", BigInteger, nullable=False),  # it lasted so long at least
    Column("ended_at_ms", BigInteger),  # and no longer than this; None: it goes on
    Column("why_ended", String(20)),  # linkage.looking.register.Ended
    Column("writer", String(64), nullable=False),
    Index("ix_looks_camera_began", "camera_id", "began_at_ms"),
    Index("ix_looks_incident_id", "incident_id"),
    Index("ix_looks_began_at_ms", "began_at_ms"),
    Index("ix_looks_writer_ended", "writer", "ended_at_ms"),
)
