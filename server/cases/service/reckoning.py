"""How the ends of duties were counted, each time anew: nothing that a deadline once was is forgotten."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from server.cases.deadlines.engine import Clock as DeadlineClock
from server.cases.model import Cause, Reckoning
from server.cases.ports import CasesTx, StalePlan
from server.kernel.clock import Clock
from server.kernel.ids import CaseId


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """That a duty's end was counted otherwise than before."""

    before: Reckoning
    now: Reckoning


async def note_reckonings(
    stale: Iterable[StalePlan],
    clocks: Mapping[CaseId, tuple[DeadlineClock, ...]],
    tx: CasesTx,
    clock: Clock,
) -> None:
    """Store how the ends of these cases are counted now, where that is otherwise than before."""
    causes = {each.case.id: each.cause for each in stale}
    before = await tx.cases.reckonings_of(frozenset(causes))
    counted_at = clock.now()
    fresh: list[Reckoning] = []
    for case_id, cause in causes.items():
        last = {each.duty: each for each in before[case_id]}
        now = {each.key: _reckoning(case_id, each, cause, counted_at) for each in clocks[case_id]}
        ended = (each for duty, each in last.items() if duty not in now and each.due_at is not None)
        fresh.extend(_new(now.values(), last))
        fresh.extend(replace(each, due_at=None, cause=cause, counted_at=counted_at) for each in ended)
    await tx.cases.add_reckonings(tuple(fresh))


def moves(reckonings: Iterable[Reckoning]) -> tuple[Moved, ...]:
    """Return how ends were counted otherwise, the last first.

    Args:
        reckonings: of one case, in the order in which they were counted.
    """
    last: dict[str, Reckoning] = {}
    found = []
    for each in reckonings:
        before = last.get(each.duty)
        if before is not None:
            found.append(Moved(before=before, now=each))
        last[each.duty] = each
    return tuple(reversed(found))


def _reckoning(case_id: CaseId, clock: DeadlineClock, cause: Cause, counted_at: datetime) -> Reckoning:
    deadline = clock.deadline
    return Reckoning(
        case_id=case_id,
        duty=clock.key,
        rule_id=deadline.rule.id,
        trigger=deadline.trigger,
        trigger_at=deadline.trigger_at,
        due_at=deadline.due_at,
        cause=cause,
        counted_at=counted_at,
    )


def _new(now: Iterable[Reckoning], last: Mapping[str, Reckoning]) -> Iterator[Reckoning]:
    """Yield what is counted otherwise than last; from another event on, that event is why."""
    for each in now:
        before = last.get(each.duty)
        if before is None or (before.trigger, before.trigger_at) != (each.trigger, each.trigger_at):
            by_event = each.cause in {Cause.CALENDAR, Cause.EXTENSION}
            yield replace(each, cause=Cause.EVENT) if by_event else each
        elif (before.rule_id, before.due_at) != (each.rule_id, each.due_at):
            yield each
