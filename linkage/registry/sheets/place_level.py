"""One sort of places that a file names: found among what is registered, or made with their names.

Pure.
An id that is new and has no name beside it is taken for a slip of the pen and refused; with a name
it is made, and a registered id that is nearly the same is warned of.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

from linkage.accounts.rights import Places
from linkage.registry.faults import Fault, name_fault
from linkage.registry.model import Change, Entity, Said
from linkage.registry.sheets.model import Write
from linkage.registry.sheets.nearness import Ids, nearest
from linkage.registry.sheets.row_reading import RowReader


@dataclass
class Place:
    """A place as it will be."""

    name: str
    parent: str | None
    """Village of a grid or an estate, grid of a group."""
    new: bool = False
    said: tuple[str, str, int] | None = None
    """The name that this file gives it first, and where: sheet and row."""
    values: dict[str, object] = field(default_factory=dict)
    """Further columns that change."""


class Level:
    """All places of one sort."""

    def __init__(
        self,
        entity: Entity,
        words: Said,
        keys: tuple[str, str, str],
        parent_column: str,
        village_of: Callable[[str], str | None],
        places: Places,
    ) -> None:
        """`keys` are the columns of its id, its name, and its parent."""
        self.entity, self.words = entity, words
        self.id_key, self.name_key, self.parent_key = keys
        self._parent_column = parent_column
        self._village_of = village_of
        self._places = places
        self.entries: dict[str, Place] = {}
        self.seen: set[str] = set()
        self._by_name: dict[str, list[str]] = defaultdict(list)
        self._ids = Ids(())

    def know(self, id_: str, name: str, parent: str | None) -> None:
        """One that is registered."""
        self._add(id_, Place(name, parent))

    def find(
        self, reader: RowReader, within: Callable[[str], bool], parent: str | None
    ) -> str | None:
        """The place that the row names, made where it is new; None when it names none, or what it
        names cannot be. `within` says whether a place lies where the row says."""
        id_, name = reader.id(self.id_key), reader.text(self.name_key)
        if id_ is None or name is None:
            return None
        if id_ == "":
            return self._by_its_name(reader, name, within) if name else None
        known = self.entries.get(id_)
        if known is None:
            return self._made(reader, id_, name, parent)
        if not self._places.covers(self._village_of(id_)):
            reader.refuse(self.id_key, _elsewhere(self.words))
            return None
        if not within(id_) or (parent is not None and known.parent != parent):
            reader.refuse(self.id_key, self._lies_elsewhere(id_, known))
            return None
        if name:
            self._named(reader, id_, known, name)
        self.seen.add(id_)
        return id_

    def writes(self) -> list[Write]:
        """What is made and changed."""
        found = []
        for id_, place in self.entries.items():
            if place.new:
                values: dict[str, object] = {"name": place.name, **place.values}
                if self._parent_column:
                    values[self._parent_column] = place.parent
                found.append(Write(self.entity, id_, Change.CREATED, values, data={"by": "sheet"}))
            elif place.values:
                names = tuple(sorted(place.values))
                found.append(
                    Write(
                        self.entity, id_, Change.CHANGED, place.values, names, {"fields": [*names]}
                    )
                )
        return found

    def _add(self, id_: str, place: Place) -> None:
        self.entries[id_] = place
        self._by_name[place.name].append(id_)
        self._ids.add(id_)

    def _by_its_name(
        self, reader: RowReader, name: str, within: Callable[[str], bool]
    ) -> str | None:
        mine = [
            id_
            for id_ in self._by_name.get(name, ())
            if within(id_) and self._places.covers(self._village_of(id_))
        ]
        if len(mine) == 1:
            self.seen.add(mine[0])
            return mine[0]
        reader.refuse(
            self.name_key,
            self._several(name, mine) if mine else self._no_such_name(name, within),
        )
        return None

    def _made(self, reader: RowReader, id_: str, name: str, parent: str | None) -> str | None:
        if name == "":
            reader.refuse(self.id_key, self._no_such_id(id_))
            return None
        if self.parent_key and parent is None:
            reader.refuse(
                self.parent_key,
                Fault(
                    Said(
                        f"{self.words.zh} {id_} 是新的，不知道属于哪里",
                        f"the {self.words.en} {id_} is new, and nothing says where it belongs",
                    ),
                    Said(
                        "请填写它所属的村和网格的编号",
                        "give the village and the grid that it lies in",
                    ),
                ),
            )
            return None
        if self.entity is Entity.VILLAGE and not self._places.covers(id_):
            reader.refuse(self.id_key, _elsewhere(self.words))
            return None
        if (fault := name_fault(name)) is not None:
            reader.refuse(self.name_key, fault)
            return None
        self._warn_of_alike(reader, id_, name, parent)
        row = reader.spot.row
        where = (name, reader.spot.table.name, 0 if row is None else row.number)
        self._add(id_, Place(name, parent, new=True, said=where))
        self.seen.add(id_)
        return id_

    def _named(self, reader: RowReader, id_: str, known: Place, name: str) -> None:
        """A name beside the id of a place that is there already."""
        row = reader.spot.row
        if known.said is not None:
            first, sheet, number = known.said
            if name != first:
                reader.refuse(
                    self.name_key,
                    Fault(
                        Said(
                            f"{id_} 在“{sheet}”第 {number} 行叫“{first}”",
                            f"{id_} is called “{first}” in row {number} of “{sheet}”",
                        ),
                        Said(
                            "同一编号请用同一名称；不是同一处的请改编号",
                            "one id, one name: correct the name, or the id",
                        ),
                    ),
                )
            return
        known.said = (name, reader.spot.table.name, 0 if row is None else row.number)
        if name == known.name:
            return
        reader.spot.warn(
            self.name_key,
            Fault(
                Said(
                    f"{id_} 登记的名称是“{known.name}”，将改为“{name}”",
                    f"{id_} is registered as “{known.name}” and will be renamed",
                ),
                Said("如果不是改名，请核对编号", "if it should keep its name, check the id"),
            ),
        )
        known.values["name"] = name

    def _warn_of_alike(self, reader: RowReader, id_: str, name: str, parent: str | None) -> None:
        mine = [
            one
            for one in self._by_name.get(name, ())
            if self.entries[one].parent == parent and self._places.covers(self._village_of(one))
        ]
        near = mine[0] if mine else self._ids.nearest(id_)
        if near is None or not self._places.covers(self._village_of(near)):
            return
        reader.spot.warn(
            self.id_key,
            Fault(
                Said(
                    f"将新建{self.words.zh} {id_}；已有相近的 {near}（{self.entries[near].name}）",
                    f"the {self.words.en} {id_} will be made; there is one much like it: {near}",
                ),
                Said(f"如果是笔误，请改为 {near}", f"if it is a slip, write {near}"),
            ),
        )

    def _no_such_id(self, id_: str) -> Fault:
        near = self._ids.nearest(id_)
        if near is not None and self._places.covers(self._village_of(near)):
            return Fault(
                Said(f"没有登记{self.words.zh} {id_}", f"there is no {self.words.en} {id_}"),
                Said(
                    f"是不是 {near}？新的请同时填写名称",
                    f"is it {near}? A new one needs its name beside it",
                ),
            )
        return Fault(
            Said(f"没有登记{self.words.zh} {id_}", f"there is no {self.words.en} {id_}"),
            Said("请核对；新的请同时填写名称", "check it; a new one needs its name beside it"),
        )

    def _no_such_name(self, name: str, within: Callable[[str], bool]) -> Fault:
        mine = [
            known.name
            for id_, known in self.entries.items()
            if within(id_) and self._places.covers(self._village_of(id_))
        ]
        near = nearest(name, mine, within=1)
        why = Said(f"没有名为“{name}”的{self.words.zh}", f"no {self.words.en} is called “{name}”")
        if near is not None:
            return Fault(
                why,
                Said(
                    f"是不是“{near}”？新的请同时填写编号",
                    f"is it “{near}”? A new one needs its id beside it",
                ),
            )
        return Fault(
            why,
            Said("请核对；新的请同时填写编号", "check it; a new one needs its id beside it"),
        )

    def _several(self, name: str, ids: list[str]) -> Fault:
        some = "、".join(ids[:3])
        return Fault(
            Said(
                f"有 {len(ids)} 个{self.words.zh}叫“{name}”：{some}",
                f"{len(ids)} of them are called “{name}”: {some}",
            ),
            Said("请填写编号", "give the id"),
        )

    def _lies_elsewhere(self, id_: str, known: Place) -> Fault:
        where = self._village_of(id_) if known.parent is None else known.parent
        return Fault(
            Said(
                f"{self.words.zh} {id_} 属于 {where}，与这一行所写的不同",
                f"the {self.words.en} {id_} belongs to {where}, not where this row says",
            ),
            Said(
                "请核对编号；要把整组调到别的网格，请在控制台操作",
                "check the ids; to move a whole group, use its page on the console",
            ),
        )


def _elsewhere(words: Said) -> Fault:
    return Fault(
        Said(
            f"这个{words.zh}不在您负责的范围内，或编号已被别处使用",
            f"this {words.en} is not among your places, or its id is in use elsewhere",
        ),
        Said(
            "请核对编号；别处的请交由乡镇管理员导入",
            "check the id; what lies elsewhere is imported by the township",
        ),
    )
