"""The forwarder whole, over loopback, with real peers on both sides."""

import asyncio
import contextlib
import logging
import socket
import struct
from collections.abc import AsyncIterator, Callable
from random import Random

import pytest

from server.kernel.ids import MeetingId, ParticipantId
from server.rooms.media import forwarder as forwarder_module
from server.rooms.media import rtcp
from server.rooms.media.errors import MediumRefused, TooManyLegs, WrongDirection
from server.rooms.media.forwarder import Forwarder, LegEvent, Notice
from server.rooms.media.legs import LegKey
from server.rooms.media.rtp import HEADER, MediaKind
from tests.peers import AES_128_CM_SHA1_80, AES_128_GCM, PAYLOAD_TYPES, Peer, Profile

ROOM = MeetingId("room")
LAWYER = ParticipantId("lawyer")
CLIENT = ParticipantId("client")
GUARD = ParticipantId("guard")
BOTH = frozenset(MediaKind)
VIDEO_ONLY = frozenset({MediaKind.VIDEO})
QUIET_S = 0.15
PATIENCE_S = 15


class House:
    """A forwarder, the notices it gave, and the peers to be closed after the test."""

    def __init__(self) -> None:
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind(("127.0.0.1", 0))
        self.notices: asyncio.Queue[Notice] = asyncio.Queue()
        self.forwarder = Forwarder(sock, addresses=("127.0.0.1",), notify=self.notices.put_nowait)
        self.peers: list[Peer] = []

    async def publisher(self, participant: ParticipantId, *, profile: Profile = AES_128_GCM) -> Peer:
        peer = await self.peer("sendonly", ("audio", "video"), profile)
        await peer.connect(self.forwarder.publish(room=ROOM, publisher=participant, offer=peer.offer()))
        return peer

    async def subscriber(
        self,
        participant: ParticipantId,
        publisher: ParticipantId,
        *,
        kinds: tuple[str, ...] = ("audio", "video"),
        media: frozenset[MediaKind] = BOTH,
        profile: Profile = AES_128_GCM,
    ) -> Peer:
        peer = await self.peer("recvonly", kinds, profile)
        answer = self.forwarder.subscribe(
            room=ROOM, subscriber=participant, publisher=publisher, offer=peer.offer(), media=media
        )
        await peer.connect(answer)
        await self.told(LegEvent.CONNECTED, participant, publisher)
        return peer

    async def told(
        self, what: LegEvent, participant: ParticipantId, watched: ParticipantId | None = None
    ) -> None:
        wanted = Notice(leg=LegKey(room=ROOM, participant=participant, watched=watched), what=what)
        async with asyncio.timeout(PATIENCE_S):
            while await self.notices.get() != wanted:
                pass

    async def peer(self, direction: str, kinds: tuple[str, ...], profile: Profile) -> Peer:
        peer = await Peer.open(direction, kinds, profile=profile)
        self.peers.append(peer)
        return peer


@pytest.fixture
async def house() -> AsyncIterator[House]:
    house = House()
    house.forwarder.open()
    yield house
    await house.forwarder.close()
    for peer in house.peers:
        peer.close()


def packet(peer: Peer, kind: str, sequence: int, payload: bytes = b"sealed") -> bytes:
    header = HEADER.pack(0x80, PAYLOAD_TYPES[kind], sequence, 1000 * sequence, peer.ssrcs[kind])
    return header + payload


async def received(peer: Peer) -> tuple[int, int, bytes]:
    """Return payload type and marker, SSRC, and payload of the next packet."""
    data = await asyncio.wait_for(peer.rtp.get(), PATIENCE_S)
    _, marked_type, _, _, ssrc = HEADER.unpack_from(data)
    return marked_type, ssrc, data[HEADER.size :]


async def next_sequence(peer: Peer) -> int:
    sequence: int = HEADER.unpack_from(await asyncio.wait_for(peer.rtp.get(), PATIENCE_S))[2]
    return sequence


async def nothing_arrives(peer: Peer) -> bool:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(peer.rtp.get(), QUIET_S)
        return False
    return True


async def feedback(peer: Peer, wanted: type[object]) -> rtcp.Feedback:
    """Return the next RTCP part of a type that reaches `peer`."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            for item in rtcp.read(await peer.rtcp.get()):
                if isinstance(item, wanted):
                    return item


@pytest.mark.parametrize(
    ("sender", "receiver"),
    [(AES_128_GCM, AES_128_GCM), (AES_128_CM_SHA1_80, AES_128_GCM), (AES_128_GCM, AES_128_CM_SHA1_80)],
    ids=["gcm", "sha1-to-gcm", "gcm-to-sha1"],
)
async def test_a_packet_arrives_with_the_subscribers_own_ssrc(
    house: House, sender: Profile, receiver: Profile
) -> None:
    lawyer = await house.publisher(LAWYER, profile=sender)
    client = await house.subscriber(CLIENT, LAWYER, profile=receiver)
    announced = client.answer.ssrcs()
    for kind in ("audio", "video"):
        lawyer.send_rtp(packet(lawyer, kind, 7, b"frame"))
        assert await received(client) == (PAYLOAD_TYPES[kind], announced[kind], b"frame")
    assert set(announced.values()).isdisjoint(lawyer.ssrcs.values())


async def test_a_subscriber_may_come_before_the_publisher(house: House) -> None:
    client = await house.subscriber(CLIENT, LAWYER)
    lawyer = await house.publisher(LAWYER)
    lawyer.send_rtp(packet(lawyer, "audio", 1))
    assert (await received(client))[2] == b"sealed"
    await house.told(LegEvent.CONNECTED, LAWYER)


async def test_a_publisher_that_comes_back_continues_the_numbering(house: House) -> None:
    client = await house.subscriber(CLIENT, LAWYER, kinds=("video",))
    first = await house.publisher(LAWYER)
    for sequence in (65_534, 65_535):
        first.send_rtp(packet(first, "video", sequence))
        assert await next_sequence(client) == sequence
    second = await house.publisher(LAWYER)
    for sequence in (40_000, 40_001):
        second.send_rtp(packet(second, "video", sequence))
    assert [await next_sequence(client) for _ in range(2)] == [0, 1]


async def test_a_removed_subscriber_receives_nothing_more(house: House) -> None:
    lawyer = await house.publisher(LAWYER)
    client, guest = await house.subscriber(CLIENT, LAWYER), await house.subscriber(GUARD, LAWYER)
    house.forwarder.remove(room=ROOM, participant=GUARD)
    lawyer.send_rtp(packet(lawyer, "audio", 1))
    assert (await received(client))[2] == b"sealed"
    assert await nothing_arrives(guest)
    assert guest.closed.is_set()


async def test_a_removed_publisher_is_heard_by_nobody(house: House) -> None:
    lawyer = await house.publisher(LAWYER)
    client = await house.subscriber(CLIENT, LAWYER)
    house.forwarder.remove(room=ROOM, participant=LAWYER)
    lawyer.send_rtp(packet(lawyer, "audio", 1))
    assert await nothing_arrives(client)


async def test_a_closed_room_forwards_nothing(house: House) -> None:
    lawyer = await house.publisher(LAWYER)
    client = await house.subscriber(CLIENT, LAWYER)
    house.forwarder.close_room(ROOM)
    lawyer.send_rtp(packet(lawyer, "audio", 1))
    assert await nothing_arrives(client)
    assert (house.forwarder.stats()["rooms"], house.forwarder.stats()["legs"]) == (0, 0)


async def test_a_subscription_can_be_ended_alone(house: House) -> None:
    lawyer = await house.publisher(LAWYER)
    client = await house.subscriber(CLIENT, LAWYER)
    house.forwarder.unsubscribe(room=ROOM, subscriber=CLIENT, publisher=LAWYER)
    house.forwarder.unsubscribe(room=ROOM, subscriber=CLIENT, publisher=LAWYER)
    lawyer.send_rtp(packet(lawyer, "audio", 1))
    assert await nothing_arrives(client)


async def test_the_guard_gets_the_picture_and_no_audio(house: House) -> None:
    lawyer = await house.publisher(LAWYER)
    guard = await house.subscriber(GUARD, LAWYER, kinds=("video",), media=VIDEO_ONLY)
    assert "m=audio" not in guard.answer.text
    assert "opus" not in guard.answer.text
    lawyer.send_rtp(packet(lawyer, "audio", 1, b"words"))
    lawyer.send_rtp(packet(lawyer, "video", 1, b"picture"))
    assert (await received(guard))[2] == b"picture"
    assert await nothing_arrives(guard)


@pytest.mark.parametrize("kinds", [("audio",), ("audio", "video")])
@pytest.mark.parametrize("spoil", ["a=mid:0", "a=inactive"])
async def test_a_guards_offer_with_an_audio_section_is_refused(
    house: House, kinds: tuple[str, ...], spoil: str
) -> None:
    guard = await house.peer("recvonly", kinds, AES_128_GCM)
    offer = guard.offer().replace("a=mid:0", spoil + "\r\na=mid:0")
    with pytest.raises(MediumRefused):
        house.forwarder.subscribe(
            room=ROOM, subscriber=GUARD, publisher=LAWYER, offer=offer, media=VIDEO_ONLY
        )
    assert house.forwarder.stats()["legs"] == 0


async def test_a_leg_of_the_wrong_direction_is_refused(house: House) -> None:
    listener = await house.peer("recvonly", ("audio",), AES_128_GCM)
    with pytest.raises(WrongDirection):
        house.forwarder.publish(room=ROOM, publisher=CLIENT, offer=listener.offer())
    speaker = await house.peer("sendonly", ("audio",), AES_128_GCM)
    with pytest.raises(WrongDirection):
        house.forwarder.subscribe(
            room=ROOM, subscriber=CLIENT, publisher=LAWYER, offer=speaker.offer(), media=BOTH
        )


async def test_a_room_holds_only_so_many_legs(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forwarder_module, "MAX_LEGS_OF_ROOM", 1)
    lawyer = await house.publisher(LAWYER)
    with pytest.raises(TooManyLegs):
        house.forwarder.publish(room=ROOM, publisher=CLIENT, offer=lawyer.offer())
    await house.publisher(LAWYER)


async def test_a_joining_subscriber_has_the_publisher_asked_for_a_keyframe(house: House) -> None:
    lawyer = await house.publisher(LAWYER)
    await house.subscriber(CLIENT, LAWYER)
    assert await feedback(lawyer, rtcp.KeyframeRequest) == rtcp.KeyframeRequest(lawyer.ssrcs["video"])


async def test_feedback_reaches_the_publisher_under_its_own_ssrc(house: House) -> None:
    lawyer = await house.publisher(LAWYER)
    client = await house.subscriber(CLIENT, LAWYER)
    video = client.answer.ssrcs()["video"]
    await feedback(lawyer, rtcp.KeyframeRequest)
    for sequence in (100, 103):
        lawyer.send_rtp(packet(lawyer, "video", sequence))
        await received(client)
    client.send_rtcp(rtcp.nack(sender=1, ssrc=video, sequences=[101, 102]))
    client.send_rtcp(rtcp.picture_loss(sender=1, ssrc=video))
    assert await feedback(lawyer, rtcp.Nack) == rtcp.Nack(lawyer.ssrcs["video"], (101, 102))
    assert await feedback(lawyer, rtcp.KeyframeRequest) == rtcp.KeyframeRequest(lawyer.ssrcs["video"])


async def test_a_subscriber_that_cannot_decode_costs_few_keyframes(house: House) -> None:
    lawyer = await house.publisher(LAWYER)
    client = await house.subscriber(CLIENT, LAWYER)
    clock = asyncio.get_running_loop()
    started_s = clock.time()
    for _ in range(200):
        client.send_rtcp(rtcp.picture_loss(sender=1, ssrc=client.answer.ssrcs()["video"]))
        await asyncio.sleep(0.005)
    await asyncio.sleep(0.1)
    asked = [item for _ in range(lawyer.rtcp.qsize()) for item in rtcp.read(lawyer.rtcp.get_nowait())]
    most = 4 + 0.5 * (clock.time() - started_s)
    assert 1 <= sum(isinstance(item, rtcp.KeyframeRequest) for item in asked) <= most


async def test_sender_reports_are_rewritten_for_each_subscriber(house: House) -> None:
    lawyer = await house.publisher(LAWYER)
    client = await house.subscriber(CLIENT, LAWYER)
    lawyer.send_rtp(packet(lawyer, "audio", 1))
    await received(client)
    report = rtcp.SenderReport(ssrc=lawyer.ssrcs["audio"], ntp=1 << 40, timestamp=5000, packets=9, octets=9)
    lawyer.send_rtcp(rtcp.sender_report(report, "lawyer"))
    rewritten = await feedback(client, rtcp.SenderReport)
    assert rewritten == rtcp.SenderReport(
        ssrc=client.answer.ssrcs()["audio"], ntp=1 << 40, timestamp=5000, packets=1, octets=18
    )


async def test_the_publisher_is_told_what_arrives_and_how_much_it_may_send(house: House) -> None:
    lawyer = await house.publisher(LAWYER)
    client = await house.subscriber(CLIENT, LAWYER)
    for sequence in (10, 11, 13):
        lawyer.send_rtp(packet(lawyer, "video", sequence))
        await received(client)
    block = await feedback(lawyer, rtcp.ReportBlock)
    assert isinstance(block, rtcp.ReportBlock)
    assert (block.ssrc, block.highest_sequence, block.lost) == (lawyer.ssrcs["video"], 13, 1)


async def test_a_packet_that_is_repeated_or_forged_goes_no_further(house: House) -> None:
    lawyer = await house.publisher(LAWYER)
    client = await house.subscriber(CLIENT, LAWYER)
    protected = lawyer.sending.protect(packet(lawyer, "audio", 1))
    forged = protected[:-1] + bytes([protected[-1] ^ 1])
    for data in (forged, protected, protected):
        lawyer.transport.sendto(data, lawyer.answer.address)
    assert (await received(client))[2] == b"sealed"
    assert await nothing_arrives(client)
    assert house.forwarder.stats()["dropped_not_authentic"] == 2


async def test_a_source_that_was_not_announced_goes_no_further(house: House) -> None:
    lawyer = await house.publisher(LAWYER)
    client = await house.subscriber(CLIENT, LAWYER)
    lawyer.send_rtp(HEADER.pack(0x80, 111, 1, 1, 4242) + b"words")
    assert await nothing_arrives(client)
    assert house.forwarder.stats()["dropped_unknown_source"] == 1


async def test_a_client_that_changes_networks_goes_on(house: House) -> None:
    lawyer = await house.publisher(LAWYER)
    client = await house.subscriber(CLIENT, LAWYER)
    loop = asyncio.get_running_loop()
    former = client.transport
    await loop.create_datagram_endpoint(lambda: client, local_addr=("127.0.0.1", 0))
    client.check()
    await asyncio.sleep(0.05)
    former.close()
    lawyer.send_rtp(packet(lawyer, "audio", 1))
    assert (await received(client))[2] == b"sealed"


async def test_a_silent_peer_is_given_up(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    lawyer = await house.publisher(LAWYER)
    monkeypatch.setattr("server.rooms.media.icelite.CONSENT_S", 0.3)
    lawyer.check()
    await asyncio.sleep(0.05)
    lawyer.stop_checks()
    await house.told(LegEvent.LOST, LAWYER)
    assert house.forwarder.stats()["legs"] == 0


def garbage(random: Random) -> bytes:
    stun_zero_attribute = struct.pack("!HHI12sHH", 1, 4, 0x2112A442, bytes(12), 0x0003, 0)
    makers: list[Callable[[], bytes]] = [
        lambda: stun_zero_attribute,
        lambda: b"",
        lambda: random.randbytes(random.randrange(1, 1500)),
        lambda: bytes([random.randrange(4)]) + random.randbytes(random.randrange(100)),
        lambda: bytes([random.randrange(20, 64)]) + random.randbytes(random.randrange(200)),
        lambda: bytes([0x80, 200]) + random.randbytes(random.randrange(100)),
        lambda: bytes([0x90, 111]) + random.randbytes(random.randrange(40)),
        lambda: bytes(2000),
    ]
    return random.choice(makers)()


async def test_a_flood_of_garbage_leaves_the_service_unharmed(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    lawyer = await house.publisher(LAWYER)
    client = await house.subscriber(CLIENT, LAWYER)
    random = Random(7)  # noqa: S311 - the same flood in every run
    address = lawyer.answer.address
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        for _ in range(1500):
            data = garbage(random)
            stranger.sendto(data, address)
            # From a peer's own address it reaches the handshake and the decryption as well.
            lawyer.transport.sendto(data, address)
            await asyncio.sleep(0)
    await asyncio.sleep(0.1)
    lawyer.send_rtp(packet(lawyer, "audio", 1))
    assert (await received(client))[2] == b"sealed"
    assert house.forwarder.stats()["received"] > 2500
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert not [record for record in caplog.records if record.exc_info]
