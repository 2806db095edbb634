"""What the booking page shows, in the words of its template."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from server.kernel.clock import local_date
from server.kernel.errors import N_, DomainError
from server.kernel.identity import Identity
from server.kernel.ids import AccountId, BookingId, TerminalId
from server.scheduling.ledger import Alternative, Search
from server.scheduling.model import (
    ARRANGE_WITHIN,
    BOOK_AHEAD,
    LENGTHS,
    REASONS,
    Booking,
    BookingStatus,
    Hold,
    Purpose,
    ResourceKind,
    Slot,
    resource,
)
from server.scheduling.ports import SlotsTx
from server.scheduling.service.records import CaseAtFacility, people_of
from server.scheduling.week import Asking, CellState, draw_week, span_of

_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What the reader asked to see, and what became of the slot that they chose."""

    monday: date
    length: timedelta
    now: datetime
    returned: BookingId | None = None
    """A booking that the facility refused."""
    colleagues: frozenset[AccountId] = frozenset()
    problem: DomainError | None = None
    wanted: datetime | None = None
    """The start that was just refused."""
    offered: tuple[Alternative, ...] = ()


async def booking_page(
    found: CaseAtFacility, identity: Identity, shown: Shown, tx: SlotsTx
) -> dict[str, object]:
    """Return what the booking page shows."""
    now, span = shown.now, span_of(shown.monday)
    facility = await tx.people.organisation(found.facility_id)
    terminals = {each.id: each.name for each in await tx.people.terminals_of(found.facility_id)}
    account_id = AccountId(identity.account_id or "")
    hold = next(
        (
            each
            for each in await tx.slots.holds_of(account_id)
            if each.case_id == found.case.id and each.expires_at > now
        ),
        None,
    )
    people = people_of(found, account_id, shown.colleagues, None)
    practice = await tx.slots.practice(found.facility_id)
    resources = [resource(ResourceKind.TERMINAL, each) for each in terminals]
    resources += people.resources()
    within = Slot(span.starts_at, span.ends_at + practice.turnaround)
    search = Search(
        practice=practice,
        terminals=tuple(terminals),
        people=people,
        busy=await tx.slots.busy(resources, within, now=now),
    )
    returned = await _returned(shown, found, tx)
    arrange_by = now + ARRANGE_WITHIN if returned is None else returned.arrange_by
    asking = Asking(
        search=search,
        tentative=await tx.slots.tentative(resources, within, now=now),
        length=shown.length,
        now=now,
        arrange_by=arrange_by,
        hold=hold,
        marked=_marked(shown, returned),
    )
    week = draw_week(shown.monday, asking)
    colleagues = await _colleagues(found, account_id, tx)
    with_ids = shown.colleagues if hold is None else frozenset(hold.lawyer_ids)
    here = f"/cases/{found.case.id}/book"
    place = f"/holds/{hold.id}" if hold is not None else ""
    return {
        "case": {
            "id": found.case.id,
            "number": found.case.number,
            "recipient": found.client.name,
            "offence": found.case.offence,
        },
        "facility": facility,
        "choose": here,
        "submit": f"{place}/submit",
        "release": f"{place}/release",
        "week": {
            "first": week.days[0].date,
            "last": week.days[-1].date,
            "earlier": _page(here, shown, -7) if shown.monday > local_date(now) else None,
            "later": _page(here, shown, 7) if span.ends_at <= now + BOOK_AHEAD else None,
        },
        "days": week.days,
        "rows": week.rows,
        "minutes": shown.length // _MINUTE,
        "lengths": [length // _MINUTE for length in LENGTHS],
        "colleagues": colleagues,
        "with_ids": with_ids,
        "purpose": Purpose.FIRST_MEETING,
        "arrange_by": arrange_by,
        "held": None if hold is None else _held(hold, terminals),
        "returned": await _banner(returned, tx, now),
        "problem": shown.problem,
        "offered": [(each.slot.starts_at, terminals[each.terminal_id]) for each in shown.offered],
    }


def _page(here: str, shown: Shown, days: int) -> str:
    week = shown.monday + timedelta(days=days)
    return f"{here}?week={week}&minutes={shown.length // _MINUTE}"


async def _returned(shown: Shown, found: CaseAtFacility, tx: SlotsTx) -> Booking | None:
    """Return the refused booking that the page is asked to show, if it is one of this case."""
    booking = None if shown.returned is None else await tx.slots.booking(shown.returned)
    if booking is None or booking.case_id != found.case.id:
        return None
    return booking if booking.status is BookingStatus.CANCELLED else None


def _marked(shown: Shown, returned: Booking | None) -> dict[datetime, CellState]:
    marked = {each.slot.starts_at: CellState.ALTERNATIVE for each in shown.offered}
    if shown.wanted is not None:
        marked[shown.wanted] = CellState.TAKEN
    if returned is not None:
        marked |= dict.fromkeys(returned.alternatives, CellState.ALTERNATIVE)
        marked[returned.starts_at] = CellState.REFUSED
    return marked


async def _colleagues(
    found: CaseAtFacility, account_id: AccountId, tx: SlotsTx
) -> list[tuple[AccountId, str, str]]:
    others = {each.account_id: each.kind for each in found.assignments if each.account_id != account_id}
    accounts = await tx.people.accounts(frozenset(others))
    return [(each.id, each.name, each.title) for each in accounts.values() if each.id in others]


def _held(hold: Hold, terminals: Mapping[TerminalId, str]) -> dict[str, object]:
    return {
        "starts_at": hold.starts_at,
        "ends_at": hold.ends_at,
        "terminal": terminals[hold.terminal_id],
        "until": hold.expires_at,
        "checks": (
            ("ok", N_("您和参加人的日程不冲突"), ""),
            ("ok", N_("终端在这个时段空闲"), ""),
            ("wait", N_("看守所确认"), N_("须在 48 小时内安排")),
        ),
    }


async def _banner(returned: Booking | None, tx: SlotsTx, now: datetime) -> dict[str, object] | None:
    """Return what stands above the week: the refusal by the facility, with what it offered."""
    if returned is None or returned.reason is None or returned.decided_by is None:
        return None
    officer = await tx.people.account(returned.decided_by)
    return {
        "starts_at": returned.starts_at,
        "code": returned.reason.value,
        "reason": REASONS[returned.reason],
        "text": returned.reason_text,
        "by": officer.name if officer is not None else "",
        "at": returned.decided_at,
        "arrange_by": returned.arrange_by,
        "alternatives": [(each, "") for each in returned.alternatives if each > now],
    }
