"""Decisions by which a deadline of a case is later; each bears its number, and none is lost if taken back."""

from dataclasses import dataclass
from typing import ClassVar

from server.cases.deadlines.counting import Deadline
from server.cases.deadlines.engine import Clock as DeadlineClock
from server.cases.deadlines.rules import NO_EXTRA, Extra
from server.cases.events import DeadlineExtended, ExtensionsWithdrawn, of_case
from server.cases.model import Case, Extension
from server.cases.ports import CasesTx
from server.cases.service.records import clocks_of, find_case
from server.kernel.clock import Clock
from server.kernel.errors import N_, DomainError, FieldError, InvalidInput, Kind
from server.kernel.identity import Identity
from server.kernel.ids import CaseId
from server.kernel.permissions import Action


class NotExtendable(DomainError):
    """The deadline does not run in the case, can't be extended, or was not."""

    kind: ClassVar[Kind] = Kind.CONFLICT
    code: ClassVar[str] = "not-extendable"
    title: ClassVar[str] = N_("这项期限现在不能这样更改")
    advice: ClassVar[str] = N_("请看本页最新的期限。")


@dataclass(frozen=True, slots=True, kw_only=True)
class Extend:
    """It was decided that a deadline is later."""

    case_id: CaseId
    rule_id: str
    n: int
    """Months where the rule is extended by months, else days."""
    decision: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Extendable:
    """A running deadline that can be extended."""

    duty: str
    deadline: Deadline
    decisions: tuple[Extension, ...]
    """What was decided so far."""

    @property
    def in_months(self) -> bool:
        """Tell whether it is extended by months; else by days."""
        return self.deadline.rule.most_extra.months > 0

    @property
    def left(self) -> int:
        """By how much more it can be extended, in months or days."""
        most, extra = self.deadline.rule.most_extra, self.deadline.extra
        return most.months - extra.months if self.in_months else most.days - extra.days


async def extendable(case: Case, clocks: tuple[DeadlineClock, ...], tx: CasesTx) -> tuple[Extendable, ...]:
    """Return the case's running deadlines that can be extended."""
    decided = (await tx.cases.extensions_of(frozenset({case.id})))[case.id]
    return tuple(
        Extendable(
            duty=clock.key,
            deadline=deadline,
            decisions=tuple(each for each in decided if each.rule_id == deadline.rule.id),
        )
        for clock in clocks
        if clock.running
        for deadline in (clock.deadline, *clock.others)
        if deadline.rule.most_extra != NO_EXTRA
    )


async def extend(command: Extend, identity: Identity, tx: CasesTx, clock: Clock) -> Case:
    """Write a decision down; the deadline is later at once.

    Raises:
        NotFound, NotAllowed: the case is none of theirs to write in.
        NotExtendable: the deadline does not run, or can't be extended.
        InvalidInput: it would be extended beyond what the law allows.
    """
    case, found = await _find(command.case_id, command.rule_id, identity, tx, clock)
    if not 1 <= command.n <= found.left:
        raise InvalidInput(fields=(FieldError("n", "beyond", N_("超过法定的延长幅度")),))
    extra = Extra(months=command.n) if found.in_months else Extra(days=command.n)
    await tx.cases.add_extension(
        Extension(
            case_id=case.id,
            rule_id=command.rule_id,
            months=extra.months,
            days=extra.days,
            decision=command.decision,
            actor=identity.actor,
            recorded_at=clock.now(),
        )
    )
    tx.record(
        DeadlineExtended(
            **of_case(case, identity.actor),
            rule_id=command.rule_id,
            months=extra.months,
            days=extra.days,
        )
    )
    return case


async def withdraw_extensions(
    case_id: CaseId, rule_id: str, identity: Identity, tx: CasesTx, clock: Clock
) -> Case:
    """Take every extension of a deadline back.

    Raises:
        NotFound, NotAllowed: the case is none of theirs to write in.
        NotExtendable: it was not extended.
    """
    case, found = await _find(case_id, rule_id, identity, tx, clock)
    extra = found.deadline.extra
    if extra == NO_EXTRA:
        raise NotExtendable
    back = Extra(-extra.months, -extra.days)
    await tx.cases.add_extension(
        Extension(
            case_id=case.id,
            rule_id=rule_id,
            months=back.months,
            days=back.days,
            decision="",
            actor=identity.actor,
            recorded_at=clock.now(),
        )
    )
    tx.record(
        ExtensionsWithdrawn(
            **of_case(case, identity.actor), rule_id=rule_id, months=back.months, days=back.days
        )
    )
    return case


async def _find(
    case_id: CaseId, rule_id: str, identity: Identity, tx: CasesTx, clock: Clock
) -> tuple[Case, Extendable]:
    case = await find_case(case_id, identity, Action.RECORD_PROGRESS, tx)
    if case.status.closed:
        raise NotExtendable
    clocks = (await clocks_of((case,), identity.role, tx, clock))[case.id]
    running = await extendable(case, clocks, tx)
    found = next((each for each in running if each.deadline.rule.id == rule_id), None)
    if found is None:
        raise NotExtendable
    return case, found
