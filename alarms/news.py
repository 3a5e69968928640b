"""What devices say besides presses: `status` and `seen`, read from their messages. Pure.

These are no alarms: what cannot be read is only logged.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import msgspec

from alarms.decode import device_of
from alarms.device_topics import LOUDSPEAKER, SIREN
from alarms.model import DeviceReport, SeenNotice, SounderStatus


class DeviceStatus(msgspec.Struct):
    """The `status` payload of a device."""

    online: bool
    every_s: float | None = None
    battery: float | None = None
    rssi: float | None = None
    fw: str | None = None
    tamper: bool | None = None
    """Somebody opened it or took it off its wall."""
    at_ms: int | None = None
    """The device's clock, Unix milliseconds."""


class Sounding(DeviceStatus):
    """The `status` payload of a siren or a loudspeaker."""

    on: bool = False
    said: str | None = None


class Seen(msgspec.Struct):
    """The `seen` payload of a member's device."""

    id: str
    state: str


@dataclass
class News:
    """What a batch of messages said."""

    statuses: dict[str, dict[str, object]] = field(default_factory=dict)
    """Of each device what it said last (`known_after`); a goodbye without the values that it left
    out, where it said them in an earlier batch."""
    reports: list[DeviceReport] = field(default_factory=list)
    """Every one of them, in the order they came."""
    seen: list[SeenNotice] = field(default_factory=list)
    sounders: list[SounderStatus] = field(default_factory=list)
    unreadable: list[tuple[str, str]] = field(default_factory=list)
    """Topic and why."""


def read_news(messages: Iterable[tuple[str, bytes, bool]], prefix: str) -> News:
    """`messages` are topic, payload and whether the broker had it retained, in the order they
    came."""
    news = News()
    for topic, payload, retained in messages:
        try:
            if (device := device_of(topic, prefix, "status")) is not None:
                status = msgspec.json.decode(payload, type=DeviceStatus)
                _note_status(news, device, status, retained=retained)
            elif (found := _sounder_of(topic, prefix)) is not None:
                kind, device = found
                told = msgspec.json.decode(payload, type=Sounding)
                _note_status(news, device, told, retained=retained)
                sounding = told.on or told.said is not None
                news.sounders.append(SounderStatus(device, kind, sounding))
            elif (device := device_of(topic, prefix, "seen")) is not None:
                said = msgspec.json.decode(payload, type=Seen)
                news.seen.append(SeenNotice(device, said.id, said.state))
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            news.unreadable.append((topic, str(error)))
    return news


def known_after(before: Mapping[str, object], said: Mapping[str, object]) -> dict[str, object]:
    """What is known of a device after a status. A goodbye, above all a last will, was written long
    before: what it leaves out is as the device said it last."""
    if said.get("online"):
        return dict(said)
    return {**before, **{name: value for name, value in said.items() if value is not None}}


def _note_status(news: News, device: str, said: DeviceStatus, *, retained: bool) -> None:
    news.statuses[device] = known_after(news.statuses.get(device, {}), msgspec.to_builtins(said))
    news.reports.append(
        DeviceReport(
            device,
            live=not retained,
            online=said.online,
            every_s=said.every_s,
            battery=said.battery,
            rssi=said.rssi,
            tamper=said.tamper,
            at_ms=said.at_ms,
        )
    )


def _sounder_of(topic: str, prefix: str) -> tuple[str, str] | None:
    """Kind and device in `prefix/siren/{device}/status`, or the loudspeaker's."""
    for kind in (SIREN, LOUDSPEAKER):
        device = device_of(topic, prefix, "status", kind=kind)
        if device is not None:
            return kind, device
    return None
