"""What a town of some months has beside its buttons: an estate with its property company, a group's
siren and loudspeaker, tests in the ledger, maintenance orders. Names and numbers are made up.
"""

import json
import uuid
from collections.abc import Sequence

from sqlalchemy import Connection, insert, update

from alarms.credentials import enrol_tested_in
from alarms.device_topics import LOUDSPEAKER, SIREN
from alarms.devices import Credentials, DeviceRegistry
from alarms.store import SealedBox
from alarms.store.tables import devices as device_rows
from linkage.accounts.rights import Places
from linkage.demo.town import VILLAGES, DemoButton
from linkage.ledgers.schema import device_tests
from linkage.registry import writing
from linkage.registry.history import Caller, note_many
from linkage.registry.model import Change, Entity, EstateEntry
from linkage.registry.texts import seal_text
from linkage.schema import households
from linkage.supervision.model import Fault, OrderState
from linkage.supervision.schema import maintenance_orders

LOW_BATTERY = 0.08
SOUNDERS = (("dongcun-g1-siren", SIREN), ("dongcun-g1-speaker", LOUDSPEAKER))
_SOUNDING_GROUP = "dongcun-g1"
_ESTATE_GROUP = "dongcun-g3"
_DAY_MS = 86_400_000
_WEAK_BATTERIES = ("dongcun-013-1", "xicun-008-1")
_REPAIRED = "beicun-005-1"
_NOT_LATELY = ("dongcun-025-1", "dongcun-026-1", "xicun-031-1")
"""Not tested for more than a month."""


def battery_of(device: str) -> float:
    """What a simulated button says of its own, 0 to 1."""
    return LOW_BATTERY if device in _WEAK_BATTERIES else 0.93


def seed_upkeep(
    conn: Connection,
    devices: DeviceRegistry,
    box: SealedBox,
    buttons: Sequence[DemoButton],
    *,
    writer: str,
    now_ms: int,
) -> list[Credentials]:
    """After places, accounts and buttons that were tried; what the group's sounders were given."""
    caller = Caller("demo", "", Places(None), now_ms, writer)
    _seed_estate(conn, caller, box)
    _seed_tests(conn, buttons, now_ms)
    _seed_orders(conn, box, {button.credentials.device: button for button in buttons}, now_ms)
    return _seed_sounders(conn, caller, devices)


def _seed_estate(conn: Connection, caller: Caller, box: SealedBox) -> None:
    estate = EstateEntry(
        "dongcun-e1", VILLAGES[0].id, "东苑小区", "安居物业（演示）", "00000000120"
    )
    writing.put_estate(conn, caller, estate, box)
    conn.execute(
        update(households).where(households.c.group_id == _ESTATE_GROUP).values(estate_id=estate.id)
    )


def _seed_sounders(conn: Connection, caller: Caller, devices: DeviceRegistry) -> list[Credentials]:
    given = [
        devices.enrol_in(conn, device, kind=kind, group_id=_SOUNDING_GROUP)
        for device, kind in SOUNDERS
    ]
    # issued a moment after the town began
    issued_ms = max(
        row.issued_at_ms or caller.at_ms
        for row in conn.execute(
            device_rows.select().where(device_rows.c.id.in_([one.device for one in given]))
        )
    )
    enrolled = enrol_tested_in(conn, {one.device: issued_ms for one in given})
    for change in (Change.ISSUED, Change.ENROLLED):
        note_many(conn, caller, [(Entity.DEVICE, device, change, {}) for device in enrolled])
    return given


def _seed_tests(conn: Connection, buttons: Sequence[DemoButton], now_ms: int) -> None:
    """This month's and last month's; some have been left out since."""
    rows = []
    for number, button in enumerate(buttons):
        device = button.credentials.device
        times = [now_ms - 34 * _DAY_MS - number * 60_000]
        if device not in _NOT_LATELY:
            times.append(now_ms)
        rows += [
            {
                "alarm_id": str(uuid.uuid4()),
                "device_id": device,
                "household_id": button.household,
                "group_id": button.group,
                "village_id": button.village,
                "at_ms": at_ms,
            }
            for at_ms in times
        ]
    conn.execute(insert(device_tests), rows)
    conn.execute(
        update(device_rows)
        .where(device_rows.c.id.in_(_NOT_LATELY))
        .values(tested_at_ms=now_ms - 34 * _DAY_MS)
    )


def _seed_orders(
    conn: Connection, box: SealedBox, buttons: dict[str, DemoButton], now_ms: int
) -> None:
    """Two batteries that run low, one of them for too long, and a button that was put right."""
    fresh, late = _WEAK_BATTERIES
    repaired = buttons[_REPAIRED]
    note = seal_text(conn, box, repaired.household, "支架松动，已重新固定 / the bracket was loose")
    common = {
        "overdue_at_ms": None,
        "handed_to": None,
        "recovered_at_ms": None,
        "done_at_ms": None,
        "done_by": None,
        "detail": "{}",
    }
    rows = [
        common
        | _order(buttons[fresh], Fault.LOW, OrderState.OPEN, now_ms - _DAY_MS, 6, "dongcun-head"),
        common
        | _order(buttons[late], Fault.LOW, OrderState.OPEN, now_ms - 9 * _DAY_MS, 7, "duty")
        | {"overdue_at_ms": now_ms - 2 * _DAY_MS, "handed_to": "leader"},
        common
        | _order(repaired, Fault.TAMPERED, OrderState.DONE, now_ms - 5 * _DAY_MS, 1, "leader")
        | {
            "done_at_ms": now_ms - 4 * _DAY_MS,
            "done_by": "leader",
            "detail": json.dumps({"note": note}, ensure_ascii=False),
        },
    ]
    conn.execute(insert(maintenance_orders), rows)


def _order(
    button: DemoButton, fault: Fault, state: OrderState, raised_ms: int, days: int, owner: str
) -> dict[str, object]:
    return {
        "id": str(uuid.uuid4()),
        "kind": fault.value,
        "device_id": button.credentials.device,
        "household_id": button.household,
        "group_id": button.group,
        "village_id": button.village,
        "state": state.value,
        "raised_at_ms": raised_ms,
        "owner": owner,
        "due_at_ms": raised_ms + days * _DAY_MS,
    }
