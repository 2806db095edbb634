"""The door to libsrtp: encrypt and decrypt RTP where it lies, in one buffer that both sides see.

`pylibsrtp` copies each packet three times and allocates for each. Its compiled binding can be called on
memory of ours instead, which halves the cost of a packet. Should a release of `pylibsrtp` move the private
names that this needs, the same contexts go through its public interface. RTCP is rare and always does.
"""

from typing import Any, Final, Protocol

import pylibsrtp

try:
    from pylibsrtp._binding import ffi, lib  # type: ignore[import-not-found] # compiled, without stubs
except ImportError:
    ffi = lib = None

BUFFER_BYTES: Final = 2048
MAX_PACKET_BYTES: Final = 1500
"""Longer datagrams are no RTP: WebRTC keeps to 1,200 bytes and a trailer."""
_MAX_TRAILER_BYTES: Final = 144
"""What libsrtp may append: the tag and a master key identifier."""

IN_PLACE: Final = all(hasattr(lib, name) for name in ("srtp_protect", "srtp_unprotect"))


class PacketBuffer:
    """Memory for one packet, reused for all of them."""

    __slots__ = ("arrived_s", "memory", "size", "view")

    def __init__(self) -> None:
        """Take the memory from C, so that libsrtp can work in it, or from Python where it cannot."""
        self.memory: Any = ffi.new("char[]", BUFFER_BYTES) if IN_PLACE else bytearray(BUFFER_BYTES)
        self.size: Any = ffi.new("int *") if IN_PLACE else None
        """Where libsrtp reads and writes the packet's length."""
        self.view: Final = memoryview(ffi.buffer(self.memory) if IN_PLACE else self.memory).cast("B")
        """The same memory as bytes."""
        self.arrived_s: float = 0.0
        """When the packet in it was received, on the monotonic clock."""


class Inbound(Protocol):
    """Decrypts what one peer sends."""

    def unprotect(self, packet: PacketBuffer, length: int) -> int:
        """Decrypt in place and return the new length; 0 for a packet forged, repeated or malformed."""
        ...

    def unprotect_rtcp(self, data: bytes) -> bytes | None:
        """Return the decrypted RTCP; None for a packet forged, repeated or malformed."""
        ...


class Outbound(Protocol):
    """Encrypts what is sent to one peer."""

    def protect(self, packet: PacketBuffer, length: int) -> int:
        """Encrypt in place and return the new length; 0 for a packet that cannot be."""
        ...

    def protect_rtcp(self, data: bytes) -> bytes:
        """Return the encrypted RTCP."""
        ...


class _Rtcp:
    """RTCP through the public interface."""

    __slots__ = ("_session",)

    def __init__(self, session: pylibsrtp.Session) -> None:
        self._session = session

    def unprotect_rtcp(self, data: bytes) -> bytes | None:
        try:
            plain: bytes = self._session.unprotect_rtcp(data)
        except (pylibsrtp.Error, ValueError):
            return None
        return plain

    def protect_rtcp(self, data: bytes) -> bytes:
        protected: bytes = self._session.protect_rtcp(data)
        return protected


class InPlaceContext(_Rtcp):
    """One direction's keys, called through the compiled binding."""

    __slots__ = ("_context", "_protect", "_unprotect")

    def __init__(self, session: pylibsrtp.Session) -> None:
        """Share the keys of `session`, which stays alive as long as this."""
        super().__init__(session)
        self._context = session._srtp[0]  # noqa: SLF001 - pinned by the contract test of this door
        self._protect = lib.srtp_protect
        self._unprotect = lib.srtp_unprotect

    def unprotect(self, packet: PacketBuffer, length: int) -> int:
        """Decrypt in place and return the new length; 0 for a packet forged, repeated or malformed."""
        size = packet.size
        size[0] = length
        if self._unprotect(self._context, packet.memory, size):
            return 0
        plain_length: int = size[0]
        return plain_length

    def protect(self, packet: PacketBuffer, length: int) -> int:
        """Encrypt in place and return the new length; 0 for a packet that cannot be."""
        size = packet.size
        size[0] = length
        if length > BUFFER_BYTES - _MAX_TRAILER_BYTES or self._protect(self._context, packet.memory, size):
            return 0
        protected_length: int = size[0]
        return protected_length


class CopyingContext(_Rtcp):
    """One direction's keys, called through the public interface of pylibsrtp."""

    __slots__ = ()

    def unprotect(self, packet: PacketBuffer, length: int) -> int:
        """Decrypt in place and return the new length; 0 for a packet forged, repeated or malformed."""
        try:
            plain = self._session.unprotect(bytes(packet.view[:length]))
        except (pylibsrtp.Error, ValueError):
            return 0
        packet.view[: len(plain)] = plain
        return len(plain)

    def protect(self, packet: PacketBuffer, length: int) -> int:
        """Encrypt in place and return the new length; 0 for a packet that cannot be."""
        try:
            # Above 1,356 bytes the public interface raises a ValueError, not its own error.
            protected = self._session.protect(bytes(packet.view[:length]))
        except (pylibsrtp.Error, ValueError):
            return 0
        packet.view[: len(protected)] = protected
        return len(protected)


def context(session: pylibsrtp.Session) -> InPlaceContext | CopyingContext:
    """Wrap one direction's libsrtp session in the fastest way there is."""
    return InPlaceContext(session) if IN_PLACE else CopyingContext(session)
