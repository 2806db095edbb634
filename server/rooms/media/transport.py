"""One leg's transport: ICE-lite, DTLS and SRTP together, on the shared port.

Theory of operation: a transport is *opening* until the handshake is done, then *secured*; it is *lost*
when the handshake fails or takes too long, when the peer closes it, or when the peer's consent runs out.
A lost or closed transport neither sends nor receives, at once.
"""

import time
from collections.abc import Coroutine
from typing import Final, Protocol

from server.rooms.media.dtls import Certificate, Dtls
from server.rooms.media.icelite import CONSENT_S, Address, Peer, new_credentials
from server.rooms.media.rtp import is_rtcp
from server.rooms.media.sdp import LocalTransport, Offer
from server.rooms.media.srtp import Inbound, Outbound, PacketBuffer
from server.rooms.media.udpmux import Dropped, UdpMux

_HANDSHAKE_S: Final = 30.0
"""A browser that has an answer connects in seconds, or never."""


class Owner(Protocol):
    """The leg whose transport it is."""

    def secured(self, now_s: float) -> None:
        """Media can flow."""
        ...

    def lost(self) -> None:
        """The transport is over; told once."""
        ...

    def receive_rtp(self, packet: PacketBuffer, length: int, inbound: Inbound) -> None:
        """Take a packet that is still encrypted: its clear header says whether it is worth decrypting."""
        ...

    def receive_rtcp(self, data: bytes, now_s: float) -> None:
        """Take decrypted RTCP."""
        ...


class Transport:
    """The connection to one peer."""

    def __init__(self, *, mux: UdpMux, certificate: Certificate, offer: Offer, now_s: float) -> None:
        """Prepare to answer `offer`."""
        self.peer: Final = Peer(
            local=new_credentials(), remote=offer.credentials, consent_until_s=now_s + CONSENT_S
        )
        self._mux = mux
        self._certificate = certificate
        self._owner: Owner | None = None
        self._inbound: Inbound | None = None
        self._outbound: Outbound | None = None
        self._handshake_until_s = now_s + _HANDSHAKE_S
        self._dtls = Dtls(
            certificate=certificate,
            fingerprints=offer.fingerprints,
            send=self._send_handshake,
            listener=self,
        )

    @property
    def scratch(self) -> PacketBuffer:
        """Return the buffer in which packets for this peer are made."""
        return self._mux.scratch

    def local(self, addresses: tuple[str, ...]) -> LocalTransport:
        """Describe our end for the answer."""
        return LocalTransport(
            credentials=self.peer.local,
            fingerprint=self._certificate.fingerprint,
            addresses=addresses,
            port=self._mux.port,
        )

    def open(self, owner: Owner) -> None:
        """Begin to work for `owner`."""
        self._owner = owner
        self._dtls.start()

    def check_passed(self, address: Address, forgotten: Address | None) -> None:
        """Take packets from an address that passed a check, no more from one that was forgotten."""
        self._mux.claim(address, self)
        if forgotten is not None:
            self._mux.release(forgotten, self)

    def expire(self, now_s: float) -> None:
        """Give up where the peer was silent or slow for too long."""
        silent = now_s > self.peer.consent_until_s
        slow = self._outbound is None and now_s > self._handshake_until_s
        if silent or slow:
            self.broken()

    def close(self) -> Coroutine[None, None, None]:
        """Stop at once; the result, when it is run, says good-bye to the peer."""
        self._owner = self._inbound = self._outbound = None
        for address in self.peer.addresses:
            self._mux.release(address, self)
        return self._dtls.close()

    def send_rtp(self, packet: PacketBuffer, length: int) -> None:
        """Encrypt the plain packet in the buffer and send it."""
        outbound, address = self._outbound, self.peer.nominated
        if outbound is None or address is None:
            return
        protected = outbound.protect(packet, length)
        if protected:
            self._mux.send(packet.view[:protected], address)

    def send_rtcp(self, data: bytes) -> None:
        """Encrypt RTCP and send it."""
        if self._outbound is not None and self.peer.nominated is not None:
            self._mux.send(self._outbound.protect_rtcp(data), self.peer.nominated)

    def receive_media(self, packet: PacketBuffer, length: int) -> None:
        """Take an SRTP or SRTCP packet from the port."""
        owner, inbound = self._owner, self._inbound
        if owner is None or inbound is None:
            return
        if not is_rtcp(packet.view[1]):
            owner.receive_rtp(packet, length, inbound)
            return
        plain = inbound.unprotect_rtcp(bytes(packet.view[:length]))
        if plain is None:
            self._mux.dropped[Dropped.NOT_AUTHENTIC] += 1
        else:
            owner.receive_rtcp(plain, packet.arrived_s)

    def receive_handshake(self, data: bytes) -> None:
        """Take a DTLS datagram from the port."""
        self._dtls.receive(data)

    def secured(self, inbound: Inbound, outbound: Outbound) -> None:
        """Take the keys of the handshake."""
        if self._owner is not None:
            self._inbound, self._outbound = inbound, outbound
            self._owner.secured(time.monotonic())

    def broken(self) -> None:
        """Stop at once and tell the owner."""
        owner, self._owner = self._owner, None
        self._inbound = self._outbound = None
        if owner is not None:
            owner.lost()

    def drop(self, reason: Dropped) -> None:
        """Count a packet of this transport that goes no further."""
        self._mux.dropped[reason] += 1

    def _send_handshake(self, data: bytes) -> None:
        if self.peer.nominated is not None:
            self._mux.send(data, self.peer.nominated)
