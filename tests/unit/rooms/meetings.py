"""A meeting to test with: its people, and a driver that reads what each of them was told."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import TypeVar

from server.kernel.errors import DomainError
from server.kernel.ids import (
    AccountId,
    BookingId,
    CaseId,
    MeetingId,
    OrganisationId,
    ParticipantId,
    TerminalId,
)
from server.rooms import protocol
from server.rooms.events import (
    Dropped,
    Effect,
    Forwarding,
    Joined,
    Refuse,
    Said,
    SessionEvent,
    StartPublishing,
    Tell,
)
from server.rooms.model import (
    GuardViewing,
    MediaKind,
    Meeting,
    MeetingStatus,
    Participant,
    ParticipantKind,
    ParticipantStatus,
)
from server.rooms.session import Session

STARTS = datetime(2026, 9, 28, 1, 30, tzinfo=UTC)
EARLY = STARTS - timedelta(minutes=20)
MEETING = Meeting(
    id=MeetingId("m" * 26),
    booking_id=BookingId("b" * 26),
    case_id=CaseId("c" * 26),
    facility_id=OrganisationId("f" * 26),
    terminal_id=TerminalId("t" * 26),
    recipient_name="张某",
    starts_at=STARTS,
    ends_at=STARTS + timedelta(hours=1),
    status=MeetingStatus.SCHEDULED,
    code="481902",
)
POINT = "B" * 87
SEALED = "C" * 80


def person(letter: str, kind: ParticipantKind, name: str) -> Participant:
    return Participant(
        id=ParticipantId(letter * 26),
        meeting_id=MEETING.id,
        kind=kind,
        name=name,
        account_id=None if kind is ParticipantKind.RECIPIENT else AccountId(letter * 26),
        terminal_id=MEETING.terminal_id if kind is ParticipantKind.RECIPIENT else None,
    )


ZHOU = person("0", ParticipantKind.LAWYER, "周某")
LIN = person("1", ParticipantKind.LAWYER, "林某")
CLIENT = person("2", ParticipantKind.RECIPIENT, "张某")
INTERPRETER = person("3", ParticipantKind.INTERPRETER, "阿某")
GUARD = person("4", ParticipantKind.OBSERVER, "孙某")
EVERYONE = (ZHOU, LIN, CLIENT, INTERPRETER, GUARD)
BOTH: frozenset[MediaKind] = frozenset({"audio", "video"})

MessageT = TypeVar("MessageT", bound=protocol.Message)


def bytes32(letter: str) -> str:
    return letter * 43


@dataclass
class Rehearsal:
    """A session with its sockets: say something, then look at what it did."""

    session: Session = field(
        default_factory=lambda: Session(
            MEETING, expected=(ZHOU, LIN, CLIENT), guard_viewing=GuardViewing.SILENT_VIDEO
        )
    )
    now: datetime = EARLY
    effects: list[Effect] = field(default_factory=list)
    """All effects so far."""
    connections: dict[ParticipantId, int] = field(default_factory=dict)
    _numbers: "count[int]" = field(default_factory=lambda: count(1))
    _ids: "count[int]" = field(default_factory=lambda: count(1))

    def happen(self, event: SessionEvent) -> tuple[Effect, ...]:
        done = self.session.handle(event, self.now)
        self.effects += done
        for effect in done:
            if isinstance(effect, StartPublishing):
                self.happen(Forwarding(participant_id=effect.participant_id, media=BOTH))
        return done

    def join(self, who: Participant, *, instance: str = "A") -> tuple[Effect, ...]:
        self.connections[who.id] = next(self._numbers)
        return self.happen(
            Joined(
                participant=who,
                connection=self.connections[who.id],
                hello=next(self._ids),
                instance=bytes32(instance),
            )
        )

    def say(self, who: Participant, message: type[protocol.Request], **fields: object) -> tuple[Effect, ...]:
        made = protocol.CLIENT_MESSAGE.validate_python(
            {"type": message.model_fields["type"].default, "id": next(self._ids)} | fields
        )
        connection = self.connections.get(who.id, 0)
        return self.happen(Said(participant_id=who.id, connection=connection, message=made))

    def drop(self, who: Participant) -> tuple[Effect, ...]:
        return self.happen(Dropped(participant_id=who.id, connection=self.connections[who.id]))

    def enter(self, who: Participant) -> tuple[Effect, ...]:
        self.join(who)
        return self.say(who, protocol.Enter)

    def begin(self) -> "Rehearsal":
        """The lawyer is in, the recipient was let in, both publish."""
        self.enter(ZHOU)
        self.enter(CLIENT)
        self.say(ZHOU, protocol.Admit, participant=CLIENT.id)
        self.say(ZHOU, protocol.Publish, sdp="v=0")
        self.say(CLIENT, protocol.Publish, sdp="v=0")
        return self

    def status(self, who: Participant) -> ParticipantStatus:
        return self.session.seats[who.id].status

    def agree(self, *members: Participant) -> None:
        """Bring the current key agreement to its end."""
        keys = self.session.round
        assert keys is not None
        for who in members:
            self.say(who, protocol.Commit, epoch=keys.epoch, commitment=bytes32(who.id[0]))
        for who in members:
            self.say(who, protocol.Reveal, epoch=keys.epoch, public_key=POINT, nonce=bytes32("N"))
        for who in members:
            self.say(who, protocol.Keyed, epoch=keys.epoch)


def told(
    effects: Sequence[Effect], meeting: Rehearsal, who: Participant, kind: type[MessageT]
) -> list[MessageT]:
    """Return the messages of `kind` that went to the present connection of `who`."""
    return [
        effect.message
        for effect in effects
        if isinstance(effect, Tell)
        and effect.connection == meeting.connections.get(who.id)
        and isinstance(effect.message, kind)
    ]


def refusals(effects: tuple[Effect, ...]) -> list[DomainError]:
    """Return what was refused."""
    return [effect.error for effect in effects if isinstance(effect, Refuse)]


def codes(effects: tuple[Effect, ...]) -> list[str]:
    """Return what was refused by its codes."""
    return [error.code for error in refusals(effects)]
