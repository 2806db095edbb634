"""What an agency's system is told, in the form of `/api/v1`."""

from collections.abc import Iterable
from datetime import date, datetime

from pydantic import BaseModel, ConfigDict

from server.cases.deadlines.engine import Clock, ClockState
from server.cases.model import AssignmentKind, Case, CaseStatus, Notice, Stage
from server.cases.policy import status_for_agency


class Message(BaseModel):
    """Base of what is sent."""

    model_config = ConfigDict(frozen=True)


class ClockMessage(Message):
    """A duty and when it is due."""

    duty: str
    article: str
    started_at: datetime
    due_on: date
    """The last day, in China."""
    due_at: datetime
    """The first moment that is too late."""
    moved: bool
    """The last day was a day off, so that the end moved on."""
    provisional: bool
    """The calendar of that year is not published yet."""
    verified: bool
    state: ClockState


class LawyerMessage(Message):
    """Who defends."""

    name: str
    organisation: str
    kind: AssignmentKind
    since: datetime


class CaseMessage(Message):
    """A case as its agency may see it: never the defence's work."""

    id: str
    number: str
    agency_number: str
    status: CaseStatus
    stage: Stage
    lawyers: tuple[LawyerMessage, ...]
    clocks: tuple[ClockMessage, ...]


class CasesMessage(Message):
    """Some of an agency's cases, the newest first."""

    items: tuple[CaseMessage, ...]
    next: str | None
    """The cursor of those that follow; None: there are no more."""


class NoticeMessage(Message):
    """The answer to a notice."""

    id: str
    received_at: datetime
    case: CaseMessage | None
    """None for a secret case, of which only the number is kept."""


def clock_message(clock: Clock) -> ClockMessage:
    """Say how a clock stands."""
    deadline = clock.deadline
    return ClockMessage(
        duty=clock.key,
        article=deadline.rule.article,
        started_at=deadline.trigger_at,
        due_on=deadline.due_on,
        due_at=deadline.due_at,
        moved=deadline.moved,
        provisional=deadline.provisional,
        verified=deadline.rule.verified,
        state=clock.state,
    )


def case_message(case: Case, clocks: Iterable[Clock], lawyers: Iterable[LawyerMessage] = ()) -> CaseMessage:
    """Say how a case stands."""
    return CaseMessage(
        id=case.id,
        number=case.number,
        agency_number=case.agency_number,
        status=status_for_agency(case.status),
        stage=case.stage,
        lawyers=tuple(lawyers),
        clocks=tuple(clock_message(clock) for clock in clocks),
    )


def notice_message(notice: Notice, case: CaseMessage | None) -> NoticeMessage:
    """Say that a notice has arrived."""
    return NoticeMessage(id=notice.id, received_at=notice.received_at, case=case)
