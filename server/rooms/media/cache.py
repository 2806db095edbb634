"""The last packets of a source, to send them again to whoever missed them. Pure.

The forwarder cannot leave that to the publisher: it would refuse a packet that it has already received as a
replay (RFC 3711 §3.3.2). Answering from here also saves a round trip on the publisher's side.
"""

from typing import Final

LIMIT_BYTES: Final = 256 * 1024
"""Of one source: more than a second of video at 1.5 Mbit/s."""


class PacketCache:
    """Packets by sequence number; the oldest give way when the bytes are more than allowed."""

    __slots__ = ("_bytes", "_limit_bytes", "_packets")

    def __init__(self, limit_bytes: int = LIMIT_BYTES) -> None:
        """Begin empty."""
        self._limit_bytes = limit_bytes
        self._packets: dict[int, bytes] = {}
        self._bytes = 0

    def put(self, sequence: int, packet: bytes) -> None:
        """Keep a packet."""
        packets = self._packets
        replaced = packets.pop(sequence, b"")
        packets[sequence] = packet
        self._bytes += len(packet) - len(replaced)
        while self._bytes > self._limit_bytes:
            self._bytes -= len(packets.pop(next(iter(packets))))

    def get(self, sequence: int) -> bytes | None:
        """Return a packet that is still kept."""
        return self._packets.get(sequence)
