import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.rooms.media.errors import MediaError, NoCommonCodec, NotBundled, UnreadableOffer
from server.rooms.media.rtp import MediaKind
from server.rooms.media.sdp import (
    Codec,
    Credentials,
    Direction,
    Fingerprint,
    LocalTransport,
    Outgoing,
    parse_offer,
    write_answer,
)
from tests.unit.media.offers import BOTH, FINGERPRINT, offer

TRANSPORT = LocalTransport(
    credentials=Credentials("ours", "our-password"),
    fingerprint=Fingerprint("sha-256", "B2:B2"),
    addresses=("203.0.113.7", "2001:db8::7"),
    port=7000,
)


def answer_to(text: str, *, accepted: tuple[MediaKind, ...] = BOTH, sends: bool = False) -> str:
    outgoing = {kind: Outgoing(stream="lawyer", ssrc=71, rtx_ssrc=72) for kind in accepted} if sends else {}
    return write_answer(
        parse_offer(text), accepted=frozenset(accepted), outgoing=outgoing, transport=TRANSPORT
    )


def test_a_browsers_offer_is_read() -> None:
    parsed = parse_offer(offer("sendonly"))
    audio, video = parsed.sections
    assert (audio.kind, audio.mid, audio.direction) == (MediaKind.AUDIO, "0", Direction.SENDONLY)
    assert audio.payload_types == {Codec.OPUS: 111}
    assert audio.ssrcs == (1001,)
    assert video.payload_types == {Codec.VP8: 96, Codec.RTX: 97}
    assert video.ssrcs == (2001, 2002)
    assert parsed.credentials == Credentials("Tz3e", "dN6QFlMUQMS0lYyfOoTYXu0a")
    assert parsed.fingerprints == (Fingerprint("sha-256", FINGERPRINT),)


def test_the_answer_keeps_the_order_and_names_of_the_sections() -> None:
    lines = answer_to(offer("sendonly")).split("\r\n")
    assert [line.split()[0] for line in lines if line.startswith("m=")] == ["m=audio", "m=video"]
    assert [line for line in lines if line.startswith("a=mid:")] == ["a=mid:0", "a=mid:1"]
    assert "a=group:BUNDLE 0 1" in lines
    assert lines.count("a=recvonly") == 2


def test_the_answer_is_ice_lite_on_our_one_port() -> None:
    lines = answer_to(offer("sendonly")).split("\r\n")
    assert "a=ice-lite" in lines
    assert lines.count("a=setup:passive") == 2
    candidates = [line for line in lines if line.startswith("a=candidate:")]
    assert [line.split()[4:6] for line in candidates] == [
        ["203.0.113.7", "7000"],
        ["2001:db8::7", "7000"],
    ] * 2


def test_nothing_that_tells_who_speaks_is_negotiated() -> None:
    text = answer_to(offer("sendonly"))
    assert "cbr=1;usedtx=0" in text
    for leak in ("extmap", "ssrc-audio-level", "sdes:mid", "transport-cc"):
        assert leak not in text


def test_a_subscriber_is_told_whose_media_it_gets() -> None:
    lines = answer_to(offer("recvonly"), sends=True).split("\r\n")
    assert lines.count("a=sendonly") == 2
    assert "a=msid:lawyer audio" in lines
    assert "a=msid:lawyer video" in lines
    assert "a=ssrc:71 cname:lawyer" in lines


def test_only_a_subscriber_is_sent_packets_again_on_a_stream_of_their_own() -> None:
    subscriber = answer_to(offer("recvonly"), sends=True).split("\r\n")
    assert "a=fmtp:97 apt=96" in subscriber
    assert "a=ssrc-group:FID 71 72" in subscriber
    assert subscriber.index("a=ssrc:71 cname:lawyer") < subscriber.index("a=ssrc:72 cname:lawyer")
    assert "rtx" not in answer_to(offer("sendonly"))


def test_a_kind_that_is_not_accepted_is_rejected_with_port_zero() -> None:
    lines = answer_to(offer("recvonly"), accepted=(MediaKind.VIDEO,), sends=True).split("\r\n")
    assert "m=audio 0 UDP/TLS/RTP/SAVPF 111 63 9 0 8 13 110 126" in lines
    assert "a=group:BUNDLE 1" in lines
    assert not [line for line in lines if "opus" in line]


@pytest.mark.parametrize(
    ("spoil", "error"),
    [
        (("v=0", "v=1"), UnreadableOffer),
        (("a=ice-pwd", "a=ice-pw"), UnreadableOffer),
        (("a=fingerprint", "a=fingerprints"), UnreadableOffer),
        (("a=mid:1", "a=mid:0"), UnreadableOffer),
        (("m=video 9 UDP/TLS/RTP/SAVPF", "m=video 9 RTP/AVP"), UnreadableOffer),
        (("a=ssrc:1001 cname", "a=ssrc:9999999999 cname"), UnreadableOffer),
        (("VP8/90000", "VP9/90000"), NoCommonCodec),
        (("opus/48000", "opus/16000"), NoCommonCodec),
        (("BUNDLE 0 1", "BUNDLE 0"), NotBundled),
    ],
)
def test_an_offer_that_cannot_be_answered_is_refused_by_name(
    spoil: tuple[str, str], error: type[MediaError]
) -> None:
    with pytest.raises(error):
        parse_offer(offer("sendonly").replace(*spoil))


def test_two_sections_of_one_kind_are_refused() -> None:
    twice = offer("sendonly", (MediaKind.VIDEO, MediaKind.VIDEO)).replace("a=mid:1", "a=mid:2", 1)
    with pytest.raises(UnreadableOffer):
        parse_offer(twice)


@given(st.text(max_size=300))
def test_any_text_is_an_offer_or_refused(text: str) -> None:
    for candidate in (text, "v=0\r\n" + text):
        with pytest.raises(MediaError):
            parse_offer(candidate)


@given(st.integers(0, 2200), st.text(max_size=40))
def test_an_offer_cut_short_and_continued_at_will_is_read_or_refused(length: int, tail: str) -> None:
    try:
        parse_offer(offer("sendonly")[:length] + tail)
    except MediaError:
        return


def test_too_long_an_offer_is_refused_unread() -> None:
    with pytest.raises(UnreadableOffer):
        parse_offer(offer("sendonly") + "a=x\r\n" * 20_000)
