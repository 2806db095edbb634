"""RTP headers and sequence numbers (RFC 3550 §5.1). Pure; knows nothing of payloads."""

import struct
from enum import StrEnum
from typing import Final

HEADER: Final = struct.Struct("!BBHII")
"""First byte (version, padding, extension, CSRC count), marker and payload type, sequence number,
timestamp, SSRC."""

MARKER: Final = 0x80
"""The marker bit in the second byte of the header."""
PAYLOAD_TYPES: Final = 128
SEQUENCES: Final = 1 << 16
TIMESTAMPS: Final = 1 << 32
SSRC_BITS: Final = 32
_RTCP_TYPES: Final = range(192, 224)


class MediaKind(StrEnum):
    """The two media of a meeting, by the word of their m-line (RFC 8866 §5.14)."""

    AUDIO = "audio"
    VIDEO = "video"


CLOCK_RATE_HZ: Final = {MediaKind.AUDIO: 48_000, MediaKind.VIDEO: 90_000}
"""Ticks of the RTP timestamp in a second: Opus (RFC 7587 §4.1), VP8 (RFC 7741 §4.1)."""


def is_rtcp(second_byte: int) -> bool:
    """Tell RTCP from RTP on one port by the packet's second byte (RFC 5761 §4)."""
    return second_byte in _RTCP_TYPES


def is_newer(sequence: int, than: int) -> bool:
    """Tell whether a sequence number comes after another, across the wrap at 65,536 (RFC 1982 §3.2)."""
    return 0 < (sequence - than) % SEQUENCES < SEQUENCES // 2


def payload_type_table(mapping: dict[int, int]) -> bytes:
    """Return 256 bytes that translate a header's second byte, marker kept; 0 where a type is unknown.

    Args:
        mapping: payload types (0–127) of one hop to those of the next. Type 0 (PCMU) is never used.
    """
    table = bytearray(2 * PAYLOAD_TYPES)
    for incoming, outgoing in mapping.items():
        table[incoming] = outgoing
        table[incoming | MARKER] = outgoing | MARKER
    return bytes(table)
