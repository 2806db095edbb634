"""The two ends of a route: a *source* that a publisher sends, an *output* that a subscriber gets.

An output keeps its SSRC, its payload types and a continuous numbering for as long as its leg lives, while
the source behind it may change (a publisher that reconnects). Feedback goes the other way: it is turned
into requests to the source, joined and limited there. Payloads are never read.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias

from server.rooms.media import rtcp
from server.rooms.media.bandwidth import Estimate
from server.rooms.media.cache import PacketCache
from server.rooms.media.reception import Reception
from server.rooms.media.rtcp import ReportBlock, SenderReport
from server.rooms.media.rtp import (
    CLOCK_RATE_HZ,
    HEADER,
    MARKER,
    SEQUENCES,
    TIMESTAMPS,
    MediaKind,
    payload_type_table,
)
from server.rooms.media.sdp import Codec
from server.rooms.media.throttle import Allowance, KeyframeThrottle, RepeatLimit

if TYPE_CHECKING:
    from server.kernel.ids import ParticipantId
    from server.rooms.media.srtp import PacketBuffer

PayloadTypes: TypeAlias = dict[Codec, int]
Header: TypeAlias = tuple[int, int, int, int, int]
"""The fields of `rtp.HEADER`."""

_KEYFRAMES_PER_S: Final = 0.5
_KEYFRAMES_BURST: Final = 4.0
"""A subscriber that can never decode (it has no key) must not keep its publisher busy with keyframes."""
_NACKS_PER_S: Final = 200.0
_DELAY_UNITS_PER_S: Final = 65_536
_SHORTEST_ROUND_TRIP_S: Final = 0.02
_SHORTEST_MEASURE_S: Final = 0.5
"""Time over which a bitrate is measured at least; a keyframe fills less."""
_PLAIN_HEADER: Final = 0x80
"""The first byte of a packet without padding, extension or contributors: all that we negotiate."""
_ORIGINAL_SEQUENCE: Final = struct.Struct("!H")
_LATE_PACKETS: Final = 1024
"""A packet further behind the newest is useless to a decoder."""
_SWITCH_GAP_S: Final = 0.02
"""A new source continues the old one's clock at least so far on."""


class Wire(Protocol):
    """The encrypted way to one peer."""

    @property
    def scratch(self) -> PacketBuffer:
        """Return the buffer in which packets for this peer are made."""
        ...

    def send_rtp(self, packet: PacketBuffer, length: int) -> None:
        """Encrypt the plain packet in the buffer and send it."""
        ...

    def send_rtcp(self, data: bytes) -> None:
        """Encrypt RTCP and send it."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """What is said of one stream when its leg is negotiated."""

    participant: ParticipantId
    """Whose medium it is: the publisher's, at both ends of a route."""
    kind: MediaKind
    ssrc: int
    payload_types: PayloadTypes
    rtx_ssrc: int | None = None
    """The stream for packets sent again (RFC 4588), where the subscriber takes one."""


class Source:
    """One stream from a publisher, and the outputs that it goes to."""

    def __init__(self, stream: Stream, wire: Wire, *, reporter: int) -> None:
        """Begin without outputs; `reporter` is our SSRC towards this publisher."""
        self.stream: Final = stream
        self.reception: Final = Reception(stream.ssrc, CLOCK_RATE_HZ[stream.kind])
        self.outputs: tuple[Output, ...] = ()
        self._wire = wire
        self._reporter = reporter
        self._keyframes = KeyframeThrottle()
        self._cache = PacketCache() if stream.kind is MediaKind.VIDEO else None

    def forward(self, packet: PacketBuffer, length: int, header: Header) -> None:
        """Send a plain packet on to every output."""
        self.reception.note(header[2], header[3], packet.arrived_s)
        if self._cache is not None:
            self._cache.put(header[2], bytes(packet.view[:length]))
        for output in self.outputs:
            output.forward(packet, length, header)

    def reported(self, report: SenderReport, now_s: float) -> None:
        """Take the publisher's sender report and send each output its own."""
        self.reception.reported(report, now_s)
        for output in self.outputs:
            output.report(report, now_s)

    def ask_keyframe(self, now_s: float) -> None:
        """Ask the publisher for a keyframe, now or when the interval allows."""
        if self.stream.kind is MediaKind.VIDEO and self._keyframes.ask(now_s):
            self._send_picture_loss()

    def tick(self, now_s: float) -> None:
        """Send a keyframe request that had to wait."""
        if self._keyframes.due(now_s):
            self._send_picture_loss()

    def kept(self, sequence: int) -> bytes | None:
        """Return the plain packet of that number, if it is not too long ago."""
        return self._cache.get(sequence) if self._cache is not None else None

    def ask_again(self, sequences: list[int]) -> None:
        """Ask the publisher to send packets again."""
        nack = rtcp.nack(sender=self._reporter, ssrc=self.stream.ssrc, sequences=sequences)
        self._wire.send_rtcp(nack)

    def _send_picture_loss(self) -> None:
        self._wire.send_rtcp(rtcp.picture_loss(sender=self._reporter, ssrc=self.stream.ssrc))


class Output:
    """One stream to one subscriber."""

    def __init__(self, stream: Stream, wire: Wire, *, allowed: frozenset[MediaKind]) -> None:
        """Prepare the way to a subscriber that may get the `allowed` media; the router insists on it."""
        self.stream: Final = stream
        self.allowed: Final = allowed
        self.estimate: Final = Estimate()
        self.source: Source | None = None
        self.packets = 0
        self.octets = 0
        self._wire = wire
        self._keyframes = Allowance(per_s=_KEYFRAMES_PER_S, burst=_KEYFRAMES_BURST)
        self._nacks = Allowance(per_s=_NACKS_PER_S, burst=_NACKS_PER_S)
        self._repeats = RepeatLimit()
        self._types = bytes(256)
        self._started = False
        """Whether the first packet of the current source has fixed the shifts."""
        self._sequence_shift = 0
        self._timestamp_shift = 0
        self._floor = 0
        """The lowest number that may still be sent.

        A number must never be used for two different packets: with AES-GCM that would give away the
        authentication key (RFC 7714 §8.1). So nothing of a new source goes before its own first packet.
        """
        self._last_sequence = 0
        self._last_timestamp = 0
        self._last_at_s = 0.0
        self._rtx_sequence = 0
        self._measured_at_s = 0.0
        self._measured_octets = 0
        self._reported = (0, 0.0)
        """The last sender report: the middle of its NTP time, and when it was sent."""

    def follow(self, source: Source | None) -> None:
        """Continue with `source`, or with silence."""
        if source is self.source:
            return
        self.source = source
        self._started = False
        ours = self.stream.payload_types
        theirs = source.stream.payload_types if source else {}
        self._types = payload_type_table(
            {number: ours[codec] for codec, number in theirs.items() if codec in ours}
        )

    def forward(self, packet: PacketBuffer, length: int, header: Header) -> None:
        """Send a copy of the plain packet, rewritten for this subscriber."""
        first, marked_type, sequence, timestamp, _ = header
        marked_type = self._types[marked_type]
        if not marked_type:
            return
        if not self._started:
            self._start(sequence, timestamp, packet.arrived_s)
        sequence = (sequence + self._sequence_shift) % SEQUENCES
        timestamp = (timestamp + self._timestamp_shift) % TIMESTAMPS
        if (sequence - self._floor) % SEQUENCES >= SEQUENCES // 2:
            return
        if (sequence - self._last_sequence) % SEQUENCES < SEQUENCES // 2:
            self._last_sequence, self._last_timestamp = sequence, timestamp
            self._last_at_s = packet.arrived_s
            if (sequence - self._floor) % SEQUENCES > 2 * _LATE_PACKETS:
                self._floor = (sequence - _LATE_PACKETS) % SEQUENCES
        self.packets += 1
        self.octets += length
        scratch = self._wire.scratch
        scratch.view[:length] = packet.view[:length]
        HEADER.pack_into(scratch.view, 0, first, marked_type, sequence, timestamp, self.stream.ssrc)
        self._wire.send_rtp(scratch, length)

    def report(self, report: SenderReport, now_s: float) -> None:
        """Send the source's report, rewritten for this subscriber; its clock pair keeps lips in time."""
        if not self._started:
            return
        self._reported = (report.ntp >> 16 & 0xFFFFFFFF, now_s)
        rewritten = SenderReport(
            ssrc=self.stream.ssrc,
            ntp=report.ntp,
            timestamp=(report.timestamp + self._timestamp_shift) % TIMESTAMPS,
            packets=self.packets,
            octets=self.octets,
        )
        self._wire.send_rtcp(rtcp.sender_report(rewritten, self.stream.participant))

    def keyframe_wanted(self, now_s: float) -> None:
        """Pass the subscriber's wish for a keyframe on, within its allowance."""
        if self.source is not None and self._keyframes.take(now_s):
            self.source.ask_keyframe(now_s)

    def received(self, block: ReportBlock, now_s: float) -> None:
        """Take the subscriber's report: its loss, and the round trip since our last report (RFC 3550 A.7)."""
        self.estimate.loss_reported(block.fraction_lost, now_s)
        last_report, reported_at_s = self._reported
        if last_report and block.last_report == last_report:
            round_trip_s = now_s - reported_at_s - block.delay / _DELAY_UNITS_PER_S
            self._repeats.round_trip_s = min(max(round_trip_s, _SHORTEST_ROUND_TRIP_S), 2.0)

    def receiver_estimated(self, receivable_bps: int, now_s: float) -> None:
        """Set the subscriber's estimate against what it was sent since the last one."""
        elapsed_s = now_s - self._measured_at_s
        if elapsed_s < _SHORTEST_MEASURE_S:
            return
        sent_bps = 8 * (self.octets - self._measured_octets) / elapsed_s
        self._measured_at_s, self._measured_octets = now_s, self.octets
        self.estimate.receiver_estimated(receivable_bps, sent_bps=sent_bps)

    def packets_missed(self, sequences: tuple[int, ...], now_s: float) -> None:
        """Send what the subscriber missed again, within its allowance; ask the publisher for the rest."""
        if self.source is None or not self._started:
            return
        lost_before_us = []
        for sequence in sequences[: self._nacks.take(now_s, len(sequences))]:
            if (sequence - self._floor) % SEQUENCES >= SEQUENCES // 2:
                continue
            original = (sequence - self._sequence_shift) % SEQUENCES
            kept = self.source.kept(original)
            if kept is None:
                lost_before_us.append(original)
            elif self._repeats.take(sequence, len(kept), bitrate_bps=self.estimate.bitrate_bps, now_s=now_s):
                self._send_again(kept, sequence)
        if lost_before_us:
            self.source.ask_again(lost_before_us)

    def _send_again(self, kept: bytes, sequence: int) -> None:
        """Send a packet of the current source once more, as the subscriber's description agreed."""
        first, marked_type, _, timestamp, _ = HEADER.unpack_from(kept)
        marked_type = self._types[marked_type]
        if first != _PLAIN_HEADER or not marked_type:
            return
        timestamp = (timestamp + self._timestamp_shift) % TIMESTAMPS
        payload = memoryview(kept)[HEADER.size :]
        scratch = self._wire.scratch
        rtx_ssrc, rtx_type = self.stream.rtx_ssrc, self.stream.payload_types.get(Codec.RTX)
        if rtx_ssrc is None or rtx_type is None:
            # Byte for byte what was sent before, so the cipher repeats itself and gives nothing away.
            HEADER.pack_into(scratch.view, 0, first, marked_type, sequence, timestamp, self.stream.ssrc)
            start = HEADER.size
        else:
            self._rtx_sequence = (self._rtx_sequence + 1) % SEQUENCES
            marked_type = marked_type & MARKER | rtx_type
            HEADER.pack_into(scratch.view, 0, first, marked_type, self._rtx_sequence, timestamp, rtx_ssrc)
            # The payload begins with the number that the packet had (RFC 4588 §4).
            _ORIGINAL_SEQUENCE.pack_into(scratch.view, HEADER.size, sequence)
            start = HEADER.size + _ORIGINAL_SEQUENCE.size
        scratch.view[start : start + len(payload)] = payload
        self._wire.send_rtp(scratch, start + len(payload))

    def _start(self, sequence: int, timestamp: int, now_s: float) -> None:
        """Fix the shifts so that a new source goes on where the one before it stopped."""
        self._started = True
        if not self.packets:
            self._floor = self._last_sequence = sequence
            self._last_timestamp = timestamp
            return
        gap_s = max(_SWITCH_GAP_S, now_s - self._last_at_s)
        gap = int(gap_s * CLOCK_RATE_HZ[self.stream.kind])
        self._floor = (self._last_sequence + 1) % SEQUENCES
        self._sequence_shift = (self._floor - sequence) % SEQUENCES
        self._timestamp_shift = (self._last_timestamp + gap - timestamp) % TIMESTAMPS
