"""One-time codes, against the vectors of RFC 6238 and RFC 4226."""

from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from linkage.accounts import totp

SECRET = b"12345678901234567890"
"""The RFCs' own."""


@pytest.mark.parametrize(
    ("at_s", "code"),
    [
        (59, "287082"),
        (1111111109, "081804"),
        (1111111111, "050471"),
        (1234567890, "005924"),
        (2000000000, "279037"),
        (20000000000, "353130"),
    ],
)
def test_codes_are_those_of_rfc_6238_with_six_digits(at_s, code):
    assert totp.code_of(SECRET, totp.step_of(at_s * 1000)) == code


@pytest.mark.parametrize(
    ("counter", "code"), [(0, "755224"), (1, "287082"), (2, "359152"), (9, "520489")]
)
def test_codes_are_those_of_rfc_4226(counter, code):
    assert totp.code_of(SECRET, counter) == code


@pytest.mark.parametrize(
    ("off", "fits"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)]
)
def test_a_telephones_clock_may_be_one_step_off_and_no_more(off, fits):
    now_ms = 1_700_000_000_000
    step = totp.step_of(now_ms) + off
    found = totp.step_that_fits(SECRET, totp.code_of(SECRET, step), at_ms=now_ms, last_step=None)
    assert (found == step) if fits else (found is None)


def test_a_code_that_was_used_and_any_older_one_fits_no_more():
    now_ms = 1_700_000_000_000
    now = totp.step_of(now_ms)
    for used, fits in ((now - 1, True), (now, False), (now + 1, False)):
        code = totp.code_of(SECRET, now)
        found = totp.step_that_fits(SECRET, code, at_ms=now_ms, last_step=used)
        assert (found is not None) == fits


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef", "２８７０８２", "\udce9"])
def test_what_is_no_code_fits_nothing(typed):
    assert totp.step_that_fits(SECRET, typed, at_ms=59_000, last_step=None) is None


def test_a_secret_is_drawn_anew_each_time_and_is_long_enough():
    assert len(totp.draw_secret()) == 20  # 160 bits, as RFC 4226 advises
    assert totp.draw_secret() != totp.draw_secret()


def test_the_qr_code_says_what_apps_read():
    uri = totp.uri_of(SECRET, username="wang", issuer="联防 示范镇")
    parts = urlsplit(uri)
    asked = parse_qs(parts.query)
    assert (parts.scheme, parts.netloc) == ("otpauth", "totp")
    assert unquote(parts.path) == "/联防 示范镇:wang"
    assert asked["secret"] == ["GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"] == [totp.secret_text(SECRET)]
    assert asked["issuer"] == ["联防 示范镇"]
    assert (asked["algorithm"], asked["digits"], asked["period"]) == (["SHA1"], ["6"], ["30"])
