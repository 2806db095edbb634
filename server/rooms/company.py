"""Who is at a meeting at this moment, and what each of them is told of the others."""

from dataclasses import dataclass, replace
from datetime import datetime

from server.kernel.ids import ParticipantId
from server.rooms import protocol
from server.rooms.events import Effect, Tell
from server.rooms.model import MediaKind, Participant, ParticipantKind, ParticipantStatus
from server.rooms.policy import media_for
from server.rooms.protocol import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """One participant's place."""

    participant: Participant
    status: ParticipantStatus = ParticipantStatus.EXPECTED
    sequence: int = 0
    since: datetime | None = None
    """When the status began."""
    before: ParticipantStatus = ParticipantStatus.EXPECTED
    """Where a disconnected participant was, and will be again."""
    connection: int | None = None
    instance: str = ""
    audio_muted: bool = False
    video_muted: bool = False
    publishing: frozenset[MediaKind] = frozenset()

    @property
    def id(self) -> ParticipantId:
        """The participant's id."""
        return self.participant.id

    @property
    def kind(self) -> ParticipantKind:
        """The participant's kind."""
        return self.participant.kind

    @property
    def is_inside(self) -> bool:
        """Whether they are in the room; one whose websocket dropped keeps the place for a minute."""
        dropped = self.status is ParticipantStatus.DISCONNECTED
        return (self.before if dropped else self.status) is ParticipantStatus.ADMITTED

    @property
    def watched_before(self) -> bool:
        """Whether this is an officer who no longer watches: of those there may be any number."""
        return self.kind is ParticipantKind.OBSERVER and self.status is ParticipantStatus.LEFT

    def moved(self, status: ParticipantStatus, now: datetime) -> "Seat":
        """Return the seat with its next status."""
        return replace(self, status=status, sequence=self.sequence + 1, since=now)

    def changed(
        self,
        *,
        audio_muted: bool | None = None,
        video_muted: bool | None = None,
        publishing: frozenset[MediaKind] | None = None,
    ) -> "Seat":
        """Return the seat with other news about its media."""
        return replace(
            self,
            sequence=self.sequence + 1,
            audio_muted=self.audio_muted if audio_muted is None else audio_muted,
            video_muted=self.video_muted if video_muted is None else video_muted,
            publishing=self.publishing if publishing is None else publishing,
        )


class Company:
    """The seats of one meeting, and the effects that the current event has had so far."""

    def __init__(self, expected: tuple[Participant, ...], now: datetime) -> None:
        """Begin with everyone expected and nobody there."""
        self.seats = {participant.id: Seat(participant=participant) for participant in expected}
        self.now = now
        self.effects: list[Effect] = []

    def inside(self) -> tuple[Seat, ...]:
        """Return the seats of those in the room."""
        return tuple(seat for seat in self.seats.values() if seat.is_inside)

    def lawyer_present(self) -> bool:
        """Tell whether a lawyer is in the room."""
        return any(seat.kind is ParticipantKind.LAWYER for seat in self.inside())

    def watching(self) -> tuple[str, ...]:
        """Return the names of those who watch."""
        return tuple(seat.participant.name for seat in self.inside() if seat.kind is ParticipantKind.OBSERVER)

    def tell_watching(self) -> None:
        """Tell everyone inside and waiting who watches."""
        watching = protocol.Watching(observers=self.watching())
        for seat in self.seats.values():
            if seat.is_inside or seat.status is ParticipantStatus.WAITING:
                self.tell(seat, watching)

    def tell_roster(self) -> None:
        """Tell everyone inside who is there, to each what they may know."""
        listed = tuple(seat for seat in self.seats.values() if not seat.watched_before)
        for reader in self.inside():
            entries = tuple(self._entry(seat, reader) for seat in listed)
            self.tell(reader, protocol.Roster(participants=entries))

    def _entry(self, seat: Seat, reader: Seat) -> protocol.RosterEntry:
        media = (
            seat.publishing & media_for(reader=reader.kind, publisher=seat.kind)
            if seat.is_inside and seat.id != reader.id
            else frozenset[MediaKind]()
        )
        return protocol.RosterEntry(
            id=seat.id,
            kind=seat.kind,
            name=seat.participant.name,
            status=seat.status,
            sequence=seat.sequence,
            audio_muted=seat.audio_muted,
            video_muted=seat.video_muted,
            publishing=tuple(sorted(media)),
        )

    def tell_waiting(self, seat: Seat) -> None:
        """Tell `seat`, if it waits, for whom."""
        if seat.status is ParticipantStatus.WAITING:
            since = seat.since or self.now
            self.tell(seat, protocol.Waiting(since=since, lawyer_present=self.lawyer_present()))

    def tell_all_waiting(self) -> None:
        """Tell everyone who waits for whom they do."""
        for seat in tuple(self.seats.values()):
            self.tell_waiting(seat)

    def accept(self, seat: Seat, message: protocol.Request) -> None:
        """Answer a request that has no other answer."""
        self.tell(seat, protocol.Accepted(re=message.id))

    def tell_inside(self, message: Message, *, but: ParticipantId | None = None) -> None:
        """Tell everyone in the room, except one."""
        for seat in self.inside():
            if seat.id != but:
                self.tell(seat, message)

    def tell(self, seat: Seat, message: Message) -> None:
        """Send a message to `seat`, if it is connected."""
        if seat.connection is not None:
            self.do(Tell(seat.connection, message))

    def update(self, seat: Seat) -> None:
        """Put `seat` in the place of its former state."""
        self.seats[seat.id] = seat

    def do(self, effect: Effect) -> None:
        """Have something done, after all that was asked before."""
        self.effects.append(effect)
