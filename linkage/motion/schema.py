"""The table of motion intervals. Times are Unix milliseconds UTC.

No key to `cameras`: a camera that was taken out meanwhile must not stop a batch.
"""

from sqlalchemy import BigInteger, Column, Index, String, Table

from alarms.store.tables import metadata

motion_intervals = Table(
    "motion_intervals",
    metadata,
    Column("camera_id", String(64), primary_key=True),
    Column("from_ms", BigInteger, primary_key=True),  # before the zone: searched by camera and time
    Column("zone", String(64), primary_key=True),
    Column("to_ms", BigInteger, nullable=False),  # as known when last written, while it lasts
    Column("area", String(80)),  # JSON [x, y, width, height], fractions; None: not told
    Column("cells", String(36)),  # a coarse grid (camerad.detection.cells); None: not told
    Index("ix_motion_intervals_from_ms", "from_ms"),
)
