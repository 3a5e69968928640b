"""The shapes of the log of alarms in the API."""

from msgspec import Struct


class Alarm(Struct, frozen=True, kw_only=True):
    position: int
    """Its place in the log; what `after` and `next` count."""
    id: str
    device: str
    boot: int
    seq: int
    """The press's own counter, as at the device."""
    kind: str
    received_at: str
    flags: list[str]
    silent: bool
    source: str


class AlarmPage(Struct, frozen=True, kw_only=True):
    items: list[Alarm]
    next: str | None


class Reported(Struct, frozen=True, kw_only=True):
    alarm: str
