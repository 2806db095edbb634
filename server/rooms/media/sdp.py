"""Session descriptions: read a browser's offer, write the ICE-lite answer (RFC 8866, RFC 8829, RFC 8843).

Pure. The answer is complete at once: ICE-lite gathers nothing (RFC 8445 §2.5), so there is no trickling,
and each connection is negotiated exactly once. What is left out is left out on purpose: no MID or
transport-wide sequence numbers (they belong to one hop), no audio level and no discontinuous or variable
rate Opus (they tell a listener on the wire who speaks, and when).
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from server.rooms.media.errors import NoCommonCodec, NotBundled, UnreadableOffer
from server.rooms.media.rtp import PAYLOAD_TYPES, SSRC_BITS, MediaKind

MAX_OFFER_CHARACTERS: Final = 64 * 1024
MAX_SECTIONS: Final = 4
_MAX_SSRCS: Final = 8
_PROTOCOL: Final = "UDP/TLS/RTP/SAVPF"

_SECTION = re.compile(r"(audio|video) (\d{1,5}) ([A-Z/]+) ([0-9 ]{1,600})", re.ASCII)
_CODEC = re.compile(r"(\d{1,3}) ([A-Za-z0-9-]{1,32})/(\d{1,6})(?:/(\d))?", re.ASCII)
_FORMAT = re.compile(r"(\d{1,3}) (.{1,512})", re.ASCII)
_SSRC = re.compile(r"(\d{1,10})(?: .*)?", re.ASCII)
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`{|}~-]{1,64}", re.ASCII)
_ICE_CHARACTERS = re.compile(r"[A-Za-z0-9+/]{4,256}", re.ASCII)
_FINGERPRINT = re.compile(r"([a-z0-9-]{1,16}) ([0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){15,63})", re.ASCII)


class Direction(StrEnum):
    """Which way media flows, seen from whoever wrote the description (RFC 8866 §6.7)."""

    SENDRECV = "sendrecv"
    SENDONLY = "sendonly"
    RECVONLY = "recvonly"
    INACTIVE = "inactive"


class Codec(StrEnum):
    """The codecs the forwarder carries; it never decodes them."""

    OPUS = "opus"
    VP8 = "VP8"
    RTX = "rtx"
    """Packets of VP8 sent again, on a stream of their own (RFC 4588)."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """User name fragment and password of one side's ICE (RFC 8839 §5.4)."""

    fragment: str
    password: str


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """A digest of the peer's DTLS certificate (RFC 8122 §5)."""

    algorithm: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One m-line of an offer with the attributes that we use."""

    kind: MediaKind
    mid: str
    direction: Direction
    rejected: bool
    """The offerer itself switched the section off (port 0 outside a bundle)."""
    formats: tuple[int, ...]
    """Payload types in the offerer's order."""
    payload_types: dict[Codec, int]
    """The payload type of each codec that we carry, as far as it is offered."""
    ssrcs: tuple[int, ...]
    """Sources announced by the offerer, the primary one first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What a browser offers on one transport."""

    sections: tuple[Section, ...]
    credentials: Credentials
    fingerprints: tuple[Fingerprint, ...]

    @property
    def kinds(self) -> frozenset[MediaKind]:
        """Return the media that the offer has an m-line for, even a rejected one."""
        return frozenset(section.kind for section in self.sections)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """How a stream that we send is announced (RFC 5576)."""

    stream: str
    """The participant whose media it is: becomes the browser's stream id."""
    ssrc: int
    rtx_ssrc: int | None = None
    """The stream of its retransmissions (RFC 4588), if there is one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalTransport:
    """Our end: what every accepted section of an answer says of ICE and DTLS."""

    credentials: Credentials
    fingerprint: Fingerprint
    addresses: tuple[str, ...]
    """IP addresses under which clients reach the UDP port, the preferred first."""
    port: int


@dataclass(slots=True)
class _Attributes:
    """The attribute lines of the session or of one section, in order."""

    media: str = ""
    lines: list[tuple[str, str]] = field(default_factory=list)

    def all(self, name: str) -> Iterator[str]:
        return (value for key, value in self.lines if key == name)

    def first(self, name: str) -> str | None:
        return next(self.all(name), None)


def parse_offer(text: str) -> Offer:
    """Read an offer.

    Raises:
        UnreadableOffer: not a session description, or without ICE credentials or a fingerprint.
        NotBundled: its sections would need several transports.
        NoCommonCodec: a section that is wanted has neither Opus nor VP8.
    """
    session, parts = _split(text)
    sections = tuple(_section(part) for part in parts)
    if len({section.mid for section in sections}) != len(sections):
        raise UnreadableOffer(reason="two sections share a mid")
    if len({section.kind for section in sections}) != len(sections):
        raise UnreadableOffer(reason="two sections of one kind")
    _check_bundle(session, sections)
    return Offer(
        sections=sections,
        credentials=_credentials([*parts, session]),
        fingerprints=_fingerprints([*parts, session]),
    )


def _split(text: str) -> tuple[_Attributes, list[_Attributes]]:
    if len(text) > MAX_OFFER_CHARACTERS or not text.startswith("v=0"):
        raise UnreadableOffer(reason="not a session description")
    session = _Attributes()
    parts: list[_Attributes] = []
    for line in text.replace("\r\n", "\n").split("\n"):
        if line.startswith("m="):
            parts.append(_Attributes(media=line.removeprefix("m=")))
        elif line.startswith("a="):
            name, _, value = line.removeprefix("a=").partition(":")
            (parts[-1] if parts else session).lines.append((name, value))
    if not 0 < len(parts) <= MAX_SECTIONS:
        raise UnreadableOffer(reason="no section, or too many")
    return session, parts


def _section(part: _Attributes) -> Section:
    media = _SECTION.fullmatch(part.media)
    mid = part.first("mid")
    if media is None or media[3] != _PROTOCOL or mid is None or _TOKEN.fullmatch(mid) is None:
        raise UnreadableOffer(reason="a section that is not WebRTC media")
    formats = tuple(int(number) for number in media[4].split())
    kind = MediaKind(media[1])
    rejected = media[2] == "0" and part.first("bundle-only") is None
    codecs = _codecs(kind, part, formats)
    if not rejected and _MAIN_CODEC[kind] not in codecs:
        raise NoCommonCodec(medium=kind)
    return Section(
        kind=kind,
        mid=mid,
        direction=_direction(part),
        rejected=rejected,
        formats=formats,
        payload_types=codecs,
        ssrcs=_ssrcs(part),
    )


_MAIN_CODEC: Final = {MediaKind.AUDIO: Codec.OPUS, MediaKind.VIDEO: Codec.VP8}


def _codecs(kind: MediaKind, part: _Attributes, formats: tuple[int, ...]) -> dict[Codec, int]:
    """Map the codecs that we carry to the offer's payload types, by `rtpmap` and `fmtp`."""
    parameters = {int(match[1]): match[2] for match in map(_FORMAT.fullmatch, part.all("fmtp")) if match}
    maps = [match for match in map(_CODEC.fullmatch, part.all("rtpmap")) if match]
    found: dict[Codec, int] = {}
    # A repairing format names the one it repairs, so that one is looked for first.
    for codec, encoding in _ENCODINGS[kind].items():
        for match in maps:
            number = int(match[1])
            named = (match[2].lower(), int(match[3])) == encoding
            usable = number in formats and number < PAYLOAD_TYPES and codec not in found
            if named and usable and _fits(codec, parameters.get(number, ""), found):
                found[codec] = number
    return found


_ENCODINGS: Final = {
    MediaKind.AUDIO: {Codec.OPUS: ("opus", 48_000)},
    MediaKind.VIDEO: {Codec.VP8: ("vp8", 90_000), Codec.RTX: ("rtx", 90_000)},
}


def _fits(codec: Codec, parameters: str, found: dict[Codec, int]) -> bool:
    """Tell whether a repairing format repairs the codec that we carry, not another one of the offer."""
    return codec is not Codec.RTX or parameters.replace(" ", "") == f"apt={found.get(Codec.VP8)}"


def _direction(part: _Attributes) -> Direction:
    for direction in Direction:
        if part.first(direction.value) is not None:
            return direction
    return Direction.SENDRECV


def _ssrcs(part: _Attributes) -> tuple[int, ...]:
    """Return the announced sources; a flow identification group names the primary first (RFC 5576 §4.2)."""
    found: list[int] = []
    for group in part.all("ssrc-group"):
        found += [int(number) for number in group.removeprefix("FID ").split() if _SSRC.fullmatch(number)]
    found += [int(match[1]) for match in map(_SSRC.fullmatch, part.all("ssrc")) if match]
    unique = tuple(dict.fromkeys(found))
    if len(unique) > _MAX_SSRCS or any(ssrc >> SSRC_BITS for ssrc in unique):
        raise UnreadableOffer(reason="impossible sources")
    return unique


def _check_bundle(session: _Attributes, sections: tuple[Section, ...]) -> None:
    groups = [group.split()[1:] for group in session.all("group") if group.startswith("BUNDLE ")]
    bundled = set(groups[0]) if groups else set()
    wanted = {section.mid for section in sections if not section.rejected}
    if len(wanted) > 1 and not wanted <= bundled:
        raise NotBundled


def _credentials(places: Iterable[_Attributes]) -> Credentials:
    for place in places:
        fragment, password = place.first("ice-ufrag"), place.first("ice-pwd")
        if fragment and password and all(map(_ICE_CHARACTERS.fullmatch, (fragment, password))):
            return Credentials(fragment, password)
    raise UnreadableOffer(reason="no ICE credentials")


def _fingerprints(places: Iterable[_Attributes]) -> tuple[Fingerprint, ...]:
    for place in places:
        matches = [_FINGERPRINT.fullmatch(value) for value in place.all("fingerprint")]
        found = tuple(Fingerprint(match[1], match[2].upper()) for match in matches if match)
        if found:
            return found
    raise UnreadableOffer(reason="no certificate fingerprint")


def write_answer(
    offer: Offer,
    *,
    accepted: frozenset[MediaKind],
    outgoing: dict[MediaKind, Outgoing],
    transport: LocalTransport,
) -> str:
    """Write the answer: `accepted` kinds on one ICE-lite transport, the others rejected (port 0).

    Args:
        offer: What is answered; its order of sections is kept (RFC 8829 §5.3.1).
        accepted: The kinds that may flow.
        outgoing: The streams that we send, for a subscriber; empty for a publisher.
        transport: Our end.
    """
    taken = [section for section in offer.sections if section.kind in accepted and not section.rejected]
    lines = [
        "v=0",
        "o=- 1 1 IN IP4 127.0.0.1",
        "s=-",
        "t=0 0",
        "a=ice-lite",
        f"a=group:BUNDLE {' '.join(section.mid for section in taken)}",
        "a=msid-semantic: WMS *",
    ]
    for section in offer.sections:
        if section in taken:
            lines += _accepted_section(section, outgoing.get(section.kind), transport)
        else:
            lines += _rejected_section(section)
    return "\r\n".join(lines) + "\r\n"


def _rejected_section(section: Section) -> list[str]:
    formats = " ".join(map(str, section.formats))
    return [
        f"m={section.kind} 0 {_PROTOCOL} {formats}",
        "c=IN IP4 0.0.0.0",
        f"a=mid:{section.mid}",
        "a=inactive",
    ]


def _accepted_section(section: Section, outgoing: Outgoing | None, transport: LocalTransport) -> list[str]:
    formats = answered_formats(section)
    numbers = " ".join(map(str, formats.values()))
    return [
        f"m={section.kind} {transport.port} {_PROTOCOL} {numbers}",
        "c=IN IP4 0.0.0.0",
        f"a=mid:{section.mid}",
        "a=recvonly" if outgoing is None else "a=sendonly",
        "a=rtcp-mux",
        "a=rtcp-rsize",
        f"a=ice-ufrag:{transport.credentials.fragment}",
        f"a=ice-pwd:{transport.credentials.password}",
        f"a=fingerprint:{transport.fingerprint.algorithm} {transport.fingerprint.value}",
        "a=setup:passive",
        *_codec_lines(formats),
        *_source_lines(section.kind, outgoing),
        *_candidate_lines(transport),
        "a=end-of-candidates",
    ]


def answered_formats(section: Section) -> dict[Codec, int]:
    """Return the codecs that the answer takes from `section` with their payload types, preferred first.

    Only a subscriber is sent repairs: a publisher sends a packet again on the stream it was lost from.
    """
    order = [_MAIN_CODEC[section.kind]]
    if section.direction is Direction.RECVONLY:
        order.append(Codec.RTX)
    return {codec: section.payload_types[codec] for codec in order if codec in section.payload_types}


_VIDEO_FEEDBACK: Final = ("nack", "nack pli", "ccm fir", "goog-remb")


def _codec_lines(formats: dict[Codec, int]) -> Iterator[str]:
    for codec, number in formats.items():
        match codec:
            case Codec.OPUS:
                yield f"a=rtpmap:{number} opus/48000/2"
                # Every packet of one size, silence included: sizes must not tell who speaks (RFC 6562).
                yield f"a=fmtp:{number} minptime=10;useinbandfec=1;cbr=1;usedtx=0"
            case Codec.VP8:
                yield f"a=rtpmap:{number} VP8/90000"
                yield from (
                    f"a=rtcp-fb:{number} {way}" for way in ("nack", "nack pli", "ccm fir", "goog-remb")
                )
            case Codec.RTX:
                yield f"a=rtpmap:{number} rtx/90000"
                yield f"a=fmtp:{number} apt={formats[Codec.VP8]}"


def _source_lines(kind: MediaKind, outgoing: Outgoing | None) -> Iterator[str]:
    if outgoing is None:
        return
    yield f"a=msid:{outgoing.stream} {kind}"
    # Browsers take the first source that is named for the primary one.
    if outgoing.rtx_ssrc is not None:
        yield f"a=ssrc-group:FID {outgoing.ssrc} {outgoing.rtx_ssrc}"
    yield f"a=ssrc:{outgoing.ssrc} cname:{outgoing.stream}"
    if outgoing.rtx_ssrc is not None:
        yield f"a=ssrc:{outgoing.rtx_ssrc} cname:{outgoing.stream}"


def _candidate_lines(transport: LocalTransport) -> Iterator[str]:
    """Name each address as a host candidate of component 1 (RFC 8839 §5.1, priority RFC 8445 §5.1.2.1)."""
    for index, address in enumerate(transport.addresses):
        priority = 126 << 24 | (65_535 - index) << 8 | 255
        yield f"a=candidate:{index + 1} 1 udp {priority} {address} {transport.port} typ host"
