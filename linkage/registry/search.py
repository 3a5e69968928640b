"""Finding households: by label, id, device, name, telephone, address, and by pinyin.

What is sealed is opened once and kept in memory only. `refreshed` makes a new index of an old one:
of what changed since (by the position of the history), all others are taken over as they are.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection, select

from alarms.store import SealedBox
from alarms.store.tables import devices
from linkage.registry.history import position
from linkage.registry.model import Entity
from linkage.registry.personal import Contact, HouseholdBox
from linkage.registry.pinyin import name_spellings, usual_spelling
from linkage.registry.schema import registry_changes
from linkage.schema import households

_AT_ONCE = 500
_TELLING = 4
"""Letters that may stand in the middle of a spelling; fewer are in every address."""


@dataclass(frozen=True, repr=False)
class Findable:
    """One household as searches see it: texts in lower case, fields apart by line ends."""

    plain: str
    spelled: str
    initials: str


@dataclass(frozen=True)
class SearchIndex:
    """All households at one position of the history; frozen."""

    position: int = -1
    """-1: nothing was read yet."""
    findables: Mapping[str, Findable] = field(default_factory=dict, repr=False)

    def find(self, text: str) -> set[str]:
        """Ids of the households that have every word of the text."""
        words = text.lower().split()
        return {
            id_ for id_, one in self.findables.items() if all(_has(one, word) for word in words)
        }


def _has(one: Findable, word: str) -> bool:
    if word in one.plain:
        return True
    if not word.isascii() or word.isdecimal():
        return False
    if len(word) >= _TELLING and word in one.spelled:
        return True
    return f"\n{word}" in one.spelled or f"\n{word}" in one.initials


def refreshed(conn: Connection, box: SealedBox, index: SearchIndex) -> SearchIndex:
    """The index as the registry is now; the same one when nothing has changed."""
    now = position(conn)
    if now == index.position:
        return index
    if index.position < 0:
        return SearchIndex(now, _read(conn, box, None))
    changed = _changed_since(conn, index.position)
    kept = {id_: one for id_, one in index.findables.items() if id_ not in changed}
    return SearchIndex(now, kept | _read(conn, box, changed))


def _changed_since(conn: Connection, since: int) -> set[str]:
    """Households that changed, or whose devices did: where those were, and where they are now."""
    c, d = registry_changes.c, devices.c
    changed: set[str] = set()
    moved: set[str] = set()
    for row in conn.execute(
        select(c.entity, c.entity_id, c.data).where(
            c.position > since, c.entity.in_([Entity.HOUSEHOLD.value, Entity.DEVICE.value])
        )
    ):
        if row.entity == Entity.HOUSEHOLD.value:
            changed.add(row.entity_id)
            continue
        moved.add(row.entity_id)
        said = json.loads(row.data)
        changed |= {
            said[key] for key in ("household", "from", "to") if isinstance(said.get(key), str)
        }
    for start in range(0, len(moved), _AT_ONCE):
        ids = sorted(moved)[start : start + _AT_ONCE]
        homes = select(d.household_id).where(d.id.in_(ids), d.household_id.is_not(None))
        changed |= set(conn.scalars(homes))
    return changed


def _read(conn: Connection, box: SealedBox, only: set[str] | None) -> dict[str, Findable]:
    if only is None:
        return _read_some(conn, box, None)
    found: dict[str, Findable] = {}
    ids = sorted(only)
    for start in range(0, len(ids), _AT_ONCE):
        found |= _read_some(conn, box, ids[start : start + _AT_ONCE])
    return found


def _read_some(conn: Connection, box: SealedBox, ids: list[str] | None) -> dict[str, Findable]:
    h, d = households.c, devices.c
    homes = select(h.id, h.label, h.data_key_sealed, h.personal_sealed)
    theirs = select(d.id, d.household_id).where(d.household_id.is_not(None))
    if ids is not None:
        homes, theirs = homes.where(h.id.in_(ids)), theirs.where(d.household_id.in_(ids))
    named: dict[str, list[str]] = defaultdict(list)
    for row in conn.execute(theirs):
        named[row.household_id].append(row.id)
    own = HouseholdBox(box)
    return {
        row.id: _findable(
            row.id,
            row.label,
            named.get(row.id, ()),
            own.open(row.id, row.data_key_sealed, row.personal_sealed),
        )
        for row in conn.execute(homes)
    }


def _findable(id_: str, label: str, device_ids: Iterable[str], contact: Contact | None) -> Findable:
    plain, spelled, initials = [id_, label, *device_ids], set(), set()
    texts = [label]
    if contact is not None:
        names = [contact.name, *(one.name for one in contact.further)]
        phones = [contact.phone, *(one.phone for one in contact.further)]
        plain += [*names, contact.address, *(_dialled(phone) for phone in phones), *phones]
        texts.append(contact.address)
        for name in names:
            ways, firsts = name_spellings(name)
            spelled |= ways
            initials |= firsts
    for text in texts:
        way, first = usual_spelling(text)
        spelled.add(way)
        initials.add(first)
    return Findable(_lines(plain), _lines(spelled), _lines(initials))


def _dialled(phone: str) -> str:
    return "".join(c for c in phone if c.isdecimal())


def _lines(texts: Iterable[str]) -> str:
    return "\n" + "\n".join(text.lower() for text in texts if text)


class HouseholdFinder:
    """Keeps the newest index; the same one for all who search. Nothing of it goes to disk."""

    def __init__(self, box: SealedBox) -> None:
        self._box = box
        self._index = SearchIndex()

    def find(self, conn: Connection, text: str) -> set[str]:
        """Ids of the households that have every word of the text, wherever they are. Two that
        search at once may both refresh; either index is right. Raises StoreUnusable."""
        index = refreshed(conn, self._box, self._index)
        self._index = index
        return index.find(text)
