"""From what is heard of a digital input to a press in the log: one transaction for both.

How the input stands and the press that follows from it are committed together, so that neither a
crash nor a busy store can make of one press two, or none.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import Connection

from alarms.decode import CLOCK_TOLERANCE_MS
from alarms.devices import DeviceRegistry
from alarms.model import (
    AlarmKind,
    AlarmSource,
    DeviceRecord,
    DeviceState,
    Flag,
    NewAlarm,
    Refusal,
    RefusalReason,
)
from camerad.device_events.inputs import Heard, Verdict, judged
from camerad.device_events.model import Sighting
from lianfang_timing import unix_ms
from linkage.camera_events import storage
from linkage.camera_events.model import WiredInput


@dataclass(frozen=True)
class Judged:
    """What `AlarmLog.take_in` keeps, and what was found."""

    verdicts: Sequence[tuple[WiredInput, Verdict]] = ()
    alarms: Sequence[NewAlarm] = ()
    devices: Mapping[str, DeviceRecord] = field(default_factory=dict)
    refusals: Sequence[Refusal] = ()
    """Pressed, but a person took the device out of the registry's use."""


def judge(
    conn: Connection,
    registry: DeviceRegistry,
    cameras: Collection[str],
    sightings: Sequence[Sighting],
    now_ms: int,
) -> Judged:
    """Take these sightings of inputs in, in their order."""
    known = {one.token: one for one in storage.wired(conn, cameras)}
    heard = [one for one in sightings if one.token in known]
    if not heard:
        return Judged()
    devices = registry.lookup_in(conn, {one.button for one in known.values()})
    verdicts, alarms, refusals = [], [], []
    for sighting in heard:
        before = known[sighting.token]
        after, verdict = _taken(before, sighting, now_ms)
        if verdict.is_press:
            device = devices.get(before.button)
            if device is None or device.state is DeviceState.REVOKED:
                refusals.append(_refusal(after, registry))
            else:
                alarms.append(_alarm(after, sighting, verdict, now_ms))
                after = replace(after, test_until_ms=None)
        if after != before:
            storage.keep(conn, after)
        known[sighting.token] = after
        verdicts.append((after, verdict))
    return Judged(verdicts, alarms, devices, refusals)


def _taken(before: WiredInput, said: Sighting, now_ms: int) -> tuple[WiredInput, Verdict]:
    heard = Heard(
        active=before.pressed(active=said.active),
        initial=said.initial,
        camera_ms=None if said.at is None else unix_ms(said.at),
        now_ms=now_ms,
    )
    known, verdict = judged(before.known, heard)
    stands = known.active == before.known.active and before.changed_ms is not None
    changed_ms = before.changed_ms if stands and not verdict.is_press else now_ms
    return replace(before, known=known, changed_ms=changed_ms), verdict


def _alarm(one: WiredInput, said: Sighting, verdict: Verdict, now_ms: int) -> NewAlarm:
    at_ms = None if said.at is None else unix_ms(said.at)
    is_test = one.test_until_ms is not None and now_ms < one.test_until_ms
    flags = {Flag.UNSIGNED}
    if at_ms is not None and abs(at_ms - now_ms) > CLOCK_TOLERANCE_MS:
        flags.add(Flag.CLOCK_SUSPECT)
    detail: dict[str, object] = {"wired_to": one.camera_id, "input": one.token}
    if verdict is Verdict.MISSED:
        detail["missed"] = True
    return NewAlarm(
        source=AlarmSource.BUTTON,
        device=one.button,
        # counted by us, in the transaction that appends it: no camera's clock names a press
        boot=one.wired_at_ms,
        seq=one.known.presses,
        mac="",
        kind=AlarmKind.TEST if is_test else one.kind,
        silent=one.silent,
        at_ms=at_ms,
        flags=frozenset(flags),
        detail=detail,
    )


def _refusal(one: WiredInput, registry: DeviceRegistry) -> Refusal:
    return Refusal(
        device=one.button,
        topic=f"onvif/{one.camera_id}/{one.token}",
        reason=RefusalReason.UNKNOWN_DEVICE,
        detail="the button wired to this input is revoked or not registered",
        size=0,
        head=registry.seal_head(b""),
    )
