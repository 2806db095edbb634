import inspect

import pylibsrtp
import pytest
from aiortc import RTCDtlsTransport
from pylibsrtp import Policy

from server.rooms.media import srtp
from server.rooms.media.dtls import Certificate
from server.rooms.media.srtp import CopyingContext, InPlaceContext, PacketBuffer

PACKET = bytes.fromhex("806f0001" + "00000001" + "0000002a") + b"speech"
WAYS = pytest.mark.parametrize("way", [InPlaceContext, CopyingContext])


def session(ssrc_type: int) -> pylibsrtp.Session:
    policy = Policy(
        key=bytes(range(28)), ssrc_type=ssrc_type, srtp_profile=Policy.SRTP_PROFILE_AEAD_AES_128_GCM
    )
    return pylibsrtp.Session(policy)


@WAYS
def test_what_is_encrypted_in_place_is_decrypted_in_place(
    way: type[InPlaceContext | CopyingContext],
) -> None:
    outbound, inbound = way(session(Policy.SSRC_ANY_OUTBOUND)), way(session(Policy.SSRC_ANY_INBOUND))
    packet = PacketBuffer()
    packet.view[: len(PACKET)] = PACKET
    protected = outbound.protect(packet, len(PACKET))
    assert protected == len(PACKET) + 16
    assert b"speech" not in bytes(packet.view[:protected])
    assert inbound.unprotect(packet, protected) == len(PACKET)
    assert bytes(packet.view[: len(PACKET)]) == PACKET


@WAYS
def test_a_forged_a_repeated_and_a_short_packet_are_refused(
    way: type[InPlaceContext | CopyingContext],
) -> None:
    protected = session(Policy.SSRC_ANY_OUTBOUND).protect(PACKET)
    inbound = way(session(Policy.SSRC_ANY_INBOUND))
    packet = PacketBuffer()
    forged = protected[:-1] + bytes([protected[-1] ^ 1])
    lengths = []
    for data in (forged, protected, protected, b"", protected[:11], protected[:20]):
        packet.view[: len(data)] = data
        lengths.append(inbound.unprotect(packet, len(data)))
    assert lengths == [0, len(PACKET), 0, 0, 0, 0]


@WAYS
def test_a_packet_too_long_for_the_trailer_is_refused(way: type[InPlaceContext | CopyingContext]) -> None:
    outbound = way(session(Policy.SSRC_ANY_OUTBOUND))
    packet = PacketBuffer()
    packet.view[:12] = PACKET[:12]
    assert outbound.protect(packet, srtp.BUFFER_BYTES - 100) == 0


@WAYS
def test_rtcp_goes_through_either_way(way: type[InPlaceContext | CopyingContext]) -> None:
    outbound, inbound = way(session(Policy.SSRC_ANY_OUTBOUND)), way(session(Policy.SSRC_ANY_INBOUND))
    report = bytes.fromhex("80c90001" + "0000002a")
    assert inbound.unprotect_rtcp(outbound.protect_rtcp(report)) == report
    assert inbound.unprotect_rtcp(b"short") is None


def test_this_release_of_pylibsrtp_can_be_called_in_place() -> None:
    assert srtp.IN_PLACE
    assert isinstance(srtp.context(session(Policy.SSRC_ANY_INBOUND)), InPlaceContext)


def test_aiortc_still_has_the_private_names_that_its_door_uses() -> None:
    transport_source = inspect.getsource(RTCDtlsTransport)
    for asked_of_ice in ("self.transport.role", "self.transport._recv()", "self.transport._send("):
        assert asked_of_ice in transport_source
    for kept in ("self._rx_srtp = Session(", "self._tx_srtp = Session(", 'self.emit("statechange")'):
        assert kept in transport_source
    assert "def _set_role(self, role: str)" in transport_source
    assert Certificate().fingerprint.value.count(":") == 31
