"""Keeping cases: what a case is kept for, holds, a minor's seal, erasures planned and taken back."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time

from server.audit.search import Search
from server.cases.deadlines.counting import months_later
from server.cases.lifecycle import CaseStep
from server.cases.model import Case, Party
from server.cases.service.records import find_case
from server.kernel.clock import CHINA, Clock, local_date
from server.kernel.errors import NotFound
from server.kernel.identity import Identity
from server.kernel.ids import CaseId, HoldId, new_id
from server.kernel.permissions import Action, Relation, require
from server.people.policy import account_of
from server.retention.closing import ends_of
from server.retention.events import (
    CaseErased,
    CaseSealed,
    ErasurePlanned,
    ErasureWithdrawn,
    HoldLifted,
    HoldPlaced,
    SealOpened,
    kept,
)
from server.retention.model import (
    Hold,
    HoldReason,
    PlannedErasure,
    Purpose,
    RecordKind,
    Seal,
    SealGround,
    Shelf,
)
from server.retention.periods import Period, with_longer
from server.retention.policy import (
    GRACE,
    OPENED_FOR,
    NotAMinor,
    NotOnHold,
    NotPlanned,
    check_erasable,
    kept_until,
)
from server.retention.ports import RetentionTx

PAGE = 100
"""Cases of a shelf that one page shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptCase:
    """A case as its keepers see it."""

    case: Case
    recipient: Party | None
    """None while its records are sealed: that there is a case is all that is told."""
    period: Period
    until: date | None
    """Until when it is kept; None while it, or a later stage of it, is open."""
    holds: tuple[Hold, ...]
    seal: Seal | None
    planned: PlannedErasure | None
    ends: tuple[CaseStep, ...]
    """How it can be ended now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShelfPage:
    """Closed cases of an institution."""

    shelf: Shelf
    cases: tuple[Case, ...]
    recipients: Mapping[CaseId, Party]
    period: Period
    proofs: Mapping[CaseId, int]
    """Of erased cases, the number of the log's entry that tells of it."""
    following: CaseId | None
    """Behind which case the next page begins; None at the end."""


async def case_period(tx: RetentionTx) -> Period:
    """Return how long cases are kept here."""
    return with_longer(await tx.retention.longer_periods())[RecordKind.CASE]


async def open_shelf(
    shelf: Shelf, after: CaseId | None, identity: Identity, tx: RetentionTx, clock: Clock
) -> ShelfPage:
    """Return closed cases of one's institution, the first closed first."""
    require(identity.role, Action.LIST_KEPT_CASES, Relation.NO_RECORD)
    if identity.organisation_id is None:
        raise NotFound
    period = await case_period(tx)
    last_day = months_later(local_date(clock.now()), -period.months)
    found = await tx.retention.kept_cases(
        identity.organisation_id,
        shelf,
        closed_before=datetime.combine(last_day, time.max, CHINA),
        after=after,
        limit=PAGE + 1,
    )
    shown = found[:PAGE]
    told = frozenset(case.id for case in shown if case.sealed_at is None and case.erased_at is None)
    return ShelfPage(
        shelf=shelf,
        cases=shown,
        recipients=await tx.cases.recipients_of(told),
        period=period,
        proofs=await _proofs(shown, tx),
        following=shown[-1].id if len(found) > PAGE else None,
    )


async def _proofs(cases: tuple[Case, ...], tx: RetentionTx) -> dict[CaseId, int]:
    found = {}
    for case in cases:
        if case.erased_at is not None:
            search = Search(event=CaseErased.__name__, case_id=case.id)
            for entry in await tx.log.newest(search, before=None, limit=1):
                found[case.id] = entry.number
    return found


async def open_kept_case(case_id: CaseId, identity: Identity, tx: RetentionTx) -> KeptCase:
    """Return what a case is kept for.

    Raises:
        NotFound: it is none of their institution's, or it was erased.
    """
    case = await find_case(case_id, identity, Action.KEEP_CASE, tx)
    period = await case_period(tx)
    parties = await tx.cases.parties_of(case.id) if case.sealed_at is None else ()
    return KeptCase(
        case=case,
        recipient=parties[0] if parties else None,
        period=period,
        until=kept_until((case, *await tx.retention.later_stages(case.id)), period),
        holds=await tx.retention.holds_of(case.id),
        seal=await tx.retention.seal(case.id),
        planned=await tx.retention.planned_erasure(case.id),
        ends=ends_of(case),
    )


async def place_hold(  # noqa: PLR0913, PLR0917 - a hold's own fields
    case_id: CaseId,
    reason: HoldReason,
    reference: str,
    identity: Identity,
    tx: RetentionTx,
    clock: Clock,
) -> None:
    """Keep the case whatever its time; an erasure that was planned is off.

    Raises:
        NotFound: it is none of their institution's.
    """
    case = await find_case(case_id, identity, Action.KEEP_CASE, tx)
    hold = Hold(
        id=HoldId(new_id()),
        case_id=case.id,
        reason=reason,
        reference=reference,
        placed_by=account_of(identity),
        placed_at=clock.now(),
    )
    await tx.retention.put_hold(hold)
    tx.record(HoldPlaced(**kept(case, identity.actor), reason=reason))
    if await tx.retention.planned_erasure(case.id) is not None:
        await tx.retention.withdraw_erasure(case.id)
        tx.record(ErasureWithdrawn(**kept(case, identity.actor)))


async def lift_hold(
    case_id: CaseId, hold_id: HoldId, identity: Identity, tx: RetentionTx, clock: Clock
) -> None:
    """Say that the reason is gone.

    Raises:
        NotFound: the case is none of their institution's.
        NotOnHold: it is not held for that.
    """
    case = await find_case(case_id, identity, Action.KEEP_CASE, tx)
    holds = {hold.id: hold for hold in await tx.retention.holds_of(case.id) if hold.lasts}
    if hold_id not in holds:
        raise NotOnHold
    hold = holds[hold_id]
    await tx.retention.put_hold(replace(hold, lifted_by=account_of(identity), lifted_at=clock.now()))
    tx.record(HoldLifted(**kept(case, identity.actor), reason=hold.reason))


async def seal_case(
    case_id: CaseId, ground: SealGround, identity: Identity, tx: RetentionTx, clock: Clock
) -> None:
    """Seal a minor's records: nobody reads them any more, the lawyers least of all after they are at work.

    Raises:
        NotFound, NotAllowed: it is none of their institution's closed cases.
        NotAMinor: the recipient was none.
    """
    case = await find_case(case_id, identity, Action.SEAL_CASE, tx)
    if not case.minor:
        raise NotAMinor
    seal = Seal(case_id=case.id, ground=ground, sealed_by=account_of(identity), sealed_at=clock.now())
    await close_seal(case, seal, identity.actor, tx)


async def close_seal(case: Case, seal: Seal, actor: str, tx: RetentionTx) -> None:
    """Put the case away under a seal, whoever opened it before."""
    closed = replace(seal, purpose=None, reference="", opened_by=None, opened_until=None)
    await tx.retention.put_seal(closed)
    await tx.cases.put_case(replace(case, sealed_at=seal.sealed_at, version=case.version + 1))
    tx.record(CaseSealed(**kept(case, actor), lawyer_ids=await lawyers_of(case, tx), ground=seal.ground))


async def open_seal(  # noqa: PLR0913, PLR0917 - what the law asks to be written down
    case_id: CaseId,
    purpose: Purpose,
    reference: str,
    identity: Identity,
    tx: RetentionTx,
    clock: Clock,
) -> None:
    """Open sealed records for a while, for a purpose that the law names and on a letter that asks for it.

    Raises:
        NotFound, NotAllowed: it is no sealed case of their institution's.
    """
    case = await find_case(case_id, identity, Action.OPEN_SEAL, tx)
    seal = await tx.retention.seal(case.id)
    if seal is None:
        raise NotFound
    opened = replace(
        seal,
        purpose=purpose,
        reference=reference,
        opened_by=account_of(identity),
        opened_until=clock.now() + OPENED_FOR,
    )
    await tx.retention.put_seal(opened)
    await tx.cases.put_case(replace(case, sealed_at=None, version=case.version + 1))
    tx.record(SealOpened(**kept(case, identity.actor), purpose=purpose, reference=reference))


async def plan_erasure(case_id: CaseId, identity: Identity, tx: RetentionTx, clock: Clock) -> None:
    """Have the case be erased when the days are over in which anybody can take that back; again is well.

    Raises:
        NotFound, NotAllowed: it is none of their institution's closed cases.
        StageOpen, StillKept, OnHold: it has to be kept.
    """
    case = await find_case(case_id, identity, Action.ERASE_CASE, tx)
    await check_now(case, tx, clock)
    if await tx.retention.planned_erasure(case.id) is None:
        now = clock.now()
        await tx.retention.plan_erasure(
            PlannedErasure(
                case_id=case.id, planned_by=account_of(identity), planned_at=now, due_at=now + GRACE
            )
        )
        tx.record(ErasurePlanned(**kept(case, identity.actor)))


async def withdraw_erasure(case_id: CaseId, identity: Identity, tx: RetentionTx) -> None:
    """Have the case not be erased.

    Raises:
        NotFound, NotAllowed: it is none of their institution's closed cases.
        NotPlanned: it was not to be erased.
    """
    case = await find_case(case_id, identity, Action.ERASE_CASE, tx)
    if await tx.retention.planned_erasure(case.id) is None:
        raise NotPlanned
    await tx.retention.withdraw_erasure(case.id)
    tx.record(ErasureWithdrawn(**kept(case, identity.actor)))


async def check_now(case: Case, tx: RetentionTx, clock: Clock) -> None:
    """Pass if the case may be erased now; raises as `check_erasable`."""
    check_erasable(
        (case, *await tx.retention.later_stages(case.id)),
        await tx.retention.holds_of(case.id),
        await case_period(tx),
        local_date(clock.now()),
    )


async def lawyers_of(case: Case, tx: RetentionTx) -> list[str]:
    """Return the accounts of the lawyers whose case it is."""
    return sorted({each.account_id for each in await tx.cases.assignments_of(case.id) if each.open})
