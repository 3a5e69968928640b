"""Passwords: Argon2id, always in a thread, few at a time. The only importer of argon2."""

import asyncio
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from linkage.accounts.errors import BadAccount

SHORTEST = 10
LONGEST = 256
# each hash takes 64 MiB and a core; more at once would starve what must not wait
_AT_ONCE = 2


class Passwords:
    """Hashes and checks passwords."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        """`hasher` lets tests be quick; the library's own default is for real use."""
        self._hasher = hasher or PasswordHasher()
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._decoy: str | None = None

    def hash_now(self, password: str) -> str:
        """The hash to keep; takes about 100 ms. Raises BadAccount when too short or too long."""
        if not SHORTEST <= len(password) <= LONGEST:
            raise BadAccount(f"a password has {SHORTEST} to {LONGEST} characters")
        return self._hasher.hash(password)

    async def hash(self, password: str) -> str:
        """As `hash_now`, without holding up the event loop."""
        async with self._slots:
            return await asyncio.to_thread(self.hash_now, password)

    async def matches(self, password_hash: str | None, password: str) -> bool:
        """Whether the password is right; with no hash (no such account) it takes as long."""
        async with self._slots:
            return await asyncio.to_thread(self._matches_now, password_hash, password)

    def _matches_now(self, password_hash: str | None, password: str) -> bool:
        if self._decoy is None:
            self._decoy = self._hasher.hash(secrets.token_hex(16))
        try:
            right = self._hasher.verify(password_hash or self._decoy, password)
        except (VerificationError, InvalidHashError):
            return False
        return right and password_hash is not None
