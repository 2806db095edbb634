"""The one UDP socket: takes datagrams in batches and gives each to the leg it belongs to (RFC 7983).

Legs are told apart by the address they come from; an address belongs to a leg once a connectivity check
from there was good (`icelite`). Everything else is counted and dropped without a word.

Theory of operation: the costs of a forwarder are waking up and `sendto`, not ciphers. At few packets a second
the socket wakes the loop, which drains it. Once wakes follow each other faster than `POLL_S`, the mux goes
*polling*: it leaves the socket unwatched and drains it by a timer, many packets a turn, as network drivers
do; a millisecond of delay buys half of the processor time. When turns come back almost empty, it
watches the socket again.
"""

import asyncio
import socket
import time
from collections import Counter
from collections.abc import Callable
from enum import StrEnum
from typing import Final, Protocol, TypeAlias

from server.rooms.media.icelite import Address
from server.rooms.media.srtp import BUFFER_BYTES, MAX_PACKET_BYTES, PacketBuffer

BATCH: Final = 64
"""Datagrams taken in one turn, so that timers and commands get theirs under a flood."""
POLL_S: Final = 0.002
"""Time between two turns while polling."""
_WAKES_TO_POLL: Final = 32
"""So many wakes in a row, each sooner than `POLL_S` after the last, begin the polling."""
_IDLE_TURNS: Final = 32
"""So many turns in a row with less than two datagrams end it."""
_SOCKET_BUFFER_BYTES: Final = 8 * 1024 * 1024
"""Asked of the kernel, which may grant less: keyframes of a hundred legs come at once."""

# The first byte tells the protocols on the port apart (RFC 7983 §7).
_STUN_BELOW: Final = 4
_DTLS: Final = range(20, 64)
_RTP_FROM: Final = 128
_RTP_BELOW: Final = 192
_SHORTEST_RTP_BYTES: Final = 12

CheckHandler: TypeAlias = Callable[[bytes, Address], None]


class Dropped(StrEnum):
    """Why a datagram went no further."""

    EMPTY_OR_LONG = "empty_or_long"
    UNKNOWN_PROTOCOL = "unknown_protocol"
    UNKNOWN_ADDRESS = "unknown_address"
    NOT_A_CHECK = "not_a_check"
    NOT_AUTHENTIC = "not_authentic"
    UNKNOWN_SOURCE = "unknown_source"
    NOT_SENT = "not_sent"
    """The kernel refused it: the send buffer is full, or there is no way to the address."""


class Receiver(Protocol):
    """A leg, as far as datagrams from its addresses go."""

    def receive_media(self, packet: PacketBuffer, length: int) -> None:
        """Take an SRTP or SRTCP packet; the buffer is only lent until the return."""
        ...

    def receive_handshake(self, data: bytes) -> None:
        """Take a DTLS datagram."""
        ...


class UdpMux:
    """Owns the socket, and the table of addresses."""

    def __init__(self, sock: socket.socket, *, on_check: CheckHandler) -> None:
        """Take over a bound UDP `sock`; `on_check` gets what looks like STUN."""
        sock.settimeout(0)
        for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
            sock.setsockopt(socket.SOL_SOCKET, option, _SOCKET_BUFFER_BYTES)
        self._socket = sock
        self._on_check = on_check
        self._receivers: dict[Address, Receiver] = {}
        self._packet = PacketBuffer()
        self.scratch: Final = PacketBuffer()
        """Where outgoing packets are rewritten and encrypted, one after the other."""
        self._woken_at_s = 0.0
        self._streak = 0
        """Wakes in a row that were early, or, while polling, turns that were almost empty."""
        self._polling: asyncio.TimerHandle | None = None
        self.received = 0
        self.dropped: Counter[Dropped] = Counter()

    @property
    def port(self) -> int:
        """Return the port that it is bound to."""
        port: int = self._socket.getsockname()[1]
        return port

    @property
    def is_polling(self) -> bool:
        """Tell whether a timer drains the socket, because it is busy."""
        return self._polling is not None

    def open(self) -> None:
        """Begin to receive, on the running loop."""
        asyncio.get_running_loop().add_reader(self._socket, self._wake)

    def close(self) -> None:
        """Receive no more and close the socket."""
        asyncio.get_running_loop().remove_reader(self._socket)
        if self._polling is not None:
            self._polling.cancel()
        self._socket.close()

    def claim(self, address: Address, receiver: Receiver) -> None:
        """Give what comes from `address` to `receiver` from now on."""
        self._receivers[address] = receiver

    def release(self, address: Address, receiver: Receiver) -> None:
        """Drop what comes from `address`, unless it belongs to another receiver by now."""
        if self._receivers.get(address) is receiver:
            del self._receivers[address]

    def send(self, data: bytes | memoryview, address: Address) -> None:
        """Send one datagram, or drop it: a late packet is worth less than the next one."""
        try:
            self._socket.sendto(data, address)
        except OSError:
            self.dropped[Dropped.NOT_SENT] += 1

    def _wake(self) -> None:
        """Take what woke the loop; begin to poll where that happens too often."""
        now_s = time.monotonic()
        self._streak = self._streak + 1 if now_s - self._woken_at_s < POLL_S else 0
        self._woken_at_s = now_s
        self._drain(now_s)
        if self._streak >= _WAKES_TO_POLL:
            self._streak = 0
            loop = asyncio.get_running_loop()
            loop.remove_reader(self._socket)
            self._polling = loop.call_later(POLL_S, self._poll)

    def _poll(self) -> None:
        """Take what has come since the last turn; watch the socket again where that is next to nothing."""
        taken = self._drain(time.monotonic())
        self._streak = 0 if taken > 1 else self._streak + 1
        loop = asyncio.get_running_loop()
        if self._streak < _IDLE_TURNS:
            self._polling = loop.call_later(POLL_S, self._poll)
        else:
            self._streak = 0
            self._polling = None
            loop.add_reader(self._socket, self._wake)

    def _drain(self, now_s: float) -> int:
        """Take up to `BATCH` datagrams from the socket; return how many there were."""
        packet, receive, receivers = self._packet, self._socket.recvfrom_into, self._receivers
        packet.arrived_s = now_s
        for taken in range(BATCH):
            try:
                length, address = receive(packet.view, BUFFER_BYTES)
            except BlockingIOError:
                return taken
            except OSError:
                # An ICMP error about an earlier datagram of ours.
                continue
            self.received += 1
            first = packet.view[0] if 0 < length <= MAX_PACKET_BYTES else -1
            if _RTP_FROM <= first < _RTP_BELOW:
                receiver = receivers.get(address)
                if receiver is not None and length >= _SHORTEST_RTP_BYTES:
                    receiver.receive_media(packet, length)
                else:
                    self.dropped[Dropped.UNKNOWN_ADDRESS] += 1
            else:
                self._receive_other(first, bytes(packet.view[:length]), address)
        return BATCH

    def _receive_other(self, first: int, data: bytes, address: Address) -> None:
        """Take what is rare: checks, handshakes and rubbish."""
        if first < 0:
            self.dropped[Dropped.EMPTY_OR_LONG] += 1
        elif first < _STUN_BELOW:
            self._on_check(data, address)
        elif first in _DTLS:
            receiver = self._receivers.get(address)
            if receiver is not None:
                receiver.receive_handshake(data)
            else:
                self.dropped[Dropped.UNKNOWN_ADDRESS] += 1
        else:
            self.dropped[Dropped.UNKNOWN_PROTOCOL] += 1
