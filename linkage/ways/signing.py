"""Signing webhooks as Standard Webhooks has it: HMAC-SHA256 over id, timestamp and body. Pure.

The receiver's half is in docs/webhook.md, where a test runs it.
"""

import base64
import binascii
import hashlib
import hmac

PREFIX = "whsec_"
LEAST_BYTES = 24


def secret_of(text: str) -> bytes:
    """The key of a secret's text: base64 after `whsec_`, else the text itself.

    Raises ValueError, with a sentence that does not hold the secret.
    """
    if text.startswith(PREFIX):
        try:
            key = base64.b64decode(text.removeprefix(PREFIX), validate=True)
        except binascii.Error as error:
            raise ValueError(f"what follows {PREFIX} is not base64") from error
    else:
        key = text.encode()
    if len(key) < LEAST_BYTES:
        raise ValueError(f"a secret has at least {LEAST_BYTES} bytes, this one {len(key)}")
    return key


def signature(secret: bytes, message_id: str, timestamp_s: int, body: bytes) -> str:
    """The value of `webhook-signature`."""
    signed = f"{message_id}.{timestamp_s}.".encode() + body
    digest = hmac.new(secret, signed, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"
