"""Routes and rewriting, without a network."""

import struct

import pytest

from server.kernel.ids import ParticipantId
from server.rooms.media.bandwidth import START_BPS
from server.rooms.media.errors import MediumRefused
from server.rooms.media.router import Router
from server.rooms.media.rtcp import ReportBlock, SenderReport
from server.rooms.media.rtp import HEADER, MediaKind
from server.rooms.media.sdp import Codec
from server.rooms.media.srtp import PacketBuffer
from server.rooms.media.streams import Output, PayloadTypes, Source, Stream

LAWYER = ParticipantId("lawyer")
VP8: PayloadTypes = {Codec.VP8: 96}


class RecordingWire:
    """A way to a peer that keeps what was sent."""

    def __init__(self) -> None:
        self.scratch = PacketBuffer()
        self.rtp: list[tuple[int, int, int, int, int]] = []
        self.payloads: list[bytes] = []
        self.rtcp: list[bytes] = []

    def send_rtp(self, packet: PacketBuffer, length: int) -> None:
        assert length >= HEADER.size
        self.rtp.append(HEADER.unpack_from(packet.view))
        self.payloads.append(bytes(packet.view[HEADER.size : length]))

    def send_rtcp(self, data: bytes) -> None:
        self.rtcp.append(data)


def source(
    *,
    ssrc: int = 7,
    kind: MediaKind = MediaKind.VIDEO,
    types: PayloadTypes = VP8,
    wire: RecordingWire | None = None,
) -> Source:
    stream = Stream(participant=LAWYER, kind=kind, ssrc=ssrc, payload_types=types)
    return Source(stream, wire or RecordingWire(), reporter=1)


def output(
    wire: RecordingWire,
    *,
    kind: MediaKind = MediaKind.VIDEO,
    types: PayloadTypes = VP8,
    rtx_ssrc: int | None = None,
) -> Output:
    stream = Stream(participant=LAWYER, kind=kind, ssrc=70, payload_types=types, rtx_ssrc=rtx_ssrc)
    return Output(stream, wire, allowed=frozenset({MediaKind.VIDEO}))


def send(source: Source, sequence: int, timestamp: int, *, marked_type: int = 96, at_s: float = 1.0) -> None:
    header = (0x80, marked_type, sequence, timestamp, source.stream.ssrc)
    packet = PacketBuffer()
    packet.arrived_s = at_s
    HEADER.pack_into(packet.view, 0, *header)
    payload = b"payload %d" % sequence
    packet.view[HEADER.size : HEADER.size + len(payload)] = payload
    source.forward(packet, HEADER.size + len(payload), header)


def test_no_route_for_audio_is_made_to_a_leg_that_may_only_see() -> None:
    router, wire = Router(), RecordingWire()
    opus: PayloadTypes = {Codec.OPUS: 111}
    speech = source(kind=MediaKind.AUDIO, types=opus)
    router.add_source(speech)
    with pytest.raises(MediumRefused):
        router.add_output(output(wire, kind=MediaKind.AUDIO, types=opus))
    send(speech, 1, 1, marked_type=111)
    assert speech.outputs == ()
    assert wire.rtp == []


def test_a_packet_gets_the_subscribers_ssrc_and_payload_type_and_keeps_its_marker() -> None:
    router, wire, video = Router(), RecordingWire(), source()
    router.add_source(video)
    router.add_output(output(wire, types={Codec.VP8: 120}))
    send(video, 5, 3000, marked_type=96 | 0x80)
    assert wire.rtp == [(0x80, 120 | 0x80, 5, 3000, 70)]


def test_a_payload_type_that_was_not_negotiated_is_not_forwarded() -> None:
    router, wire, video = Router(), RecordingWire(), source()
    router.add_source(video)
    router.add_output(output(wire))
    send(video, 5, 3000, marked_type=97)
    assert wire.rtp == []


def test_a_codec_that_the_subscriber_lacks_is_not_forwarded() -> None:
    router, wire, video = Router(), RecordingWire(), source(types={Codec.VP8: 96, Codec.RTX: 97})
    router.add_source(video)
    router.add_output(output(wire))
    send(video, 5, 3000, marked_type=97)
    assert wire.rtp == []


def test_a_new_source_goes_on_in_sequence_and_in_time() -> None:
    router, wire, first, second = Router(), RecordingWire(), source(), source(ssrc=8)
    router.add_source(first)
    router.add_output(output(wire))
    send(first, 65_535, 2**32 - 1000, at_s=10.0)
    router.add_source(second)
    send(second, 300, 5_000_000, at_s=10.5)
    assert [header[2] for header in wire.rtp] == [65_535, 0]
    assert [header[3] for header in wire.rtp] == [2**32 - 1000, 44_000]


def test_no_number_is_given_to_two_packets_when_the_source_changes() -> None:
    router, wire, first, second = Router(), RecordingWire(), source(), source(ssrc=8)
    router.add_source(first)
    router.add_output(output(wire))
    for sequence in (10, 11):
        send(first, sequence, 0)
    router.add_source(second)
    for sequence in (500, 499, 498, 501):
        send(second, sequence, 0)
    assert [header[2] for header in wire.rtp] == [10, 11, 12, 13]


def test_a_long_stream_is_forwarded_through_every_wrap() -> None:
    router, wire, video = Router(), RecordingWire(), source()
    router.add_source(video)
    router.add_output(output(wire))
    for index in range(0, 200_000, 40):
        send(video, index % 65_536, 0)
    assert len(wire.rtp) == 5000


def test_what_a_subscriber_misses_is_sent_again_on_a_stream_of_its_own() -> None:
    router, wire, video = Router(), RecordingWire(), source()
    subscriber = output(wire, types={Codec.VP8: 120, Codec.RTX: 121}, rtx_ssrc=71)
    router.add_source(video)
    router.add_output(subscriber)
    for sequence in (10, 11):
        send(video, sequence, 90 * sequence, marked_type=96 | 0x80)
    subscriber.packets_missed((10, 11), now_s=2.0)
    assert wire.rtp[2:] == [(0x80, 121 | 0x80, 1, 900, 71), (0x80, 121 | 0x80, 2, 990, 71)]
    assert wire.payloads[2:] == [b"\x00\x0apayload 10", b"\x00\x0bpayload 11"]


def test_without_such_a_stream_a_packet_is_repeated_byte_for_byte() -> None:
    router, wire, first, second = Router(), RecordingWire(), source(), source(ssrc=8)
    subscriber = output(wire)
    router.add_source(first)
    router.add_output(subscriber)
    send(first, 65_535, 0)
    router.add_source(second)
    send(second, 500, 0)
    subscriber.packets_missed((0,), now_s=2.0)
    assert wire.rtp[2] == wire.rtp[1]
    assert wire.payloads[2] == wire.payloads[1] == b"payload 500"


def test_packets_of_a_source_that_has_gone_are_not_sent_again() -> None:
    router, wire, publishers = Router(), RecordingWire(), RecordingWire()
    first, second = source(wire=publishers), source(ssrc=8, wire=publishers)
    subscriber = output(wire)
    router.add_source(first)
    router.add_output(subscriber)
    send(first, 10, 0)
    router.add_source(second)
    send(second, 500, 0)
    subscriber.packets_missed((10,), now_s=2.0)
    assert len(wire.rtp) == 2
    assert publishers.rtcp == []


def test_a_packet_that_is_asked_for_again_at_once_is_sent_once() -> None:
    router, wire, video = Router(), RecordingWire(), source()
    subscriber = output(wire)
    router.add_source(video)
    router.add_output(subscriber)
    send(video, 10, 0)
    for _ in range(100):
        subscriber.packets_missed((10,) * 10, now_s=2.0)
    assert len(wire.rtp) == 1 + 1


def test_the_round_trip_is_measured_by_the_reports() -> None:
    router, wire, video = Router(), RecordingWire(), source()
    subscriber = output(wire)
    router.add_source(video)
    router.add_output(subscriber)
    send(video, 10, 0)
    video.reported(SenderReport(7, 0x0001_2345_6789_ABCD, 0, 0, 0), 20.0)
    block = ReportBlock(70, 0, 0, 10, 0, last_report=0x2345_6789, delay=65_536)
    subscriber.received(block, 21.8)
    taken = []
    for now_s in (22.0, 22.7, 22.9):
        subscriber.packets_missed((10,), now_s)
        taken.append(len(wire.rtp) - 1)
    assert taken == [1, 1, 2]


def test_what_was_lost_before_us_is_asked_for_in_the_sources_numbers() -> None:
    router, wire, publishers = Router(), RecordingWire(), RecordingWire()
    first, second = source(), source(ssrc=8, wire=publishers)
    subscriber = output(wire)
    router.add_source(first)
    router.add_output(subscriber)
    send(first, 10, 0)
    router.add_source(second)
    send(second, 500, 0)
    send(second, 502, 0)
    subscriber.packets_missed((12,), now_s=2.0)
    assert struct.unpack_from("!IHH", publishers.rtcp[-1], 8) == (8, 501, 0)


def test_a_removed_output_and_a_removed_source_have_no_route() -> None:
    router, wire, video = Router(), RecordingWire(), source()
    subscriber = output(wire)
    router.add_source(video)
    router.add_output(subscriber)
    router.remove_outputs([subscriber])
    send(video, 1, 1)
    router.add_output(subscriber)
    router.remove_sources([video])
    send(video, 2, 2)
    assert wire.rtp == []
    assert subscriber.source is None


def test_a_queue_that_fills_on_the_way_lowers_the_estimate() -> None:
    router, wire, video = Router(), RecordingWire(), source()
    subscriber = output(wire)
    router.add_source(video)
    router.add_output(subscriber)
    subscriber.receiver_estimated(10**6, now_s=10.0)
    for sequence in range(10_000):
        send(video, sequence, 0)
    subscriber.receiver_estimated(400_000, now_s=10.1)
    assert subscriber.estimate.bitrate_bps == START_BPS
    subscriber.receiver_estimated(400_000, now_s=11.0)
    assert subscriber.estimate.bitrate_bps == 400_000
    subscriber.receiver_estimated(200_000, now_s=12.0)
    assert subscriber.estimate.bitrate_bps == 400_000


def test_feedback_without_a_source_is_ignored() -> None:
    subscriber = output(RecordingWire())
    subscriber.keyframe_wanted(1.0)
    subscriber.packets_missed((1, 2), 1.0)
    assert subscriber.source is None
