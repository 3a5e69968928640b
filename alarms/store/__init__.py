"""The one database: engines, transactions, migrations, hash chains, sealed secrets.

Everything that is written goes through `Database.write`, on SQLite and PostgreSQL alike. The
tables of other packages hang on the same `metadata` (`linkage.schema`), their history in the same
migrations.
"""

from alarms.store.database import Database
from alarms.store.sealing import SealedBox, load_or_create_site_key, write_secret
from alarms.store.tables import metadata

__all__ = ["Database", "SealedBox", "load_or_create_site_key", "metadata", "write_secret"]
