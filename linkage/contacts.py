"""How to reach a household: name, telephone and address, sealed in the registry."""

import json
from dataclasses import asdict, dataclass

from alarms.store import SealedBox


@dataclass(frozen=True, repr=False)
class Contact:
    """Personal data; shown masked unless an incident concerns the household."""

    name: str
    phone: str
    address: str


def seal_contact(box: SealedBox, household_id: str, contact: Contact) -> bytes:
    """The value for `households.contact_sealed`."""
    return box.seal(
        json.dumps(asdict(contact), ensure_ascii=False).encode(), context=_context(household_id)
    )


def open_contact(box: SealedBox, household_id: str, sealed: bytes) -> Contact:
    """The contact again. Raises StoreUnusable when the site key is not the right one."""
    return Contact(**json.loads(box.open(sealed, context=_context(household_id))))


def _context(household_id: str) -> str:
    return f"household:{household_id}"
