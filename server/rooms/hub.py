"""Owns the live meetings of this process: feeds events to their sessions and carries out the effects.

One task a meeting takes its events one by one and carries out each effect before the next, so that a route
is really cut when somebody is told. It leaves to `session` what happens, to `socket` who may speak.
"""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Mapping
from itertools import count
from typing import Protocol, assert_never

import structlog
from aiohttp import WSCloseCode, web

from server.kernel.clock import Clock
from server.kernel.errors import DomainError
from server.kernel.ids import MeetingId, ParticipantId, TerminalId
from server.kernel.transaction import Units
from server.rooms import protocol
from server.rooms.diary import Diary
from server.rooms.events import (
    Become,
    Closed,
    CutMedia,
    Dropped,
    Effect,
    Forwarding,
    Hang,
    Joined,
    MediaLost,
    Note,
    Refuse,
    Revoked,
    Said,
    SessionEvent,
    StartPublishing,
    StartReceiving,
    StopReceiving,
    Tell,
    Ticked,
)
from server.rooms.model import (
    NOT_HERE,
    EndReason,
    GuardViewing,
    MediaKind,
    Meeting,
    Participant,
    ParticipantStatus,
)
from server.rooms.ports import MediaPlane, RoomsTx
from server.rooms.protocol import Message
from server.rooms.service import close_overdue, move_meeting, note
from server.rooms.session import Session
from server.rooms.turn import TurnServer

log = structlog.get_logger()

TICK_S = 1.0
SWEEP_S = 30.0
_BOTH: frozenset[MediaKind] = frozenset({"audio", "video"})


class Connection(Protocol):
    """A client's websocket, as far as the hub needs it; none of the calls waits."""

    def send(self, message: Message) -> None:
        """Send a message."""
        ...

    def refuse(self, re: int | None, error: DomainError) -> None:
        """Answer request `re` (None: the connection) with an error, in the reader's language."""
        ...

    def hang_up(self, code: int) -> None:
        """Send what is still to be sent, then close."""
        ...


class LiveMeeting:
    """One meeting with its session, its connections and the task that serves it."""

    def __init__(self, session: Session, *, units: Units[RoomsTx], plane: MediaPlane, clock: Clock) -> None:
        """Begin to serve."""
        self.session = session
        self.connections: dict[int, Connection] = {}
        self._events: asyncio.Queue[SessionEvent | None] = asyncio.Queue()
        self._diary = Diary(units)
        self._plane = plane
        self._clock = clock

    def happen(self, event: SessionEvent) -> None:
        """Have `event` taken after those before it."""
        self._events.put_nowait(event)

    def stop(self) -> None:
        """End the task after the events before: never in the middle of a transaction."""
        self._events.put_nowait(None)

    async def serve(self) -> None:
        """Take events until everybody is gone, or the process ends."""
        loop = asyncio.get_running_loop()
        ticks_at = loop.time() + TICK_S
        while True:
            try:
                async with asyncio.timeout_at(ticks_at):
                    event = await self._events.get()
            except TimeoutError:
                event = Ticked()
                ticks_at = loop.time() + TICK_S
                await self._catch_up()
            if event is not None:
                await self._take(event)
            if event is None or (self._events.empty() and self.session.is_empty):
                await self._diary.settle()
                return

    async def _catch_up(self) -> None:
        try:
            await self._diary.catch_up()
        except Exception:
            log.exception("what happened could not be written", meeting=self.session.meeting.id)

    async def _take(self, event: SessionEvent) -> None:
        try:
            effects = self.session.handle(event, self._clock.now())
        except Exception:
            log.exception("an event failed", happened=type(event).__name__, meeting=self.session.meeting.id)
            effects = self.session.salvage(event)
        for effect in effects:
            try:
                await self._carry_out(effect)
            except Exception:
                log.exception(
                    "an effect failed", effect=type(effect).__name__, meeting=self.session.meeting.id
                )

    async def _carry_out(self, effect: Effect) -> None:
        meeting = self.session.meeting
        match effect:
            case Tell() | Refuse() | Hang():
                self._speak(effect)
            case StartPublishing() | StartReceiving():
                await self._negotiate(effect)
            case StopReceiving():
                await self._plane.unsubscribe(
                    room=meeting.id, subscriber=effect.subscriber, publisher=effect.publisher
                )
            case CutMedia():
                await self._plane.remove(room=meeting.id, participant=effect.participant_id)
            case Note():
                participant = self.session.seats[effect.participant_id].participant
                await self._diary.write(lambda tx: note(meeting, participant, effect.fact, tx, self._clock))
            case Become():
                await self._diary.write(lambda tx: move_meeting(meeting.id, effect, tx, self._clock))
            case _:
                assert_never(effect)

    def _speak(self, effect: Tell | Refuse | Hang) -> None:
        connection = self.connections.get(effect.connection)
        if connection is None:
            return
        match effect:
            case Tell():
                connection.send(effect.message)
            case Refuse():
                connection.refuse(effect.re, effect.error)
            case Hang():
                connection.hang_up(effect.code)
                del self.connections[effect.connection]
            case _:
                assert_never(effect)

    async def _negotiate(self, effect: StartPublishing | StartReceiving) -> None:
        connection = self.connections.get(effect.connection)
        if connection is None:
            return
        room = self.session.meeting.id
        try:
            match effect:
                case StartPublishing():
                    answer = await self._plane.publish(
                        room=room, publisher=effect.participant_id, offer=effect.sdp
                    )
                    connection.send(protocol.Published(re=effect.re, sdp=answer))
                    await self._take(
                        Forwarding(participant_id=effect.participant_id, media=offered_media(effect.sdp))
                    )
                case StartReceiving():
                    answer = await self._plane.subscribe(
                        room=room,
                        subscriber=effect.participant_id,
                        publisher=effect.publisher,
                        offer=effect.sdp,
                        media=effect.media,
                    )
                    connection.send(protocol.Subscribed(re=effect.re, publisher=effect.publisher, sdp=answer))
                case _:
                    assert_never(effect)
        except DomainError as error:
            connection.refuse(effect.re, error)


def offered_media(sdp: str) -> frozenset[MediaKind]:
    """Return the kinds of the m-lines of an offer (RFC 8866 §5.14)."""
    return frozenset(kind for kind in _BOTH if f"\nm={kind} " in sdp)


class Hub:
    """The live meetings of this process."""

    def __init__(
        self, *, units: Units[RoomsTx], plane: MediaPlane, clock: Clock, turn: TurnServer | None = None
    ) -> None:
        """Begin with no meeting."""
        self._units = units
        self._plane = plane
        self._clock = clock
        self._turn = turn
        self._live: dict[MeetingId, LiveMeeting] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._numbers = count(1)
        self._is_ending = False

    async def run(self, _app: web.Application) -> AsyncIterator[None]:
        """Listen to the media plane and the clock while the application runs; end every meeting's task."""
        watching = {asyncio.create_task(self._listen()), asyncio.create_task(self._sweep())}
        yield
        for live in self._live.values():
            live.stop()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for task in watching:
            task.cancel()
        await asyncio.gather(*watching, return_exceptions=True)

    async def hang_up(self, _app: web.Application) -> None:
        """Close every socket when the application is about to end; the clients come back to the next one."""
        self._is_ending = True
        for live in self._live.values():
            for connection in live.connections.values():
                connection.hang_up(WSCloseCode.GOING_AWAY)

    def join(  # noqa: PLR0913 - all that a session begins with
        self,
        meeting: Meeting,
        participant: Participant,
        hello: protocol.Hello,
        connection: Connection,
        *,
        expected: tuple[Participant, ...],
        guard_viewing: GuardViewing,
    ) -> int:
        """Bring a participant into the live meeting, which begins with the first; number the connection."""
        live = self._live.get(meeting.id)
        if live is None:
            session = Session(meeting, expected=expected, guard_viewing=guard_viewing, turn=self._turn)
            live = LiveMeeting(session, units=self._units, plane=self._plane, clock=self._clock)
            self._live[meeting.id] = live
            self.attend(self._serve(live))
        number = next(self._numbers)
        live.connections[number] = connection
        live.happen(
            Joined(participant=participant, connection=number, hello=hello.id, instance=hello.instance)
        )
        return number

    def say(
        self,
        meeting_id: MeetingId,
        participant_id: ParticipantId,
        number: int,
        message: protocol.ClientMessage,
    ) -> None:
        """Pass on what a participant said."""
        self._happen(meeting_id, Said(participant_id=participant_id, connection=number, message=message))

    def drop(self, meeting_id: MeetingId, participant_id: ParticipantId, number: int) -> None:
        """Note that a connection is gone."""
        live = self._live.get(meeting_id)
        if live is not None and live.connections.pop(number, None) is not None:
            live.happen(Dropped(participant_id=participant_id, connection=number))

    def attend(self, work: Coroutine[None, None, None]) -> None:
        """Have something done beside all requests; the application waits for it when it ends."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def keeps_place(self, meeting_id: MeetingId, participant_id: ParticipantId, number: int) -> bool:
        """Tell whether connection `number`, which is gone, still has its place, and so its media."""
        live = self._live.get(meeting_id)
        seat = None if live is None or self._is_ending else live.session.seats.get(participant_id)
        return seat is not None and seat.connection in {None, number} and seat.status not in NOT_HERE

    def revoke(self, meeting_id: MeetingId, participant_id: ParticipantId) -> None:
        """Take out one who may no longer take part."""
        self._happen(meeting_id, Revoked(participant_id))

    def close(self, meeting_id: MeetingId, reason: EndReason) -> None:
        """End a live meeting from outside."""
        self._happen(meeting_id, Closed(reason))

    def count(self) -> int:
        """Return how many meetings somebody is in."""
        return len(self._live)

    def statuses(self, meeting_id: MeetingId) -> Mapping[ParticipantId, ParticipantStatus]:
        """Return where everybody of a live meeting is; empty if it does not live here."""
        live = self._live.get(meeting_id)
        return {} if live is None else {seat.id: seat.status for seat in live.session.seats.values()}

    def status_of_terminal(self, meeting_id: MeetingId, terminal_id: TerminalId) -> ParticipantStatus | None:
        """Return where the terminal is in a live meeting; None if it does not live here."""
        live = self._live.get(meeting_id)
        if live is None:
            return None
        seats = live.session.seats.values()
        return next((seat.status for seat in seats if seat.participant.terminal_id == terminal_id), None)

    def _happen(self, meeting_id: MeetingId, event: SessionEvent) -> None:
        live = self._live.get(meeting_id)
        if live is not None:
            live.happen(event)

    async def _serve(self, live: LiveMeeting) -> None:
        meeting_id = live.session.meeting.id
        try:
            await live.serve()
        finally:
            del self._live[meeting_id]
            for connection in live.connections.values():
                connection.hang_up(protocol.CloseCode.ENDED)
            await self._plane.close_room(meeting_id)

    async def _sweep(self) -> None:
        """Close, every half minute, what was left without an end; a live meeting closes itself."""
        while True:
            await asyncio.sleep(SWEEP_S)
            try:
                async with self._units.transaction() as tx:
                    await close_overdue(tx, self._clock)
            except Exception:
                log.exception("closing overdue meetings failed")

    async def _listen(self) -> None:
        async for notice in self._plane.notices():
            if notice.what != "connected":
                self._happen(notice.room, MediaLost(notice.participant))
