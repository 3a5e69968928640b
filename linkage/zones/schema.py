"""The table of versions of cameras' zones. Times are Unix milliseconds UTC.

`zones` (in `linkage.schema`) is what holds now. Here is what held when: a picture or a stay of last
month is judged by the zones of then. Why it was changed stands in the audit, with the same moment.
"""

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, String, Table, Text

from alarms.store.tables import metadata

camera_zone_versions = Table(
    "camera_zone_versions",
    metadata,
    Column("camera_id", ForeignKey("cameras.id"), primary_key=True),
    # 0: what was there before anybody drew in the console; without a row, 0 holds still
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("actor", String(64), nullable=False),  # empty for 0
    Column("zones", Text, nullable=False),  # JSON, linkage.zones.model.KeptZone
)
