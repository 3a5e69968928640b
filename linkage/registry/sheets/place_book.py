"""All places that a file names, and which household's group is which. Pure."""

from linkage.accounts.rights import Places
from linkage.registry.faults import Fault
from linkage.registry.model import Entity, Said
from linkage.registry.sheets.model import Write
from linkage.registry.sheets.place_level import Level
from linkage.registry.sheets.registered import Registered
from linkage.registry.sheets.row_reading import RowReader


class PlaceBook:
    """Villages, grids, estates and groups, as they are and as the file will make them."""

    def __init__(self, registered: Registered, places: Places) -> None:
        self._registered = registered
        self.places = places
        keys = ("village_id", "village_name", "")
        self.villages = Level(
            Entity.VILLAGE, Said("村", "village"), keys, "", lambda id_: id_, places
        )
        self.grids = Level(
            Entity.GRID,
            Said("网格", "grid"),
            ("grid_id", "grid_name", "village_id"),
            "village_id",
            lambda id_: self.grids.entries[id_].parent,
            places,
        )
        self.estates = Level(
            Entity.ESTATE,
            Said("小区", "estate"),
            ("estate_id", "estate_name", "village_id"),
            "village_id",
            lambda id_: self.estates.entries[id_].parent,
            places,
        )
        self.groups = Level(
            Entity.GROUP,
            Said("联防组", "group"),
            ("group_id", "group_name", "grid_id"),
            "grid_id",
            self.village_of_group,
            places,
        )
        for id_, village in registered.villages.items():
            self.villages.know(id_, village.name, None)
        for id_, grid in registered.grids.items():
            self.grids.know(id_, grid.name, grid.village_id)
        for id_, estate in registered.estates.items():
            self.estates.know(id_, estate.name, estate.village_id)
        for id_, group in registered.groups.items():
            self.groups.know(id_, group.name, group.grid_id)
        self._found: dict[tuple[str, ...], str] = {}
        self._companies: dict[str, str] = {}

    def village_of_group(self, group_id: str) -> str | None:
        grid = self.groups.entries[group_id].parent
        return None if grid is None else self.grids.entries[grid].parent

    def village(self, reader: RowReader) -> str | None:
        """The village of the row."""
        return self.villages.find(reader, lambda _: True, None)

    def group(self, reader: RowReader) -> str | None:
        """The group of the row, by village, grid and group; None when it names none."""
        named = _named_by(reader)
        found = self._found.get(named)
        if found is None:
            found = self._group(reader)
            if found is not None and not reader.bad:
                # thousands of rows name the same few hundred groups
                self._found[named] = found
        return found

    def _group(self, reader: RowReader) -> str | None:
        village = self.village(reader)
        if reader.bad:
            return None
        grid = self.grids.find(
            reader,
            lambda id_: village is None or self.grids.entries[id_].parent == village,
            village,
        )
        if reader.bad:
            return None
        group = self.groups.find(
            reader,
            lambda id_: (
                (grid is None or self.groups.entries[id_].parent == grid)
                and (village is None or self.village_of_group(id_) == village)
            ),
            grid,
        )
        if group is None or reader.bad:
            return None
        known = self._registered.groups.get(group)
        if known is not None and known.retired:
            key = "group_id" if reader.plain("group_id") else "group_name"
            reader.refuse(
                key,
                Fault(
                    Said(f"联防组 {group} 已撤销", f"the group {group} was retired"),
                    Said("请填写现在所在的组", "give the group that it belongs to now"),
                ),
            )
            return None
        return group

    def estate(self, reader: RowReader, village: str | None) -> str | None:
        """The estate of the row, with its property company."""
        found = self.estates.find(
            reader,
            lambda id_: village is None or self.estates.entries[id_].parent == village,
            village,
        )
        company = reader.text("property_company")
        if found is None or not company:
            return found
        first = self._companies.setdefault(found, company)
        if first != company:
            reader.refuse("property_company", _two_companies(found, first))
            return None
        known = self._registered.estates.get(found)
        if known is None or known.property_company != company:
            self.estates.entries[found].values["property_company"] = company
        return found

    def writes(self) -> list[Write]:
        """What is made and changed, containers first."""
        levels = (self.villages, self.grids, self.estates, self.groups)
        return [write for level in levels for write in level.writes()]


_GROUP_KEYS = ("village_id", "village_name", "grid_id", "grid_name", "group_id", "group_name")


def _named_by(reader: RowReader) -> tuple[str, ...]:
    cells = {} if reader.spot.row is None else reader.spot.row.cells
    return tuple(str(cells.get(key, "")) for key in _GROUP_KEYS)


def _two_companies(estate: str, first: str) -> Fault:
    return Fault(
        Said(
            f"前面写的小区 {estate} 的物业公司是“{first}”",
            f"a row before says that the estate {estate} has “{first}”",
        ),
        Said("一个小区只写一个物业公司", "one estate, one property company"),
    )
