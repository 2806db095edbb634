import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.rooms.media import rtcp
from server.rooms.media.rtcp import KeyframeRequest, Nack, ReceiverEstimate, ReportBlock, SenderReport

WORD = st.integers(0, 0xFFFFFFFF)
REPORT = SenderReport(ssrc=7, ntp=0x83AA7E8000000000, timestamp=90_000, packets=10, octets=12_000)
BLOCK = ReportBlock(
    ssrc=9, fraction_lost=64, lost=3, highest_sequence=0x10005, jitter=20, last_report=5, delay=65_536
)


def test_a_sender_report_is_read_back() -> None:
    assert list(rtcp.read(rtcp.sender_report(REPORT, "room"))) == [REPORT]


def test_a_receiver_report_is_read_back() -> None:
    packet = rtcp.receiver_report(sender=1, cname="room", blocks=[BLOCK, BLOCK])
    assert list(rtcp.read(packet)) == [BLOCK, BLOCK]


def test_a_picture_loss_indication_has_the_bytes_of_the_rfc() -> None:
    assert rtcp.picture_loss(sender=1, ssrc=2).hex() == "81ce0002" + "00000001" + "00000002"
    assert list(rtcp.read(rtcp.picture_loss(sender=1, ssrc=2))) == [KeyframeRequest(2)]


def test_a_full_intra_request_names_its_source_in_the_entry() -> None:
    packet = bytes.fromhex("84ce0004" + "00000001" + "00000000" + "0000002a" + "01000000")
    assert list(rtcp.read(packet)) == [KeyframeRequest(42)]


@given(st.lists(st.integers(0, 0xFFFF), min_size=1, max_size=30))
def test_a_nack_names_exactly_the_missing_packets(sequences: list[int]) -> None:
    (nack,) = rtcp.read(rtcp.nack(sender=1, ssrc=2, sequences=sequences))
    assert isinstance(nack, Nack)
    assert nack.ssrc == 2
    assert set(nack.sequences) == set(sequences)


def test_neighbours_share_one_item_of_a_nack_across_the_wrap() -> None:
    packet = rtcp.nack(sender=1, ssrc=2, sequences=[65_535, 0, 15])
    assert packet.hex() == "81cd0003" + "00000001" + "00000002" + "ffff8001"


@pytest.mark.parametrize("bitrate_bps", [0, 150_000, 262_143, 2_500_000, 4_000_000_000])
def test_a_bitrate_limit_is_rounded_down_by_less_than_a_ten_thousandth(bitrate_bps: int) -> None:
    packet = rtcp.bitrate_limit(sender=1, ssrcs=(2, 3), bitrate_bps=bitrate_bps)
    assert packet[12:16] == b"REMB"
    assert packet[16] == 2
    mantissa = int.from_bytes(packet[17:20]) & 0x3FFFF
    limit_bps = mantissa << (packet[17] >> 2)
    assert list(rtcp.read(packet)) == [ReceiverEstimate(2, limit_bps), ReceiverEstimate(3, limit_bps)]
    assert limit_bps <= bitrate_bps <= limit_bps * 1.0001 + 1


def test_unknown_packets_are_left_out_and_the_rest_is_read() -> None:
    goodbye = bytes.fromhex("81cb0001" + "00000001")
    extended = bytes.fromhex("80cf0001" + "00000001")
    compound = goodbye + extended + rtcp.picture_loss(sender=1, ssrc=2)
    assert list(rtcp.read(compound)) == [KeyframeRequest(2)]


@given(st.binary(max_size=200))
def test_any_bytes_are_read_without_an_error(data: bytes) -> None:
    list(rtcp.read(data))


@given(st.integers(0, 120), st.binary(max_size=20))
def test_a_packet_cut_anywhere_or_with_a_tail_yields_no_more_than_the_whole(length: int, tail: bytes) -> None:
    whole = rtcp.sender_report(REPORT, "room") + rtcp.receiver_report(sender=1, cname="r", blocks=[BLOCK])
    assert list(rtcp.read(whole)) == [REPORT, BLOCK]
    assert len(list(rtcp.read(whole[:length]))) <= 2
    assert list(rtcp.read(whole + tail))[:2] == [REPORT, BLOCK]


@given(WORD, WORD)
def test_counters_that_wrap_stay_in_their_words(packets: int, octets: int) -> None:
    report = SenderReport(ssrc=1, ntp=0, timestamp=0, packets=packets + 2**32, octets=octets + 2**33)
    (read,) = rtcp.read(rtcp.sender_report(report, "room"))
    assert isinstance(read, SenderReport)
    assert (read.packets, read.octets) == (packets, octets)
