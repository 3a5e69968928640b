"""The registry as sheets: the same columns that an import understands, in the same order.

The same registry gives the same bytes of CSV. Names, telephones and addresses are in the clear,
because that is what an export is for: whoever calls this writes it into the audit first.
"""

from collections.abc import Callable, Mapping

from alarms.model import DeviceState
from alarms.store import SealedBox
from linkage.accounts.rights import Places
from linkage.registry.model import ToldBy
from linkage.registry.personal import Contact
from linkage.registry.sheets import csv_file, xlsx
from linkage.registry.sheets.cells import nest
from linkage.registry.sheets.headings import COLUMNS, GUIDE_TAB, SheetKind
from linkage.registry.sheets.registered import KnownHousehold, Registered
from linkage.registry.sheets.row_reading import KIND_WORDS, LEADER, MEMBER, WAYS_WORDS

_NOTHING_SAID = Contact("", "", "")
Rows = list[list[str]]


def export_csv(kind: SheetKind, registered: Registered, box: SealedBox, places: Places) -> bytes:
    """One kind of sheet as CSV, of the caller's places. Raises StoreUnusable."""
    return csv_file.write(_with_headings(kind, _ROWS[kind](registered, box, places)))


def export_xlsx(registered: Registered, box: SealedBox, places: Places) -> bytes:
    """All of it as a workbook, with a tab that explains the others. Raises StoreUnusable."""
    tabs = {
        kind.tab: _with_headings(kind, rows(registered, box, places))
        for kind, rows in _ROWS.items()
    }
    return xlsx.write({**tabs, GUIDE_TAB: guide()})


def template() -> bytes:
    """A workbook to be filled in: headings only."""
    tabs = {kind.tab: _with_headings(kind, []) for kind in _ROWS}
    return xlsx.write({**tabs, GUIDE_TAB: guide()})


def guide() -> Rows:
    """What every column means."""
    rows = [["工作表 Sheet", "表头 Heading", "English", "填写 What to write", "例 Example"]]
    for kind in _ROWS:
        for column in COLUMNS[kind]:
            zh = f"必填。{column.means.zh}" if column.needed else column.means.zh
            en = f"Needed. {column.means.en}" if column.needed else column.means.en
            rows.append([kind.tab, column.zh, column.en, f"{zh} / {en}", column.example])
    return rows


def _with_headings(kind: SheetKind, rows: Rows) -> Rows:
    return [[column.zh for column in COLUMNS[kind]], *rows]


def _ordered(kind: SheetKind, cells: Mapping[str, str]) -> list[str]:
    return [cells[column.key] for column in COLUMNS[kind]]


def _villages(registered: Registered, _box: SealedBox, places: Places) -> Rows:
    own: dict[str, list[tuple[str, str]]] = {}
    for id_, grid in sorted(registered.grids.items()):
        own.setdefault(grid.village_id, []).append((id_, grid.name))
    return [
        _ordered(
            SheetKind.VILLAGES,
            {
                "village_id": id_,
                "village_name": village.name,
                "households_total": _text(village.households_total),
                "grids": nest(own.get(id_, ())),
            },
        )
        for id_, village in sorted(registered.villages.items())
        if places.covers(id_)
    ]


def _households(registered: Registered, box: SealedBox, places: Places) -> Rows:
    mine = {
        id_: household
        for id_, household in registered.households.items()
        if household.in_net and places.covers(registered.village_of_household(id_))
    }
    contacts = registered.contacts(box, mine)

    def place(id_: str) -> tuple[str, str, str, str]:
        group = mine[id_].group_id
        grid = registered.groups[group].grid_id
        return (registered.grids[grid].village_id, grid, group, id_)

    return [
        _household(registered, id_, mine[id_], contacts.get(id_, _NOTHING_SAID))
        for id_ in sorted(mine, key=place)
    ]


def _household(
    registered: Registered, id_: str, household: KnownHousehold, contact: Contact
) -> list[str]:
    group = registered.groups[household.group_id]
    grid = registered.grids[group.grid_id]
    estate = registered.estates.get(household.estate_id or "")
    buttons = [
        device
        for device in registered.devices_of.get(id_, ())
        if registered.devices[device].kind == "button"
    ]
    return _ordered(
        SheetKind.HOUSEHOLDS,
        {
            "village_id": grid.village_id,
            "village_name": registered.villages[grid.village_id].name,
            "grid_id": group.grid_id,
            "grid_name": grid.name,
            "group_id": household.group_id,
            "group_name": group.name,
            "household_id": id_,
            "label": household.label,
            "estate_id": household.estate_id or "",
            "estate_name": "" if estate is None else estate.name,
            "property_company": "" if estate is None else estate.property_company or "",
            "contact_name": contact.name,
            "phone": contact.phone,
            "address": contact.address,
            "health": contact.health,
            "further": nest(
                [one.name, one.phone, one.relation] if one.relation else [one.name, one.phone]
                for one in contact.further
            ),
            "role": LEADER if group.leader_household_id == id_ else MEMBER,
            "wants_notices": "是" if household.wants_notices else "否",
            "told_by": WAYS_WORDS[ToldBy(household.told_by)],
            "latitude": _text(household.latitude),
            "longitude": _text(household.longitude),
            "system": "" if household.latitude is None else "WGS-84",
            "buttons": "；".join(sorted(buttons)),
        },
    )


def _devices(registered: Registered, _box: SealedBox, places: Places) -> Rows:
    rows = []
    for id_, device in sorted(registered.devices.items()):
        if device.state is DeviceState.REVOKED or not places.covers(
            registered.village_of_device(id_)
        ):
            continue
        household = registered.households.get(device.household_id or "")
        if household is not None and not household.in_net:
            continue
        rows.append(
            _ordered(
                SheetKind.DEVICES,
                {
                    "device_id": id_,
                    "kind": KIND_WORDS.get(device.kind, device.kind),
                    "household_id": device.household_id or "",
                    "group_id": device.group_id or "",
                    "unsigned": "是" if device.unsigned else "否",
                },
            )
        )
    return rows


def _text(value: float | None) -> str:
    return "" if value is None else repr(value)


_ROWS: dict[SheetKind, Callable[[Registered, SealedBox, Places], Rows]] = {
    SheetKind.HOUSEHOLDS: _households,
    SheetKind.VILLAGES: _villages,
    SheetKind.DEVICES: _devices,
}
