"""The tables of `alarms`. Times are Unix milliseconds UTC in columns that end in `_ms`.

Changing a table here needs a migration; a test holds the two against each other.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

metadata = MetaData(naming_convention=NAMING)

# SQLite makes only INTEGER PRIMARY KEY an alias of its row number
RowNumber = BigInteger().with_variant(Integer(), "sqlite")


def chain_columns() -> list[Column[object]]:
    """The columns that every append-only, hash-chained table has (`alarms.store.chain`).

    `writer` has a chain of its own; `number` counts its rows from 1 without gaps; `payload` is
    the canonical JSON of every fact of the row; `digest` its SHA-256; `link` the SHA-256 over the
    previous link and this digest.
    """
    return [
        Column("writer", String(64), nullable=False),
        Column("number", BigInteger, nullable=False),
        Column("payload", Text, nullable=False),
        Column("digest", String(64), nullable=False),
        Column("link", String(64), nullable=False),
    ]


alarms = Table(
    "alarms",
    metadata,
    Column("position", RowNumber, primary_key=True),
    Column("id", String(36), nullable=False, unique=True),
    Column("source", String(16), nullable=False),
    Column("device", String(64), nullable=False),
    Column("boot", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("silent", Boolean, nullable=False),
    Column("at_ms", BigInteger),  # what the device's clock said; may be any number
    Column("received_at_ms", BigInteger, nullable=False),  # our clock when the batch was committed
    Column("mac_ok", Boolean, nullable=False),
    Column("flags", String(200), nullable=False),  # Flag values, sorted, joined by spaces
    *chain_columns(),
    Index("ix_alarms_writer_number", "writer", "number", unique=True),
    sqlite_autoincrement=True,  # a pruned position is never given again: cursors rely on it
)

# What identifies an alarm for ever; rows outlive the pruning of `alarms`.
alarm_identities = Table(
    "alarm_identities",
    metadata,
    Column("identity", String(240), primary_key=True),  # device|boot|seq|mac
    Column("alarm_id", String(36), nullable=False),
    Column("received_at_ms", BigInteger, nullable=False),
)

refusals = Table(
    "refusals",
    metadata,
    Column("position", RowNumber, primary_key=True),
    Column("at_ms", BigInteger, nullable=False),
    Column("device", String(64)),  # None when not even that could be read
    Column("topic", String(256), nullable=False),
    Column("reason", String(32), nullable=False),
    Column("detail", String(500), nullable=False),
    Column("size", Integer, nullable=False),  # bytes of the whole payload
    Column("head", LargeBinary, nullable=False),  # its first 256 bytes, sealed
    sqlite_autoincrement=True,
)

devices = Table(
    "devices",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("kind", String(16), nullable=False),  # button | siren | loudspeaker
    Column("household_id", String(64), index=True),  # linkage.households.id; None when unplaced
    Column("group_id", String(64), index=True),  # for devices of a whole group
    Column("key_sealed", LargeBinary),  # sealed 32-byte key; None for unsigned devices
    Column("unsigned", Boolean, nullable=False),
    Column("login", String(64), unique=True),  # broker user name; None: no broker login
    Column("password_sha256", String(64)),  # of a random 128-bit secret, so no slow hash
    Column("mosquitto_password", String(160)),  # the same secret as alarms.mosquitto hashes it
    Column("last_boot", BigInteger),  # counters of its last press, for sequence_suspect
    Column("last_seq", BigInteger),
    Column("online", Boolean),  # as its status topic last said; None: never heard
    Column("status_at_ms", BigInteger),
    Column("status", Text),  # the last status payload, JSON
    Column("state", String(16), nullable=False, default="issued"),  # alarms.model.DeviceState
    Column("issued_at_ms", BigInteger),  # its key and login were last shown
    Column("enrolled_at_ms", BigInteger),  # its first test was heard
    Column("revoked_at_ms", BigInteger),
    # while a rotated device may still use what it had
    Column("previous_key_sealed", LargeBinary),
    Column("previous_login", String(64), index=True),
    Column("previous_password_sha256", String(64)),
    Column("previous_mosquitto_password", String(160)),
    Column("previous_until_ms", BigInteger),
    Column("heard_at_ms", BigInteger),  # spoke itself: not what a broker had retained
    Column("tested_at_ms", BigInteger),  # its last test press
    CheckConstraint("unsigned OR key_sealed IS NOT NULL", name="signed_has_key"),
)

# How far each reader has read the alarms; moves only in the transaction that holds its results.
cursors = Table(
    "cursors",
    metadata,
    Column("reader", String(64), primary_key=True),
    Column("position", BigInteger, nullable=False),
)

# The last link of every chain, so that a cut tail shows.
chain_heads = Table(
    "chain_heads",
    metadata,
    Column("chain", String(32), primary_key=True),  # the table's name
    Column("writer", String(64), primary_key=True),
    Column("number", BigInteger, nullable=False),
    Column("link", String(64), nullable=False),
)

# Up to where a chain's oldest rows were pruned; the newest checkpoint only (alarms.pruning).
chain_checkpoints = Table(
    "chain_checkpoints",
    metadata,
    Column("chain", String(32), primary_key=True),  # the table's name
    Column("writer", String(64), primary_key=True),
    Column("up_to_number", BigInteger, nullable=False),  # the last row that is gone
    Column("link", String(64), nullable=False),  # and its link: the rows that stay follow it
    Column("pruned_at_ms", BigInteger, nullable=False),
    Column("mac", String(64), nullable=False),  # the site's signature of all this
)
