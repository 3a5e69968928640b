"""From bytes on a topic to an alarm, or the reason why not (contract.md §3). Pure."""

import re
from typing import Annotated, Literal

import msgspec

from alarms import signature
from alarms.errors import Unacceptable
from alarms.model import (
    DEVICE_ID_PATTERN,
    PRESS_KINDS,
    AlarmSource,
    DeviceRecord,
    DeviceState,
    Flag,
    NewAlarm,
    Press,
    RefusalReason,
)

MAX_PAYLOAD_BYTES = 4096
CLOCK_TOLERANCE_MS = 5 * 60 * 1000
"""A device clock further off than this marks the press; 5 min is what a cheap quartz loses in
about half a year without being set."""

Counter = Annotated[int, msgspec.Meta(ge=0, lt=2**53)]
Milliseconds = Annotated[int, msgspec.Meta(ge=-(2**62), le=2**62)]
# numbers beyond any device's own are not sent back: a reply is read by small machines
Echoed = Annotated[int, msgspec.Meta(ge=-(2**62), le=2**62)]
Mac = Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{64}\Z")]
PressKind = Literal["panic", "fire", "medical", "missing", "other", "duress", "cancel", "test"]

_DEVICE_ID = re.compile(DEVICE_ID_PATTERN)
_KINDS = {kind.value: kind for kind in PRESS_KINDS}
_QUOTED = re.compile(r"'[^']*'")


class _WirePress(msgspec.Struct):
    """The press payload. Keys we do not know are for later versions and pass."""

    v: Literal[1]
    boot: Counter
    seq: Counter
    kind: PressKind
    silent: bool = False
    at_ms: Milliseconds | None = None
    mac: Mac | None = None


_PRESS = msgspec.json.Decoder(_WirePress)


class _WireCounters(msgspec.Struct):
    """The two numbers a device needs to find its refused press again."""

    boot: Echoed | None = None
    seq: Echoed | None = None


def device_of(topic: str, prefix: str, leaf: str, *, kind: str = "button") -> str | None:
    """The device id in `prefix/{kind}/{device}/leaf`, or None when the topic is not that."""
    head, tail = f"{prefix}/{kind}/", f"/{leaf}"
    if not (topic.startswith(head) and topic.endswith(tail)):
        return None
    device = topic[len(head) : -len(tail)]
    return device if _DEVICE_ID.fullmatch(device) else None


def decode_press(device: str, payload: bytes) -> Press:
    """The press in `payload`. Raises Unacceptable (too-large, malformed)."""
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise Unacceptable(
            RefusalReason.TOO_LARGE,
            f"{len(payload)} bytes; a press has at most {MAX_PAYLOAD_BYTES}",
        )
    try:
        wire = _PRESS.decode(payload)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Unacceptable(RefusalReason.MALFORMED, f"not a press: {_quoteless(error)}") from error
    return Press(
        device=device,
        boot=wire.boot,
        seq=wire.seq,
        kind=_KINDS[wire.kind],
        silent=wire.silent,
        at_ms=wire.at_ms,
        mac=wire.mac,
    )


def _quoteless(error: Exception) -> str:
    """What is wrong, without what the message said: this is kept and logged in the clear."""
    return _QUOTED.sub("'…'", str(error)) if isinstance(error, msgspec.MsgspecError) else "no text"


def check_press(
    press: Press, device: DeviceRecord | None, *, now_ms: int, retained: bool
) -> NewAlarm:
    """The alarm that a press is. Raises Unacceptable (unknown-device, bad-signature).

    Never refuses for a clock, a counter or a retained flag: those only mark it.
    """
    if device is None:
        raise Unacceptable(
            RefusalReason.UNKNOWN_DEVICE, f"device {press.device} is not in the registry"
        )
    if device.state is DeviceState.REVOKED:
        raise Unacceptable(RefusalReason.UNKNOWN_DEVICE, f"device {press.device} was revoked")
    flags = set()
    mac, by_previous_key = press.mac or "", False
    if device.unsigned:
        mac, mac_ok = "", False
        flags.add(Flag.UNSIGNED)
    else:
        by_previous_key = _signed_by_previous_key(press, device, now_ms=now_ms)
        mac_ok = True
    if press.at_ms is not None and abs(press.at_ms - now_ms) > CLOCK_TOLERANCE_MS:
        flags.add(Flag.CLOCK_SUSPECT)
    if retained:
        flags.add(Flag.RETAINED)
    return NewAlarm(
        source=AlarmSource.BUTTON,
        device=press.device,
        boot=press.boot,
        seq=press.seq,
        mac=mac,
        kind=press.kind,
        silent=press.silent,
        at_ms=press.at_ms,
        mac_ok=mac_ok,
        flags=frozenset(flags),
        by_previous_key=by_previous_key,
    )


def counters_of(payload: bytes) -> tuple[int | None, int | None]:
    """`boot` and `seq` of a refused payload as far as they can be read, for the reply."""
    if len(payload) > MAX_PAYLOAD_BYTES:
        return (None, None)
    try:
        found = msgspec.json.decode(payload, type=_WireCounters)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return (None, None)
    return (found.boot, found.seq)


def _signed_by_previous_key(press: Press, device: DeviceRecord, *, now_ms: int) -> bool:
    """False: by its key. True: by the one before its rotation, which still counts. Else raises."""
    if press.mac is None or device.key is None:
        raise Unacceptable(RefusalReason.BAD_SIGNATURE, "the press has no mac")
    if signature.matches(_mac_of(press, device.key), press.mac):
        return False
    previous = device.previous_key
    if previous is not None and signature.matches(_mac_of(press, previous), press.mac):
        if now_ms < device.previous_until_ms:
            return True
        raise Unacceptable(
            RefusalReason.BAD_SIGNATURE, "the mac is of the key before the rotation, which is over"
        )
    raise Unacceptable(RefusalReason.BAD_SIGNATURE, "the mac is not that of this device's key")


def _mac_of(press: Press, key: bytes) -> str:
    return signature.sign(
        key,
        press.device,
        press.boot,
        press.seq,
        press.kind.value,
        silent=press.silent,
        at_ms=press.at_ms,
    )


assert set(PressKind.__args__) == {k.value for k in PRESS_KINDS}  # type: ignore[attr-defined]
