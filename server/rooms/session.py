"""One meeting while it lives: a state machine without I/O. An event and the time go in, effects come out.

It owns who is where, who receives what, and the key agreement's relay. It leaves to the hub: sockets, the
media plane, the database. Effects are to be carried out in their order: a route is cut before anybody is
told, and everybody is told that somebody watches before the first packet goes there.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import assert_never

from server.kernel.errors import DomainError, NotAllowed, NotFound
from server.kernel.ids import ParticipantId
from server.rooms import protocol
from server.rooms.agreement import KeyRound
from server.rooms.company import Company, Seat
from server.rooms.events import (
    Become,
    Closed,
    CutMedia,
    Dropped,
    Effect,
    Fact,
    Forwarding,
    Hang,
    Joined,
    MediaLost,
    Note,
    Refuse,
    Revoked,
    Said,
    SessionEvent,
    Ticked,
)
from server.rooms.mediadesk import MediaDesk
from server.rooms.model import (
    MAX_WATCH_STARTS,
    MEETING_TRANSITIONS,
    NOT_HERE,
    RECONNECT_GRACE,
    EndReason,
    GuardViewing,
    Meeting,
    MeetingStatus,
    Participant,
    ParticipantKind,
    ParticipantStatus,
)
from server.rooms.policy import NobodyThere, ObserverWithoutAudio, check_watch, may_say
from server.rooms.protocol import CloseCode
from server.rooms.relay import KeyRelay
from server.rooms.turn import TurnServer


class Session:
    """The live state of one meeting."""

    def __init__(
        self,
        meeting: Meeting,
        *,
        expected: tuple[Participant, ...],
        guard_viewing: GuardViewing,
        turn: TurnServer | None = None,
    ) -> None:
        """Begin with everyone expected and nobody there; `turn` is the operator's relay, if there is one."""
        self.meeting = meeting
        self.guard_viewing = guard_viewing
        self.status = meeting.status
        self._turn = turn
        self._room = Company(expected, meeting.starts_at)
        self._keys = KeyRelay(self._room)
        self._media = MediaDesk(self._room)
        self._watch_starts: deque[datetime] = deque(maxlen=MAX_WATCH_STARTS)

    @property
    def seats(self) -> Mapping[ParticipantId, Seat]:
        """Everyone's place, by participant."""
        return self._room.seats

    @property
    def round(self) -> KeyRound | None:
        """The current key agreement; None while fewer than two are inside."""
        return self._keys.round

    @property
    def is_empty(self) -> bool:
        """Whether everybody is gone, so that nothing of the session is worth keeping."""
        return all(seat.status in NOT_HERE for seat in self._room.seats.values())

    def handle(self, event: SessionEvent, now: datetime) -> tuple[Effect, ...]:
        """Take one event; return what must be done, in this order."""
        self._room.now = now
        self._room.effects = []
        if self.status is not MeetingStatus.CLOSED:
            self._dispatch(event)
        return tuple(self._room.effects)

    def salvage(self, event: SessionEvent) -> tuple[Effect, ...]:
        """Return what must still be done of an event whose handling has just raised.

        All that was asked before the fault: places may have changed already, and nobody would cut their
        routes later. Whoever's permission ended loses the media in any case.
        """
        done = tuple(self._room.effects)
        return (CutMedia(event.participant_id), *done) if isinstance(event, Revoked) else done

    def _dispatch(self, event: SessionEvent) -> None:
        match event:
            case Joined():
                self._join(event)
            case Said():
                self._hear(event)
            case Dropped():
                self._drop(event)
            case Forwarding():
                self._media.show(event)
            case MediaLost():
                self._media.lose(event.participant_id)
            case Revoked():
                self._remove(event.participant_id, code=CloseCode.NOT_PERMITTED)
            case Ticked():
                self._tick()
            case Closed():
                self._close(event.reason)
            case _:
                assert_never(event)

    # Coming and going.

    def _join(self, event: Joined) -> None:
        seat = self._room.seats.get(event.participant.id) or Seat(participant=event.participant)
        if seat.connection is not None:
            self._room.do(Hang(seat.connection, CloseCode.REPLACED))
        resumed = seat.instance == event.instance and seat.status not in NOT_HERE
        if not resumed and seat.status not in NOT_HERE:
            self._remove(seat.id, code=None)
            seat = self._room.seats[seat.id]
        if resumed:
            back = seat.before if seat.status is ParticipantStatus.DISCONNECTED else seat.status
            seat = seat.moved(back, self._room.now)
        elif seat.kind is ParticipantKind.OBSERVER:
            try:
                watching = len(self._room.watching())
                check_watch(watching=watching, started=self._watch_starts, now=self._room.now)
            except DomainError as error:
                self._room.do(Refuse(event.connection, event.hello, error))
                self._room.do(Hang(event.connection, CloseCode.NOT_PERMITTED))
                return
            self._watch_starts.append(self._room.now)
            seat = seat.moved(ParticipantStatus.ADMITTED, self._room.now)
        else:
            seat = seat.moved(ParticipantStatus.TESTING, self._room.now)
        seat = replace(seat, connection=event.connection, instance=event.instance)
        self._room.update(seat)
        if self.status is MeetingStatus.SCHEDULED:
            self._become(MeetingStatus.OPEN)
        self._room.tell(seat, self._welcome(seat, event, resumed=resumed))
        self._arrive(seat, resumed=resumed)

    def _arrive(self, seat: Seat, *, resumed: bool) -> None:
        if not seat.is_inside:
            self._room.tell_waiting(seat)
            self._room.tell_roster()
            return
        if seat.kind is ParticipantKind.OBSERVER and not resumed:
            self._room.do(Note(Fact.WATCHING, seat.id))
            self._room.tell_watching()
        self._room.tell_roster()
        if not resumed:
            self._keys.begin_epoch()
        else:
            self._keys.repeat_to(seat)
        self._settle_status()

    def _drop(self, event: Dropped) -> None:
        seat = self._room.seats.get(event.participant_id)
        if seat is None or seat.connection != event.connection:
            return  # an older connection of somebody who has already come back
        if seat.kind is ParticipantKind.OBSERVER:
            self._remove(seat.id, code=None)
            return
        gone = replace(seat.moved(ParticipantStatus.DISCONNECTED, self._room.now), before=seat.status)
        self._room.update(replace(gone, connection=None))
        self._room.tell_roster()
        self._settle_status()

    def _remove(self, participant_id: ParticipantId, *, code: int | None) -> None:
        """Take somebody out for good: routes and connection first, then the news."""
        seat = self._room.seats.get(participant_id)
        if seat is None or seat.status in NOT_HERE:
            return
        if seat.is_inside:
            self._room.do(CutMedia(seat.id))
        if seat.connection is not None and code is not None:
            self._room.do(Hang(seat.connection, code))
        self._empty(seat)
        if seat.is_inside:
            self._after_departure()
        else:
            self._room.tell_roster()

    def _empty(self, seat: Seat) -> None:
        left = replace(
            seat.moved(ParticipantStatus.LEFT, self._room.now), connection=None, publishing=frozenset()
        )
        self._room.update(left)
        watched = seat.kind is ParticipantKind.OBSERVER
        self._room.do(Note(Fact.WATCHING_ENDED if watched else Fact.LEFT, seat.id))
        if watched:
            self._room.tell_watching()

    def _after_departure(self) -> None:
        if not self._room.lawyer_present():
            for seat in self._room.inside():
                if seat.kind is not ParticipantKind.OBSERVER:
                    self._to_waiting_room(seat)
        self._keys.begin_epoch()
        self._room.tell_roster()
        self._room.tell_all_waiting()
        self._settle_status()

    def _to_waiting_room(self, seat: Seat) -> None:
        self._room.do(CutMedia(seat.id))
        self._room.do(Note(Fact.SENT_BACK, seat.id))
        if seat.status is ParticipantStatus.DISCONNECTED:
            seat = replace(seat, before=ParticipantStatus.WAITING, sequence=seat.sequence + 1)
        else:
            seat = seat.moved(ParticipantStatus.WAITING, self._room.now)
        self._room.update(replace(seat, publishing=frozenset()))

    def _close(self, reason: EndReason) -> None:
        for seat in self._room.inside():
            self._room.do(CutMedia(seat.id))
        for seat in tuple(self._room.seats.values()):
            self._room.tell(seat, protocol.Ended(reason=reason))
            if seat.connection is not None:
                self._room.do(Hang(seat.connection, CloseCode.ENDED))
            if seat.status not in NOT_HERE:
                self._room.update(
                    replace(seat.moved(ParticipantStatus.LEFT, self._room.now), connection=None)
                )
        self._keys.end()
        self._become(MeetingStatus.CLOSED, reason)

    def _tick(self) -> None:
        if self._room.now >= self.meeting.ends_at:
            self._close(EndReason.TIME_OVER)
            return
        for seat in tuple(self._room.seats.values()):
            since = seat.since or self._room.now
            if seat.status is ParticipantStatus.DISCONNECTED and self._room.now >= since + RECONNECT_GRACE:
                self._remove(seat.id, code=None)
        if self.round is not None:
            for participant_id in sorted(self.round.laggards(self._room.now)):
                self._remove(participant_id, code=CloseCode.SILENT)

    # What clients say.

    def _hear(self, event: Said) -> None:
        seat = self._room.seats.get(event.participant_id)
        if seat is None or seat.connection != event.connection:
            return
        message = event.message
        try:
            if not may_say(message.type, seat.kind, seat.status):
                raise _refusal(message, seat.kind)
            self._obey(seat, message)
        except DomainError as error:
            self._room.do(Refuse(event.connection, message.id, error))

    def _obey(self, seat: Seat, message: protocol.ClientMessage) -> None:  # noqa: C901 - one case a message
        match message:
            case protocol.Enter():
                self._room.accept(seat, message)
                self._enter(seat)
            case protocol.Admit():
                self._admit(ParticipantId(message.participant))
                self._room.accept(seat, message)
            case protocol.SendBack():
                self._send_back(ParticipantId(message.participant))
                self._room.accept(seat, message)
            case protocol.Publish() | protocol.Subscribe() | protocol.Unsubscribe() | protocol.Mute():
                self._media.take(seat, message)
            case protocol.Commit() | protocol.Reveal() | protocol.Keys() | protocol.Keyed():
                self._keys.take(seat, message)
            case protocol.CallOfficer():
                self._room.accept(seat, message)
                self._room.do(Note(Fact.OFFICER_CALLED, seat.id))
                self._room.tell_inside(protocol.OfficerCalled(participant=seat.id))
            case protocol.Ping():
                self._room.tell(seat, protocol.Pong(re=message.id, now=self._room.now))
            case protocol.Leave():
                self._room.accept(seat, message)
                self._remove(seat.id, code=CloseCode.ENDED)
            case protocol.End():
                self._room.accept(seat, message)
                by_lawyer = seat.kind is ParticipantKind.LAWYER
                self._close(EndReason.ENDED_BY_LAWYER if by_lawyer else EndReason.ENDED_BY_RECIPIENT)
            case protocol.Hello():
                raise NotAllowed
            case _:
                assert_never(message)

    def _enter(self, seat: Seat) -> None:
        if seat.status is ParticipantStatus.ADMITTED:
            return
        if seat.kind is ParticipantKind.LAWYER:
            self._let_in(seat)
        elif seat.status is ParticipantStatus.TESTING:
            self._room.update(seat.moved(ParticipantStatus.WAITING, self._room.now))
            self._room.do(Note(Fact.WAITING, seat.id))
            self._room.tell_waiting(self._room.seats[seat.id])
            self._room.tell_roster()

    def _admit(self, participant_id: ParticipantId) -> None:
        seat = self._room.seats.get(participant_id)
        if seat is None or seat.status is not ParticipantStatus.WAITING:
            raise NobodyThere
        self._let_in(seat)

    def _let_in(self, seat: Seat) -> None:
        seat = seat.moved(ParticipantStatus.ADMITTED, self._room.now)
        self._room.update(seat)
        self._room.do(Note(Fact.ADMITTED, seat.id))
        self._room.tell(seat, protocol.Admitted())
        self._room.tell(seat, protocol.Watching(observers=self._room.watching()))
        self._room.tell_roster()
        self._keys.begin_epoch()
        if seat.kind is ParticipantKind.LAWYER:
            self._room.tell_all_waiting()
        self._settle_status()

    def _send_back(self, participant_id: ParticipantId) -> None:
        seat = self._room.seats.get(participant_id)
        if seat is None or not seat.is_inside or seat.kind in _STAY:
            raise NobodyThere
        self._to_waiting_room(seat)
        self._after_departure()
        self._room.tell_waiting(self._room.seats[seat.id])

    def _welcome(self, seat: Seat, event: Joined, *, resumed: bool) -> protocol.Welcome:
        return protocol.Welcome(
            re=event.hello,
            protocol=protocol.PROTOCOL_VERSION,
            meeting=self.meeting.id,
            you=seat.id,
            kind=seat.kind,
            status=seat.status,
            resumed=resumed,
            starts_at=self.meeting.starts_at,
            ends_at=self.meeting.ends_at,
            now=self._room.now,
            guard_viewing=self.guard_viewing,
            watching=self._room.watching(),
            ice_servers=self._passes(seat),
        )

    def _passes(self, seat: Seat) -> tuple[protocol.IceServer, ...]:
        if self._turn is None:
            return ()
        meeting = self.meeting
        return (self._turn.pass_for(seat.id, meeting_id=meeting.id, ends_at=meeting.ends_at),)

    # Small things.

    def _settle_status(self) -> None:
        present = {seat.kind for seat in self._room.inside() if seat.status is ParticipantStatus.ADMITTED}
        together = {ParticipantKind.LAWYER, ParticipantKind.RECIPIENT} <= present
        if together and self.status in (MeetingStatus.OPEN, MeetingStatus.INTERRUPTED):
            self._become(MeetingStatus.IN_SESSION)
        elif not together and self.status is MeetingStatus.IN_SESSION:
            self._become(MeetingStatus.INTERRUPTED)

    def _become(self, status: MeetingStatus, reason: EndReason | None = None) -> None:
        if status in MEETING_TRANSITIONS[self.status]:
            self.status = status
            self._room.do(Become(status, reason))


_STAY = frozenset({ParticipantKind.LAWYER, ParticipantKind.OBSERVER})
"""Who is never sent back: lawyers are in by right, observers by the facility's."""


def _refusal(message: protocol.ClientMessage, kind: ParticipantKind) -> DomainError:
    if kind is ParticipantKind.OBSERVER and message.type == "publish":
        return ObserverWithoutAudio()
    return NotFound() if message.type == "hello" else NotAllowed()
