"""The registry's own tables; villages, grids, groups and households themselves are in
`linkage.schema`, because the whole way of an alarm reads them.

Times are Unix milliseconds UTC in columns that end in `_ms`.
"""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, LargeBinary, String, Table, Text

from alarms.store.tables import RowNumber, metadata

estates = Table(
    "estates",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("village_id", ForeignKey("villages.id"), nullable=False, index=True),
    Column("name", String(100), nullable=False),
    Column("property_company", String(100)),
    Column("property_phone_sealed", LargeBinary),  # under the site key, `estate:{id}`
)

# A free text that lies sealed in a record has a key of its own: without it the record's chain is
# whole and its text is gone (linkage.registry.texts, .erasing). Rows are never deleted.
text_keys = Table(
    "text_keys",
    metadata,
    Column("id", String(32), primary_key=True),  # random: never given twice, also after a restore
    Column("household_id", String(64)),  # whose key seals this one; None: the site's
    Column("key_sealed", LargeBinary),  # None: the text was taken out
    Column("redacted_at_ms", BigInteger, index=True),
)

# What became of each entry, kept for ever; ids and the names of fields, nothing personal. Who
# called, from where, is in the audit as well.
registry_changes = Table(
    "registry_changes",
    metadata,
    Column("position", RowNumber, primary_key=True),
    Column("at_ms", BigInteger, nullable=False),
    Column("actor", String(64), nullable=False),  # user name, `machine:…` or `cli`
    Column("entity", String(16), nullable=False),  # linkage.registry.model.Entity
    Column("entity_id", String(64), nullable=False),
    Column("change", String(16), nullable=False),  # linkage.registry.model.Change
    Column("data", Text, nullable=False),  # JSON: what was and what is, such as {"from", "to"}
    Index("ix_registry_changes_entity_entity_id", "entity", "entity_id"),
    sqlite_autoincrement=True,
)
