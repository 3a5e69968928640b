"""The end of a rotation's overlap by the first press with the new key; in the log's transaction.

The new label was scanned in, so nobody needs what the device had before: who has the old label
still can do nothing with it from here on. Its presses of before are in the log already, because a
broker hands out what one device sent in order.
"""

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, bindparam, update

from alarms.model import DeviceRecord, NewAlarm
from alarms.store.tables import devices

# `previous_login` stays for whoever ends its sessions (linkage.enrolment)
_END = (
    update(devices)
    .where(devices.c.id == bindparam("device"), devices.c.previous_key_sealed.is_not(None))
    .values(
        previous_key_sealed=None,
        previous_password_sha256=None,
        previous_mosquitto_password=None,
        previous_until_ms=bindparam("at_ms"),
    )
)


def end_overlaps(
    conn: Connection,
    fresh: Iterable[NewAlarm],
    records: Mapping[str, DeviceRecord],
    *,
    at_ms: int,
) -> None:
    """Of each device that pressed with its new key; free where none is being rotated."""
    over = {
        alarm.device
        for alarm in fresh
        if alarm.device in records
        and records[alarm.device].previous_key is not None
        and alarm.mac_ok
        and not alarm.by_previous_key
    }
    if over:
        conn.execute(_END, [{"device": device, "at_ms": at_ms} for device in sorted(over)])
