"""RTCP packets the forwarder reads and writes (RFC 3550 §6, RFC 4585, RFC 5104, REMB). Pure.

Reading never fails: what is unknown or malformed is left out, because a hop that forwards must not be
stopped by a peer's new packet type. Only what is returned here can ever reach another peer.
"""

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, TypeAlias

_COMMON: Final = struct.Struct("!BBH")
_WORD: Final = struct.Struct("!I")
_TWO_WORDS: Final = struct.Struct("!II")
_SENDER_INFO: Final = struct.Struct("!QIII")
_REPORT_BLOCK: Final = struct.Struct("!IIIIII")
_NACK_ITEM: Final = struct.Struct("!HH")

_VERSION: Final = 2


class _Type(IntEnum):
    """Packet types (RFC 3550 §12.1, RFC 4585 §6.1)."""

    SENDER_REPORT = 200
    RECEIVER_REPORT = 201
    SOURCE_DESCRIPTION = 202
    TRANSPORT_FEEDBACK = 205
    PAYLOAD_FEEDBACK = 206


_GENERIC_NACK: Final = 1
_PICTURE_LOSS: Final = 1
_FULL_INTRA_REQUEST: Final = 4
_APPLICATION_LAYER: Final = 15
_CNAME: Final = 1

_COUNT_MASK: Final = 0x1F
_PADDING: Final = 0x20
_BITMASK_BITS: Final = 16
_REMB: Final = b"REMB"
_REMB_MANTISSA_BITS: Final = 18
_REMB_MANTISSA: Final = 0x3FFFF
_REMB_EXPONENT: Final = 0x3F
_LOST_MASK: Final = 0xFFFFFF
MAX_NACKED: Final = 512
"""Sequence numbers taken from one NACK packet; a longer list is a mistake or an attack."""


@dataclass(frozen=True, slots=True)
class SenderReport:
    """A sender's clocks and counts (RFC 3550 §6.4.1)."""

    ssrc: int
    ntp: int
    """Wall clock as 32.32 fixed point seconds since 1900."""
    timestamp: int
    """The same moment in the media's RTP clock."""
    packets: int
    octets: int


@dataclass(frozen=True, slots=True)
class ReportBlock:
    """What one receiver says of one source (RFC 3550 §6.4.1)."""

    ssrc: int
    fraction_lost: int
    """Packets lost since the last report, in 256ths."""
    lost: int
    """Packets lost since the beginning, 24 bits."""
    highest_sequence: int
    """Highest sequence number received, extended by the count of wraps in the upper 16 bits."""
    jitter: int
    """Interarrival jitter, in RTP clock ticks."""
    last_report: int
    """Middle 32 bits of the NTP time of the last sender report; 0 where there was none."""
    delay: int
    """Time since that report, in 65,536ths of a second."""


@dataclass(frozen=True, slots=True)
class Nack:
    """Packets that a receiver misses (RFC 4585 §6.2.1)."""

    ssrc: int
    sequences: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class KeyframeRequest:
    """A receiver cannot decode: PLI (RFC 4585 §6.3.1) or FIR (RFC 5104 §4.3.1)."""

    ssrc: int


@dataclass(frozen=True, slots=True)
class ReceiverEstimate:
    """What a receiver believes it can receive of a source and its companions (REMB)."""

    ssrc: int
    bitrate_bps: int


Feedback: TypeAlias = SenderReport | ReportBlock | Nack | KeyframeRequest | ReceiverEstimate


def read(data: bytes) -> Iterator[Feedback]:
    """Walk a compound or reduced-size packet and yield the parts that the forwarder acts on."""
    for count, packet_type, body in _packets(data):
        match packet_type:
            case _Type.SENDER_REPORT if len(body) >= 4 + _SENDER_INFO.size:
                yield SenderReport(_WORD.unpack_from(body)[0], *_SENDER_INFO.unpack_from(body, 4))
                yield from _report_blocks(body[4 + _SENDER_INFO.size :], count)
            case _Type.RECEIVER_REPORT:
                yield from _report_blocks(body[4:], count)
            case _Type.TRANSPORT_FEEDBACK if count == _GENERIC_NACK and len(body) > _TWO_WORDS.size:
                yield _nack(body)
            case _Type.PAYLOAD_FEEDBACK if count == _PICTURE_LOSS and len(body) >= _TWO_WORDS.size:
                yield KeyframeRequest(_WORD.unpack_from(body, 4)[0])
            case _Type.PAYLOAD_FEEDBACK if count == _FULL_INTRA_REQUEST:
                # The media SSRC of an FIR is 0; the entries of 8 bytes name whom they mean.
                for offset in range(_TWO_WORDS.size, len(body) - _TWO_WORDS.size + 1, _TWO_WORDS.size):
                    yield KeyframeRequest(_WORD.unpack_from(body, offset)[0])
            case _Type.PAYLOAD_FEEDBACK if count == _APPLICATION_LAYER and body[8:12] == _REMB:
                yield from _receiver_estimates(body[12:])
            case _:
                continue


def _packets(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Yield count or format, packet type and body of each packet; stop where the framing breaks."""
    offset = 0
    while offset + _COMMON.size <= len(data):
        first, packet_type, words = _COMMON.unpack_from(data, offset)
        end = offset + 4 * (words + 1)
        if first >> 6 != _VERSION or end > len(data):
            return
        body = data[offset + _COMMON.size : end]
        if first & _PADDING:
            body = body[: max(0, len(body) - body[-1])] if body else body
        yield first & _COUNT_MASK, packet_type, body
        offset = end


def _report_blocks(body: bytes, count: int) -> Iterator[ReportBlock]:
    for index in range(min(count, len(body) // _REPORT_BLOCK.size)):
        ssrc, loss, highest, jitter, last, delay = _REPORT_BLOCK.unpack_from(body, index * _REPORT_BLOCK.size)
        yield ReportBlock(ssrc, loss >> 24, loss & _LOST_MASK, highest, jitter, last, delay)


def _nack(body: bytes) -> Nack:
    sequences: list[int] = []
    for offset in range(_TWO_WORDS.size, len(body) - _NACK_ITEM.size + 1, _NACK_ITEM.size):
        first, bitmask = _NACK_ITEM.unpack_from(body, offset)
        sequences.append(first)
        sequences.extend((first + bit + 1) & 0xFFFF for bit in range(_BITMASK_BITS) if bitmask >> bit & 1)
        if len(sequences) >= MAX_NACKED:
            break
    return Nack(_WORD.unpack_from(body, 4)[0], tuple(sequences[:MAX_NACKED]))


def _receiver_estimates(body: bytes) -> Iterator[ReceiverEstimate]:
    """Yield the estimate for each of the sources that it names (draft-alvestrand-rmcat-remb-03 §2.2)."""
    if len(body) < _WORD.size:
        return
    (head,) = _WORD.unpack_from(body)
    bitrate_bps = (head & _REMB_MANTISSA) << (head >> _REMB_MANTISSA_BITS & _REMB_EXPONENT)
    for index in range(1, min(head >> 24, len(body) // _WORD.size - 1) + 1):
        yield ReceiverEstimate(_WORD.unpack_from(body, index * _WORD.size)[0], bitrate_bps)


def sender_report(report: SenderReport, cname: str) -> bytes:
    """Build a sender report followed by the CNAME that a compound packet needs (RFC 3550 §6.1)."""
    info = _SENDER_INFO.pack(
        report.ntp, report.timestamp, report.packets & 0xFFFFFFFF, report.octets & 0xFFFFFFFF
    )
    return _packet(0, _Type.SENDER_REPORT, _WORD.pack(report.ssrc) + info) + _description(report.ssrc, cname)


def receiver_report(*, sender: int, cname: str, blocks: Iterable[ReportBlock]) -> bytes:
    """Build a receiver report of at most 31 `blocks` with the CNAME of `sender`, whose SSRC is ours."""
    packed = [
        _REPORT_BLOCK.pack(
            block.ssrc,
            block.fraction_lost << 24 | block.lost & _LOST_MASK,
            block.highest_sequence,
            block.jitter,
            block.last_report,
            block.delay,
        )
        for block in blocks
    ][:_COUNT_MASK]
    report = _packet(len(packed), _Type.RECEIVER_REPORT, _WORD.pack(sender) + b"".join(packed))
    return report + _description(sender, cname)


def picture_loss(*, sender: int, ssrc: int) -> bytes:
    """Build a PLI: ask the source `ssrc` for a keyframe (RFC 4585 §6.3.1)."""
    return _packet(_PICTURE_LOSS, _Type.PAYLOAD_FEEDBACK, _TWO_WORDS.pack(sender, ssrc))


def nack(*, sender: int, ssrc: int, sequences: Iterable[int]) -> bytes:
    """Build a generic NACK, packing neighbours into the bitmask (RFC 4585 §6.2.1)."""
    items: list[tuple[int, int]] = []
    for sequence in sequences:
        distance = (sequence - items[-1][0]) & 0xFFFF if items else 0
        if items and 1 <= distance <= _BITMASK_BITS:
            first, bitmask = items[-1]
            items[-1] = (first, bitmask | 1 << (distance - 1))
        else:
            items.append((sequence, 0))
    body = _TWO_WORDS.pack(sender, ssrc) + b"".join(_NACK_ITEM.pack(*item) for item in items)
    return _packet(_GENERIC_NACK, _Type.TRANSPORT_FEEDBACK, body)


def bitrate_limit(*, sender: int, ssrcs: tuple[int, ...], bitrate_bps: int) -> bytes:
    """Build a REMB: the sources together may send so much (draft-alvestrand-rmcat-remb-03 §2.2)."""
    exponent = max(0, bitrate_bps.bit_length() - _REMB_MANTISSA_BITS)
    mantissa = bitrate_bps >> exponent
    head = len(ssrcs) << 24 | exponent << _REMB_MANTISSA_BITS | mantissa
    body = _TWO_WORDS.pack(sender, 0) + _REMB + _WORD.pack(head)
    return _packet(_APPLICATION_LAYER, _Type.PAYLOAD_FEEDBACK, body + b"".join(map(_WORD.pack, ssrcs)))


def _description(ssrc: int, cname: str) -> bytes:
    """Build an SDES packet with one chunk of one CNAME item (RFC 3550 §6.5)."""
    name = cname.encode("ascii")
    chunk = _WORD.pack(ssrc) + bytes((_CNAME, len(name))) + name
    # The item list ends with one to four zero bytes, at the next word.
    return _packet(1, _Type.SOURCE_DESCRIPTION, chunk + bytes(4 - len(chunk) % 4))


def _packet(count: int, packet_type: int, body: bytes) -> bytes:
    return _COMMON.pack(_VERSION << 6 | count, packet_type, len(body) // 4) + body
