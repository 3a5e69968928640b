"""Time-based one-time codes (TOTP, RFC 6238): six digits, SHA-1, 30 s, as every app makes them.

Pure: the secret and the moment are arguments. Where secrets are kept: `second_factor`.
"""

import base64
import hmac
import secrets
from urllib.parse import quote, urlencode

STEP_MS = 30_000
DIGITS = 6
SECRET_BYTES = 20
SKEW_STEPS = 1
"""A telephone's clock may be so many steps off, and a code so many steps old."""


def draw_secret() -> bytes:
    """A new secret of 160 random bits."""
    return secrets.token_bytes(SECRET_BYTES)


def secret_text(secret: bytes) -> str:
    """As people type it into an app: base32 without padding."""
    return base64.b32encode(secret).decode().rstrip("=")


def step_of(at_ms: int) -> int:
    return at_ms // STEP_MS


def code_of(secret: bytes, step: int) -> str:
    """The code of one step (HOTP, RFC 4226)."""
    mac = hmac.digest(secret, step.to_bytes(8, "big"), "sha1")
    offset = mac[-1] & 0x0F
    number = int.from_bytes(mac[offset : offset + 4], "big") & 0x7FFF_FFFF
    return f"{number % 10**DIGITS:0{DIGITS}d}"


def step_that_fits(secret: bytes, code: str, *, at_ms: int, last_step: int | None) -> int | None:
    """The step whose code this is, now or one step around; None when it is none of them, or not
    newer than `last_step`, the newest one that was used."""
    typed = code.encode("utf-8", "replace")
    now = step_of(at_ms)
    found = None
    # all are compared, so that how long it takes says nothing
    for step in range(now - SKEW_STEPS, now + SKEW_STEPS + 1):
        is_newer = last_step is None or step > last_step
        if hmac.compare_digest(code_of(secret, step).encode(), typed) and is_newer:
            found = step
    return found


def uri_of(secret: bytes, *, username: str, issuer: str) -> str:
    """What the QR code says: `otpauth://totp/…`, as authenticator apps read it."""
    label = quote(f"{issuer}:{username}", safe="")
    asked = {
        "secret": secret_text(secret),
        "issuer": issuer,
        "algorithm": "SHA1",
        "digits": DIGITS,
        "period": STEP_MS // 1000,
    }
    return f"otpauth://totp/{label}?{urlencode(asked, quote_via=quote)}"
