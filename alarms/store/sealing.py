"""Secrets at rest: device keys and camera passwords, sealed under the site's key (AES-256-GCM).

Also what the site puts its name to: texts signed under a key drawn from the same one.
"""

import hashlib
import hmac
import os
import secrets
from functools import cached_property
from pathlib import Path

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from alarms.errors import StoreUnusable

_NONCE_BYTES = 12
_KEY_BYTES = 32
_SIGNING_INFO = b"lianfang signing v1"
_EVIDENCE_INFO = b"lianfang evidence ed25519 v1"
"""Keeps the signing key apart from the sealing key; changing it makes every signature invalid."""


class SealedBox:
    """Seals and opens short secrets. The context (such as `device:dongcun-017-1`) is bound in, so
    that a sealed value copied to another row does not open there."""

    def __init__(self, site_key: bytes) -> None:
        self._key = site_key
        self._cipher = AESGCM(site_key)

    @cached_property
    def _signing_key(self) -> bytes:
        # only what signs needs it; thousands of households have boxes that never do
        return HKDF(SHA256(), _KEY_BYTES, salt=None, info=_SIGNING_INFO).derive(self._key)

    @cached_property
    def _public_signer(self) -> Ed25519PrivateKey:
        seed = HKDF(SHA256(), _KEY_BYTES, salt=None, info=_EVIDENCE_INFO).derive(self._key)
        return Ed25519PrivateKey.from_private_bytes(seed)

    def seal(self, secret: bytes, *, context: str) -> bytes:
        """Nonce and ciphertext in one value."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, secret, context.encode())

    def open(self, sealed: bytes, *, context: str) -> bytes:
        """The secret again. Raises StoreUnusable when key or context is not the one it was sealed
        with."""
        try:
            return self._cipher.decrypt(
                sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], context.encode()
            )
        except (InvalidTag, ValueError) as error:  # ValueError: too short to hold a nonce
            raise StoreUnusable(
                f"the secret of {context} cannot be opened: is the site key file the one this "
                "database was made with?"
            ) from error

    def sign(self, text: str) -> str:
        """The site's signature of `text`: HMAC-SHA256, 64 hex digits. Let `text` begin with what
        it is (such as `checkpoint-v1|`), so that no signature fits another kind of text."""
        return hmac.new(self._signing_key, text.encode(), hashlib.sha256).hexdigest()

    def signed(self, text: str, mac: str) -> bool:
        """Whether `mac` is this site's signature of `text`."""
        return hmac.compare_digest(self.sign(text).encode(), mac.encode("utf-8", "replace"))

    def sign_publicly(self, text: str) -> str:
        """The site's Ed25519 signature of `text`, 128 hex digits: whoever has `public_key` can
        prove it without any secret. Let `text` begin with what it is."""
        return self._public_signer.sign(text.encode()).hex()

    @property
    def public_key(self) -> str:
        """64 hex digits; hand it over with what was signed."""
        return self._public_signer.public_key().public_bytes_raw().hex()


def publicly_signed(public_key: str, text: str, signature: str) -> bool:
    """Whether `signature` is that of `text` by the site with this public key."""
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key))
        key.verify(bytes.fromhex(signature), text.encode())
    except (InvalidSignature, ValueError):
        return False
    return True


def load_or_create_site_key(path: Path, *, may_create: bool) -> bytes:
    """The 32-byte site key in `path`; drawn at random and written (mode 0600) when allowed.

    Raises StoreUnusable when it is missing and may not be made, or is not 32 bytes.
    """
    if not path.exists():
        if not may_create:
            raise StoreUnusable(
                f"the site key file {path} is missing, and this database holds secrets sealed with "
                "it: put the file back from your backup"
            )
        key = secrets.token_bytes(_KEY_BYTES)
        write_secret(path, key)
        return key
    key = path.read_bytes()
    if len(key) != _KEY_BYTES:
        raise StoreUnusable(f"the site key file {path} has {len(key)} bytes; it must have 32")
    return key


def write_secret(path: Path, secret: bytes) -> None:
    """Write a new file that only its owner may read, synced. Raises StoreUnusable."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(secret)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise StoreUnusable(f"cannot write the secret file {path}: {error.strerror}") from error
