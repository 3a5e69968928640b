"""Devices that a file names: in the cells of their households, and in a sheet of their own. Pure.

A device that is new is registered as planned: its label is made later, on the console.
"""

from dataclasses import dataclass

from alarms.model import DeviceState
from linkage.registry.model import Change, Entity
from linkage.registry.sheets import device_faults as faults
from linkage.registry.sheets.household_rows import HouseholdRow
from linkage.registry.sheets.model import Spot, Write
from linkage.registry.sheets.place_book import PlaceBook
from linkage.registry.sheets.registered import KnownDevice, Registered
from linkage.registry.sheets.row_reading import RowReader


@dataclass(frozen=True)
class _Said:
    """What one place of the file says of a device; None: nothing."""

    spot: Spot
    key: str
    kind: str | None = None
    household_id: str | None = None
    group_id: str | None = None
    placed: bool = False
    """It says where the device hangs, be it nowhere."""
    unsigned: bool | None = None

    @property
    def where(self) -> str:
        return self.household_id or self.group_id or "–"


class DeviceRows:
    """Reads what is said of devices; remembers which were named."""

    def __init__(self, registered: Registered, book: PlaceBook, households: set[str]) -> None:
        """`households` are those that the file names."""
        self._registered = registered
        self._book = book
        self._households = households
        self._said: dict[str, _Said] = {}

    @property
    def named(self) -> int:
        return len(self._said)

    def read(self, spot: Spot) -> None:
        """A row of a sheet of devices."""
        reader = RowReader(spot)
        id_ = reader.id("device_id")
        if id_ == "":
            reader.refuse("device_id", faults.NO_ID)
            return
        kind = reader.kind("kind") if reader.said("kind") else ""
        household = self._household(reader)
        group = self._group(reader)
        unsigned = reader.yes("unsigned") if reader.said("unsigned") else None
        placed = reader.said("household_id") or reader.said("group_id")
        known = self._registered.devices.get(id_ or "")
        stays = known is not None and (known.household_id, known.group_id) == (household, group)
        if household and group and not stays:
            reader.refuse("group_id", faults.TWO_PLACES)
        if id_ is None or kind is None or reader.bad or not self._may_name(reader, id_):
            return
        first = self._said.get(id_)
        if first is not None:
            spot.refuse("device_id", faults.named_before(id_, first.spot))
            return
        self._said[id_] = _Said(
            spot, "device_id", kind or None, household or None, group or None, placed, unsigned
        )

    def hang(self, row: HouseholdRow) -> None:
        """The buttons that a household's own row names; after all sheets of devices."""
        for id_ in row.buttons or ():
            self._hang(row, id_)
        if row.buttons is None:
            return
        for id_ in self._registered.devices_of.get(row.id, ()):
            device = self._registered.devices[id_]
            if device.kind == "button" and id_ not in row.buttons and id_ not in self._said:
                row.spot.warn("buttons", faults.still_there(id_))

    def writes(self) -> list[Write]:
        """What is made and changed."""
        found = (self._write(id_, said) for id_, said in self._said.items())
        return [write for write in found if write is not None]

    def _hang(self, row: HouseholdRow, id_: str) -> None:
        said = self._said.get(id_)
        spot = row.spot
        if said is not None:
            if said.placed and said.household_id != row.id:
                spot.refuse(
                    "buttons",
                    faults.hangs_elsewhere(id_, said.spot, said.where),
                    id_,
                )
            elif said.kind not in (None, "button"):
                spot.refuse("buttons", faults.no_button(id_, str(said.kind)), id_)
            elif not said.placed:
                self._said[id_] = _Said(
                    said.spot, said.key, said.kind, row.id, None, True, said.unsigned
                )
            return
        reader = RowReader(spot)
        if not self._may_name(reader, id_, key="buttons"):
            return
        known = self._registered.devices.get(id_)
        if known is not None and known.kind != "button":
            spot.refuse("buttons", faults.no_button(id_, known.kind), id_)
            return
        if known is not None and known.household_id not in (None, row.id):
            spot.refuse("buttons", faults.registered_elsewhere(id_, str(known.household_id)), id_)
            return
        self._said[id_] = _Said(spot, "buttons", "button", row.id, None, placed=True)

    def _may_name(self, reader: RowReader, id_: str, key: str = "device_id") -> bool:
        known = self._registered.devices.get(id_)
        if known is None:
            return True
        places = self._book.places
        if not places.covers(self._registered.village_of_device(id_)):
            reader.refuse(key, faults.ELSEWHERE, id_)
            return False
        if known.state is DeviceState.REVOKED:
            reader.refuse(key, faults.REVOKED, id_)
            return False
        return True

    def _household(self, reader: RowReader) -> str | None:
        id_ = reader.id("household_id") if reader.said("household_id") else ""
        if not id_ or id_ in self._households:
            return id_
        known = self._registered.households.get(id_)
        if known is None or not self._book.places.covers(
            self._registered.village_of_household(id_)
        ):
            reader.refuse("household_id", faults.NO_HOUSEHOLD)
            return None
        if not known.in_net:
            reader.refuse("household_id", faults.LEFT)
            return None
        return id_

    def _group(self, reader: RowReader) -> str | None:
        id_ = reader.id("group_id") if reader.said("group_id") else ""
        if not id_:
            return id_
        known = self._registered.groups.get(id_)
        there = id_ in self._book.groups.entries and self._book.places.covers(
            self._book.village_of_group(id_)
        )
        if not there or (known is not None and known.retired):
            reader.refuse("group_id", faults.NO_GROUP)
            return None
        return id_

    def _write(self, id_: str, said: _Said) -> Write | None:
        known = self._registered.devices.get(id_)
        if known is None:
            return self._new(id_, said)
        values: dict[str, object] = {}
        if said.kind is not None and said.kind != known.kind:
            values["kind"] = said.kind
        if said.placed and (said.household_id, said.group_id) != (
            known.household_id,
            known.group_id,
        ):
            values |= {"household_id": said.household_id, "group_id": said.group_id}
        if said.unsigned is not None and said.unsigned != known.unsigned:
            values["unsigned"] = said.unsigned
        return self._changed(id_, said, known, values) if values else None

    def _new(self, id_: str, said: _Said) -> Write | None:
        kind = said.kind
        if kind is None:
            said.spot.refuse("kind", faults.NO_KIND)
            return None
        if said.household_id is None and said.group_id is None:
            if not self._book.places.covers(None):
                said.spot.refuse("household_id", faults.NOWHERE)
                return None
            said.spot.warn("household_id", faults.NOWHERE)
        values: dict[str, object] = {
            "kind": kind,
            "household_id": said.household_id,
            "group_id": said.group_id,
            "unsigned": bool(said.unsigned),
        }
        data: dict[str, object] = {
            "household": said.household_id,
            "group": said.group_id,
            "by": "sheet",
        }
        return Write(Entity.DEVICE, id_, Change.CREATED, values, data=data)

    def _changed(
        self, id_: str, said: _Said, known: KnownDevice, values: dict[str, object]
    ) -> Write | None:
        if known.state is not DeviceState.PLANNED and {"kind", "unsigned"} & values.keys():
            key = "unsigned" if "unsigned" in values else "kind"
            said.spot.refuse(key, faults.IN_USE)
            return None
        moved = "household_id" in values and (known.household_id or known.group_id) is not None
        if moved and known.state is not DeviceState.PLANNED:
            said.spot.warn(said.key, faults.moves(id_, known.household_id or known.group_id), id_)
        data: dict[str, object] = {"fields": sorted(values)}
        if moved:
            data["from"] = known.household_id or known.group_id
            data["to"] = said.household_id or said.group_id
        change = Change.MOVED if moved else Change.CHANGED
        return Write(Entity.DEVICE, id_, change, values, tuple(sorted(values)), data)
