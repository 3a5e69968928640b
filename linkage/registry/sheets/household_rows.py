"""The rows of households: each against what is registered of it. Pure.

What depends on a whole group (labels, its leader, its size) is in `group_rows`.
"""

from dataclasses import dataclass, replace
from typing import Any

from linkage.mapping.gcj02 import to_wgs84
from linkage.registry.faults import (
    LONGEST_ADDRESS,
    LONGEST_HEALTH,
    Fault,
    label_fault,
    position_fault,
)
from linkage.registry.model import Change, Entity, Said, ToldBy
from linkage.registry.personal import Contact
from linkage.registry.sheets.model import Spot, Write
from linkage.registry.sheets.place_book import PlaceBook
from linkage.registry.sheets.registered import KnownHousehold, Registered
from linkage.registry.sheets.row_reading import RowReader

NOTHING_SAID = Contact("", "", "")
_CONTACT = {
    "contact_name": "name",
    "phone": "phone",
    "address": "address",
    "health": "health",
    "further": "further",
}
_COLUMN_OF = {field: key for key, field in _CONTACT.items()}


@dataclass(frozen=True)
class HouseholdRow:
    """A household as its row wants it to be."""

    spot: Spot
    id: str
    group_id: str
    label: str
    leads: bool | None
    """None: the sheet says nothing of roles."""
    buttons: tuple[str, ...] | None
    """None: the sheet says nothing of buttons."""
    write: Write | None
    """None: it is so already."""


class HouseholdRows:
    """Reads rows one after another; remembers which households were named."""

    def __init__(
        self, registered: Registered, contacts: dict[str, Contact], book: PlaceBook
    ) -> None:
        self._registered = registered
        self._contacts = contacts
        self._book = book
        self._first: dict[str, Spot] = {}

    def read(self, spot: Spot) -> HouseholdRow | None:
        """The row's household; None where something was refused."""
        reader = RowReader(spot)
        id_ = self._id(reader)
        known = None if id_ is None else self._known(reader, id_)
        if known is not None and known.erased:
            reader.refuse("household_id", _ERASED)
        group = self._group(reader, known, is_new=id_ is not None and known is None)
        said = self._columns(reader, known, group)
        contact = self._contact(reader, id_, known)
        label = self._label(reader, known, contact)
        leads = reader.leads("role") if reader.said("role") else None
        buttons = reader.ids("buttons") if reader.said("buttons") else None
        if reader.bad or id_ is None or group is None or label is None or contact is None:
            return None
        values = {"group_id": group, "label": label, **said}
        if known is not None and known.left:
            spot.warn("household_id", _RETURNS)
        return HouseholdRow(
            spot,
            id_,
            group,
            label,
            leads,
            None if buttons is None else tuple(buttons),
            self._write(id_, known, values, contact),
        )

    @property
    def named(self) -> set[str]:
        """Every household that a row named."""
        return set(self._first)

    def _id(self, reader: RowReader) -> str | None:
        id_ = reader.id("household_id")
        if id_ == "":
            reader.refuse("household_id", _NO_ID)
            return None
        if id_ is None:
            return None
        first = self._first.setdefault(id_, reader.spot)
        if first is not reader.spot:
            reader.refuse("household_id", _twice(id_, first))
            return None
        return id_

    def _known(self, reader: RowReader, id_: str) -> KnownHousehold | None:
        known = self._registered.households.get(id_)
        if known is None:
            return None
        if not self._book.places.covers(self._registered.village_of_household(id_)):
            reader.refuse("household_id", _ELSEWHERE)
        return known

    def _group(
        self, reader: RowReader, known: KnownHousehold | None, *, is_new: bool
    ) -> str | None:
        was_bad, reader.bad = reader.bad, False
        group = self._book.group(reader)
        if group is None and not reader.bad:
            if known is not None:
                group = known.group_id
            elif is_new:
                reader.refuse("group_id", _NO_GROUP)
        reader.bad = reader.bad or was_bad
        return group

    def _columns(
        self, reader: RowReader, known: KnownHousehold | None, group: str | None
    ) -> dict[str, Any]:
        """Estate, position and whether it is told."""
        said: dict[str, Any] = {}
        if reader.said("estate_id") or reader.said("estate_name"):
            village = None if group is None else self._book.village_of_group(group)
            said["estate_id"] = self._book.estate(reader, village)
        if reader.said("latitude") or reader.said("longitude"):
            latitude, longitude = reader.degrees("latitude"), reader.degrees("longitude")
            if reader.is_gcj02("system") and latitude is not None and longitude is not None:
                latitude, longitude = to_wgs84(latitude, longitude)
            unchanged = known is not None and (latitude, longitude) == (
                known.latitude,
                known.longitude,
            )
            if not reader.bad and not unchanged and (f := position_fault(latitude, longitude)):
                key = "latitude" if latitude is not None or longitude is None else "longitude"
                shown = f"{reader.plain('latitude')}, {reader.plain('longitude')}".strip()
                reader.refuse(key, f, shown)
            said |= {"latitude": latitude, "longitude": longitude}
        wants = reader.yes("wants_notices") if reader.said("wants_notices") else None
        if wants is not None:
            said["wants_notices"] = wants
        how = reader.told_by("told_by") if reader.said("told_by") else None
        if how is not None:
            said["told_by"] = how.value
        return said

    def _contact(
        self, reader: RowReader, id_: str | None, known: KnownHousehold | None
    ) -> Contact | None:
        kept = NOTHING_SAID if id_ is None else self._contacts.get(id_, NOTHING_SAID)
        said: dict[str, Any] = {}
        for key, field in _CONTACT.items():
            if not reader.said(key):
                continue
            if key == "phone":
                said[field] = reader.phone(key, kept=kept.phone)
            elif key == "further":
                said[field] = reader.further(key)
            else:
                longest = {"address": LONGEST_ADDRESS, "health": LONGEST_HEALTH}.get(key, 100)
                said[field] = reader.text(key, longest=longest, kept=getattr(kept, field))
        if any(value is None for value in said.values()):
            return None
        contact = replace(kept, **said)
        for field in said:
            if getattr(kept, field) and not getattr(contact, field):
                reader.spot.warn(_COLUMN_OF[field], _EMPTIED)
        if known is None and "phone" in said and not contact.phone and not contact.further:
            reader.spot.warn("phone", _NO_PHONE)
        return contact

    def _label(
        self, reader: RowReader, known: KnownHousehold | None, contact: Contact | None
    ) -> str | None:
        kept = None if known is None else known.label
        if not reader.said("label") and kept is not None:
            return kept
        label = reader.text("label", kept=kept)
        if label is None or label == kept:
            return label
        name = "" if contact is None else contact.name
        if (fault := label_fault(label, contact_name=name)) is not None:
            reader.refuse("label", fault)
            return None
        return label

    def _write(
        self, id_: str, known: KnownHousehold | None, values: dict[str, Any], contact: Contact
    ) -> Write | None:
        kept = self._contacts.get(id_, NOTHING_SAID)
        said = contact != kept
        if known is None:
            usual = {
                "estate_id": None,
                "latitude": None,
                "longitude": None,
                "wants_notices": True,
                "told_by": ToldBy.BUTTON.value,
            }
            return Write(
                Entity.HOUSEHOLD,
                id_,
                Change.CREATED,
                {**usual, **values},
                data={"group": values["group_id"], "by": "sheet"},
                contact=contact,
                contact_said=said,
            )
        changed = {name: new for name, new in values.items() if getattr(known, name) != new}
        fields = sorted(changed)
        if said:
            fields += [f for f in vars(contact) if getattr(contact, f) != getattr(kept, f)]
        if known.left:
            changed["left_at_ms"] = None
            change, data = Change.RETURNED, {"to": values["group_id"], "fields": fields}
        elif "group_id" in changed:
            others = [f for f in fields if f != "group_id"]
            change = Change.MOVED
            data = {"from": known.group_id, "to": values["group_id"], "fields": others}
        else:
            change, data = Change.CHANGED, {"fields": fields}
        if not fields and not known.left:
            return None
        return Write(
            Entity.HOUSEHOLD, id_, change, changed, tuple(fields), data, contact, contact_said=said
        )


def _twice(id_: str, first: Spot) -> Fault:
    number = 0 if first.row is None else first.row.number
    return Fault(
        Said(
            f"户编号 {id_} 已在“{first.table.name}”第 {number} 行",
            f"the household {id_} is in row {number} of “{first.table.name}” already",
        ),
        Said(
            "每户只能有一行：请改编号或删除一行", "one row a household: change the id or delete it"
        ),
    )


_NO_ID = Fault(
    Said("没有填写户编号", "the household's id is missing"),
    Said(
        "请填写，如 dongcun-017；合计、说明等行请删除",
        "give one such as dongcun-017; delete rows of totals or remarks",
    ),
)
_NO_GROUP = Fault(
    Said("新户没有写明联防组", "the household is new, and no group is given"),
    Said("请填写组编号或组名", "give the id or the name of its group"),
)
_ELSEWHERE = Fault(
    Said(
        "这一户不在您负责的范围内，或编号已被别处使用",
        "this household is not among your places, or its id is in use elsewhere",
    ),
    Said(
        "请核对编号；别处的请交由乡镇管理员导入",
        "check the id; what lies elsewhere is imported by the township",
    ),
)
_ERASED = Fault(
    Said("这一户的个人资料已应要求删除", "this household's data was erased on request"),
    Said("编号不能再用，请换一个新编号", "its id cannot be used again: give a new one"),
)
_RETURNS = Fault(
    Said("这一户已退出，导入后将重新加入", "this household has left and will be in the net again"),
    Said("如不再参加，请删除这一行", "delete the row if it does not take part"),
)
_EMPTIED = Fault(
    Said(
        "登记有内容，这一格留空会把它清除", "something is registered, and an empty cell clears it"
    ),
    Said(
        "要保留就填上原来的内容，或删除整列",
        "to keep it write it again, or delete the whole column",
    ),
)
_NO_PHONE = Fault(
    Said("没有任何电话，出事时联系不上", "there is no telephone: nobody can be reached"),
    Said("请尽量填写一个", "give one if there is any"),
)
