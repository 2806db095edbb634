"""Signed tree heads: what the log was at a moment, in 32 bytes that can be kept where nobody here can reach.

They are signed with Ed25519 over the `TreeHeadDataV2` of RFC 9162 §4.10, and written as one line of JSON.
"""

import json
import struct
from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from server.audit.merkle import EMPTY_ROOT, Hash


class HeadRefused(Exception):
    """What should be a signed tree head is none, or was not signed with the log's key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeHead:
    """The tree over the log's first entries."""

    timestamp: int
    """Milliseconds since 1970 (RFC 9162 §4.1)."""
    tree_size: int
    """How many entries it has."""
    root_hash: Hash

    @property
    def data(self) -> bytes:
        """What is signed: `TreeHeadDataV2` without extensions (RFC 9162 §4.10)."""
        start = struct.pack(">QQB", self.timestamp, self.tree_size, len(self.root_hash))
        return start + self.root_hash + struct.pack(">H", 0)


@dataclass(frozen=True, slots=True)
class SignedTreeHead:
    """A tree head, and the signature over it."""

    head: TreeHead
    signature: bytes

    @property
    def line(self) -> str:
        """The head as one line of JSON, bytes in base64."""
        return json.dumps(
            {
                "timestamp": self.head.timestamp,
                "tree_size": self.head.tree_size,
                "root_hash": b64encode(self.head.root_hash).decode(),
                "signature": b64encode(self.signature).decode(),
            }
        )


def signed_head_from(line: bytes) -> SignedTreeHead:
    """Read a line as `SignedTreeHead.line` writes it; the signature is not yet looked at.

    Raises:
        HeadRefused: it is no such line.
    """
    try:
        return _signed_head(json.loads(line))
    except (ValueError, KeyError, TypeError, RecursionError):
        raise HeadRefused from None


def _signed_head(fields: Any) -> SignedTreeHead:  # noqa: ANN401 - any JSON at all
    timestamp, tree_size = fields["timestamp"], fields["tree_size"]
    root_hash = b64decode(fields["root_hash"], validate=True)
    if type(timestamp) is not int or type(tree_size) is not int or len(root_hash) != len(EMPTY_ROOT):
        raise HeadRefused
    if not (0 <= timestamp < _UINT64 and 0 <= tree_size < _UINT64):
        raise HeadRefused
    head = TreeHead(timestamp=timestamp, tree_size=tree_size, root_hash=root_hash)
    return SignedTreeHead(head, b64decode(fields["signature"], validate=True))


_UINT64 = 1 << 64


class HeadKey:
    """The key that signs tree heads, loaded when it is first needed."""

    def __init__(self, load: Callable[[], bytes]) -> None:
        """Keep what loads the private key's 32 bytes (RFC 8032 §5.1.5)."""
        self._load = load

    def sign(self, head: TreeHead) -> SignedTreeHead:
        """Sign a head."""
        return SignedTreeHead(head, self._key.sign(head.data))

    def sign_text(self, text: bytes) -> bytes:
        """Sign a text, which no head can be taken for: `TreeHead.data` begins with a zero."""
        return self._key.sign(text)

    def verify_text(self, text: bytes, signature: bytes) -> None:
        """Pass if the text was signed with this key; raises `HeadRefused`."""
        self._verify(signature, text)

    @property
    def public(self) -> bytes:
        """The 32 bytes with which anybody verifies a head (RFC 8032 §5.1.5)."""
        return self._key.public_key().public_bytes_raw()

    def verify(self, signed: SignedTreeHead) -> None:
        """Pass if the head was signed with this key.

        Raises:
            HeadRefused: it was not.
        """
        self._verify(signed.signature, signed.head.data)

    def _verify(self, signature: bytes, data: bytes) -> None:
        try:
            self._key.public_key().verify(signature, data)
        except InvalidSignature:
            raise HeadRefused from None

    @cached_property
    def _key(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self._load())
