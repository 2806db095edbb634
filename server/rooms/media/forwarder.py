"""The forwarder: rooms, their legs, and the port they share. What the commands of the worker act on.

Taking somebody away (`remove`, `unsubscribe`, `close_room`) works before it returns: the routes are gone
and the keys are forgotten, so not one more packet is forwarded; only the good-bye to the browser follows.
"""

import asyncio
import logging
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, assert_never

from server.kernel.ids import MeetingId, ParticipantId
from server.rooms.media import sdp
from server.rooms.media.dtls import Certificate
from server.rooms.media.errors import MediumRefused, TooManyLegs, WrongDirection
from server.rooms.media.icelite import Address, CheckPassed, CheckRefused, IceLite
from server.rooms.media.legs import Leg, LegKey, PublisherLeg, SubscriberLeg, new_ssrcs
from server.rooms.media.router import Router
from server.rooms.media.rtp import MediaKind
from server.rooms.media.sdp import Codec, Direction, Offer, Outgoing, Section, answered_formats
from server.rooms.media.streams import Output, Stream
from server.rooms.media.transport import Transport
from server.rooms.media.udpmux import Dropped, UdpMux

_log = logging.getLogger(__name__)

MAX_LEGS_OF_ROOM: Final = 128
MAX_LEGS: Final = 2048
_TICK_S: Final = 0.1
_TICKS_OF_REPORT: Final = 10
_TICKS_OF_LOG: Final = 600
"""What was dropped is logged as counts, at most once in so many ticks."""


class LegEvent(StrEnum):
    """What becomes of a leg."""

    CONNECTED = "connected"
    LOST = "lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something that happened to a leg without a command."""

    leg: LegKey
    what: LegEvent


@dataclass(slots=True)
class _Room:
    router: Router = field(default_factory=Router)
    legs: dict[LegKey, Leg] = field(default_factory=dict)


class Forwarder:
    """Forwards media between the legs of all rooms of one process."""

    def __init__(
        self,
        sock: socket.socket,
        *,
        addresses: tuple[str, ...],
        notify: Callable[[Notice], None],
    ) -> None:
        """Take over a bound UDP `sock`; clients reach it under `addresses`."""
        self._addresses = addresses
        self._notify = notify
        self._certificate = Certificate()
        self._ice = IceLite()
        self._mux = UdpMux(sock, on_check=self._receive_check)
        self._rooms: dict[MeetingId, _Room] = {}
        self._transports: dict[str, Transport] = {}
        """By the user name fragment of our credentials."""
        self._ticking: asyncio.Task[None] | None = None
        self._farewells: set[asyncio.Task[None]] = set()

    @property
    def port(self) -> int:
        """Return the UDP port."""
        return self._mux.port

    def open(self) -> None:
        """Begin to work, on the running loop."""
        self._mux.open()
        self._ticking = asyncio.get_running_loop().create_task(self._tick())

    async def close(self) -> None:
        """Close every leg, say good-bye, and close the port."""
        for room in tuple(self._rooms):
            self.close_room(room)
        if self._ticking is not None:
            self._ticking.cancel()
        await asyncio.gather(*self._farewells, return_exceptions=True)
        self._mux.close()

    def publish(self, *, room: MeetingId, publisher: ParticipantId, offer: str) -> str:
        """Take the `sendonly` offer of `publisher`, replacing a former leg; return the answer.

        Raises:
            MediaError: the offer cannot be answered, or there is no room for one more leg.
        """
        parsed = sdp.parse_offer(offer)
        accepted = frozenset(section.kind for section in _wanted(parsed, Direction.SENDONLY) if section.ssrcs)
        if not accepted:
            raise WrongDirection
        key = LegKey(room=room, participant=publisher)
        transport = self._prepare(key, parsed)
        leg = PublisherLeg(key, offer=parsed, transport=transport, watcher=self)
        router = self._open(leg)
        for source in leg.sources:
            router.add_source(source)
        local = transport.local(self._addresses)
        return sdp.write_answer(parsed, accepted=accepted, outgoing={}, transport=local)

    def subscribe(
        self,
        *,
        room: MeetingId,
        subscriber: ParticipantId,
        publisher: ParticipantId,
        offer: str,
        media: frozenset[MediaKind],
    ) -> str:
        """Take the `recvonly` offer of `subscriber` for what `publisher` sends; return the answer.

        Args:
            room: The room of both.
            subscriber: Who receives.
            publisher: Whose media it is; it may come later than the subscriber.
            offer: The browser's description.
            media: What the leg may carry. Whoever watches for order gets video only, so that there is no
                audio m-line in the answer and no audio route to the leg.

        Raises:
            MediumRefused: the offer has an m-line, even a rejected one, of another kind than `media`.
            MediaError: the offer cannot be answered, or there is no room for one more leg.
        """
        parsed = sdp.parse_offer(offer)
        if not parsed.kinds <= media:
            raise MediumRefused
        sections = list(_wanted(parsed, Direction.RECVONLY))
        if not sections:
            raise WrongDirection
        key = LegKey(room=room, participant=subscriber, watched=publisher)
        transport = self._prepare(key, parsed)
        ssrcs = iter(new_ssrcs(2 * len(sections)))
        streams = [_outgoing_stream(publisher, section, next(ssrcs), next(ssrcs)) for section in sections]
        outputs = tuple(Output(stream, transport, allowed=media) for stream in streams)
        leg = SubscriberLeg(key, outputs=outputs, transport=transport, watcher=self)
        router = self._open(leg)
        for output in outputs:
            router.add_output(output)
        return sdp.write_answer(
            parsed,
            accepted=frozenset(stream.kind for stream in streams),
            outgoing={
                stream.kind: Outgoing(stream=publisher, ssrc=stream.ssrc, rtx_ssrc=stream.rtx_ssrc)
                for stream in streams
            },
            transport=transport.local(self._addresses),
        )

    def unsubscribe(self, *, room: MeetingId, subscriber: ParticipantId, publisher: ParticipantId) -> None:
        """Close the leg on which `subscriber` gets the media of `publisher`, if there is one."""
        self._close_leg(LegKey(room=room, participant=subscriber, watched=publisher))

    def remove(self, *, room: MeetingId, participant: ParticipantId) -> None:
        """Close every leg to and from `participant`."""
        for key in self._keys(room):
            if participant in (key.participant, key.watched):
                self._close_leg(key)

    def close_room(self, room: MeetingId) -> None:
        """Close every leg of the room, if it is open."""
        for key in self._keys(room):
            self._close_leg(key)

    def stats(self) -> dict[str, int]:
        """Return counts of rooms, legs, datagrams received, and datagrams dropped by reason."""
        return {
            "rooms": len(self._rooms),
            "legs": len(self._transports),
            "received": self._mux.received,
            **{f"dropped_{reason}": self._mux.dropped[reason] for reason in Dropped},
        }

    def flowing(self, leg: LegKey) -> None:
        """Tell that a leg is connected."""
        self._notify(Notice(leg=leg, what=LegEvent.CONNECTED))

    def lost(self, leg: LegKey) -> None:
        """Forget a leg whose transport is over, and tell."""
        self._close_leg(leg)
        self._notify(Notice(leg=leg, what=LegEvent.LOST))

    def _keys(self, room: MeetingId) -> tuple[LegKey, ...]:
        return tuple(self._rooms[room].legs) if room in self._rooms else ()

    def _prepare(self, key: LegKey, offer: Offer) -> Transport:
        """Make the transport of a leg that may be opened.

        Raises:
            TooManyLegs: there are as many as there may be.
        """
        replaced = key in self._keys(key.room)
        full = len(self._keys(key.room)) >= MAX_LEGS_OF_ROOM or len(self._transports) >= MAX_LEGS
        if full and not replaced:
            raise TooManyLegs
        return Transport(mux=self._mux, certificate=self._certificate, offer=offer, now_s=time.monotonic())

    def _open(self, leg: Leg) -> Router:
        """Open `leg`, instead of an earlier one of its name; return the router of its room."""
        self._close_leg(leg.key)
        room = self._rooms.setdefault(leg.key.room, _Room())
        room.legs[leg.key] = leg
        self._transports[leg.transport.peer.local.fragment] = leg.transport
        self._ice.add(leg.transport.peer)
        leg.transport.open(leg)
        return room.router

    def _close_leg(self, key: LegKey) -> None:
        room = self._rooms.get(key.room)
        leg = room.legs.pop(key, None) if room is not None else None
        if room is None or leg is None:
            return
        if isinstance(leg, PublisherLeg):
            room.router.remove_sources(leg.sources)
        else:
            room.router.remove_outputs(leg.outputs)
        self._ice.remove(leg.transport.peer)
        del self._transports[leg.transport.peer.local.fragment]
        farewell = asyncio.get_running_loop().create_task(leg.transport.close())
        self._farewells.add(farewell)
        farewell.add_done_callback(self._farewells.discard)
        if not room.legs:
            del self._rooms[key.room]

    def _receive_check(self, data: bytes, address: Address) -> None:
        """Answer a connectivity check of one of the legs; count anything else that looked like one."""
        match self._ice.receive(data, address, now_s=time.monotonic()):
            case CheckPassed(peer, response, forgotten):
                self._mux.send(response, address)
                self._transports[peer.local.fragment].check_passed(address, forgotten)
            case CheckRefused(response):
                self._mux.send(response, address)
            case None:
                self._mux.dropped[Dropped.NOT_A_CHECK] += 1
            case unknown:
                assert_never(unknown)

    async def _tick(self) -> None:
        """Do what is due with time: waiting keyframe requests, reports, consent, the log."""
        ticks = 0
        logged = 0
        while True:
            await asyncio.sleep(_TICK_S)
            ticks += 1
            now_s = time.monotonic()
            for leg in [leg for room in self._rooms.values() for leg in room.legs.values()]:
                leg.tick(now_s)
                if ticks % _TICKS_OF_REPORT == 0:
                    leg.report(now_s)
                    leg.transport.expire(now_s)
            if ticks % _TICKS_OF_LOG == 0 and logged != self._mux.dropped.total():
                logged = self._mux.dropped.total()
                _log.info("datagrams dropped so far: %s", dict(self._mux.dropped))


def _outgoing_stream(publisher: ParticipantId, section: Section, ssrc: int, rtx_ssrc: int) -> Stream:
    """Describe the stream for one section of a subscriber's offer."""
    formats = answered_formats(section)
    return Stream(
        participant=publisher,
        kind=section.kind,
        ssrc=ssrc,
        payload_types=formats,
        rtx_ssrc=rtx_ssrc if Codec.RTX in formats else None,
    )


def _wanted(offer: Offer, direction: Direction) -> Iterator[Section]:
    """Yield the sections that are in use; all of them must go in `direction`.

    Raises:
        WrongDirection: a section goes another way.
    """
    for section in offer.sections:
        if section.rejected or section.direction is Direction.INACTIVE:
            continue
        if section.direction is not direction:
            raise WrongDirection
        yield section
