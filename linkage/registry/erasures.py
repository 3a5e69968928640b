"""The list of what was erased: a file apart from the database, only ever added to.

A database that is restored from a backup made before an erasing would bring back what was erased.
So the list lies beside the site key, is never restored with the database, and whatever stands in it
is erased again before anybody can read the database. It holds ids and fingerprints only.
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path

import structlog
from sqlalchemy import Connection, select

from alarms.errors import StoreUnusable
from alarms.store import Database, SealedBox
from linkage.accounts.rights import Places
from linkage.registry.erasing import erase_anyway, fingerprint, some_of, take_out
from linkage.registry.history import Caller
from linkage.registry.model import Change, Entity
from linkage.registry.schema import registry_changes, text_keys
from linkage.schema import households

FILE_NAME = "erased.jsonl"
_AGAIN = "恢复了旧备份，再次删除 / an older backup was restored: erased again"
_ACTOR = "restore"

log = structlog.get_logger()


@dataclass(frozen=True)
class Erasures:
    """What was erased, of a site."""

    households: frozenset[tuple[str, str | None]] = frozenset()
    """Each with the fingerprint of the key that it had: a household that was registered anew under
    an id of a database that is no more is another one."""
    texts: frozenset[str] = frozenset()

    def without(self, others: "Erasures") -> "Erasures":
        return Erasures(self.households - others.households, self.texts - others.texts)


class ErasureList:
    """The file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> Erasures:
        """Raises StoreUnusable when it cannot be read, or a line says something else."""
        try:
            text = self._path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return Erasures()
        except (OSError, UnicodeDecodeError) as error:
            raise StoreUnusable(
                f"cannot read the list of erasures {self._path}: {error}"
            ) from error
        whole, _, cut = text.rpartition("\n")
        if cut:
            # the machine went down while it was written; the database still knows it
            log.warning("erasures.last_line_cut")
        homes, texts = set(), set()
        for number, line in enumerate(whole.splitlines(), 1):
            match _said(line):
                case {"household": str(id_), "key": str() | None as key}:
                    homes.add((id_, key))
                case {"text": str(id_)}:
                    texts.add(id_)
                case _:
                    raise StoreUnusable(
                        f"line {number} of the list of erasures {self._path} is none: put the file "
                        "back from your backup"
                    )
        return Erasures(frozenset(homes), frozenset(texts))

    def add(self, more: Erasures) -> None:
        """Write them down, synced. Raises StoreUnusable."""
        said: list[dict[str, str | None]] = [
            {"household": id_, "key": key} for id_, key in sorted(more.households, key=str)
        ]
        said += [{"text": id_} for id_ in sorted(more.texts)]
        if not said:
            return
        try:
            handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
            with os.fdopen(handle, "rb+") as file:
                _drop_cut_line(file.fileno())
                os.write(file.fileno(), "".join(json.dumps(one) + "\n" for one in said).encode())
                os.fsync(file.fileno())
        except OSError as error:
            raise StoreUnusable(
                f"cannot write the list of erasures {self._path}: {error.strerror}"
            ) from error


def erased_in(conn: Connection) -> Erasures:
    """What the database itself knows to be erased."""
    c, t = registry_changes.c, text_keys.c
    rows = conn.execute(
        select(c.entity_id, c.data).where(
            c.entity == Entity.HOUSEHOLD.value, c.change == Change.ERASED.value
        )
    )
    homes = frozenset((row.entity_id, json.loads(row.data).get("key")) for row in rows)
    texts = conn.scalars(select(t.id).where(t.redacted_at_ms.is_not(None)))
    return Erasures(homes, frozenset(texts))


def keep_up(database: Database, box: SealedBox, path: Path, *, now_ms: int, writer: str) -> None:
    """Bring list and database to the same: what a restored one brought back is erased again, what
    was not written down yet is. Raises StoreUnusable and StoreBusy."""
    listed = ErasureList(path)
    said = listed.read()
    back = database.read_now(lambda conn: _back_again(conn, said))
    if back.households or back.texts:
        caller = Caller(_ACTOR, "", Places.of(["*"]), now_ms, writer)
        database.write_now(lambda conn: _erase_again(conn, caller, box, back))
        database.empty_wal_now()
        log.warning("erasures.erased_again", households=len(back.households), texts=len(back.texts))
    listed.add(database.read_now(erased_in).without(said))


def _back_again(conn: Connection, said: Erasures) -> Erasures:
    if not said.households and not said.texts:
        return said
    h, t = households.c, text_keys.c
    homes = {
        (row.id, fingerprint(row.data_key_sealed))
        for row in conn.execute(select(h.id, h.data_key_sealed).where(h.erased_at_ms.is_(None)))
    }
    texts: set[str] = set()
    for some in some_of(said.texts):
        texts |= set(conn.scalars(select(t.id).where(t.id.in_(some), t.redacted_at_ms.is_(None))))
    return Erasures(said.households & homes, frozenset(texts))


def _erase_again(conn: Connection, caller: Caller, box: SealedBox, back: Erasures) -> None:
    take_out(conn, back.texts, at_ms=caller.at_ms)
    for id_, _ in sorted(back.households, key=str):
        erase_anyway(conn, caller, box, id_, _AGAIN, ())


def _said(line: str) -> object:
    try:
        return json.loads(line)
    except json.JSONDecodeError:
        return None


def _drop_cut_line(handle: int) -> None:
    kept = os.pread(handle, os.fstat(handle).st_size, 0)
    os.ftruncate(handle, kept.rfind(b"\n") + 1)
