"""A generated town as sheets: names, numbers and places are invented, and the same every time."""

import random
from dataclasses import dataclass

from linkage.registry.sheets.exporting import Rows
from linkage.registry.sheets.headings import COLUMNS, SheetKind

_SURNAMES = "王李张刘陈杨黄赵周吴徐孙马朱胡林郭何高罗"
_GIVEN = "安平和顺康宁福寿春夏秋冬山川海云松竹梅兰"
_BEARINGS = "东西南北上下前后"
_FEATURES = ("河", "桥", "塘", "岭", "溪", "墩", "湾", "坪")
_HEALTH = ("", "", "", "", "", "", "轮椅", "听力不便", "独居老人")


@dataclass(frozen=True)
class TownSize:
    villages: int = 21
    grids: int = 254
    groups: int = 400
    households: int = 4000


def generated_town(size: TownSize | None = None, *, seed: int = 5) -> dict[SheetKind, Rows]:
    """The rows of every sheet, headings first."""
    size = size or TownSize()
    draw = random.Random(seed)
    villages = [
        (
            f"v{n + 1:02d}",
            f"{_BEARINGS[n % 8]}{_FEATURES[(n // 8 + n) % 8]}{'村' if n < 18 else '社区'}",
        )
        for n in range(size.villages)
    ]
    grids = [_within(villages, n, "w", "第{}网格") for n in range(size.grids)]
    groups = [_within(grids, n, "g", "{}组") for n in range(size.groups)]
    village_of = {grid[0]: grid[2] for grid in grids}
    village_names = dict(villages)
    grid_names = {grid[0]: grid[1] for grid in grids}
    rows: dict[SheetKind, Rows] = {
        kind: [[column.zh for column in COLUMNS[kind]]] for kind in SheetKind
    }
    for id_, name in villages:
        own = "；".join(f"{grid[0]}/{grid[1]}" for grid in grids if grid[2] == id_)
        total = str(draw.randint(250, 420))
        rows[SheetKind.VILLAGES].append([id_, name, total, own])
    for number in range(size.households):
        group, group_name, grid = groups[number % size.groups]
        place = number // size.groups + 1
        id_ = f"{group}-{place:02d}"
        village = village_of[grid]
        name = draw.choice(_SURNAMES) + draw.choice(_GIVEN) + draw.choice(_GIVEN)
        further = (
            f"{draw.choice(_SURNAMES)}{draw.choice(_GIVEN)}/0000{draw.randrange(10**7):07d}/子女"
        )
        cells = {
            "village_id": village,
            "village_name": village_names[village],
            "grid_id": grid,
            "grid_name": grid_names[grid],
            "group_id": group,
            "group_name": group_name,
            "household_id": id_,
            "label": f"{group_name}{place:02d}号",
            "contact_name": name,
            "phone": f"0000{draw.randrange(10**7):07d}",
            "address": f"{village_names[village]}{group_name}{place:02d}号",
            "health": draw.choice(_HEALTH),
            "further": further if draw.random() < 0.3 else "",
            "role": "联户长" if place == 1 else "成员",
            "wants_notices": "是" if draw.random() < 0.97 else "否",
            "latitude": f"{29.7 + draw.random() / 5:.6f}",
            "longitude": f"{121.4 + draw.random() / 5:.6f}",
            "buttons": f"{id_}-1",
        }
        rows[SheetKind.HOUSEHOLDS].append(
            [cells.get(column.key, "") for column in COLUMNS[SheetKind.HOUSEHOLDS]]
        )
    for group, _, _ in groups:
        rows[SheetKind.DEVICES].append([f"{group}-siren", "警报器", "", group, "否"])
    return rows


def _within(
    above: list[tuple[str, ...]], number: int, letter: str, words: str
) -> tuple[str, str, str]:
    """The next place in the next of those above, in turn: its id, its name, what it lies in."""
    holder = above[number % len(above)]
    place = number // len(above) + 1
    return f"{holder[0]}-{letter}{place}", f"{holder[1]}{words.format(place)}", holder[0]
