"""The tables of the duty room. Times are Unix milliseconds UTC in columns that end in `_ms`.

Hours of the day are local text ("08:00"), days ISO dates, lists JSON. Who changed what is in the
audit; hand-overs are append-only rows of a chain of their own.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
)

from alarms.store.tables import RowNumber, chain_columns, metadata

duty_posts = Table(
    "duty_posts",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("name", String(100), nullable=False),
    Column("role", String(32), nullable=False),  # linkage.model.person.Role
    Column("villages", Text, nullable=False),  # JSON ["*"] or village ids
    Column("grids", Text, nullable=False),  # JSON grid ids; empty: all of the villages
    Column("must_be_manned", Boolean, nullable=False),
    Column("hours", String(16)),  # "08:00-20:00"; None: day and night
    Column("created_at_ms", BigInteger, nullable=False),
)

duty_patterns = Table(
    "duty_patterns",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("post_id", ForeignKey("duty_posts.id"), nullable=False, index=True),
    Column("start", String(5), nullable=False),  # "20:00"
    Column("minutes", Integer, nullable=False),  # how long, by the clock on the wall
    Column("crews", Text, nullable=False),  # JSON [["zhang", "li"], ["wang"]], in turn
    Column("begins_on", String(10), nullable=False),  # "2026-11-21"
    Column("ends_on", String(10)),
    Column("weekdays", String(20), nullable=False),  # JSON [1, …, 7], Monday is 1
    Column("turn", String(8), nullable=False),  # linkage.duty.model.Turn
)

duty_overrides = Table(
    "duty_overrides",
    metadata,
    Column("position", RowNumber, primary_key=True),  # later ones are laid over earlier ones
    Column("id", String(64), nullable=False, unique=True),
    Column("post_id", ForeignKey("duty_posts.id"), nullable=False, index=True),
    Column("begin_ms", BigInteger, nullable=False),
    Column("end_ms", BigInteger, nullable=False),
    Column("username", ForeignKey("accounts.username")),
    Column("replaces", ForeignKey("accounts.username")),
    Column("reason", Text, nullable=False),  # sealed (linkage.registry.texts)
    sqlite_autoincrement=True,
)

absences = Table(
    "absences",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("username", ForeignKey("accounts.username"), nullable=False, index=True),
    Column("begin_ms", BigInteger, nullable=False),
    Column("end_ms", BigInteger, nullable=False),
    Column("reason", String(16), nullable=False),  # linkage.duty.model.AbsenceReason
    Column("note", Text, nullable=False),  # sealed
)

patrol_teams = Table(
    "patrol_teams",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("name", String(100), nullable=False),
    Column("villages", Text, nullable=False),
    Column("grids", Text, nullable=False),
    Column("slots", Text, nullable=False),  # JSON list of linkage.duty.model.Slot
    Column("usernames", Text, nullable=False),  # JSON account names
    Column("members_sealed", LargeBinary),  # sealed JSON [{"name", "phone"}]
    Column("latitude", Float),
    Column("longitude", Float),
)

village_officers = Table(
    "village_officers",
    metadata,
    Column("village_id", ForeignKey("villages.id"), primary_key=True),
    Column("username", ForeignKey("accounts.username")),
    Column("contact_sealed", LargeBinary),  # sealed JSON {"name", "phone"}
    Column("unit", String(100), nullable=False),
)

# What the watch remembers of the chair in the duty room; one row, named `chair`.
duty_watch = Table(
    "duty_watch",
    metadata,
    Column("name", String(16), primary_key=True),
    Column("manned_before", Boolean, nullable=False),
    Column("empty_since_ms", BigInteger),  # None: manned, or not alarmed yet
    Column("raised", Integer, nullable=False),  # alarms since then
    Column("raised_at_ms", BigInteger),
    Column("villages", Text, nullable=False),  # JSON: for whom the alarms were
)

# 交接班台账, append-only: of a hand-over one row of the outgoing who drafted, one of who signed.
handovers = Table(
    "handovers",
    metadata,
    Column("position", RowNumber, primary_key=True),
    Column("handover_id", String(36), nullable=False),
    Column("act", String(8), nullable=False),  # drafted | signed
    Column("username", String(64), nullable=False),
    Column("display_name", String(100), nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("places", Text, nullable=False),  # JSON: where the sheet's incidents may lie
    Column("sheet", Text, nullable=False),  # JSON: what was handed over, or came up since
    *chain_columns(),
    Index("ix_handovers_handover_id_act", "handover_id", "act", unique=True),
    Index("ix_handovers_writer_number", "writer", "number", unique=True),
    sqlite_autoincrement=True,
)
