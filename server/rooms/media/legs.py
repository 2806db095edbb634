"""The two kinds of leg: a publisher's, which sends to us, and a subscriber's, which receives from us.

A leg joins one transport to its streams and acts on the RTCP of its hop: receiver reports and bitrate limits
end here and are made here, sender reports are rewritten, requests for keyframes and lost packets are
translated to the source. Whatever else a peer reports goes no further.
"""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Protocol, TypeAlias, assert_never

from server.kernel.ids import MeetingId, ParticipantId
from server.rooms.media import rtcp
from server.rooms.media.rtcp import KeyframeRequest, Nack, ReceiverEstimate, ReportBlock, SenderReport
from server.rooms.media.rtp import HEADER, SSRC_BITS, MediaKind
from server.rooms.media.sdp import Offer, answered_formats
from server.rooms.media.srtp import Inbound, PacketBuffer
from server.rooms.media.streams import Output, Source, Stream
from server.rooms.media.transport import Transport
from server.rooms.media.udpmux import Dropped

_CNAME: Final = "lianbian"


@dataclass(frozen=True, slots=True, kw_only=True)
class LegKey:
    """Names a leg: there is at most one of each."""

    room: MeetingId
    participant: ParticipantId
    """Whose browser is at the other end."""
    watched: ParticipantId | None = None
    """Whose media the leg carries to `participant`; None for what the participant publishes."""


class Watcher(Protocol):
    """Who is told what becomes of a leg."""

    def flowing(self, leg: LegKey) -> None:
        """The first packet came from a publisher, or a subscriber is ready to receive."""
        ...

    def lost(self, leg: LegKey) -> None:
        """The leg's transport is over."""
        ...


def new_ssrcs(count: int) -> tuple[int, ...]:
    """Return `count` different random synchronisation sources (RFC 3550 §8.1), none of them 0."""
    found: set[int] = set()
    while len(found) < count:
        found.add(secrets.randbits(SSRC_BITS - 1) + 1)
    return tuple(found)


class PublisherLeg:
    """Receives what one participant sends."""

    def __init__(self, key: LegKey, *, offer: Offer, transport: Transport, watcher: Watcher) -> None:
        """Prepare a source for each section of `offer` that announces one."""
        self.key: Final = key
        self.transport: Final = transport
        (self._reporter,) = new_ssrcs(1)
        self._watcher = watcher
        self._flowing = False
        self._sources: dict[int, Source] = {}
        for section in offer.sections:
            if section.ssrcs and not section.rejected:
                stream = Stream(
                    participant=key.participant,
                    kind=section.kind,
                    ssrc=section.ssrcs[0],
                    payload_types=answered_formats(section),
                )
                self._sources[stream.ssrc] = Source(stream, transport, reporter=self._reporter)

    @property
    def sources(self) -> tuple[Source, ...]:
        """Return the streams that it may send."""
        return tuple(self._sources.values())

    def secured(self, _now_s: float) -> None:
        """Wait for the first packet."""

    def lost(self) -> None:
        """Tell that the transport is over."""
        self._watcher.lost(self.key)

    def receive_rtp(self, packet: PacketBuffer, length: int, inbound: Inbound) -> None:
        """Decrypt a packet of an announced source and send it on."""
        header = HEADER.unpack_from(packet.view)
        source = self._sources.get(header[4])
        if source is None:
            self.transport.drop(Dropped.UNKNOWN_SOURCE)
            return
        plain_length = inbound.unprotect(packet, length)
        if not plain_length:
            self.transport.drop(Dropped.NOT_AUTHENTIC)
            return
        if not self._flowing:
            self._flowing = True
            self._watcher.flowing(self.key)
        source.forward(packet, plain_length, header)

    def receive_rtcp(self, data: bytes, now_s: float) -> None:
        """Take the publisher's sender reports."""
        for item in rtcp.read(data):
            if isinstance(item, SenderReport) and item.ssrc in self._sources:
                self._sources[item.ssrc].reported(item, now_s)

    def tick(self, now_s: float) -> None:
        """Do what is due in fractions of a second: keyframe requests that waited."""
        for source in self._sources.values():
            source.tick(now_s)

    def report(self, now_s: float) -> None:
        """Send the publisher, once a second, what arrives here and how much it may send."""
        if not self._flowing:
            return
        blocks = [block for block in (source.reception.block(now_s) for source in self.sources) if block]
        reports = rtcp.receiver_report(sender=self._reporter, cname=_CNAME, blocks=blocks)
        limits = list(self._limits())
        if limits:
            ssrcs = tuple(self._sources)
            reports += rtcp.bitrate_limit(sender=self._reporter, ssrcs=ssrcs, bitrate_bps=min(limits))
        self.transport.send_rtcp(reports)

    def _limits(self) -> Iterator[int]:
        for source in self._sources.values():
            if source.stream.kind is MediaKind.VIDEO:
                yield from (output.estimate.bitrate_bps for output in source.outputs)


class SubscriberLeg:
    """Sends one participant's media to another."""

    def __init__(
        self,
        key: LegKey,
        *,
        outputs: tuple[Output, ...],
        transport: Transport,
        watcher: Watcher,
    ) -> None:
        """Prepare to send `outputs`."""
        self.key: Final = key
        self.outputs: Final = outputs
        self.transport: Final = transport
        self._by_ssrc = {output.stream.ssrc: output for output in outputs}
        self._watcher = watcher

    def secured(self, now_s: float) -> None:
        """Tell that media can flow, and get a picture to begin with."""
        for output in self.outputs:
            output.keyframe_wanted(now_s)
        self._watcher.flowing(self.key)

    def lost(self) -> None:
        """Tell that the transport is over."""
        self._watcher.lost(self.key)

    def receive_rtp(self, _packet: PacketBuffer, _length: int, _inbound: Inbound) -> None:
        """Drop it: a subscriber sends nothing."""
        self.transport.drop(Dropped.UNKNOWN_SOURCE)

    def receive_rtcp(self, data: bytes, now_s: float) -> None:
        """Act on the subscriber's feedback."""
        for item in rtcp.read(data):
            output = self._by_ssrc.get(item.ssrc)
            if output is None:
                continue
            match item:
                case ReportBlock():
                    output.received(item, now_s)
                case ReceiverEstimate():
                    output.receiver_estimated(item.bitrate_bps, now_s)
                case KeyframeRequest():
                    output.keyframe_wanted(now_s)
                case Nack():
                    output.packets_missed(item.sequences, now_s)
                case SenderReport():
                    continue
                case _:
                    assert_never(item)

    def tick(self, _now_s: float) -> None:
        """Nothing is due."""

    def report(self, _now_s: float) -> None:
        """Nothing to report: sender reports go out as they come in."""


Leg: TypeAlias = PublisherLeg | SubscriberLeg
