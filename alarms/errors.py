"""The exceptions of `alarms`.

AlarmsError
├── Unacceptable       a press that is refused; carries the Refusal reason for the device
├── UnknownDevice      no such device in the registry: a person must register it
├── StoreError
│   ├── StoreBusy      cannot commit now (disk full, locked, server away): try again, lose nothing
│   ├── StoreTooNew    the database was written by a newer version: a person must upgrade us
│   └── StoreUnusable  not a database of ours, not writable, key missing: a person must act
├── BrokerError
│   ├── PortTaken      the embedded broker cannot listen: a person must act
│   └── BrokerAway     the broker cannot be reached now: try again
├── TooYoungToPrune    asked to take away alarms that must still be kept: ask for older ones
└── BrokenChain        the log is not what was written; names the first bad row
"""

from alarms.model import RefusalReason


class AlarmsError(Exception):
    """Anything this package raises on purpose. The text is one clear sentence for a person."""


class Unacceptable(AlarmsError):
    """A press that cannot be an alarm. `reason` goes into the `rejected` reply."""

    def __init__(self, reason: RefusalReason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


class UnknownDevice(AlarmsError):
    """A device id that the registry does not hold."""


class StoreError(AlarmsError):
    """Something about the database."""


class StoreBusy(StoreError):
    """The database cannot commit at this moment; the same call may succeed later."""


class StoreTooNew(StoreError):
    """The database's schema is newer than this program."""


class StoreUnusable(StoreError):
    """The database cannot be used until a person acts."""


class BrokerError(AlarmsError):
    """Something about the MQTT broker."""


class PortTaken(BrokerError):
    """The address the embedded broker should listen on is in use."""


class BrokerAway(BrokerError):
    """The broker cannot be reached at this moment."""


class TooYoungToPrune(AlarmsError):
    """Alarms are kept for at least six calendar months."""


class BrokenChain(AlarmsError):
    """A hash chain does not hold; the text names the first row that is wrong."""
