"""Every change of a device: registering, placing, issuing, rotating, revoking.

Each runs in one transaction with its line of history and its entry of the audit, and asks first
whether the device is the caller's business. What keys and logins are is `alarms.credentials`'.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection, select, update
from sqlalchemy.engine import RowMapping

from alarms import credentials
from alarms.credentials import Credentials
from alarms.device_topics import BUTTON, OWN
from alarms.devices import DeviceRegistry, PlannedDevice
from alarms.model import DeviceState
from alarms.store import SealedBox
from alarms.store.tables import devices
from linkage.enrolment.where import (
    Home,
    home_of_group,
    home_of_household,
    own_device,
)
from linkage.registry.errors import BadEntry, NoSuchEntry, NotPossible
from linkage.registry.history import Caller, note
from linkage.registry.model import Change, Entity, Said, is_id

_STATES = {
    DeviceState.PLANNED: Said("尚未发放标签", "its label was never made"),
    DeviceState.ISSUED: Said("已发放，未测试", "issued, not tested yet"),
    DeviceState.ENROLLED: Said("已入网", "enrolled"),
    DeviceState.REVOKED: Said("已吊销", "revoked"),
}


class RevokeReason(StrEnum):
    """Why a device is heard no more; words of a list, so that no household's story is kept."""

    LOST = "lost"
    STOLEN = "stolen"
    BROKEN = "broken"
    TAKEN_DOWN = "taken-down"
    KEY_LEAKED = "key-leaked"
    OTHER = "other"


@dataclass(frozen=True)
class Wanted:
    """How a device should stand in the registry."""

    kind: str = BUTTON
    household_id: str | None = None
    group_id: str | None = None
    unsigned: bool = False


@dataclass(frozen=True)
class Label:
    """What is printed for one device, once."""

    given: Credentials
    kind: str
    home: Home


def put_device(
    conn: Connection,
    registry: DeviceRegistry,
    caller: Caller,
    device: str,
    wanted: Wanted,
    *,
    only_new: bool = False,
) -> bool:
    """Register the device, or change what is registered of it; whether it is new.

    Raises BadEntry, NoSuchEntry, NotPossible, the last also where only a new one was asked for.
    """
    if not is_id(device):
        raise BadEntry(
            "id",
            Said(
                "编号只能用字母、数字、点、横线和下划线，最多 64 个",
                "an id has 1 to 64 letters, digits, dots, hyphens and underscores",
            ),
        )
    _must_be_possible(conn, caller, wanted)
    is_there = conn.scalar(select(devices.c.id).where(devices.c.id == device)) is not None
    if not is_there:
        planned = PlannedDevice(
            device, wanted.kind, wanted.household_id, wanted.group_id, wanted.unsigned
        )
        registry.register_planned_in(conn, [planned])
        note(conn, caller, Entity.DEVICE, device, Change.CREATED, _placed(wanted))
        return True
    row, _ = own_device(conn, caller.places, device)
    if only_new:
        raise NotPossible(
            Said(f"编号 {device} 已登记", f"there is a device with the id {device} already")
        )
    _change(conn, registry, caller, row, wanted)
    return False


def issue(
    conn: Connection,
    box: SealedBox,
    caller: Caller,
    wanted: Sequence[str],
    *,
    overlap_ms: int,
) -> list[Label]:
    """New labels for devices that are not enrolled. Raises NoSuchEntry, NotPossible.

    One that was issued and never tested may be in use all the same: what it had counts on for the
    overlap.
    """
    rows = [own_device(conn, caller.places, device) for device in dict.fromkeys(wanted)]
    enrolled = [row["id"] for row, _ in rows if row["state"] == DeviceState.ENROLLED.value]
    if enrolled:
        raise NotPossible(
            Said(
                f"{'、'.join(enrolled[:5])} 已入网，补发标签请用“更换密钥”",
                f"{', '.join(enrolled[:5])}: enrolled already; to give them another label, rotate",
            )
        )
    return [_issued(conn, box, caller, row, home, overlap_ms) for row, home in rows]


def rotate(
    conn: Connection, box: SealedBox, caller: Caller, device: str, *, overlap_ms: int
) -> Label:
    """A new label for a device in use; what it has counts on for the overlap.

    Raises NoSuchEntry, NotPossible.
    """
    row, home = own_device(conn, caller.places, device)
    state = DeviceState(row["state"])
    if state not in (DeviceState.ISSUED, DeviceState.ENROLLED):
        raise NotPossible(
            Said(
                f"{device} {_STATES[state].zh}，请直接打印标签",
                f"{device} is not in use ({_STATES[state].en}): print a label instead",
            )
        )
    return _issued(conn, box, caller, row, home, overlap_ms)


def revoke(conn: Connection, caller: Caller, device: str, reason: RevokeReason) -> None:
    """Hear the device no more. Raises NoSuchEntry, NotPossible."""
    row, _ = own_device(conn, caller.places, device)
    if row["state"] == DeviceState.REVOKED.value:
        raise NotPossible(Said(f"{device} 已吊销", f"{device} is revoked already"))
    credentials.revoke_in(conn, device, at_ms=caller.at_ms)
    note(conn, caller, Entity.DEVICE, device, Change.REVOKED, {"reason": reason.value})


def _issued(
    conn: Connection,
    box: SealedBox,
    caller: Caller,
    row: RowMapping,
    home: Home,
    overlap_ms: int,
) -> Label:
    device, before = row["id"], DeviceState(row["state"])
    given = credentials.issue_in(conn, box, device, at_ms=caller.at_ms, overlap_ms=overlap_ms)
    in_use = before in (DeviceState.ISSUED, DeviceState.ENROLLED)
    change = Change.ROTATED if in_use else Change.ISSUED
    overlap = {"overlap_until_ms": caller.at_ms + overlap_ms} if in_use else {}
    note(conn, caller, Entity.DEVICE, device, change, {"was": before.value, **overlap})
    return Label(given, row["kind"], home)


def _must_be_possible(conn: Connection, caller: Caller, wanted: Wanted) -> None:
    if wanted.kind not in OWN:
        raise BadEntry(
            "kind",
            Said(
                f"没有这种设备：{wanted.kind}",
                f"there is no kind {wanted.kind!r}: use one of {', '.join(sorted(OWN))}",
            ),
        )
    if wanted.household_id is not None and wanted.group_id is not None:
        raise BadEntry(
            "group",
            Said("只能属于一户或一个组", "a device belongs to a household or to a group, not both"),
        )
    if wanted.unsigned and wanted.kind != BUTTON:
        raise BadEntry("unsigned", Said("只有按钮可以免签名", "only a button may be unsigned"))
    home: Home | None = Home()
    if wanted.household_id is not None:
        home = home_of_household(conn, wanted.household_id)
    elif wanted.group_id is not None:
        home = home_of_group(conn, wanted.group_id)
    if home is None or not caller.places.covers(home.village_id):
        raise NoSuchEntry


def _change(
    conn: Connection,
    registry: DeviceRegistry,
    caller: Caller,
    row: RowMapping,
    wanted: Wanted,
) -> None:
    device, state = row["id"], DeviceState(row["state"])
    is_other_sort = (row["kind"], bool(row["unsigned"])) != (wanted.kind, wanted.unsigned)
    if is_other_sort and state not in (DeviceState.PLANNED, DeviceState.REVOKED):
        raise NotPossible(
            Said(
                f"{device} 正在使用，不能改种类或签名方式；请先吊销",
                f"{device} is in use: its kind and signing change only once it is revoked",
            )
        )
    now_at = wanted.household_id, wanted.group_id
    moved = (row["household_id"], row["group_id"]) != now_at
    if not (moved or is_other_sort):
        return
    sealed = row["key_sealed"]
    if not wanted.unsigned and sealed is None:
        (fresh,) = registry.planned_rows([PlannedDevice(device, wanted.kind)])
        sealed = fresh["key_sealed"]
    conn.execute(
        update(devices)
        .where(devices.c.id == device)
        .values(
            kind=wanted.kind,
            unsigned=wanted.unsigned,
            key_sealed=None if wanted.unsigned else sealed,
            household_id=wanted.household_id,
            group_id=wanted.group_id,
        )
    )
    if moved:
        credentials.must_be_tested_again_in(conn, device)
    was = {"household": row["household_id"], "group": row["group_id"]}
    change = Change.MOVED if moved else Change.CHANGED
    note(conn, caller, Entity.DEVICE, device, change, {"from": was, "to": _placed(wanted)})


def _placed(wanted: Wanted) -> dict[str, object]:
    return {
        "kind": wanted.kind,
        "household": wanted.household_id,
        "group": wanted.group_id,
        "unsigned": wanted.unsigned,
    }
