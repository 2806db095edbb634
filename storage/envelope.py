"""How an object is encrypted: in chunks, under a key of its own that it bears wrapped by its case's key.

    object = header ‖ chunk 0 ‖ chunk 1 ‖ … ‖ last chunk
    header = "LBO" ‖ version ‖ suite ‖ id of the case's key ‖ nonce ‖ wrapped key of the object
    chunk  = ciphertext of 64 KiB (the last one: of 0 to 64 KiB) ‖ tag

Each chunk's nonce is its index and whether it is the last (the STREAM construction of Hoang, Reyhanitabar,
Rogaway and Vizár, CRYPTO 2015); the header's fields and the object's name are authenticated with it. So no
chunk can be altered, moved, taken away, or stand under another name. A key seals one object once.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from server.kernel.ids import ID_LENGTH
from server.kernel.objects import ObjectDamaged

CHUNK_BYTES = 64 << 10
TAG_BYTES = 16
SEALED_CHUNK_BYTES = CHUNK_BYTES + TAG_BYTES
KEY_BYTES = 32
_NONCE_BYTES = 12
_SM4_KEY_BYTES = 16
_MAGIC = b"LBO\x01"
_WRAPPED_BYTES = 1 + _NONCE_BYTES + KEY_BYTES + TAG_BYTES
HEADER_BYTES = len(_MAGIC) + ID_LENGTH + _WRAPPED_BYTES


class Suite(StrEnum):
    """A cipher with its mode."""

    AES_256_GCM = "aes-256-gcm"
    SM4_GCM = "sm4-gcm"
    """GB/T 32907-2016, for installations that must use the national ciphers; much slower."""


_NUMBERS: Mapping[Suite, int] = {Suite.AES_256_GCM: 1, Suite.SM4_GCM: 2}
"""What stands for a suite in a header; never reused."""
_SUITES = {number: suite for suite, number in _NUMBERS.items()}


def _encrypt(suite: Suite, key: bytes, nonce: bytes, data: bytes | memoryview, context: bytes) -> bytes:
    if suite is Suite.AES_256_GCM:
        return AESGCM(key).encrypt(nonce, data, context)
    encryptor = Cipher(algorithms.SM4(key[:_SM4_KEY_BYTES]), modes.GCM(nonce)).encryptor()
    encryptor.authenticate_additional_data(context)
    return encryptor.update(data) + encryptor.finalize() + encryptor.tag


def _decrypt(suite: Suite, key: bytes, nonce: bytes, data: bytes | memoryview, context: bytes) -> bytes:
    """Return what was encrypted; raises `ObjectDamaged` if it was not, or not so."""
    try:
        if suite is Suite.AES_256_GCM:
            return AESGCM(key).decrypt(nonce, data, context)
        mode = modes.GCM(nonce, bytes(data[-TAG_BYTES:]))
        decryptor = Cipher(algorithms.SM4(key[:_SM4_KEY_BYTES]), mode).decryptor()
        decryptor.authenticate_additional_data(context)
        return decryptor.update(data[:-TAG_BYTES]) + decryptor.finalize()
    except (InvalidTag, ValueError) as error:
        raise ObjectDamaged from error


def wrap(suite: Suite, wrapping: bytes, key: bytes, context: bytes) -> bytes:
    """Encrypt one key of `KEY_BYTES` under another; `context` tells whose it is, and has to be told again."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return bytes((_NUMBERS[suite],)) + nonce + _encrypt(suite, wrapping, nonce, key, context)


def unwrap(wrapped: bytes, wrapping: bytes, context: bytes) -> tuple[Suite, bytes]:
    """Return the suite and the key that `wrap` encrypted; raises `ObjectDamaged` if it was not so."""
    suite = _SUITES.get(wrapped[0]) if len(wrapped) == _WRAPPED_BYTES else None
    if suite is None:
        raise ObjectDamaged
    nonce, sealed = wrapped[1 : 1 + _NONCE_BYTES], wrapped[1 + _NONCE_BYTES :]
    return suite, _decrypt(suite, wrapping, nonce, sealed, context)


@dataclass(frozen=True, slots=True)
class CaseKey:
    """A key under which a case's objects are wrapped."""

    id: str
    secret: bytes


@dataclass(frozen=True, slots=True)
class Envelope:
    """One object's key, with what stands at the object's beginning."""

    header: bytes
    suite: Suite
    key: bytes
    context: bytes

    @classmethod
    def made(cls, suite: Suite, case_key: CaseKey, name: str) -> Self:
        """Make an object's key."""
        key = secrets.token_bytes(KEY_BYTES)
        context = _context(case_key.id, name)
        header = _MAGIC + case_key.id.encode() + wrap(suite, case_key.secret, key, context)
        return cls(header, suite, key, context)

    @classmethod
    def of(cls, header: bytes, case_key: CaseKey, name: str) -> Self:
        """Take the object's key out of its header; raises `ObjectDamaged` if it is of another."""
        context = _context(case_key.id, name)
        suite, key = unwrap(header[-_WRAPPED_BYTES:], case_key.secret, context)
        return cls(header, suite, key, context)

    def seal(self, first: int, data: bytes, *, ends: bool) -> bytes:
        """Encrypt whole chunks from the index `first` on; if they end the object, the last may be shorter."""
        view = memoryview(data)
        pieces = [view[at : at + CHUNK_BYTES] for at in range(0, len(view), CHUNK_BYTES)] or [view]
        last = first + len(pieces) - 1 if ends else -1
        return b"".join(
            _encrypt(self.suite, self.key, _nonce(index, is_last=index == last), piece, self.context)
            for index, piece in enumerate(pieces, first)
        )

    def open(self, first: int, sealed: bytes, *, last: int) -> bytes:
        """Decrypt whole chunks from the index `first` on; `last` is the index of the object's last.

        Raises:
            ObjectDamaged: one of them is not what was sealed there.
        """
        view = memoryview(sealed)
        return b"".join(
            _decrypt(
                self.suite,
                self.key,
                _nonce(index, is_last=index == last),
                view[at : at + SEALED_CHUNK_BYTES],
                self.context,
            )
            for index, at in enumerate(range(0, len(view), SEALED_CHUNK_BYTES), first)
        )


def key_id_of(header: bytes) -> str:
    """Return which of a case's keys a header names; raises `ObjectDamaged` if it is no header."""
    if len(header) != HEADER_BYTES or not header.startswith(_MAGIC):
        raise ObjectDamaged
    return header[len(_MAGIC) : len(_MAGIC) + ID_LENGTH].decode("ascii", "replace")


def chunks_of(stored_bytes: int) -> int:
    """Return how many chunks an object of so many stored bytes has; raises `ObjectDamaged` if it can't be."""
    body = stored_bytes - HEADER_BYTES
    if body < TAG_BYTES:
        raise ObjectDamaged
    return -(-body // SEALED_CHUNK_BYTES)


def plain_size(stored_bytes: int) -> int:
    """Return how many bytes were sealed; raises `ObjectDamaged` if it can't be so many stored ones."""
    return max(0, stored_bytes - HEADER_BYTES - TAG_BYTES * chunks_of(stored_bytes))


def _context(key_id: str, name: str) -> bytes:
    return _MAGIC + key_id.encode() + name.encode()


def _nonce(index: int, *, is_last: bool) -> bytes:
    return index.to_bytes(_NONCE_BYTES - 1, "big") + bytes((is_last,))
