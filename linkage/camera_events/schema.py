"""The tables of what is wired to cameras: buttons on inputs, and how each stood last; sirens.

Times are Unix milliseconds UTC in columns that end in `_ms`; `edge_ms` by the camera's clock.
"""

from sqlalchemy import BigInteger, Boolean, Column, Float, ForeignKey, Integer, String, Table

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

# Where a camera is turned to for an incident, and where it stands with that.
camera_presets = Table(
    "camera_presets",
    metadata,
    Column("camera_id", ForeignKey("cameras.id"), primary_key=True),
    Column("preset", String(64), nullable=False),  # the camera's own token
    Column("home", String(64)),  # it is given back to; None: its home position
    Column("back_after_s", Integer, nullable=False),
    Column("set_at_ms", BigInteger, nullable=False),
    Column("set_by", String(64), nullable=False),
    Column("incident_id", String(36)),  # the last it was turned for, or was to be
    Column("since_ms", BigInteger, nullable=False, server_default="0"),
    Column("away", Boolean, nullable=False),  # turned by us, and not given back
    Column("pan", Float),  # where it stood then, in the camera's own numbers
    Column("tilt", Float),
    Column("zoom", Float),
)
