"""The tables of custody. Times are Unix milliseconds UTC."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table, Text

from alarms.store.tables import RowNumber, chain_columns, metadata

# Append-only, hash-chained and signed: what happened to the evidence of an incident.
evidence_entries = Table(
    "evidence_entries",
    metadata,
    Column("position", RowNumber, primary_key=True),
    Column("incident_id", String(36), nullable=False),  # whose manifest, whatever became of it
    Column("n", Integer, nullable=False),  # counts the entries of the manifest from 1
    Column("at_ms", BigInteger, nullable=False),
    Column("kind", String(16), nullable=False),  # linkage.custody.model.EntryKind
    Column("evidence_id", String(64), index=True),
    Column("signature", String(128), nullable=False),
    *chain_columns(),
    Index("ix_evidence_entries_incident_n", "incident_id", "n", unique=True),
    Index("ix_evidence_entries_writer_number", "writer", "number", unique=True),
    sqlite_autoincrement=True,
)

# What is not there: never kept, or deleted.
evidence_gaps = Table(
    "evidence_gaps",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("incident_id", ForeignKey("incidents.id"), nullable=False, index=True),
    Column("camera_id", String(64), nullable=False),
    Column("kind", String(16), nullable=False),  # snapshot | clip
    Column("at_ms", BigInteger, nullable=False),  # of what it would show
    Column("why", String(16), nullable=False),  # linkage.custody.model.Why
    Column("detail", Text, nullable=False),  # JSON
    Column("unlink", String(200), index=True),  # a deleted file that may still be on the disk
    Column("entered_at_ms", BigInteger, index=True),  # in the manifest since; None: not yet
)

# While a hold is not released, nothing of its incident is deleted.
evidence_holds = Table(
    "evidence_holds",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("incident_id", ForeignKey("incidents.id"), nullable=False, index=True),
    Column("reason", Text, nullable=False),
    Column("held_by", String(64), nullable=False),
    Column("held_at_ms", BigInteger, nullable=False),
    Column("released_by", String(64)),
    Column("released_at_ms", BigInteger),
    Column("release_reason", Text),
)

evidence_exports = Table(
    "evidence_exports",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("incident_id", ForeignKey("incidents.id"), nullable=False, index=True),
    Column("detail", Text, nullable=False),  # JSON: purpose, basis, case, recipient
    Column("asked_by", String(64), nullable=False),
    Column("asked_at_ms", BigInteger, nullable=False),
    Column("approved_by", String(64)),  # None: not yet
    Column("approved_at_ms", BigInteger),
)
