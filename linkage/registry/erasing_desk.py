"""Where a household is erased, and single texts are: found, taken out, written down.

The looking through all records is done while reading, so that no press waits for it; what came
meanwhile is looked through once more in the transaction that erases.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import structlog
from sqlalchemy import Connection

from alarms.errors import StoreUnusable
from alarms.store import Database, SealedBox
from linkage.registry import erasing, mentions, places
from linkage.registry.erasures import ErasureList, erased_in
from linkage.registry.history import Caller
from linkage.registry.mentions import Mentions
from linkage.registry.model import Said, Written
from linkage.registry.places import must_cover

_NOT_LISTED = Said(
    "未能写入删除名单，重启服务时会补写，请检查磁盘",
    "could not be added to the list of erasures; the next start does it: look at the disk",
)

log = structlog.get_logger()


class ErasingDesk:
    """Raises NoSuchEntry, NotPossible and StoreBusy."""

    def __init__(self, database: Database, box: SealedBox, list_file: Path) -> None:
        self._database = database
        self._box = box
        self._list = ErasureList(list_file)

    async def erase(
        self, caller: Caller, household_id: str, reason: str, *, also: Sequence[str] = ()
    ) -> Written:
        """Erase a household, and every text that mentions it by its name, telephones, address or
        label, or by `also`: a former number, a nickname."""

        def look(conn: Connection) -> Mentions:
            must_cover(caller.places, places.village_of_household(conn, household_id))
            words = mentions.words_of(conn, self._box, household_id, also)
            return mentions.find(conn, self._box, household_id, words)

        def work(conn: Connection) -> Written:
            words = mentions.words_of(conn, self._box, household_id, also)
            later = mentions.find(conn, self._box, household_id, words, after=found.seen)
            both = Mentions(found.texts | later.texts, found.older | later.older)
            return erasing.erase(conn, caller, self._box, household_id, reason, both)

        found = await self._database.read(look)
        done = await self._database.write(work)
        return (
            done
            if await self._written_down()
            else replace(done, warnings=(*done.warnings, _NOT_LISTED))
        )

    async def redact(
        self,
        caller: Caller,
        about: str,
        reason: str,
        texts_of: Callable[[Connection], Sequence[str]],
    ) -> int:
        """Take the texts out that `texts_of` names, of `about`; how many there were."""
        taken = await self._database.write(
            lambda conn: erasing.redact(conn, caller, self._box, about, texts_of(conn), reason)
        )
        await self._written_down()
        return len(taken)

    async def _written_down(self) -> bool:
        """What is erased must come back neither with an older backup nor from the write-ahead log,
        where it would wait for the next checkpoint."""
        await self._database.empty_wal()
        erased = await self._database.read(erased_in)
        try:
            await asyncio.to_thread(lambda: self._list.add(erased.without(self._list.read())))
        except StoreUnusable as failed:
            log.error("erasures.not_listed", reason=str(failed))
            return False
        return True
