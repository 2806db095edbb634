"""Slots, holds, bookings and how a facility conducts meetings: values and the life-cycle table.

Theory of operation. Time is cut into granules of five minutes. A slot is a whole number of them; whoever
is needed for it (terminal, lawyer, client, interpreter) is a resource, and the ledger has one row for each
resource and granule, whose key can exist only once. A hold claims its rows for ten minutes while the form
is filled; the booking made from it keeps its id and its rows. A booking that waits for the facility claims
like a confirmed one; only `cancelled` and `no_show` let go.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import NewType, Self

from typing_extensions import override

from server.kernel.clock import CHINA, local_date
from server.kernel.errors import N_, DomainError
from server.kernel.events import Event
from server.kernel.ids import AccountId, BookingId, CaseId, OrganisationId, PartyId, TerminalId

GRANULE = timedelta(minutes=5)
"""The unit of the ledger: all times, lengths and buffers are multiples of it."""
BOOK_AHEAD = timedelta(days=90)
"""How far ahead a slot can be asked for; what is farther off is rarely kept."""
JOIN_OPENS_BEFORE = timedelta(minutes=30)
"""How long before its start a meeting can be joined."""
HOLD_FOR = timedelta(minutes=10)
"""How long a slot stays claimed while the form is filled."""
ARRANGE_WITHIN = timedelta(hours=48)
"""Criminal Procedure Law (2018) art. 39 §2: the facility arranges the meeting promptly, at the latest
within 48 hours of the lawyer's request. Counted in hours; holidays don't stop it."""
LENGTHS = (timedelta(minutes=30), timedelta(minutes=60), timedelta(minutes=90))
"""What a lawyer can choose from."""

ResourceId = NewType("ResourceId", str)
"""A thing or person whose time can be claimed, as `kind:id`."""


class OffTheGrid(DomainError):
    """A time or length is not a multiple of the granule."""

    code = "off-the-grid"
    title = N_("时间须为 5 分钟的整数倍")
    advice = N_("请改选整 5 分钟的开始时间和时长。")


class ResourceKind(StrEnum):
    """What can be claimed."""

    TERMINAL = "terminal"
    LAWYER = "lawyer"
    CLIENT = "client"
    INTERPRETER = "interpreter"


def resource(kind: ResourceKind, identifier: str) -> ResourceId:
    """Name the resource of `kind` that `identifier` identifies."""
    return ResourceId(f"{kind}:{identifier}")


@dataclass(frozen=True, slots=True, order=True)
class Slot:
    """A stretch of time on the ledger's grid: `starts_at` belongs to it, `ends_at` does not. UTC."""

    starts_at: datetime
    ends_at: datetime

    @classmethod
    def of(cls, starts_at: datetime, length: timedelta) -> Self:
        """Make the slot of `length` that begins at `starts_at`.

        Raises:
            OffTheGrid: either is not a multiple of the granule, or the length is not positive.
        """
        starts_at = starts_at.astimezone(UTC)
        if length <= timedelta(0) or length % GRANULE or (starts_at - _EPOCH) % GRANULE:
            raise OffTheGrid
        return cls(starts_at, starts_at + length)

    @classmethod
    def day(cls, on: date) -> Self:
        """Make the whole of a day in China."""
        return cls(*(datetime.combine(each, time(), CHINA).astimezone(UTC) for each in (on, on + _DAY)))

    @property
    def length(self) -> timedelta:
        """How long it is."""
        return self.ends_at - self.starts_at

    def granules(self) -> Iterator[datetime]:
        """Yield the start of each granule, in order."""
        moment = self.starts_at
        while moment < self.ends_at:
            yield moment
            moment += GRANULE

    @property
    def joinable(self) -> Self:
        """The same with the time before it in which one can join already."""
        return replace(self, starts_at=self.starts_at - JOIN_OPENS_BEFORE)

    def contains(self, moment: datetime) -> bool:
        """Tell whether `moment` is in it."""
        return self.starts_at <= moment < self.ends_at

    def overlaps(self, other: "Slot") -> bool:
        """Tell whether the two share a granule."""
        return self.starts_at < other.ends_at and other.starts_at < self.ends_at


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = timedelta(days=1)


class Purpose(StrEnum):
    """Why the lawyer meets the client."""

    FIRST_MEETING = "first_meeting"
    VERIFY_EVIDENCE = "verify_evidence"
    PLEA = "plea"
    HEARING_PREPARATION = "hearing_preparation"
    OTHER = "other"


class BookingStatus(StrEnum):
    """Where a booking is."""

    REQUESTED = "requested"
    TENTATIVE = "tentative"
    """The facility has moved it; the lawyer has not yet agreed to the new time."""
    CONFIRMED = "confirmed"
    HELD = "held"
    """The meeting took place."""
    NO_SHOW = "no_show"
    CANCELLED = "cancelled"


BOOKING_TRANSITIONS: Mapping[BookingStatus, frozenset[BookingStatus]] = {
    BookingStatus.REQUESTED: frozenset(
        {BookingStatus.TENTATIVE, BookingStatus.CONFIRMED, BookingStatus.CANCELLED}
    ),
    BookingStatus.TENTATIVE: frozenset({BookingStatus.CONFIRMED, BookingStatus.CANCELLED}),
    BookingStatus.CONFIRMED: frozenset({BookingStatus.HELD, BookingStatus.NO_SHOW, BookingStatus.CANCELLED}),
    BookingStatus.HELD: frozenset(),
    BookingStatus.NO_SHOW: frozenset(),
    BookingStatus.CANCELLED: frozenset(),
}

PENDING = frozenset({BookingStatus.REQUESTED, BookingStatus.TENTATIVE})
"""Somebody still has to say yes."""


class ReasonCode(StrEnum):
    """Why a booking was cancelled: F by the facility, L on account of the lawyer, C by the lawyer."""

    CELL_CHANGE = "F-02"
    QUARANTINE = "F-05"
    INTERROGATION = "F-07"
    TERMINAL_FAULT = "F-09"
    FACILITY_OTHER = "F-99"
    PAPERS_UNVERIFIED = "L-01"
    LAWYER_SCHEDULE = "C-01"
    CASE_CHANGED = "C-02"


REASONS: Mapping[ReasonCode, str] = {
    ReasonCode.CELL_CHANGE: N_("监室调整，提押不便"),
    ReasonCode.QUARANTINE: N_("隔离医学观察"),
    ReasonCode.INTERROGATION: N_("办案机关提讯占用"),
    ReasonCode.TERMINAL_FAULT: N_("终端故障"),
    ReasonCode.FACILITY_OTHER: N_("其他原因（须写明）"),
    ReasonCode.PAPERS_UNVERIFIED: N_("律师证件待核，可补正"),
    ReasonCode.LAWYER_SCHEDULE: N_("律师日程变化"),
    ReasonCode.CASE_CHANGED: N_("案件情况变化，不需要会见"),
}
"""The plain sentence of each code, as a message id."""

FACILITY_REASONS = tuple(code for code in ReasonCode if code.value[0] in "FL")
"""What a facility officer can choose from."""
LAWYER_REASONS = tuple(code for code in ReasonCode if code.value[0] == "C")
"""What a lawyer can choose from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A slot kept while a lawyer fills the form; the booking made from it takes its id."""

    id: BookingId
    case_id: CaseId
    party_id: PartyId
    facility_id: OrganisationId
    terminal_id: TerminalId
    starts_at: datetime
    ends_at: datetime
    lawyer_ids: tuple[AccountId, ...]
    """Those who take part, the one who books first."""
    interpreter_id: AccountId | None
    held_by: AccountId
    expires_at: datetime

    @property
    def slot(self) -> Slot:
        """The time it claims."""
        return Slot(self.starts_at, self.ends_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """A meeting asked for, at one terminal of one facility."""

    id: BookingId
    case_id: CaseId
    party_id: PartyId
    facility_id: OrganisationId
    terminal_id: TerminalId
    starts_at: datetime
    ends_at: datetime
    lawyer_ids: tuple[AccountId, ...]
    interpreter_id: AccountId | None
    purpose: Purpose
    requested_by: AccountId
    requested_at: datetime
    status: BookingStatus
    decided_at: datetime | None = None
    decided_by: AccountId | None = None
    reason: ReasonCode | None = None
    reason_text: str = ""
    """What was written beside the code; needed for `F-99`, told to the other side."""
    alternatives: tuple[datetime, ...] = ()
    """Starts that the facility offered when it refused."""
    version: int = 1
    """Grows with each change; a form that names an older one is refused."""

    @property
    def slot(self) -> Slot:
        """The time it claims."""
        return Slot(self.starts_at, self.ends_at)

    @property
    def arrange_by(self) -> datetime:
        """The latest moment by which the facility must have arranged it (CPL art. 39 §2)."""
        return self.requested_at + ARRANGE_WITHIN


@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningPeriod:
    """One stretch of a weekday in which people are brought to the terminals, in China's time."""

    weekday: int
    """0 is Monday."""
    opens: time
    closes: time
    """Midnight is the end of the weekday."""

    def on(self, day: date) -> Slot:
        """Return the period as it is on a day of its weekday."""
        opens = datetime.combine(day, self.opens, CHINA)
        closes = datetime.combine(day if self.closes > time() else day + _DAY, self.closes, CHINA)
        return Slot(opens.astimezone(UTC), closes.astimezone(UTC))


@dataclass(frozen=True, slots=True, kw_only=True)
class FacilityPractice:
    """How a facility conducts meetings at a distance."""

    facility_id: OrganisationId
    opening: tuple[OpeningPeriod, ...]
    turnaround: timedelta
    """How long a terminal stays claimed after each meeting, to bring people back and forth."""
    guard_viewing: bool
    """Whether officers may watch silently; off where local practice has no visual watch."""

    @classmethod
    def usual(cls, facility_id: OrganisationId) -> Self:
        """Return what holds where a facility has set nothing: weekdays 9–12 and 14–18, silent watch."""
        halves = ((time(9), time(12)), (time(14), time(18)))
        return cls(
            facility_id=facility_id,
            opening=tuple(
                OpeningPeriod(weekday=weekday, opens=opens, closes=closes)
                for weekday in range(5)
                for opens, closes in halves
            ),
            turnaround=GRANULE,
            guard_viewing=True,
        )

    def is_open(self, slot: Slot) -> bool:
        """Tell whether the whole of `slot` lies within opening periods that follow without a gap."""
        at: datetime | None = slot.starts_at
        while at is not None and at < slot.ends_at:
            at = self._open_until(at)
        return at is not None

    def _open_until(self, at: datetime) -> datetime | None:
        """Return when the period around `at` closes; None if it is in none."""
        day = local_date(at)
        periods = (period.on(day) for period in self.opening if period.weekday == day.weekday())
        return max((each.ends_at for each in periods if each.starts_at <= at < each.ends_at), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingEvent(Event):
    """Something that happened to a booking."""

    booking_id: str
    case_id: str
    facility_id: str
    lawyer_ids: tuple[str, ...]

    @property
    @override
    def subject(self) -> str:
        return f"booking:{self.booking_id}"

    @property
    @override
    def topics(self) -> tuple[str, ...]:
        lawyers = (f"account:{lawyer_id}" for lawyer_id in self.lawyer_ids)
        return (f"case:{self.case_id}", f"organisation:{self.facility_id}", *lawyers)


class SlotHeld(BookingEvent):
    """A slot was claimed while a form is filled."""


class SlotReleased(BookingEvent):
    """A held slot was given back."""


class BookingRequested(BookingEvent):
    """A lawyer asked the facility for a slot."""


class BookingConfirmed(BookingEvent):
    """The facility said yes."""


class BookingRefused(BookingEvent):
    """The facility said no, with a coded reason."""


class BookingCancelled(BookingEvent):
    """The lawyer took the booking back."""


class MeetingHeld(BookingEvent):
    """The meeting took place."""


class MeetingMissed(BookingEvent):
    """Lawyer and client never met in the time booked."""
