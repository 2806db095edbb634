"""The load: peers with real ICE and DTLS send SRTP that was built beforehand, evenly spread in time.

Packets of all senders interleave, as those of independent browsers do; sending them in bursts would
flatter a server that drains its socket. A sample of what arrives is decrypted and looked at.
"""

import os
import select
import socket
import statistics
import struct
import time
from dataclasses import dataclass, field

import pylibsrtp

from tests.peers import PAYLOAD_TYPES, Peer

RATE_PPS = 175
"""Of one sender: video of 1.4 Mbit/s and speech."""
PACKET_BYTES = 1100
_SAMPLE = 16
_DRAIN_S = 0.3
_PAUSE_S = 0.0002
_MAGIC = b"\x10bench"
_BODY = struct.Struct("!6sHI")


@dataclass
class Sender:
    """A connected publisher, and what it is going to send."""

    number: int
    peer: Peer
    sock: socket.socket = field(init=False)
    packets: list[bytes] = field(default_factory=list)
    sent_at_s: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.sock = _own_socket(self.peer)

    def build(self, packets: int) -> None:
        """Encrypt so many packets more."""
        ssrc = self.peer.ssrcs["video"]
        filler = bytes(PACKET_BYTES - 12 - _BODY.size)
        for index in range(len(self.packets), len(self.packets) + packets):
            marked = PAYLOAD_TYPES["video"] | (0x80 if index % 5 == 4 else 0)
            header = struct.pack("!BBHII", 0x80, marked, index % 65_536, 3000 * (index // 5), ssrc)
            body = _BODY.pack(_MAGIC, self.number, index)
            self.packets.append(self.peer.sending.protect(header + body + filler))

    def send(self) -> None:
        self.sock.send(self.packets[len(self.sent_at_s)])
        self.sent_at_s.append(time.monotonic())


@dataclass
class Receiver:
    """A connected subscriber, and what reached it."""

    peer: Peer
    sender: Sender
    sock: socket.socket = field(init=False)
    received: int = 0
    samples: list[tuple[float, bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.sock = _own_socket(self.peer)

    def drain(self) -> None:
        """Count the media that has arrived; keep every so many packets."""
        while True:
            try:
                data = self.sock.recv(2048)
            except BlockingIOError:
                return
            if data[0] >> 6 == 2 and not 192 <= data[1] < 224:
                if self.received % _SAMPLE == 0:
                    self.samples.append((time.monotonic(), data))
                self.received += 1

    def check(self) -> list[float]:
        """Decrypt the samples; return how long each was under way, in seconds.

        Raises:
            AssertionError: a packet is not the one that was sent.
        """
        delays_s = []
        for arrived_s, data in self.samples:
            try:
                plain = self.peer.receiving.unprotect(data)
            except pylibsrtp.Error as error:
                raise AssertionError from error
            magic, number, index = _BODY.unpack_from(plain, 12)
            assert (magic, number, len(plain)) == (_MAGIC, self.sender.number, PACKET_BYTES)
            delays_s.append(arrived_s - self.sender.sent_at_s[index])
        self.samples.clear()
        return delays_s


def _own_socket(peer: Peer) -> socket.socket:
    """Return the peer's socket for direct use, connected to the server."""
    sock = socket.socket(fileno=os.dup(peer.transport.get_extra_info("socket").fileno()))
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 * 1024 * 1024)
    sock.connect(peer.answer.address)
    sock.settimeout(0)
    return sock


@dataclass(frozen=True, slots=True)
class Pumped:
    """What one run did."""

    sent: int
    received: int
    delay_ms: float
    """Median of the samples."""


def pump(senders: list[Sender], receivers: list[Receiver], *, duration_s: float) -> Pumped:
    """Send for so long, and receive until a moment after."""
    rate_pps = RATE_PPS * len(senders)
    total = int(rate_pps * duration_s)
    for sender in senders:
        sender.build(total // len(senders) + 1)
    before = sum(receiver.received for receiver in receivers)
    poll = select.epoll()
    by_file = {receiver.sock.fileno(): receiver for receiver in receivers}
    for file in by_file:
        poll.register(file, select.EPOLLIN)
    start_s = time.monotonic()
    sent = 0
    while True:
        elapsed_s = time.monotonic() - start_s
        for turn in range(sent, min(total, int(elapsed_s * rate_pps))):
            senders[turn % len(senders)].send()
            sent = turn + 1
        for file, _event in poll.poll(0):
            by_file[file].drain()
        if sent == total and elapsed_s > duration_s + _DRAIN_S:
            break
        time.sleep(_PAUSE_S)
    poll.close()
    delays_s = [delay for receiver in receivers for delay in receiver.check()]
    received = sum(receiver.received for receiver in receivers) - before
    return Pumped(sent, received, 1000 * statistics.median(delays_s) if delays_s else float("inf"))
