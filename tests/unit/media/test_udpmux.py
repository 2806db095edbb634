import asyncio
import socket
from collections.abc import AsyncIterator, Iterator

import pytest

from server.rooms.media.srtp import PacketBuffer
from server.rooms.media.udpmux import POLL_S, Dropped, UdpMux

MEDIA = bytes([0x80, 96]) + bytes(40)


class CountingReceiver:
    """A leg that counts what it is given."""

    def __init__(self) -> None:
        self.media = 0
        self.handshakes: list[bytes] = []

    def receive_media(self, packet: PacketBuffer, length: int) -> None:
        assert bytes(packet.view[:length]) == MEDIA
        self.media += 1

    def receive_handshake(self, data: bytes) -> None:
        self.handshakes.append(data)


class Port:
    """A mux on loopback and the checks that it handed over."""

    def __init__(self) -> None:
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind(("127.0.0.1", 0))
        self.checks: list[tuple[bytes, object]] = []
        self.mux = UdpMux(sock, on_check=lambda data, address: self.checks.append((data, address)))


@pytest.fixture
async def port() -> AsyncIterator[Port]:
    port = Port()
    port.mux.open()
    yield port
    port.mux.close()


@pytest.fixture
def peer(port: Port) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.connect(("127.0.0.1", port.mux.port))
        yield sock


async def watched_again(mux: UdpMux) -> bool:
    for _ in range(1000):
        if not mux.is_polling:
            return True
        await asyncio.sleep(10 * POLL_S)
    return False


async def turns() -> None:
    await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", Dropped.EMPTY_OR_LONG),
        (bytes([0x80]) * 1501, Dropped.EMPTY_OR_LONG),
        (bytes([64]) + bytes(20), Dropped.UNKNOWN_PROTOCOL),
        (bytes([19]) + bytes(20), Dropped.UNKNOWN_PROTOCOL),
        (bytes([192]) + bytes(20), Dropped.UNKNOWN_PROTOCOL),
        (bytes([20]) + bytes(20), Dropped.UNKNOWN_ADDRESS),
        (MEDIA, Dropped.UNKNOWN_ADDRESS),
    ],
)
async def test_what_belongs_to_no_leg_is_counted_and_dropped(
    port: Port, peer: socket.socket, data: bytes, reason: Dropped
) -> None:
    peer.send(data)
    await turns()
    assert port.mux.dropped == {reason: 1}
    assert port.checks == []


async def test_the_first_byte_and_the_address_decide_who_gets_a_datagram(
    port: Port, peer: socket.socket
) -> None:
    leg = CountingReceiver()
    port.mux.claim(peer.getsockname(), leg)
    for data in (MEDIA, bytes([22, 1]), bytes([0, 1])):
        peer.send(data)
    await turns()
    assert (leg.media, leg.handshakes) == (1, [bytes([22, 1])])
    assert port.checks == [(bytes([0, 1]), peer.getsockname())]
    assert not port.mux.dropped


async def test_an_address_is_released_only_by_the_leg_that_has_it(port: Port, peer: socket.socket) -> None:
    former, present = CountingReceiver(), CountingReceiver()
    address = peer.getsockname()
    port.mux.claim(address, former)
    port.mux.claim(address, present)
    port.mux.release(address, former)
    peer.send(MEDIA)
    await turns()
    assert (former.media, present.media) == (0, 1)
    port.mux.release(address, present)
    peer.send(MEDIA)
    await turns()
    assert present.media == 1


async def test_a_busy_port_is_polled_loses_nothing_and_is_watched_again(
    port: Port, peer: socket.socket
) -> None:
    leg = CountingReceiver()
    port.mux.claim(peer.getsockname(), leg)
    seen_polling = set()
    for _ in range(1000):
        peer.send(MEDIA)
        await asyncio.sleep(0)
        seen_polling.add(port.mux.is_polling)
    assert seen_polling == {True, False}
    assert await watched_again(port.mux)
    assert leg.media == 1000
    peer.send(MEDIA)
    await turns()
    assert leg.media == 1001


async def test_a_port_that_is_closed_while_busy_stays_closed(peer: socket.socket, port: Port) -> None:
    other = Port()
    other.mux.open()
    peer.connect(("127.0.0.1", other.mux.port))
    while not other.mux.is_polling:
        peer.send(MEDIA)
        await asyncio.sleep(0)
    other.mux.close()
    await asyncio.sleep(5 * POLL_S)
    assert port.mux.received == 0


async def test_an_address_without_a_way_costs_the_packet_only(port: Port) -> None:
    port.mux.send(b"x", ("255.255.255.255", 9))
    assert port.mux.dropped == {Dropped.NOT_SENT: 1}
