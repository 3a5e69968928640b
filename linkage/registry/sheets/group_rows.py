"""What depends on a whole group: labels that must differ, its leader, its size. Pure.

Looked at once every row is read, because households move between groups in the same file.
"""

from collections import defaultdict
from collections.abc import Sequence

from linkage.registry.faults import Fault, same_label_fault
from linkage.registry.model import MOST_HOUSEHOLDS, Change, Said, size_warning
from linkage.registry.sheets.household_rows import HouseholdRow
from linkage.registry.sheets.place_book import PlaceBook
from linkage.registry.sheets.registered import Registered

_JOINS = frozenset({Change.CREATED, Change.MOVED, Change.RETURNED})


def check_groups(rows: Sequence[HouseholdRow], registered: Registered, book: PlaceBook) -> None:
    """Say what is wrong with the groups as they would be; put their leaders into `book`."""
    by_group: dict[str, list[HouseholdRow]] = defaultdict(list)
    for row in rows:
        by_group[row.group_id].append(row)
    named = {row.id for row in rows}
    # a leader who moves away leaves a group that no row may name
    touched = dict.fromkeys(by_group)
    touched |= dict.fromkeys(
        registered.households[row.id].group_id
        for row in rows
        if row.write is not None and row.write.change is Change.MOVED
    )
    for group in touched:
        own = by_group.get(group, [])
        staying = [id_ for id_ in registered.members.get(group, ()) if id_ not in named]
        _check_labels(own, staying, registered)
        _check_leader(group, own, staying, registered, book)
        if own:
            _check_size(group, own, len(staying))


def _check_labels(own: list[HouseholdRow], staying: list[str], registered: Registered) -> None:
    whose = {registered.households[id_].label: id_ for id_ in staying}
    for row in own:
        other = whose.setdefault(row.label, row.id)
        if other == row.id:
            continue
        fault = same_label_fault(row.label, other)
        # what was so before is no reason to refuse all the rest
        if row.write is not None and {"label", "group_id"} & row.write.values.keys():
            row.spot.refuse("label", fault)
        else:
            row.spot.warn("label", fault)


def _check_leader(
    group: str,
    own: list[HouseholdRow],
    staying: list[str],
    registered: Registered,
    book: PlaceBook,
) -> None:
    known = registered.groups.get(group)
    before = None if known is None else known.leader_household_id
    leaders = [row for row in own if row.leads]
    for row in leaders[1:]:
        row.spot.refuse(
            "role",
            Fault(
                Said(
                    f"本组已有联户长 {leaders[0].id}", f"{leaders[0].id} leads this group already"
                ),
                Said(
                    "一组只有一位联户长：其余改为“成员”", "one leader a group: the others are 成员"
                ),
            ),
        )
    if leaders:
        after: str | None = leaders[0].id
        if before in staying:
            leaders[0].spot.warn(
                "role",
                Fault(
                    Said(
                        f"联户长将由 {before} 改为 {after}",
                        f"the leader changes from {before} to {after}",
                    ),
                    Said("如果不是换人，请改为“成员”", "if not, write 成员 (member)"),
                ),
            )
    elif before in staying or any(row.id == before and row.leads is None for row in own):
        after = before
    else:
        after = None
        if own and any(row.leads is not None for row in own):
            own[0].spot.warn("role", _no_leader(group), "")
    if after != before:
        book.groups.entries[group].values["leader_household_id"] = after


def _check_size(group: str, own: list[HouseholdRow], staying: int) -> None:
    size = len(own) + staying
    joining = [row for row in own if row.write is not None and row.write.change in _JOINS]
    if size > MOST_HOUSEHOLDS and joining:
        row = joining[-1]
        row.spot.refuse(
            "group_id",
            Fault(
                Said(
                    f"联防组 {group} 将有 {size} 户，最多 {MOST_HOUSEHOLDS} 户",
                    f"the group {group} would have {size} households, {MOST_HOUSEHOLDS} at most",
                ),
                Said("请把一部分户分到另一组", "put some of them into another group"),
            ),
            group,
        )
    elif (warning := size_warning(size)) is not None:
        own[0].spot.warn(
            "group_id",
            Fault(
                Said(f"{group}：{warning.zh}", f"{group}: {warning.en}"),
                Said("可以照常导入", "it can be imported all the same"),
            ),
            group,
        )


def _no_leader(group: str) -> Fault:
    return Fault(
        Said(f"联防组 {group} 没有联户长", f"the group {group} has no leader"),
        Said("请在一户的“角色”里填“联户长”", "write 联户长 (leader) as the role of one household"),
    )
