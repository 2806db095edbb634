"""Offers as browsers write them, shortened to what matters."""

from server.rooms.media.rtp import MediaKind

FINGERPRINT = ":".join(["A1"] * 32)

_AUDIO = """m=audio 9 UDP/TLS/RTP/SAVPF 111 63 9 0 8 13 110 126
c=IN IP4 0.0.0.0
a=rtcp:9 IN IP4 0.0.0.0
a=ice-ufrag:Tz3e
a=ice-pwd:dN6QFlMUQMS0lYyfOoTYXu0a
a=ice-options:trickle
a=fingerprint:sha-256 {fingerprint}
a=setup:actpass
a=mid:0
a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level
a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid
a={direction}
a=rtcp-mux
a=rtcp-rsize
a=rtpmap:111 opus/48000/2
a=rtcp-fb:111 transport-cc
a=fmtp:111 minptime=10;useinbandfec=1
a=rtpmap:63 red/48000/2
a=fmtp:63 111/111
a=rtpmap:9 G722/8000
a=rtpmap:0 PCMU/8000
a=rtpmap:8 PCMA/8000
a=rtpmap:13 CN/8000
a=rtpmap:110 telephone-event/48000
a=rtpmap:126 telephone-event/8000
"""
_VIDEO = """m=video 9 UDP/TLS/RTP/SAVPF 96 97 103 104
c=IN IP4 0.0.0.0
a=ice-ufrag:Tz3e
a=ice-pwd:dN6QFlMUQMS0lYyfOoTYXu0a
a=fingerprint:sha-256 {fingerprint}
a=setup:actpass
a=mid:1
a={direction}
a=rtcp-mux
a=rtpmap:103 H264/90000
a=rtpmap:104 rtx/90000
a=fmtp:104 apt=103
a=rtpmap:97 rtx/90000
a=fmtp:97 apt=96
a=rtpmap:96 VP8/90000
a=rtcp-fb:96 nack
a=rtcp-fb:96 nack pli
"""
_SOURCES = {
    MediaKind.AUDIO: "a=ssrc:1001 cname:me\na=ssrc:1001 msid:- t\n",
    MediaKind.VIDEO: "a=ssrc-group:FID 2001 2002\na=ssrc:2001 cname:me\na=ssrc:2002 cname:me\n",
}
_SECTIONS = {MediaKind.AUDIO: _AUDIO, MediaKind.VIDEO: _VIDEO}
_MIDS = {MediaKind.AUDIO: "0", MediaKind.VIDEO: "1"}
BOTH = (MediaKind.AUDIO, MediaKind.VIDEO)


def offer(direction: str, kinds: tuple[MediaKind, ...] = BOTH) -> str:
    """Write an offer of `kinds` in one bundle."""
    bundle = " ".join(_MIDS[kind] for kind in kinds)
    head = f"v=0\no=- 46117 2 IN IP4 127.0.0.1\ns=-\nt=0 0\na=group:BUNDLE {bundle}\na=msid-semantic: WMS\n"
    parts = [
        _SECTIONS[kind].format(direction=direction, fingerprint=FINGERPRINT)
        + (_SOURCES[kind] if direction == "sendonly" else "")
        for kind in kinds
    ]
    return (head + "".join(parts)).replace("\n", "\r\n")
