"""Bytes in JSON and forms: base64url without padding (RFC 4648 §5)."""

from base64 import urlsafe_b64decode, urlsafe_b64encode

from pydantic import BeforeValidator


def to_text(content: bytes) -> str:
    """Write bytes."""
    return urlsafe_b64encode(content).decode().rstrip("=")


def to_bytes(text: object) -> bytes:
    """Read bytes.

    Raises:
        ValueError: it is no such text.
    """
    if not isinstance(text, str) or not text.isascii():
        raise ValueError
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


BASE64 = BeforeValidator(to_bytes)
"""What a field of bytes is annotated with."""
