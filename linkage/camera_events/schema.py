"""The tables of what is wired to cameras: buttons on inputs, and how each stood last; sirens.

Times are Unix milliseconds UTC in columns that end in `_ms`; `edge_ms` by the camera's clock.
"""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Integer, String, Table

from alarms.store.tables import metadata

camera_inputs = Table(
    "camera_inputs",
    metadata,
    Column("camera_id", ForeignKey("cameras.id"), primary_key=True),
    Column("token", String(64), primary_key=True),  # as the camera calls the input
    Column("button", String(64), nullable=False, unique=True),  # devices.id: whose press it is
    Column("kind", String(16), nullable=False),  # alarms.model.AlarmKind: panic, fire…
    Column("silent", Boolean, nullable=False),
    Column("normally_closed", Boolean, nullable=False),  # active for the camera is at rest
    Column("wired_at_ms", BigInteger, nullable=False),
    Column("wired_by", String(64), nullable=False),
    Column("test_until_ms", BigInteger),  # the next press until then is a test
    # how it stood last: what is a press is decided by it, over every restart
    Column("active", Boolean),  # pressed; None: never heard
    Column("changed_ms", BigInteger),  # since when, by our clock
    Column("edge_ms", BigInteger),  # the last press by the camera's clock
    Column("pressed_ms", BigInteger),  # and by ours
    Column("presses", Integer, nullable=False),  # numbers them for ever
)

camera_relays = Table(
    "camera_relays",
    metadata,
    Column("camera_id", ForeignKey("cameras.id"), primary_key=True),
    Column("token", String(64), primary_key=True),  # as the camera calls the relay
    Column("siren", String(64), nullable=False, unique=True),  # devices.id
    Column("wired_at_ms", BigInteger, nullable=False),
    Column("wired_by", String(64), nullable=False),
)
