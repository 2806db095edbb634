"""The pages of booking: the week, the check, sending it off, and the lawyer's own meetings."""

from datetime import date, datetime, time, timedelta
from typing import Annotated

from aiohttp import web
from pydantic import AwareDatetime, Field

from server.http.identity import identity_of
from server.http.pages import Pages, see_other
from server.http.parsing import Input, parse, parse_form, parse_query, read_form
from server.http.problems import STATUS
from server.http.routing import Route
from server.kernel.clock import CHINA, Clock, local_date
from server.kernel.ids import AccountId, BookingId, CaseId
from server.kernel.permissions import Action
from server.kernel.transaction import Units
from server.scheduling.model import (
    LAWYER_REASONS,
    REASONS,
    Purpose,
)
from server.scheduling.policy import SlotTaken
from server.scheduling.ports import SlotsTx
from server.scheduling.service.holding import hold_slot, release_hold, submit
from server.scheduling.service.records import case_to_book, find_booking, find_hold_or_booking, meetings_of
from server.scheduling.service.searching import HoldSlot, alternatives_for
from server.scheduling.views import Shown, booking_page
from server.scheduling.week import monday_of

_MINUTE = timedelta(minutes=1)
_DEFAULT_MINUTES = 60
_FIRST_DAY, _LAST_DAY = date(2000, 1, 1), date(2100, 1, 1)
"""Beyond them no week is shown; the arithmetic of days ends a little farther out."""


class WeekQuery(Input):
    """Which week to show, for what length, and which refused booking to show beside it."""

    week: Annotated[date, Field(ge=_FIRST_DAY, le=_LAST_DAY)] | None = None
    minutes: Annotated[int, Field(ge=5, le=240)] = _DEFAULT_MINUTES
    returned: Annotated[str, Field(max_length=26)] | None = None


class HoldForm(Input):
    """A slot to hold."""

    starts_at: Annotated[AwareDatetime, Field(lt=datetime.combine(_LAST_DAY, time(), tzinfo=CHINA))]
    minutes: Annotated[int, Field(ge=5, le=240)] = _DEFAULT_MINUTES
    colleagues: Annotated[tuple[str, ...], Field(max_length=10)] = ()


class SubmitForm(Input):
    """Why the meeting is asked for."""

    purpose: Purpose


class BookingHandlers:
    """Serves the pages of booking."""

    def __init__(self, *, units: Units[SlotsTx], clock: Clock, pages: Pages) -> None:
        """Keep what the pages need."""
        self._units = units
        self._clock = clock
        self._pages = pages

    def routes(self) -> tuple[Route, ...]:
        """Return the routes."""
        return (
            Route("GET", "/meetings", self.list_meetings, Action.LIST_MEETINGS),
            Route("GET", "/cases/{case_id}/book", self.show_week, Action.BOOK_MEETING),
            Route("POST", "/cases/{case_id}/book", self.hold, Action.BOOK_MEETING),
            Route("POST", "/holds/{hold_id}/release", self.release, Action.BOOK_MEETING),
            Route("POST", "/holds/{hold_id}/submit", self.submit, Action.BOOK_MEETING),
            Route("GET", "/bookings/{booking_id}", self.show, Action.SEE_BOOKING),
        )

    async def list_meetings(self, request: web.Request) -> web.Response:
        """Show the lawyer's bookings: what is to come first, then what is past."""
        async with self._units.reading() as tx:
            found = await meetings_of(identity_of(request), tx)
        now = self._clock.now()
        return self._pages.render(
            request,
            "scheduling/meetings.html",
            cancel=[(code.value, REASONS[code]) for code in LAWYER_REASONS],
            coming=[each for each in found if each.booking.ends_at > now],
            past=[each for each in reversed(found) if each.booking.ends_at <= now],
            reasons=REASONS,
        )

    async def show_week(self, request: web.Request) -> web.Response:
        """Show a week of slots."""
        query = parse_query(request, WeekQuery)
        now = self._clock.now()
        returned = None if query.returned is None else BookingId(query.returned)
        shown = Shown(
            monday=monday_of(query.week or local_date(now)),
            length=query.minutes * _MINUTE,
            returned=returned,
            now=now,
        )
        return await self._week(request, shown)

    async def hold(self, request: web.Request) -> web.Response:
        """Hold the chosen slot for ten minutes; what was refused is shown beside the free ones."""
        identity, case_id = identity_of(request), CaseId(request.match_info["case_id"])
        async with self._units.reading() as tx:
            await case_to_book(case_id, identity, tx)
        posted = await read_form(request)
        form = parse(
            HoldForm,
            {name: value for name, value in posted.items() if name != "with"}
            | {"colleagues": tuple(str(each) for each in posted.getall("with", []))},
        )
        colleagues = frozenset(AccountId(each) for each in form.colleagues)
        command = HoldSlot(
            case_id=case_id,
            starts_at=form.starts_at,
            length=form.minutes * _MINUTE,
            colleagues=colleagues,
        )
        try:
            async with self._units.transaction() as tx:
                hold = await hold_slot(command, identity, tx, self._clock)
        except SlotTaken as taken:
            async with self._units.reading() as tx:
                offered = await alternatives_for(command, identity, tx, self._clock)
            shown = Shown(
                monday=monday_of(local_date(form.starts_at)),
                length=command.length,
                colleagues=colleagues,
                problem=taken,
                wanted=form.starts_at,
                offered=offered,
                now=self._clock.now(),
            )
            return await self._week(request, shown)
        week = local_date(hold.starts_at).isoformat()
        return see_other(f"{request.path}?week={week}&minutes={form.minutes}#check")

    async def release(self, request: web.Request) -> web.Response:
        """Give the held slot back and choose again."""
        async with self._units.transaction() as tx:
            hold = await release_hold(_hold_id(request), identity_of(request), tx)
        return see_other(f"/cases/{hold.case_id}/book")

    async def submit(self, request: web.Request) -> web.Response:
        """Ask the facility."""
        hold_id, identity = _hold_id(request), identity_of(request)
        async with self._units.reading() as tx:
            await find_hold_or_booking(hold_id, identity, tx)
        form = await parse_form(request, SubmitForm)
        async with self._units.transaction() as tx:
            await submit(hold_id, form.purpose, identity, tx, self._clock)
        return see_other("/meetings")

    async def show(self, request: web.Request) -> web.Response:
        """Go to where the booking can be dealt with: the week it was refused in, or the list."""
        async with self._units.reading() as tx:
            booking = await find_booking(_booking_id(request), identity_of(request), Action.SEE_BOOKING, tx)
        if identity_of(request).account_id in booking.lawyer_ids and booking.reason is not None:
            minutes = booking.slot.length // _MINUTE
            week = local_date(booking.starts_at).isoformat()
            return see_other(
                f"/cases/{booking.case_id}/book?week={week}&minutes={minutes}&returned={booking.id}"
            )
        return see_other("/")

    async def _week(self, request: web.Request, shown: Shown) -> web.Response:
        identity, case_id = identity_of(request), CaseId(request.match_info["case_id"])
        async with self._units.reading() as tx:
            found = await case_to_book(case_id, identity, tx)
            context = await booking_page(found, identity, shown, tx)
        status = 200 if shown.problem is None else STATUS[shown.problem.kind]
        return self._pages.render(request, "scheduling/book.html", status=status, **context)


def _booking_id(request: web.Request) -> BookingId:
    return BookingId(request.match_info["booking_id"])


def _hold_id(request: web.Request) -> BookingId:
    return BookingId(request.match_info["hold_id"])
