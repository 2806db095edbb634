"""The facility's duty desk: what waits for an answer, the terminals' day, the codes, the silent view."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated

from aiohttp import web
from pydantic import AwareDatetime, Field

from server.http.identity import identity_of
from server.http.pages import Pages, see_other
from server.http.parsing import Input, parse, parse_form, read_form
from server.http.problems import status_of
from server.http.routing import Route
from server.kernel.clock import Clock, local_date
from server.kernel.errors import DomainError, NotFound
from server.kernel.identity import Identity
from server.kernel.ids import AccountId, BookingId, CaseId, MeetingId, OrganisationId, TerminalId
from server.kernel.permissions import Action, Relation, require
from server.kernel.transaction import Units
from server.people.model import Account, Terminal
from server.rooms.model import Meeting, MeetingStatus, Visit
from server.rooms.ports import RoomsTx
from server.rooms.service import answer_call, approve_booking
from server.scheduling.model import (
    FACILITY_REASONS,
    PENDING,
    REASONS,
    Booking,
    BookingStatus,
    FacilityPractice,
    ReasonCode,
    Slot,
)
from server.scheduling.service.deciding import Refuse, refuse
from server.scheduling.service.records import find_booking
from server.scheduling.service.searching import alternatives_to

AHEAD = timedelta(days=14)
"""How far ahead the desk shows what waits for an answer."""
_SHOWN = frozenset(
    {BookingStatus.REQUESTED, BookingStatus.TENTATIVE, BookingStatus.CONFIRMED, BookingStatus.HELD}
)


class ApproveForm(Input):
    """Which state of the booking is approved."""

    version: Annotated[int, Field(ge=1)]


class RefuseForm(Input):
    """Why a booking is refused, and what is offered instead."""

    version: Annotated[int, Field(ge=1)]
    reason: ReasonCode
    text: Annotated[str, Field(max_length=200)] = ""
    alternatives: Annotated[tuple[AwareDatetime, ...], Field(max_length=10)] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Facts:
    """What the desk's parts are made of."""

    now: datetime
    bookings: tuple[Booking, ...]
    meetings: Mapping[MeetingId, Meeting]
    terminals: tuple[Terminal, ...]
    visits: Mapping[TerminalId, Visit]
    names: Mapping[CaseId, str]
    accounts: Mapping[AccountId, Account]
    practice: FacilityPractice

    def lawyers(self, booking: Booking) -> str:
        """Return the names of the booking's lawyers."""
        found = (self.accounts.get(account_id) for account_id in booking.lawyer_ids)
        return "、".join(account.name for account in found if account is not None)

    def terminal(self, terminal_id: TerminalId) -> str:
        """Return a terminal's name."""
        return next((each.name for each in self.terminals if each.id == terminal_id), "")

    def status(self, booking: Booking) -> str:
        """Return the booking's status, or that its meeting goes on."""
        meeting = self.meetings.get(MeetingId(booking.id))
        live = meeting is not None and meeting.status in _LIVE
        return "in_session" if live else booking.status.value

    def today(self) -> list[Booking]:
        """Return the bookings that stand or stood and are work of this day in China."""
        today = Slot.day(local_date(self.now))
        return [
            each for each in self.bookings if each.slot.joinable.overlaps(today) and each.status in _SHOWN
        ]


_LIVE = frozenset({MeetingStatus.IN_SESSION, MeetingStatus.INTERRUPTED})


class DeskHandlers:
    """Serves the duty desk."""

    def __init__(self, *, units: Units[RoomsTx], clock: Clock, pages: Pages) -> None:
        """Keep what the pages need."""
        self._units = units
        self._clock = clock
        self._pages = pages

    def routes(self) -> tuple[Route, ...]:
        """Return the routes."""
        return (
            Route("GET", "/desk", self.show, Action.SEE_DESK),
            Route("POST", "/desk/terminals/{terminal_id}/answer", self.answer, Action.ANSWER_CALL),
            Route("POST", "/bookings/{booking_id}/confirm", self.confirm, Action.DECIDE_BOOKING),
            Route("POST", "/bookings/{booking_id}/return", self.refuse, Action.DECIDE_BOOKING),
        )

    async def show(self, request: web.Request) -> web.Response:
        """Show the desk."""
        return await self._desk(request)

    async def answer(self, request: web.Request) -> web.Response:
        """Take a terminal's call."""
        async with self._units.transaction() as tx:
            await answer_call(TerminalId(request.match_info["terminal_id"]), identity_of(request), tx)
        return see_other("/desk")

    async def confirm(self, request: web.Request) -> web.Response:
        """Approve a booking."""
        booking_id = await self._own(request)
        form = await parse_form(request, ApproveForm)
        try:
            async with self._units.transaction() as tx:
                await approve_booking(booking_id, form.version, identity_of(request), tx, self._clock)
        except DomainError as problem:
            return await self._desk(request, problem=problem, problem_for=booking_id)
        return see_other("/desk")

    async def refuse(self, request: web.Request) -> web.Response:
        """Refuse a booking, or show the form again with what is missing."""
        booking_id = await self._own(request)
        posted = await read_form(request)
        single = {name: value for name, value in posted.items() if name != "alternatives" and value}
        try:
            form = parse(RefuseForm, single | {"alternatives": tuple(posted.getall("alternatives", []))})
            command = Refuse(
                booking_id=booking_id,
                version=form.version,
                reason=form.reason,
                text=form.text,
                alternatives=frozenset(each.astimezone(UTC) for each in form.alternatives),
            )
            async with self._units.transaction() as tx:
                await refuse(command, identity_of(request), tx, self._clock)
        except DomainError as problem:
            return await self._desk(request, problem=problem, problem_for=booking_id)
        return see_other("/desk")

    async def _own(self, request: web.Request) -> BookingId:
        """Return the id of a booking that the officer may decide; raises as `find_booking`."""
        booking_id = BookingId(request.match_info["booking_id"])
        async with self._units.reading() as tx:
            await find_booking(booking_id, identity_of(request), Action.DECIDE_BOOKING, tx)
        return booking_id

    async def _desk(
        self,
        request: web.Request,
        *,
        problem: DomainError | None = None,
        problem_for: BookingId | None = None,
    ) -> web.Response:
        identity = identity_of(request)
        require(identity.role, Action.SEE_DESK, Relation.NO_RECORD)
        async with self._units.reading() as tx:
            facts = await self._facts(identity, tx)
            facility = await tx.people.organisation(facts.practice.facility_id)
            pending = [
                await self._pending(each, facts, tx) for each in facts.bookings if each.status in PENDING
            ]
        pending.sort(key=lambda each: str(each["arrange_by"]))
        today = facts.today()
        return self._pages.render(
            request,
            "rooms/desk.html",
            status=status_of(problem),
            facility=facility,
            counts={
                "today": len(today),
                "in_session": sum(facts.status(each) == "in_session" for each in today),
                "pending": len(pending),
            },
            act_line=_act_line(facts),
            terminals=[_lane(each, today, facts) for each in facts.terminals],
            meetings=list(_meetings(today, facts)),
            pending=pending,
            reasons=[(code.value, REASONS[code]) for code in FACILITY_REASONS],
            watching=list(_tiles(today, facts)) if facts.practice.guard_viewing else None,
            log=(),
            problem=problem,
            problem_for=problem_for,
        )

    async def _facts(self, identity: Identity, tx: RoomsTx) -> _Facts:
        if identity.organisation_id is None:
            raise NotFound
        facility_id, now = OrganisationId(identity.organisation_id), self._clock.now()
        midnight = Slot.day(local_date(now)).starts_at
        bookings = await tx.slots.bookings_of_facility(facility_id, Slot(midnight, midnight + AHEAD))
        terminals = await tx.people.terminals_of(facility_id)
        visits = {each.id: await tx.rooms.visit(each.id) for each in terminals}
        recipients = await tx.cases.recipients_of(frozenset(each.case_id for each in bookings))
        lawyers = frozenset(lawyer_id for each in bookings for lawyer_id in each.lawyer_ids)
        return _Facts(
            now=now,
            bookings=bookings,
            meetings=await tx.rooms.meetings(frozenset(MeetingId(each.id) for each in bookings)),
            terminals=terminals,
            visits={terminal_id: visit for terminal_id, visit in visits.items() if visit is not None},
            names={case_id: party.name for case_id, party in recipients.items()},
            accounts=await tx.people.accounts(lawyers),
            practice=await tx.slots.practice(facility_id),
        )

    async def _pending(self, booking: Booking, facts: _Facts, tx: RoomsTx) -> dict[str, object]:
        free = await alternatives_to(booking, tx, facts.now)
        return {
            "id": booking.id,
            "version": booking.version,
            "recipient": facts.names.get(booking.case_id, ""),
            "lawyers": facts.lawyers(booking),
            "starts_at": booking.starts_at,
            "ends_at": booking.ends_at,
            "terminal": facts.terminal(booking.terminal_id),
            "arrange_by": booking.arrange_by,
            "late": facts.now > booking.arrange_by,
            "note": "",
            "alternatives": [
                (each.slot.starts_at.isoformat(), each.slot.starts_at, facts.terminal(each.terminal_id))
                for each in free
            ],
        }


def _act_line(facts: _Facts) -> dict[str, object] | None:
    """Return what the officer must do first: answer a call, else bring a recipient to the terminal."""
    for terminal in facts.terminals:
        visit = facts.visits.get(terminal.id)
        if visit is not None and visit.called_at is not None:
            return {
                "kind": "call",
                "terminal": terminal.name,
                "recipient": "",
                "at": visit.called_at,
                "action": f"/desk/terminals/{terminal.id}/answer",
            }
    for meeting in sorted(facts.meetings.values(), key=lambda each: each.starts_at):
        visit = facts.visits.get(meeting.terminal_id)
        if meeting.is_joinable(facts.now) and (visit is None or visit.meeting_id != meeting.id):
            return {
                "kind": "bring",
                "terminal": facts.terminal(meeting.terminal_id),
                "recipient": meeting.recipient_name,
                "at": meeting.starts_at,
                "action": None,
            }
    return None


def _lane(terminal: Terminal, today: Iterable[Booking], facts: _Facts) -> dict[str, object]:
    return {
        "name": terminal.name,
        "state": "unpaired" if terminal.paired_at is None else "ok",
        "note": "",
        "bookings": [
            {
                "recipient": facts.names.get(each.case_id, ""),
                "lawyers": facts.lawyers(each),
                "starts_at": each.starts_at,
                "ends_at": each.ends_at,
                "status": facts.status(each),
            }
            for each in today
            if each.terminal_id == terminal.id
        ],
    }


def _meetings(today: Iterable[Booking], facts: _Facts) -> Iterable[dict[str, object]]:
    for booking in today:
        meeting = facts.meetings.get(MeetingId(booking.id))
        if meeting is not None:
            yield {
                "starts_at": meeting.starts_at,
                "ends_at": meeting.ends_at,
                "terminal": facts.terminal(meeting.terminal_id),
                "recipient": meeting.recipient_name,
                "lawyers": facts.lawyers(booking),
                "code": meeting.code if facts.now < meeting.ends_at else "",
                "status": facts.status(booking),
            }


def _tiles(today: Iterable[Booking], facts: _Facts) -> Iterable[dict[str, object]]:
    for booking in today:
        meeting = facts.meetings.get(MeetingId(booking.id))
        if meeting is not None and meeting.is_joinable(facts.now):
            yield {
                "terminal": facts.terminal(meeting.terminal_id),
                "recipient": meeting.recipient_name,
                "meeting_id": meeting.id,
                "state": "in_session" if meeting.status in _LIVE else "waiting",
            }
