"""What happens to a meeting's session, and what it wants done: the two vocabularies of `session`."""

from dataclasses import dataclass
from enum import StrEnum

from server.kernel.errors import DomainError
from server.kernel.ids import ParticipantId
from server.rooms.model import EndReason, MediaKind, MeetingStatus, Participant
from server.rooms.protocol import ClientMessage, Message

# Events.


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """A client said `hello` on a new connection; connections are numbered in the order of their opening."""

    participant: Participant
    connection: int
    hello: int
    """The `id` of its `hello`."""
    instance: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A client sent a message."""

    participant_id: ParticipantId
    connection: int
    message: ClientMessage


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropped:
    """A connection closed without a `leave`."""

    participant_id: ParticipantId
    connection: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Forwarding:
    """The media plane took a participant's offer and forwards these kinds."""

    participant_id: ParticipantId
    media: frozenset[MediaKind]


@dataclass(frozen=True, slots=True)
class MediaLost:
    """What a participant published comes no longer; None: of everybody, the media worker was restarted."""

    participant_id: ParticipantId | None


@dataclass(frozen=True, slots=True)
class Revoked:
    """A participant may no longer take part."""

    participant_id: ParticipantId


@dataclass(frozen=True, slots=True)
class Ticked:
    """Time passed."""


@dataclass(frozen=True, slots=True)
class Closed:
    """The meeting was closed from outside: its booking was cancelled."""

    reason: EndReason


SessionEvent = Joined | Said | Dropped | Forwarding | MediaLost | Revoked | Ticked | Closed

# Effects.


@dataclass(frozen=True, slots=True)
class Tell:
    """Send `message` on `connection`."""

    connection: int
    message: Message


@dataclass(frozen=True, slots=True)
class Refuse:
    """Answer request `re` on `connection` with `error`, worded in the reader's language."""

    connection: int
    re: int
    error: DomainError


@dataclass(frozen=True, slots=True)
class Hang:
    """Close `connection` with `code`."""

    connection: int
    code: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StartPublishing:
    """Have the media plane take this offer, answer request `re`, and report `Forwarding`."""

    participant_id: ParticipantId
    connection: int
    re: int
    sdp: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StartReceiving:
    """Have the media plane take this offer for no more than `media`, and answer request `re`."""

    participant_id: ParticipantId
    connection: int
    re: int
    publisher: ParticipantId
    sdp: str
    media: frozenset[MediaKind]


@dataclass(frozen=True, slots=True)
class StopReceiving:
    """Close the route from `publisher` to `subscriber`."""

    subscriber: ParticipantId
    publisher: ParticipantId


@dataclass(frozen=True, slots=True)
class CutMedia:
    """Close every route to and from the participant, before any later effect."""

    participant_id: ParticipantId


class Fact(StrEnum):
    """What is written to the log of a meeting: who came and went, never what was said."""

    WAITING = "waiting"
    ADMITTED = "admitted"
    SENT_BACK = "sent_back"
    LEFT = "left"
    WATCHING = "watching"
    WATCHING_ENDED = "watching_ended"
    OFFICER_CALLED = "officer_called"


@dataclass(frozen=True, slots=True)
class Note:
    """Write to the log that this happened to the participant."""

    fact: Fact
    participant_id: ParticipantId


@dataclass(frozen=True, slots=True)
class Become:
    """Store the meeting's new status; closed ones have a reason."""

    status: MeetingStatus
    reason: EndReason | None = None


Effect = Tell | Refuse | Hang | StartPublishing | StartReceiving | StopReceiving | CutMedia | Note | Become
