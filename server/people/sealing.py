"""Sealing with AES-256-GCM under one key, kept outside the database: what is read back, was made here."""

import os
from collections.abc import Callable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from typing_extensions import override

from server.people.ports import Sealer

_NONCE_BYTES = 12


class AesSealer(Sealer):
    """Seals under the key that `key` returns; the purpose is authenticated along (RFC 5116 §2.1)."""

    def __init__(self, key: Callable[[], bytes]) -> None:
        """Ask for the key at the first need."""
        self._key = key

    @override
    def seal(self, purpose: str, content: bytes) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + AESGCM(self._key()).encrypt(nonce, content, purpose.encode())

    @override
    def open(self, purpose: str, sealed: bytes) -> bytes | None:
        nonce, content = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        try:
            return AESGCM(self._key()).decrypt(nonce, content, purpose.encode())
        except (InvalidTag, ValueError):
            return None
