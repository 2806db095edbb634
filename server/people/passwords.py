"""Passwords by Argon2id (RFC 9106) at OWASP's second recommended setting: 19 MiB, 2 passes, 1 lane."""

import asyncio

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_CONCURRENT = 2


class Argon2Passwords:
    """Hashes in threads, at most two at a time, so that a flood of sign-ins cannot take the memory."""

    def __init__(self) -> None:
        """Hash nothing in advance; the decoy for unknown logins is made at the first need."""
        self._turn = asyncio.Semaphore(_CONCURRENT)
        self._decoy: str | None = None

    async def hash(self, password: str) -> str:
        """Return a salted hash in PHC format."""
        async with self._turn:
            return await asyncio.to_thread(_HASHER.hash, password)

    async def verify(self, password: str, password_hash: str | None) -> bool:
        """Tell whether the password fits; an unknown login is checked against a decoy and never fits."""
        if self._decoy is None:
            self._decoy = await self.hash("decoy")
        async with self._turn:
            fits = await asyncio.to_thread(_fits, password, password_hash or self._decoy)
        return fits and password_hash is not None


def _fits(password: str, password_hash: str) -> bool:
    try:
        return _HASHER.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False
