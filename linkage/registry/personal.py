"""What is personal about a household, sealed under the household's own key.

The key lies sealed under the site key. Erasing a household forgets its key: what was sealed with
it, here and in the append-only records, opens no more, while the records' chains stay whole.
"""

import json
import secrets
from dataclasses import asdict, dataclass

from sqlalchemy import Connection, select

from alarms.store import SealedBox
from linkage.schema import households

_KEY_BYTES = 32


@dataclass(frozen=True, repr=False)
class FurtherContact:
    """Somebody else of the household who can be reached."""

    name: str
    phone: str
    relation: str = ""


@dataclass(frozen=True, repr=False)
class Contact:
    """Personal data; shown masked unless an incident concerns the household."""

    name: str
    phone: str
    address: str
    health: str = ""
    """What a helper must know, such as a wheelchair or deafness; as short as can be."""
    further: tuple[FurtherContact, ...] = ()


class HouseholdBox:
    """Makes and opens the sealed values of a household's row."""

    def __init__(self, site_box: SealedBox) -> None:
        self._site = site_box

    def new_key(self, household_id: str) -> bytes:
        """The value for `households.data_key_sealed`, drawn at random."""
        return self._site.seal(secrets.token_bytes(_KEY_BYTES), context=_key_context(household_id))

    def seal(self, household_id: str, key_sealed: bytes, contact: Contact) -> bytes:
        """The value for `households.personal_sealed`."""
        text = json.dumps(asdict(contact), ensure_ascii=False)
        return self.box_of(household_id, key_sealed).seal(
            text.encode(), context=_contact_context(household_id)
        )

    def open(
        self, household_id: str, key_sealed: bytes | None, personal_sealed: bytes | None
    ) -> Contact | None:
        """The contact; None when none was given, or it was erased.

        Raises StoreUnusable when the site key is not the right one.
        """
        if key_sealed is None or personal_sealed is None:
            return None
        said = json.loads(
            self.box_of(household_id, key_sealed).open(
                personal_sealed, context=_contact_context(household_id)
            )
        )
        further = tuple(FurtherContact(**one) for one in said.pop("further", ()))
        return Contact(**said, further=further)

    def box_of(self, household_id: str, key_sealed: bytes) -> SealedBox:
        """What seals with the household's own key. Raises StoreUnusable."""
        return SealedBox(self._site.open(key_sealed, context=_key_context(household_id)))


def contact_of(conn: Connection, box: SealedBox, household_id: str) -> Contact | None:
    """The household's contact; None when it has none or is not there. Raises StoreUnusable."""
    h = households.c
    row = conn.execute(
        select(h.data_key_sealed, h.personal_sealed).where(h.id == household_id)
    ).first()
    if row is None:
        return None
    return HouseholdBox(box).open(household_id, row.data_key_sealed, row.personal_sealed)


def sealed_columns(
    box: SealedBox, household_id: str, contact: Contact, *, key_sealed: bytes | None = None
) -> dict[str, bytes]:
    """The two sealed columns of a household's row; a new key is drawn where it has none."""
    own = HouseholdBox(box)
    key = key_sealed or own.new_key(household_id)
    return {
        "data_key_sealed": key,
        "personal_sealed": own.seal(household_id, key, contact),
    }


def _key_context(household_id: str) -> str:
    return f"household-key:{household_id}"


def _contact_context(household_id: str) -> str:
    return f"household:{household_id}"
