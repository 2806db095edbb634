"""What happens in a case outside the platform, written down by those who work on it; clocks follow.

Nothing that was written down is lost: a correction stands beside what it corrects.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from server.cases.deadlines.engine import Clock as DeadlineClock
from server.cases.deadlines.rules import rule_set
from server.cases.events import DelayRecorded, FactWithdrawn, of_case
from server.cases.model import Case, CaseFact, Delay, DelayParty, Party, Stage
from server.cases.ports import CasesTx
from server.cases.service.extending import Extendable, extendable
from server.cases.service.facts import record_fact
from server.cases.service.records import clocks_of, find_case
from server.cases.wording import RECORDED
from server.kernel.clock import Clock
from server.kernel.errors import N_, DomainError, FieldError, InvalidInput, Kind
from server.kernel.identity import Identity
from server.kernel.ids import CaseId
from server.kernel.permissions import Action
from server.people.directory import names_of

_WRITTEN_DOWN = frozenset(key for keys in RECORDED.values() for key in keys)
TO_COME = frozenset({"before_hearing"})
"""Events that are recorded before they happen."""
_LONGEST = timedelta(days=20 * 365)
"""How far from now an event can lie: no case takes longer."""


class NotRecorded(DomainError):
    """What should be withdrawn is not recorded, or was withdrawn."""

    kind: ClassVar[Kind] = Kind.CONFLICT
    code: ClassVar[str] = "not-recorded"
    title: ClassVar[str] = N_("这一项没有记录，或已经撤回")
    advice: ClassVar[str] = N_("请看本页最新的记录。")


class NotLate(DomainError):
    """The duty is not late, so nobody caused a delay."""

    kind: ClassVar[Kind] = Kind.CONFLICT
    code: ClassVar[str] = "not-late"
    title: ClassVar[str] = N_("这一项没有迟延")
    advice: ClassVar[str] = N_("请看本页最新的记录。")


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordEvent:
    """Something happened, or a hearing was fixed."""

    case_id: CaseId
    key: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordDelay:
    """Somebody caused a duty to be late."""

    case_id: CaseId
    duty: str
    party: DelayParty


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """What was written down of a case."""

    case: Case
    recipient: Party | None
    recordable: frozenset[str]
    """What can be written down at the case's stage."""
    extendable: tuple[Extendable, ...]
    late: tuple[DeadlineClock, ...]
    """The clocks that are or were late."""
    holding: tuple[CaseFact, ...]
    """What counts now, in the order in which it happened."""
    history: tuple[CaseFact, ...]
    """Everything, the last written down first."""
    names: Mapping[str, str]
    """Who the actors are, as far as it is known."""


def recordable_at(stage: Stage) -> frozenset[str]:
    """Return what can be written down at a stage: whatever starts or stops a clock of it."""
    clocks = [
        (clock.done, {rule.trigger for rule in clock.rules if stage in rule.stages})
        for clock in rule_set().clocks
    ]
    return _WRITTEN_DOWN & {key for done, triggers in clocks if triggers for key in (done, *triggers)}


async def open_progress(case_id: CaseId, identity: Identity, tx: CasesTx, clock: Clock) -> Progress:
    """Return what was written down, to those who may write.

    Raises:
        NotFound: the case is none of theirs.
        NotAllowed: it is theirs, but not theirs to write in, or it is closed.
    """
    case = await find_case_to_record(case_id, identity, tx)
    history = tuple(fact for fact in await tx.cases.history_of(case.id) if fact.key in _WRITTEN_DOWN)
    parties = await tx.cases.parties_of(case.id)
    clocks = (await clocks_of((case,), identity.role, tx, clock))[case.id]
    return Progress(
        case=case,
        recipient=parties[0] if parties else None,
        recordable=recordable_at(case.stage),
        extendable=await extendable(case, clocks, tx),
        late=tuple(each for each in clocks if each.late),
        holding=_holding(history),
        history=history,
        names=await names_of(frozenset(fact.actor for fact in history), tx),
    )


def _holding(history: Iterable[CaseFact]) -> tuple[CaseFact, ...]:
    """Return what counts of a history, the last written down first, in the order in which it happened."""
    newest: dict[str, CaseFact] = {}
    for fact in history:
        newest.setdefault(fact.key, fact)
    return tuple(sorted((fact for fact in newest.values() if not fact.withdrawn), key=lambda fact: fact.at))


async def find_case_to_record(case_id: CaseId, identity: Identity, tx: CasesTx) -> Case:
    """Return the case to somebody who may write down what happens in it; raises as `open_progress`."""
    return await find_case(case_id, identity, Action.RECORD_PROGRESS, tx)


async def record_event(command: RecordEvent, identity: Identity, tx: CasesTx, clock: Clock) -> Case:
    """Write an event down; one of the same kind from before counts no longer.

    Raises:
        NotFound, NotAllowed: as `open_progress`.
        InvalidInput: it is nothing that is written down, or lies where it can't.
    """
    case = await find_case_to_record(command.case_id, identity, tx)
    now = clock.now()
    if command.key not in recordable_at(case.stage):
        raise InvalidInput(fields=(FieldError("key", "unknown", N_("请从给定的选项中选择")),))
    if command.at > now and command.key not in TO_COME:
        raise InvalidInput(fields=(FieldError("at", "future", N_("还没有发生的事，发生后再记录")),))
    if abs(command.at - now) > _LONGEST:
        raise InvalidInput(fields=(FieldError("at", "too-far", N_("日期离今天太远，请核对年份")),))
    await record_fact(case, command.key, command.at, identity.actor, tx, recorded_at=now)
    return case


async def record_delay(command: RecordDelay, identity: Identity, tx: CasesTx, clock: Clock) -> Case:
    """Write down who caused a duty to be late.

    Raises:
        NotFound, NotAllowed: as `open_progress`.
        NotLate: the duty is not late, or not of this case.
    """
    case = await find_case_to_record(command.case_id, identity, tx)
    clocks = (await clocks_of((case,), identity.role, tx, clock))[case.id]
    if command.duty not in {each.key for each in clocks if each.late}:
        raise NotLate
    delay = Delay(
        case_id=case.id,
        duty=command.duty,
        party=command.party,
        actor=identity.actor,
        recorded_at=clock.now(),
    )
    await tx.cases.add_delay(delay)
    tx.record(
        DelayRecorded(
            **of_case(case, identity.actor),
            duty=command.duty,
            party=command.party,
        )
    )
    return case


async def withdraw_event(case_id: CaseId, key: str, identity: Identity, tx: CasesTx, clock: Clock) -> Case:
    """Say that what was written down did not happen.

    Raises:
        NotFound, NotAllowed: as `open_progress`.
        NotRecorded: there is nothing to withdraw.
    """
    case = await find_case_to_record(case_id, identity, tx)
    holding = _holding(await tx.cases.history_of(case.id))
    fact = next((each for each in holding if each.key == key and key in _WRITTEN_DOWN), None)
    if fact is None:
        raise NotRecorded
    await tx.cases.add_fact(
        CaseFact(
            case_id=case.id,
            key=key,
            at=fact.at,
            actor=identity.actor,
            recorded_at=clock.now(),
            withdrawn=True,
        )
    )
    tx.record(
        FactWithdrawn(
            **of_case(case, identity.actor),
            key=key,
        )
    )
    return case
