"""What devices say besides presses: `status` and `seen`, read from their messages. Pure.

These are no alarms: what cannot be read is only logged.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

import msgspec

from alarms.decode import device_of
from alarms.device_topics import LOUDSPEAKER, SIREN
from alarms.model import SeenNotice, SounderStatus


class DeviceStatus(msgspec.Struct):
    """The `status` payload of a device."""

    online: bool
    every_s: float | None = None
    battery: float | None = None
    rssi: float | None = None
    fw: str | None = None


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
    """The last one of each device."""
    seen: list[SeenNotice] = field(default_factory=list)
    sounders: list[SounderStatus] = field(default_factory=list)
    unreadable: list[tuple[str, str]] = field(default_factory=list)
    """Topic and why."""


def read_news(messages: Iterable[tuple[str, bytes]], prefix: str) -> News:
    """`messages` are topics and payloads in the order they came."""
    news = News()
    for topic, payload in messages:
        try:
            if (device := device_of(topic, prefix, "status")) is not None:
                status = msgspec.json.decode(payload, type=DeviceStatus)
                news.statuses[device] = msgspec.to_builtins(status)
            elif (found := _sounder_of(topic, prefix)) is not None:
                kind, device = found
                told = msgspec.json.decode(payload, type=Sounding)
                news.statuses[device] = msgspec.to_builtins(told)
                sounding = told.on or told.said is not None
                news.sounders.append(SounderStatus(device, kind, sounding))
            elif (device := device_of(topic, prefix, "seen")) is not None:
                said = msgspec.json.decode(payload, type=Seen)
                news.seen.append(SeenNotice(device, said.id, said.state))
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            news.unreadable.append((topic, str(error)))
    return news


def _sounder_of(topic: str, prefix: str) -> tuple[str, str] | None:
    """Kind and device in `prefix/siren/{device}/status`, or the loudspeaker's."""
    for kind in (SIREN, LOUDSPEAKER):
        device = device_of(topic, prefix, "status", kind=kind)
        if device is not None:
            return kind, device
    return None
