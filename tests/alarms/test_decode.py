"""From bytes to an alarm: the contract's vectors, and our own refusals for all bad input."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alarms import signature
from alarms.decode import check_press, counters_of, decode_press, device_of
from alarms.errors import Unacceptable
from alarms.model import AlarmKind, DeviceRecord, Flag, Press, RefusalReason

KEY = bytes(range(32))
NOW_MS = 1_780_000_000_000
DEVICE = "dongcun-017-1"


def test_contract_vector_of_a_panic_press() -> None:
    assert signature.key_to_text(KEY) == "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
    mac = signature.sign(KEY, DEVICE, 17, 42, "panic", silent=False, at_ms=1780000000123)
    assert mac == "072bd2bb3f777502c957804a6f976dbffb1a22f7d1ba448da4a63570849b91ea"


def test_contract_vector_of_a_silent_duress_press_without_a_clock() -> None:
    mac = signature.sign(KEY, DEVICE, 17, 43, "duress", silent=True, at_ms=None)
    assert mac == "e625d8604c03089ca3fed64e7261205a06df6a5aac4a80b9f9f39529f1c9ea6f"


def record(*, unsigned: bool = False) -> DeviceRecord:
    key = None if unsigned else KEY
    return DeviceRecord(id=DEVICE, kind="button", household_id=None, key=key, unsigned=unsigned)


def press(*, at_ms: int | None = NOW_MS, mac: str | None = "right") -> Press:
    if mac == "right":
        mac = signature.sign(KEY, DEVICE, 17, 42, "panic", silent=False, at_ms=at_ms)
    return Press(DEVICE, 17, 42, AlarmKind.PANIC, silent=False, at_ms=at_ms, mac=mac)


def test_right_signature_is_an_alarm() -> None:
    alarm = check_press(press(), record(), now_ms=NOW_MS, retained=False)
    assert alarm.mac_ok
    assert alarm.flags == frozenset()


@pytest.mark.parametrize("at_ms", [0, -5, 4_070_908_800_000, 2**62], ids=["1970", "-", "2099", "∞"])
def test_wrong_clock_marks_the_press_and_never_refuses_it(at_ms: int) -> None:
    alarm = check_press(press(at_ms=at_ms), record(), now_ms=NOW_MS, retained=False)
    assert alarm.flags == {Flag.CLOCK_SUSPECT}


def test_press_without_a_clock_is_not_suspect() -> None:
    alarm = check_press(press(at_ms=None), record(), now_ms=NOW_MS, retained=False)
    assert alarm.flags == frozenset()


def test_retained_press_is_marked() -> None:
    alarm = check_press(press(), record(), now_ms=NOW_MS, retained=True)
    assert alarm.flags == {Flag.RETAINED}


def test_press_without_mac_is_accepted_only_from_unsigned_devices() -> None:
    alarm = check_press(press(mac=None), record(unsigned=True), now_ms=NOW_MS, retained=False)
    assert (alarm.mac_ok, alarm.flags) == (False, {Flag.UNSIGNED})
    with pytest.raises(Unacceptable) as refused:
        check_press(press(mac=None), record(), now_ms=NOW_MS, retained=False)
    assert refused.value.reason is RefusalReason.BAD_SIGNATURE


def test_unknown_device_is_refused() -> None:
    with pytest.raises(Unacceptable) as refused:
        check_press(press(), None, now_ms=NOW_MS, retained=False)
    assert refused.value.reason is RefusalReason.UNKNOWN_DEVICE


GOOD = {"v": 1, "boot": 17, "seq": 42, "kind": "panic", "silent": False, "mac": "0" * 64}

BAD_PAYLOADS: list[bytes] = [
    b"", b" ", b"null", b"true", b"0", b'""', b"[]", b"{}", b"{", b"}", b"\x00", b"\xff\xff",
    b"\xef\xbb\xbf{}", b"[" * 3000, b'{"a":' * 700, b"NaN", b'{"v":NaN}', b"Infinity",
    b"<xml/>", b"v=1&boot=2", "报警".encode(), "报警".encode("gb18030"),
    *(json.dumps({**GOOD, **change}).encode() for change in (
        {"v": 0}, {"v": 2}, {"v": "1"}, {"v": 1.5}, {"v": None}, {"v": True},
        {"boot": -1}, {"boot": 2**53}, {"boot": 10**400}, {"boot": "17"}, {"boot": 1.5},
        {"boot": None}, {"boot": [17]}, {"boot": True},
        {"seq": -1}, {"seq": 2**53}, {"seq": "42"}, {"seq": {}}, {"seq": 0.1},
        {"kind": "PANIC"}, {"kind": ""}, {"kind": "loitering"}, {"kind": 1}, {"kind": None},
        {"kind": "panic\u0000"}, {"kind": "panic "}, {"silent": "no"}, {"silent": 0},
        {"silent": None}, {"at_ms": "now"}, {"at_ms": 1.5}, {"at_ms": 10**30},
        {"mac": ""}, {"mac": "0" * 63}, {"mac": "0" * 65}, {"mac": "G" * 64}, {"mac": "A" * 64},
        {"mac": 0}, {"mac": ["0" * 64]}, {"mac": "٠" * 64}, {"mac": "0" * 64 + "\n"},
    )),
]  # fmt: skip


@pytest.mark.parametrize("payload", BAD_PAYLOADS)
def test_bad_payload_is_malformed(payload: bytes) -> None:
    with pytest.raises(Unacceptable) as refused:
        decode_press(DEVICE, payload)
    assert refused.value.reason is RefusalReason.MALFORMED


def test_there_are_at_least_fifty_kinds_of_bad_payload() -> None:
    assert len(set(BAD_PAYLOADS)) >= 50


def test_payload_above_4_kib_is_too_large_whatever_it_says() -> None:
    good = json.dumps(GOOD).encode()
    with pytest.raises(Unacceptable) as refused:
        decode_press(DEVICE, good + b" " * (4097 - len(good)))
    assert refused.value.reason is RefusalReason.TOO_LARGE
    assert decode_press(DEVICE, good + b" " * (4096 - len(good))).seq == 42


def test_keys_of_later_versions_pass() -> None:
    assert decode_press(DEVICE, json.dumps({**GOOD, "later": [1]}).encode()).boot == 17


@given(st.binary(max_size=6000))
def test_any_bytes_are_a_press_or_our_refusal(payload: bytes) -> None:
    try:
        decode_press(DEVICE, payload)
    except Unacceptable:
        counters_of(payload)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=10,
)


@given(
    st.dictionaries(
        st.sampled_from([*GOOD, "at_ms", "x"]), json_values | st.sampled_from([1, 17, "panic"])
    )
)
def test_any_object_is_a_press_or_our_refusal(facts: dict[str, object]) -> None:
    payload = json.dumps({**GOOD, **facts}).encode()
    with suppress(Unacceptable):
        found = decode_press(DEVICE, payload)
        check_press(found, record(), now_ms=NOW_MS, retained=False)


@given(
    boot=st.integers(0, 2**53 - 1),
    seq=st.integers(0, 2**53 - 1),
    kind=st.sampled_from(["panic", "fire", "duress", "cancel", "test"]),
    silent=st.booleans(),
    at_ms=st.none() | st.integers(-(2**62), 2**62),
)
def test_every_rightly_signed_press_is_an_alarm(
    boot: int, seq: int, kind: str, silent: bool, at_ms: int | None
) -> None:
    mac = signature.sign(KEY, DEVICE, boot, seq, kind, silent=silent, at_ms=at_ms)
    facts = {"v": 1, "boot": boot, "seq": seq, "kind": kind, "silent": silent, "mac": mac}
    payload = json.dumps(facts if at_ms is None else {**facts, "at_ms": at_ms}).encode()
    alarm = check_press(decode_press(DEVICE, payload), record(), now_ms=NOW_MS, retained=False)
    assert alarm.identity == (DEVICE, boot, seq, mac)


@given(st.integers(0, 63), st.integers(0, 3))
def test_one_changed_digit_breaks_the_signature(place: int, shift: int) -> None:
    right = press().mac or ""
    digit = format(int(right[place], 16) ^ (1 << shift), "x")
    forged = press(mac=right[:place] + digit + right[place + 1 :])
    with pytest.raises(Unacceptable) as refused:
        check_press(forged, record(), now_ms=NOW_MS, retained=False)
    assert refused.value.reason is RefusalReason.BAD_SIGNATURE


@pytest.mark.parametrize(
    ("topic", "device"),
    [
        ("lianfang/button/a.b_c-1/press", "a.b_c-1"),
        ("lianfang/button//press", None),
        ("lianfang/button/a/b/press", None),
        ("lianfang/button/甲/press", None),
        ("lianfang/button/" + "a" * 65 + "/press", None),
        ("lianfang/button/a/reply", None),
        ("other/button/a/press", None),
    ],
)
def test_device_of_a_topic(topic: str, device: str | None) -> None:
    assert device_of(topic, "lianfang", "press") == device


def test_refused_press_is_told_its_counters_as_far_as_they_can_be_read() -> None:
    assert counters_of(b'{"boot":3,"seq":4,"kind":"tea"}') == (3, 4)
    assert counters_of(b'{"boot":"x","seq":4}') == (None, None)
    assert counters_of(b"\xff") == (None, None)
    assert counters_of(b'{"boot":9007199254740992,"seq":4}') == (2**53, 4)
    assert counters_of(b'{"boot":' + b"9" * 3000 + b',"seq":4}') == (None, None)
