"""Free texts of people, as they are kept in records never changed: each sealed under a key of its
own, before it reaches a hash chain.

That key lies in `text_keys`, sealed under the key of the household that the text is about, or under
the site's where there is none. So a text can be taken out by itself, and all of an erased
household's are gone with its key; the chain is over what lies there, and stays whole.
"""

import base64
import binascii
import json
import re
import secrets
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from alarms.errors import StoreUnusable
from alarms.store import SealedBox, chain
from alarms.store.prepared import Prepared
from linkage.registry.model import ERASED
from linkage.registry.personal import HouseholdBox
from linkage.registry.schema import text_keys
from linkage.schema import households

_KEY_BYTES = 32
_SITE_CONTEXT = "text"
_MARK = "sealed:"
_SEALED = re.compile(
    r"sealed:2:(?P<id>[0-9a-f]{32}):(?P<packed>[A-Za-z0-9+/]+={0,2})"
    r"|sealed:1:(?P<whose>[A-Za-z0-9._-]{0,64}):(?P<older>[A-Za-z0-9+/]+={0,2})"
)
_KEY = Prepared(
    select(text_keys.c.household_id, text_keys.c.key_sealed).where(text_keys.c.id == bindparam("t"))
)


def seal_text(conn: Connection, box: SealedBox, household_id: str | None, text: str) -> str:
    """The text as it may lie in a record: `sealed:2:{its key's id}:{base64}`.

    Inside `Database.write`: a household that has no key yet is given one.
    """
    text_id, key = uuid.uuid4().hex, secrets.token_bytes(_KEY_BYTES)
    outer = None if household_id is None else key_of(conn, box, household_id)
    if household_id is None or outer is None:
        household_id, around = None, box
    else:
        around = HouseholdBox(box).box_of(household_id, outer)
    key_sealed = around.seal(key, context=_key_context(text_id))
    conn.execute(
        insert(text_keys).values(id=text_id, household_id=household_id, key_sealed=key_sealed)
    )
    sealed = SealedBox(key).seal(text.encode(), context=_text_context(text_id))
    return f"{_MARK}2:{text_id}:{base64.b64encode(sealed).decode()}"


def seal_said(
    conn: Connection, box: SealedBox, household_id: str | None, text: str | None
) -> str | None:
    """As `seal_text`; nothing and blanks stay as they are, so that whoever checks sees them."""
    if text is None or not text.strip():
        return text
    return seal_text(conn, box, household_id, text)


def seal_for_site(box: SealedBox, text: str) -> str:
    """For whoever has no transaction at hand: under the site key alone, `sealed:1::{base64}`. Such
    a text cannot be taken out, so let it be no more than a reference number."""
    sealed = box.seal(text.encode(), context=_SITE_CONTEXT)
    return f"{_MARK}1::{base64.b64encode(sealed).decode()}"


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


def text_ids(kept: str) -> list[str]:
    """The ids of the texts in what lies in a record that can be taken out one by one."""
    return [found["id"] for found in _SEALED.finditer(kept) if found["id"] is not None]


@dataclass(frozen=True)
class OpenedText:
    """One sealed text of a record."""

    id: str | None
    """None: it has no key of its own."""
    household_id: str | None
    text: str | None
    """None: it was taken out, or its household erased."""


class TextOpener:
    """Opens sealed texts while one transaction lasts; what is not sealed passes as it is."""

    def __init__(self, conn: Connection, box: SealedBox) -> None:
        self._conn = conn
        self._box = box
        self._boxes: dict[str, SealedBox | None] = {}

    def open(self, text: str) -> str:
        """The text, wherever in `text` it lies sealed; that it is erased, where it was. Raises
        StoreUnusable."""
        if _MARK not in text:
            return text
        return _SEALED.sub(self._as_shown, text)

    def each(self, kept: str) -> Iterator[OpenedText]:
        """Every sealed text in what lies in a record. Raises StoreUnusable."""
        for found in _SEALED.finditer(kept):
            one = self._opened(found)
            if one is not None:
                yield one

    def open_all(self, said: Mapping[str, Any]) -> dict[str, Any]:
        """A record's values with every sealed text among them opened, also in lists and objects."""
        return {name: self._value(value) for name, value in said.items()}

    def open_json(self, text: str) -> str:
        """As `open_all`, of an object as JSON text."""
        return chain.canonical(self.open_all(json.loads(text)))

    def _as_shown(self, found: re.Match[str]) -> str:
        one = self._opened(found)
        if one is None:
            return found[0]
        return str(ERASED) if one.text is None else one.text

    def _opened(self, found: re.Match[str]) -> OpenedText | None:
        """None: somebody typed what looks like a sealed text."""
        try:
            sealed = base64.b64decode(found["packed"] or found["older"], validate=True)
        except binascii.Error:
            return None
        if found["id"] is not None:
            return self._own(found["id"], sealed)
        try:
            return self._older(found["whose"], sealed)
        except StoreUnusable:
            # anybody can type such a mark, and must not make a page unreadable by it; nobody can
            # know the id of a text that has a key of its own
            return None

    def _own(self, text_id: str, sealed: bytes) -> OpenedText:
        rows = _KEY.rows(self._conn, {"t": text_id})
        household_id, key_sealed = rows[0] if rows else (None, None)
        around = self._box if household_id is None else self._box_of(household_id)
        if around is None or key_sealed is None:
            return OpenedText(text_id, household_id, None)
        key = around.open(bytes(key_sealed), context=_key_context(text_id))
        text = SealedBox(key).open(sealed, context=_text_context(text_id)).decode()
        return OpenedText(text_id, household_id, text)

    def _older(self, whose: str, sealed: bytes) -> OpenedText:
        if not whose:
            text = self._box.open(sealed, context=_SITE_CONTEXT).decode()
            return OpenedText(None, None, text)
        around = self._box_of(whose)
        if around is None:
            return OpenedText(None, whose, None)
        text = around.open(sealed, context=f"household-text:{whose}").decode()
        return OpenedText(None, whose, text)

    def _value(self, value: Any) -> Any:
        match value:
            case str():
                return self.open(value)
            case list():
                return [self._value(one) for one in value]
            case dict():
                return self.open_all(value)
            case _:
                return value

    def _box_of(self, household_id: str) -> SealedBox | None:
        """What opens with the household's key; None when it was erased."""
        if household_id not in self._boxes:
            statement = select(households.c.data_key_sealed).where(households.c.id == household_id)
            key = self._conn.scalar(statement)
            own = None if key is None else HouseholdBox(self._box).box_of(household_id, bytes(key))
            self._boxes[household_id] = own
        return self._boxes[household_id]


def _key_context(text_id: str) -> str:
    return f"text-key:{text_id}"


def _text_context(text_id: str) -> str:
    return f"text:{text_id}"
