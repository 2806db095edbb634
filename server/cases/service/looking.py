"""Who looked at a case: each look is logged, and who works on the case can see them."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from server.audit.entry import Entry
from server.audit.search import Search
from server.cases.events import CaseViewed
from server.cases.model import Case, Party
from server.cases.ports import CaseLogTx
from server.cases.service.records import find_case
from server.kernel.clock import Clock, local_date
from server.kernel.events import Event
from server.kernel.identity import Identity, Role
from server.kernel.ids import CaseId
from server.kernel.permissions import Action
from server.kernel.transaction import Units
from server.people.directory import names_of

ONE_LOOK = timedelta(minutes=15)
"""A page that is open fetches itself again and again: within this time that is the same look."""
PAGE = 200
"""Entries of the log that one page sums up."""
_NOT_OF_THE_DEFENCE = frozenset(
    {
        "AlertEscalated",
        "AlertHandled",
        "AlertRaised",
        "AlertSettled",
        "AssignmentAccepted",
        "AssignmentDeclined",
        "AssignmentEnded",
        "AssignmentProposed",
        "BookingCancelled",
        "BookingConfirmed",
        "BookingRefused",
        "BookingRequested",
        "CaseErased",
        "CaseMoved",
        "CaseSealed",
        "CaseViewed",
        "CodeAccepted",
        "DeadlineExtended",
        "DelayRecorded",
        "ErasurePlanned",
        "ErasureWithdrawn",
        "ExtensionsWithdrawn",
        "FactRecorded",
        "FactWithdrawn",
        "HoldLifted",
        "HoldPlaced",
        "LogExported",
        "LogSearched",
        "MeetingHeld",
        "MeetingMissed",
        "MeetingMoved",
        "NoticeReceived",
        "SealOpened",
        "SlotHeld",
        "SlotReleased",
        "TerminalWiped",
    }
)
"""What the institution sees too; all else may tell how the defence works, and its lawyers alone see it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What somebody did with one record of a case on one day, once or several times in a row."""

    actor: str
    name: str
    """Empty if nobody knows any more who it was."""
    event: str
    subject: str
    first_at: datetime
    last_at: datetime
    times: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseLog:
    """A case's part of the log."""

    case: Case
    recipient: Party | None
    looks: tuple[Look, ...]
    """The newest first."""
    before: int | None
    """Number below which the earlier ones are; None if there are none."""


async def note_case_view(case: Case, identity: Identity, units: Units[CaseLogTx], clock: Clock) -> None:
    """Log that somebody looks at the case, unless they have been looking already."""
    await note_look(CaseViewed(actor=identity.actor, case_id=case.id), units, clock)


async def note_look(look: Event, units: Units[CaseLogTx], clock: Clock) -> None:
    """Log a look, unless the same person has been looking at the same already."""
    looking = Search(
        actors=frozenset({look.actor}),
        event=type(look).__name__,
        subject=look.subject,
        since=clock.now() - ONE_LOOK,
    )
    async with units.reading() as tx:
        is_known = await tx.log.newest(looking, before=None, limit=1)
    if not is_known:
        async with units.transaction() as tx:
            tx.record(look)


async def open_case_log(case_id: CaseId, identity: Identity, tx: CaseLogTx, *, before: int | None) -> CaseLog:
    """Return who did what in a case, to those who work on it.

    Raises:
        NotFound: it is none of theirs.
        NotAllowed: it is theirs, but not its log.
    """
    case = await find_case(case_id, identity, Action.SEE_CASE_LOG, tx)
    among = None if identity.role is Role.LAWYER else _NOT_OF_THE_DEFENCE
    entries = await tx.log.newest(Search(case_id=case.id, among=among), before=before, limit=PAGE + 1)
    shown = entries[:PAGE]
    names = await names_of(frozenset(entry.actor for entry in shown), tx)
    parties = await tx.cases.parties_of(case.id)
    return CaseLog(
        case=case,
        recipient=parties[0] if parties else None,
        looks=tuple(_looks(shown, names)),
        before=shown[-1].number if len(entries) > PAGE else None,
    )


def _looks(entries: Iterable[Entry], names: dict[str, str]) -> list[Look]:
    """Sum up entries, newest first, that follow each other and differ in nothing but their moment."""
    looks: list[Look] = []
    for entry in entries:
        look = Look(
            actor=entry.actor,
            name=names.get(entry.actor, ""),
            event=entry.event,
            subject=entry.subject,
            first_at=entry.at,
            last_at=entry.at,
            times=1,
        )
        if looks and _same(looks[-1], look):
            looks[-1] = replace(looks[-1], first_at=entry.at, times=looks[-1].times + 1)
        else:
            looks.append(look)
    return looks


def _same(later: Look, earlier: Look) -> bool:
    day = local_date(later.last_at), local_date(earlier.last_at)
    return day[0] == day[1] and (later.actor, later.event, later.subject) == (
        earlier.actor,
        earlier.event,
        earlier.subject,
    )
