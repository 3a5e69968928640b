"""The first test press completes a device's enrolment.

Runs in the engine's own transaction, with the cursor, so that each test counts once. Any other
press of an issued device is an alarm and enrols nobody: that somebody stood before the device and
tried it, where it hangs, is said by a test alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from alarms.credentials import enrol_tested_in
from alarms.model import AlarmKind, AlarmSource, Flag, LoggedAlarm
from linkage.accounts.rights import Places
from linkage.registry.history import Caller, note_many
from linkage.registry.model import Change, Entity

SYSTEM = "system"


@dataclass(frozen=True)
class FirstTests:
    """What the engine tells of tests."""

    writer: str
    """Whose chain of the audit its entries continue."""

    def __call__(self, conn: Connection, tests: Sequence[LoggedAlarm], *, now_ms: int) -> None:
        """Note when these devices were last tested, and enrol those that had only a label."""
        last = {
            alarm.device: alarm.received_at_ms
            for alarm in tests
            if alarm.kind is AlarmKind.TEST
            and alarm.source is AlarmSource.BUTTON
            and (alarm.mac_ok or Flag.UNSIGNED in alarm.flags)
        }
        if not last:
            return
        alarm_ids = {alarm.device: alarm.id for alarm in tests}
        enrolled = enrol_tested_in(conn, last)
        caller = Caller(SYSTEM, "", Places(None), now_ms, self.writer)
        note_many(
            conn,
            caller,
            [
                (Entity.DEVICE, device, Change.ENROLLED, {"test": alarm_ids[device]})
                for device in enrolled
            ],
        )
