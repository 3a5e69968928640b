"""Judging a batch of presses by what the registry says: alarms for the log, or refusals.

The rules are `alarms.decode`'s; here they meet the registry. Nothing is answered here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec
from sqlalchemy import Connection

from alarms.decode import check_press, counters_of, decode_press, device_of
from alarms.devices import DeviceRegistry
from alarms.errors import Unacceptable
from alarms.model import DeviceRecord, NewAlarm, Refusal, RefusalReason
from alarms.mqtt import Inbound
from lianfang_timing import Clock, unix_ms

_HEAD_BYTES = 256


class Asked(msgspec.Struct, frozen=True):
    """One message and what became of it: an alarm for the log, a refusal, or (empty) neither."""

    message: Inbound
    device: str | None
    boot: int | None
    seq: int | None
    alarm: NewAlarm | None
    refusal: Refusal | None


@dataclass(frozen=True)
class Judged:
    """A batch: what `AlarmLog.take_in` keeps, and whom to answer."""

    asked: Sequence[Asked]
    alarms: Sequence[NewAlarm]
    refusals: Sequence[Refusal]
    devices: Mapping[str, DeviceRecord]


class Judge:
    """Called in the transaction that appends: what it reads of the registry holds there."""

    def __init__(self, devices: DeviceRegistry, clock: Clock, prefix: str) -> None:
        self._devices = devices
        self._clock = clock
        self._prefix = prefix

    def __call__(self, conn: Connection, presses: Sequence[Inbound]) -> Judged:
        """One judgement for each press, in order."""
        ids = [device_of(m.topic, self._prefix, "press") for m in presses]
        known = self._devices.lookup_in(conn, {i for i in ids if i is not None})
        now_ms = unix_ms(self._clock.now())
        asked = [self._judge(m, i, known, now_ms) for m, i in zip(presses, ids, strict=True)]
        return Judged(
            asked=asked,
            alarms=[a.alarm for a in asked if a.alarm is not None],
            refusals=[a.refusal for a in asked if a.refusal is not None],
            devices=known,
        )

    def _judge(
        self,
        message: Inbound,
        device: str | None,
        known: Mapping[str, DeviceRecord],
        now_ms: int,
    ) -> Asked:
        boot, seq = None, None
        if not message.payload:
            # how a retained message is cleared from a broker: nobody presses and nobody waits
            return Asked(message, device, boot, seq, None, None)
        try:
            if device is None:
                raise Unacceptable(RefusalReason.MALFORMED, "the topic holds no valid device id")
            press = decode_press(device, message.payload)
            boot, seq = press.boot, press.seq
            alarm = check_press(press, known.get(device), now_ms=now_ms, retained=message.retained)
        except Unacceptable as why:
            if boot is None:
                boot, seq = counters_of(message.payload)
            refusal = Refusal(
                device=device,
                topic=message.topic,
                reason=why.reason,
                detail=why.detail,
                size=len(message.payload),
                head=self._devices.seal_head(message.payload[:_HEAD_BYTES]),
            )
            return Asked(message, device, boot, seq, None, refusal)
        return Asked(message, device, boot, seq, alarm, None)
