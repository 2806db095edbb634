"""What happens in a case outside the platform, written down by those who work on it; clocks follow.

Nothing that was written down is lost: a correction stands beside what it corrects.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from server.cases.chronicle import Happening, chronicle
from server.cases.deadlines.engine import Clock as DeadlineClock
from server.cases.deadlines.rules import rule_set
from server.cases.events import DelayRecorded, FactWithdrawn, of_case
from server.cases.model import LONGEST, Case, CaseFact, Delay, DelayParty, Party, Stage
from server.cases.policy import recordable_by
from server.cases.ports import CasesTx
from server.cases.service.extending import Extendable, extendable
from server.cases.service.facts import record_fact
from server.cases.service.reckoning import Moved, moves
from server.cases.service.records import clocks_of, find_case
from server.cases.vocabulary import TO_COME, WRITTEN_DOWN
from server.kernel.clock import Clock
from server.kernel.errors import N_, DomainError, FieldError, InvalidInput, Kind
from server.kernel.identity import Identity
from server.kernel.ids import CaseId
from server.kernel.permissions import Action
from server.people.directory import names_of


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
    again: bool
    """It happened once more; else this corrects what was recorded of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordDelay:
    """Somebody caused a duty to be late."""

    case_id: CaseId
    duty: str
    party: DelayParty


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One time that something happened, as far as it counts."""

    key: str
    at: datetime
    place: int
    """Which time it was, from 1; 0 of what happened once only."""
    withdrawable: bool
    """The reader may take it back: it is theirs to tell, and of its kind the last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """What was written down of a case."""

    case: Case
    recipient: Party | None
    ending: frozenset[str]
    """What would end a duty that runs now."""
    offered: frozenset[str]
    """What else makes sense to write down now: what begins something, and what can be corrected."""
    extendable: tuple[Extendable, ...]
    late: tuple[DeadlineClock, ...]
    """The clocks that are or were late."""
    holding: tuple[Held, ...]
    """What counts now, in the order in which it happened."""
    history: tuple[CaseFact, ...]
    """Everything, the last written down first."""
    moves: tuple[Moved, ...]
    """How deadlines came to end otherwise than before, the last first."""
    names: Mapping[str, str]
    """Who the actors are, as far as it is known."""


def recordable_at(stage: Stage) -> frozenset[str]:
    """Return what can be written down at a stage: whatever starts or stops something in it."""
    clocks = (clock for clock in rule_set().clocks if any(stage in rule.stages for rule in clock.rules))
    return WRITTEN_DOWN & (_beginning(stage) | {key for clock in clocks for key in clock.done})


def offered_now(
    stage: Stage, clocks: Iterable[DeadlineClock], happened: Iterable[str]
) -> tuple[frozenset[str], frozenset[str]]:
    """Return what would end a running duty, and what else makes sense to write down.

    What only ends a duty that does not run is no help to anybody, and is left out.
    """
    done = {each.key: frozenset(each.done) for each in rule_set().clocks}
    ending = frozenset[str]().union(*(done[clock.key] for clock in clocks if clock.running))
    idle = frozenset[str]().union(*done.values()) - _beginning(stage)
    recordable = recordable_at(stage)
    return recordable & ending, recordable - ending - (idle - frozenset(happened))


def _beginning(stage: Stage) -> frozenset[str]:
    rules = (rule for rule in rule_set().rules if stage in rule.stages)
    return frozenset(key for rule in rules for key in (*rule.begun_by, rule.condition))


async def open_progress(case_id: CaseId, identity: Identity, tx: CasesTx, clock: Clock) -> Progress:
    """Return what was written down, to those who may write.

    Raises:
        NotFound: the case is none of theirs.
        NotAllowed: it is theirs, but not theirs to write in, or it is closed to them.
    """
    case = await find_case_to_record(case_id, identity, tx)
    history = tuple(fact for fact in await tx.cases.history_of(case.id) if fact.key in WRITTEN_DOWN)
    happened = chronicle(reversed(history))
    parties = await tx.cases.parties_of(case.id)
    clocks = (await clocks_of((case,), identity.role, tx, clock))[case.id]
    theirs = recordable_by(identity.role, case)
    ending, offered = offered_now(case.stage, clocks, happened)
    reckonings = (await tx.cases.reckonings_of(frozenset({case.id})))[case.id]
    return Progress(
        case=case,
        recipient=parties[0] if parties else None,
        ending=ending & theirs,
        offered=offered & theirs,
        extendable=() if case.status.closed else await extendable(case, clocks, tx),
        late=tuple(each for each in clocks if each.late),
        holding=_holding(happened, theirs),
        history=history,
        moves=moves(reckonings),
        names=await names_of(frozenset(fact.actor for fact in history), tx),
    )


def _holding(happened: Mapping[str, tuple[Happening, ...]], theirs: frozenset[str]) -> tuple[Held, ...]:
    """Return what counts of what was written down, in the order in which it happened."""
    held = (
        Held(
            key=key,
            at=each.at,
            place=place if len(every) > 1 else 0,
            withdrawable=key in theirs and place == len(every),
        )
        for key, every in happened.items()
        for place, each in enumerate(every, start=1)
    )
    return tuple(sorted(held, key=lambda each: each.at))


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
    if command.key not in recordable_at(case.stage) & recordable_by(identity.role, case):
        raise InvalidInput(fields=(FieldError("key", "unknown", N_("请从给定的选项中选择")),))
    if command.at > now and command.key not in TO_COME:
        raise InvalidInput(fields=(FieldError("at", "future", N_("还没有发生的事，发生后再记录")),))
    if abs(command.at - now) > LONGEST:
        raise InvalidInput(fields=(FieldError("at", "too-far", N_("日期离今天太远，请核对年份")),))
    if command.again:
        before = (await tx.cases.facts_of(frozenset({case.id})))[case.id].get(command.key)
        if before is not None and command.at <= before:
            raise InvalidInput(fields=(FieldError("at", "not-later", N_("又发生一次的，应当晚于上一次")),))
    await record_fact(case, command.key, command.at, identity.actor, tx, recorded_at=now, again=command.again)
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
    """Say that what was written down did not happen; of what happened again, the last time.

    Raises:
        NotFound, NotAllowed: as `open_progress`.
        NotRecorded: there is nothing to withdraw.
    """
    case = await find_case_to_record(case_id, identity, tx)
    at = (await tx.cases.facts_of(frozenset({case.id})))[case.id].get(key)
    if at is None or key not in recordable_by(identity.role, case):
        raise NotRecorded
    await tx.cases.add_fact(
        CaseFact(
            case_id=case.id,
            key=key,
            at=at,
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
