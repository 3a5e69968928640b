"""Free texts of people that speak of a household, as they are kept in records never changed.

What a caller said, a note, why something was done: sealed under the household's own key where there
is one, under the site key elsewhere, before it reaches a hash chain. The chain is over what lies
there; once the household is erased the text opens no more, and the chain stays whole.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, select, update

from alarms.store import SealedBox, chain
from linkage.registry.model import ERASED
from linkage.registry.personal import HouseholdBox
from linkage.schema import households

_MARK = "sealed:1:"
_SITE_CONTEXT = "text"


def seal_text(conn: Connection, box: SealedBox, household_id: str | None, text: str) -> str:
    """The text as it may lie in a record: `sealed:1:{household or nothing}:{base64}`.

    Inside `Database.write`: a household that has no key yet is given one.
    """
    key = None if household_id is None else key_of(conn, box, household_id)
    if household_id is None or key is None:
        return seal_for_site(box, text)
    return _marked(household_id, HouseholdBox(box).seal_text(household_id, key, text))


def seal_for_site(box: SealedBox, text: str) -> str:
    """As `seal_text`, of what is no household's; erasing one does not forget it."""
    return _marked("", box.seal(text.encode(), context=_SITE_CONTEXT))


def seal_said(
    conn: Connection, box: SealedBox, household_id: str | None, text: str | None
) -> str | None:
    """As `seal_text`; nothing and blanks stay as they are, so that whoever checks sees them."""
    if text is None or not text.strip():
        return text
    return seal_text(conn, box, household_id, text)


def _marked(whose: str, sealed: bytes) -> str:
    return f"{_MARK}{whose}:{base64.b64encode(sealed).decode()}"


def key_of(conn: Connection, box: SealedBox, household_id: str) -> bytes | None:
    """The household's sealed key, drawn now where it has none yet; None when it was erased or is
    not there. Inside `Database.write`."""
    h = households.c
    row = conn.execute(
        select(h.data_key_sealed, h.erased_at_ms).where(h.id == household_id)
    ).first()
    if row is None or row.erased_at_ms is not None:
        return None
    if row.data_key_sealed is not None:
        return bytes(row.data_key_sealed)
    key = HouseholdBox(box).new_key(household_id)
    conn.execute(update(households).where(h.id == household_id).values(data_key_sealed=key))
    return key


class TextOpener:
    """Opens sealed texts while one reading transaction lasts; other texts pass as they are."""

    def __init__(self, conn: Connection, box: SealedBox) -> None:
        self._conn = conn
        self._box = box
        self._keys: dict[str, bytes | None] = {}

    def open(self, text: str) -> str:
        """The text; that it is erased, where its household was. Raises StoreUnusable."""
        if not text.startswith(_MARK):
            return text
        whose, _, packed = text.removeprefix(_MARK).partition(":")
        try:
            sealed = base64.b64decode(packed, validate=True)
        except binascii.Error:
            return text
        if not whose:
            return self._box.open(sealed, context=_SITE_CONTEXT).decode()
        opened = HouseholdBox(self._box).open_text(whose, self._key(whose), sealed)
        return str(ERASED) if opened is None else opened

    def open_all(self, said: Mapping[str, Any]) -> dict[str, Any]:
        """A record's values with every sealed text among them opened, also in lists and objects."""
        return {name: self._opened(value) for name, value in said.items()}

    def open_json(self, text: str) -> str:
        """As `open_all`, of an object as JSON text."""
        return chain.canonical(self.open_all(json.loads(text)))

    def _opened(self, value: Any) -> Any:
        match value:
            case str():
                return self.open(value)
            case list():
                return [self._opened(one) for one in value]
            case dict():
                return self.open_all(value)
            case _:
                return value

    def _key(self, household_id: str) -> bytes | None:
        if household_id not in self._keys:
            statement = select(households.c.data_key_sealed).where(households.c.id == household_id)
            self._keys[household_id] = self._conn.scalar(statement)
        return self._keys[household_id]
