"""The defence's own steps, told by its lawyers: the agreement signed with the recipient, the papers filed.

A step ends the clock that measures it. It is told by its day, as papers bear days and no hours.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import ClassVar

from server.cases.deadlines.engine import Clock as DeadlineClock
from server.cases.deadlines.rules import rule_set
from server.cases.model import Case
from server.cases.ports import CasesTx
from server.cases.service.facts import record_fact
from server.cases.service.records import clocks_of, find_case
from server.kernel.clock import CHINA, Clock, local_date
from server.kernel.errors import N_, DomainError, FieldError, InvalidInput, Kind
from server.kernel.identity import Identity
from server.kernel.ids import CaseId
from server.kernel.permissions import Action

TOLD_BY_LAWYERS = frozenset({"sign_agreement", "file_papers"})
"""The duties of which only the lawyer knows when they are done; the others end by what the platform sees."""


class StepNotOpen(DomainError):
    """The duty is done already, or does not run in this case."""

    kind: ClassVar[Kind] = Kind.CONFLICT
    code: ClassVar[str] = "step-not-open"
    title: ClassVar[str] = N_("这一步已经记录，或现在不用办理")
    advice: ClassVar[str] = N_("请看本页最新的期限。")


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordStep:
    """A duty was done on a day."""

    case_id: CaseId
    duty: str
    done_on: date


def open_steps(clocks: Iterable[DeadlineClock]) -> tuple[DeadlineClock, ...]:
    """Return the running clocks that a lawyer ends by telling what was done."""
    return tuple(clock for clock in clocks if clock.running and clock.key in TOLD_BY_LAWYERS)


async def record_step(command: RecordStep, identity: Identity, tx: CasesTx, clock: Clock) -> Case:
    """End the duty's clock.

    Raises:
        NotFound: the case is none of theirs.
        NotAllowed: it is theirs, but not theirs to defend, or it is closed.
        StepNotOpen: the duty is done already, or does not run.
        InvalidInput: the day is to come, or before the duty began.
    """
    case = await find_case(command.case_id, identity, Action.RECORD_STEP, tx)
    clocks = (await clocks_of((case,), identity.role, tx, clock))[case.id]
    running = next((each for each in open_steps(clocks) if each.key == command.duty), None)
    if running is None:
        raise StepNotOpen
    now, began_at = clock.now(), running.deadline.trigger_at
    if command.done_on > local_date(now):
        raise _wrong_day("future", N_("不能填今天以后的日期"))
    if command.done_on < local_date(began_at):
        raise _wrong_day("before-it-began", N_("不能早于这项期限开始的日期"))
    (fact,) = next(each.done for each in rule_set().clocks if each.key == command.duty)
    done_at = min(now, _end_of(command.done_on))
    await record_fact(case, fact, done_at, identity.actor, tx, recorded_at=now)
    return case


def _wrong_day(code: str, message: str) -> InvalidInput:
    return InvalidInput(fields=(FieldError("done_on", code, message),))


def _end_of(day: date) -> datetime:
    """Return the last second of a day in China: a day that still counts counts whole."""
    return datetime.combine(day, time(23, 59, 59), tzinfo=CHINA)
