"""What the operator sets and writes down: longer periods, assessments of impact on personal information."""

from dataclasses import dataclass
from datetime import date

from server.kernel.clock import Clock, local_date
from server.kernel.errors import N_, FieldError, InvalidInput
from server.kernel.identity import Identity
from server.kernel.ids import AssessmentId, new_id
from server.kernel.permissions import Action, Relation, require
from server.people.policy import account_of
from server.retention.events import AssessmentRecorded, PeriodSet
from server.retention.model import Assessment, RecordKind
from server.retention.periods import known_periods
from server.retention.policy import PeriodTooShort
from server.retention.ports import RetentionTx


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordAssessment:
    """An assessment was concluded."""

    title: str
    concluded_on: date
    conclusion: str


async def set_period(kind: RecordKind, months: int, identity: Identity, tx: RetentionTx) -> None:
    """Keep records of a kind for so many months.

    Raises:
        PeriodTooShort: the law demands more.
    """
    require(identity.role, Action.SET_PERIOD, Relation.NO_RECORD)
    least = known_periods()[kind].least_months
    if months < least:
        raise PeriodTooShort(months=least)
    await tx.retention.put_longer_period(kind, months)
    tx.record(PeriodSet(actor=identity.actor, kind=kind, months=months))


async def record_assessment(
    command: RecordAssessment, identity: Identity, tx: RetentionTx, clock: Clock
) -> None:
    """Write an assessment down; it stays.

    Raises:
        InvalidInput: its day is to come.
    """
    require(identity.role, Action.RECORD_ASSESSMENT, Relation.NO_RECORD)
    now = clock.now()
    if command.concluded_on > local_date(now):
        raise InvalidInput(fields=(FieldError("concluded_on", "future", N_("不能填今天以后的日期")),))
    assessment = Assessment(
        id=AssessmentId(new_id()),
        title=command.title,
        concluded_on=command.concluded_on,
        conclusion=command.conclusion,
        recorded_by=account_of(identity),
        recorded_at=now,
    )
    await tx.retention.add_assessment(assessment)
    tx.record(AssessmentRecorded(actor=identity.actor, assessment_id=assessment.id))
