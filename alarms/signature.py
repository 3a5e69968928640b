"""The signature of a press: HMAC-SHA256 over the contract's string (contract.md §3)."""

import base64
import binascii
import hmac

KEY_BYTES = 32


def signed_text(
    device: str, boot: int, seq: int, kind: str, *, silent: bool, at_ms: int | None
) -> str:
    """The exact text that is signed: `v1|device|boot|seq|kind|0 or 1|at_ms or nothing`."""
    at = "" if at_ms is None else str(at_ms)
    return f"v1|{device}|{boot}|{seq}|{kind}|{int(silent)}|{at}"


def sign(
    key: bytes, device: str, boot: int, seq: int, kind: str, *, silent: bool, at_ms: int | None
) -> str:
    """The press's `mac`: 64 lower-case hex digits."""
    text = signed_text(device, boot, seq, kind, silent=silent, at_ms=at_ms)
    return hmac.digest(key, text.encode(), "sha256").hex()


def matches(expected: str, given: str) -> bool:
    """Compare two macs without telling by the time taken where they differ."""
    return hmac.compare_digest(expected.encode(), given.encode("utf-8", "replace"))


def key_from_text(text: str) -> bytes:
    """The 32-byte key written as base64url without padding.

    Raises ValueError when it is not 32 bytes of base64url.
    """
    try:
        key = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError("the key is not base64url") from error
    if len(key) != KEY_BYTES:
        raise ValueError(f"the key has {len(key)} bytes; it must have {KEY_BYTES}")
    return key


def key_to_text(key: bytes) -> str:
    """The key as base64url without padding."""
    return base64.urlsafe_b64encode(key).rstrip(b"=").decode()
