"""The table of consents. Times are Unix milliseconds UTC."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, String, Table, Text

from alarms.store.tables import metadata

# What households agreed to for their cameras; never deleted. At most one of a camera is not
# withdrawn, and without one the camera is not enabled.
camera_consents = Table(
    "camera_consents",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("camera_id", ForeignKey("cameras.id"), nullable=False),
    Column("household_id", ForeignKey("households.id"), nullable=False, index=True),
    Column("agreed_by", Text, nullable=False),  # sealed under the household's key, as all texts
    Column("agreed_on", String(10), nullable=False),  # YYYY-MM-DD
    Column("purpose", Text, nullable=False),
    Column("reference", Text, nullable=False),
    Column("keeps", Boolean, nullable=False),  # pictures of an incident may be kept here
    Column("recorded_by", String(64), nullable=False),
    Column("recorded_at_ms", BigInteger, nullable=False),
    Column("withdrawn_at_ms", BigInteger),  # None: it stands
    Column("withdrawn_by", String(64)),  # who wrote the withdrawal down
    Column("withdrawn_said", Text),
    Index("ix_camera_consents_camera_recorded", "camera_id", "recorded_at_ms"),
)
