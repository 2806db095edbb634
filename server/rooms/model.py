"""Meetings and who takes part in them: values and life-cycle tables, nothing else.

A meeting is opened for one confirmed booking; the booking (terminal, time, people) belongs to
`server.scheduling`. What is said in a meeting is known to nobody here: media is encrypted between the
browsers, and there is no recording.

Theory of operation of a participant's status::

    expected ─▶ testing ─▶ waiting ─▶ admitted
                   │          ▲           │
                   │          └───────────┘  sent back, or the last lawyer left
                   └────────▶ admitted       an assigned lawyer, by their own act; an observer

Any of them may become `disconnected` (the websocket dropped) and come back to where they were, or `left`,
from where a newcomer's way begins again. Each change takes the participant's next sequence number, and
whoever hears of a change with a number that is not higher than the one already known ignores it: a status
never moves backwards.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

from typing_extensions import override

from server.kernel.events import Event
from server.kernel.ids import (
    AccountId,
    BookingId,
    CaseId,
    MeetingId,
    OrganisationId,
    ParticipantId,
    TerminalId,
)
from server.scheduling.model import JOIN_OPENS_BEFORE

MAX_OBSERVERS = 3
"""How many officers may watch at once: they must not take the places of those who talk."""
MAX_WATCH_STARTS = 6
"""How often officers may begin to watch one meeting within `WATCH_STARTS_WITHIN`."""
WATCH_STARTS_WITHIN = timedelta(minutes=10)
"""Over which time starts are counted: a page takes part in 200 epochs, and each start and end makes one."""
RECONNECT_GRACE = timedelta(seconds=60)
"""How long a dropped participant keeps their place; after it they have left and the keys change."""
AGREEMENT_TIMEOUT = timedelta(seconds=20)
"""How long a key agreement waits for a member who does not answer."""

MediaKind = Literal["audio", "video"]
"""One kind of medium, as in the m-line of an SDP (RFC 8866 §5.14)."""


class ParticipantKind(StrEnum):
    """In what capacity somebody takes part."""

    LAWYER = "lawyer"
    RECIPIENT = "recipient"
    """The detained person, at the facility's terminal."""
    INTERPRETER = "interpreter"
    APPROPRIATE_ADULT = "appropriate_adult"
    OBSERVER = "observer"
    """A facility officer who watches for order: sees the recipient's picture, hears and sends nothing."""


class ParticipantStatus(StrEnum):
    """Where a participant is."""

    EXPECTED = "expected"
    TESTING = "testing"
    WAITING = "waiting"
    ADMITTED = "admitted"
    DISCONNECTED = "disconnected"
    LEFT = "left"


NOT_HERE = frozenset({ParticipantStatus.EXPECTED, ParticipantStatus.LEFT})
"""Who has no place: not yet, or no more."""


class MeetingStatus(StrEnum):
    """Where a meeting is."""

    SCHEDULED = "scheduled"
    OPEN = "open"
    IN_SESSION = "in_session"
    INTERRUPTED = "interrupted"
    CLOSED = "closed"


class EndReason(StrEnum):
    """Why a meeting closed."""

    ENDED_BY_LAWYER = "ended_by_lawyer"
    ENDED_BY_RECIPIENT = "ended_by_recipient"
    TIME_OVER = "time_over"
    CANCELLED = "cancelled"


class GuardViewing(StrEnum):
    """Whether a facility's officers may watch silently: a setting of the facility, shown to everyone."""

    OFF = "off"
    SILENT_VIDEO = "silent_video"


MEETING_TRANSITIONS: Mapping[MeetingStatus, frozenset[MeetingStatus]] = {
    MeetingStatus.SCHEDULED: frozenset({MeetingStatus.OPEN, MeetingStatus.CLOSED}),
    MeetingStatus.OPEN: frozenset({MeetingStatus.IN_SESSION, MeetingStatus.CLOSED}),
    MeetingStatus.IN_SESSION: frozenset({MeetingStatus.INTERRUPTED, MeetingStatus.CLOSED}),
    MeetingStatus.INTERRUPTED: frozenset({MeetingStatus.IN_SESSION, MeetingStatus.CLOSED}),
    MeetingStatus.CLOSED: frozenset(),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """One meeting, made when its booking is confirmed."""

    id: MeetingId
    booking_id: BookingId
    case_id: CaseId
    facility_id: OrganisationId
    terminal_id: TerminalId
    recipient_name: str
    starts_at: datetime
    ends_at: datetime
    status: MeetingStatus
    code: str
    """Six digits with which the recipient's terminal is let into this meeting's waiting room."""
    opened_at: datetime | None = None
    """When lawyer and recipient were first in the room together."""
    closed_at: datetime | None = None
    end_reason: EndReason | None = None

    @property
    def join_opens_at(self) -> datetime:
        """The first moment at which anybody may join."""
        return self.starts_at - JOIN_OPENS_BEFORE

    def is_joinable(self, now: datetime) -> bool:
        """Tell whether somebody may join at `now`."""
        return self.status is not MeetingStatus.CLOSED and self.join_opens_at <= now < self.ends_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Participant:
    """Somebody's place in one meeting; it stays theirs when their connection drops."""

    id: ParticipantId
    meeting_id: MeetingId
    kind: ParticipantKind
    name: str
    account_id: AccountId | None = None
    terminal_id: TerminalId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """Whose meeting a terminal shows: from the right code until the screen is wiped."""

    terminal_id: TerminalId
    meeting_id: MeetingId
    agreed: bool
    """Whether the recipient has heard the notice and wants to begin."""
    began_at: datetime
    called_at: datetime | None = None
    """When the officer on duty was last called there; None after the call was answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeetingEvent(Event):
    """Something that happened to a meeting."""

    meeting_id: str
    case_id: str
    facility_id: str

    @property
    @override
    def subject(self) -> str:
        return f"meeting:{self.meeting_id}"

    @property
    @override
    def topics(self) -> tuple[str, ...]:
        return (self.subject, f"case:{self.case_id}", f"organisation:{self.facility_id}")


@dataclass(frozen=True, slots=True, kw_only=True)
class MeetingMoved(MeetingEvent):
    """Its status changed."""

    status: str
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ParticipantNoted(MeetingEvent):
    """Somebody waits, was let in, left, watches …; never what was said."""

    participant_id: str
    fact: str


class CodeAccepted(MeetingEvent):
    """The right code was typed at the terminal."""


class TerminalWiped(MeetingEvent):
    """The terminal forgot the meeting."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallEvent(Event):
    """Something about a call for the officer on duty."""

    terminal_id: str
    facility_id: str

    @property
    @override
    def subject(self) -> str:
        return f"terminal:{self.terminal_id}"

    @property
    @override
    def topics(self) -> tuple[str, ...]:
        return (f"organisation:{self.facility_id}",)


class OfficerSummoned(CallEvent):
    """Somebody at a terminal asked for the officer on duty."""


class OfficerAnswered(CallEvent):
    """The officer goes to the terminal."""
