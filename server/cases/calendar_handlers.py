"""The calendar's page: a year drawn day by day, the form that corrects it, and how days are counted."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated

from aiohttp import web
from pydantic import Field

from server.cases.deadlines.calendar import DayKind
from server.cases.deadlines.choices import Question
from server.cases.ports import CasesTx
from server.cases.service.calendar import (
    FIRST_YEAR,
    LAST_YEAR,
    KnownCalendar,
    SetDays,
    Setting,
    open_calendar,
    set_days,
)
from server.cases.service.choosing import choose, open_choices
from server.cases.wording import QUESTIONS
from server.http.identity import identity_of
from server.http.pages import Pages, see_other
from server.http.parsing import Input, parse_form, parse_query, read_form
from server.http.problems import STATUS
from server.http.routing import Route
from server.kernel.clock import Clock, local_date
from server.kernel.errors import DomainError
from server.kernel.permissions import Action
from server.kernel.transaction import Units

_MONTHS = range(1, 13)
_WEEK = 7


class CalendarQuery(Input):
    """Which year is shown, and which day was chosen."""

    year: Annotated[int, Field(ge=FIRST_YEAR, le=LAST_YEAR)] | None = None
    day: date | None = None


class DaysForm(Input):
    """Days to set; without a last one it is one day."""

    first: date
    last: date | None = None
    setting: Setting
    name: Annotated[str, Field(max_length=40)] = ""


class ChoiceForm(Input):
    """What is decided of which question."""

    question: Question
    answer: Annotated[str, Field(max_length=40)]


@dataclass(frozen=True, slots=True, kw_only=True)
class DayCell:
    """A day of the drawn year."""

    day: date
    kind: DayKind
    name: str
    provisional: bool
    entered: bool


Week = tuple[DayCell | None, ...]
"""Monday to Sunday; None beside the month."""


class CalendarHandlers:
    """Serves the operator."""

    def __init__(self, *, units: Units[CasesTx], clock: Clock, pages: Pages) -> None:
        """Keep what the page needs."""
        self._units = units
        self._clock = clock
        self._pages = pages

    def routes(self) -> tuple[Route, ...]:
        """Return the routes."""
        return (
            Route("GET", "/calendar", self.show, Action.EDIT_CALENDAR),
            Route("POST", "/calendar", self.set_days, Action.EDIT_CALENDAR),
            Route("POST", "/calendar/counting", self.choose, Action.EDIT_CALENDAR),
        )

    async def show(self, request: web.Request) -> web.Response:
        """Show a year."""
        query = parse_query(request, CalendarQuery)
        chosen = {} if query.day is None else {"first": query.day.isoformat()}
        year = query.year or (query.day.year if query.day else None)
        return await self._page(request, year, typed=chosen)

    async def set_days(self, request: web.Request) -> web.Response:
        """Set days and show their year, or show the form again with what was wrong."""
        try:
            form = await parse_form(request, DaysForm)
            command = SetDays(
                first=form.first, last=form.last or form.first, setting=form.setting, name=form.name
            )
            async with self._units.transaction() as tx:
                await set_days(command, identity_of(request), tx)
        except DomainError as error:
            typed = {name: str(value) for name, value in (await read_form(request)).items()}
            return await self._page(request, None, typed=typed, problem=error)
        return see_other(f"/calendar?year={form.first.year}")

    async def choose(self, request: web.Request) -> web.Response:
        """Decide how something is counted, or show what was wrong."""
        try:
            form = await parse_form(request, ChoiceForm)
            async with self._units.transaction() as tx:
                await choose(form.question, form.answer, identity_of(request), tx, self._clock)
        except DomainError as error:
            return await self._page(request, None, typed={}, problem=error)
        return see_other("/calendar#counting")

    async def _page(
        self,
        request: web.Request,
        year: int | None,
        *,
        typed: dict[str, str],
        problem: DomainError | None = None,
    ) -> web.Response:
        today = local_date(self._clock.now())
        shown = min(max(year or today.year, FIRST_YEAR), LAST_YEAR)
        async with self._units.reading() as tx:
            known = await open_calendar(identity_of(request), tx)
            decided = await open_choices(identity_of(request), tx)
        return self._pages.render(
            request,
            "cases/calendar.html",
            status=STATUS[problem.kind] if problem else 200,
            year=shown,
            years=range(max(shown - 1, FIRST_YEAR), min(shown + 1, LAST_YEAR) + 1),
            months=[(date(shown, month, 1), tuple(weeks(known, shown, month))) for month in _MONTHS],
            today=today,
            covered=known.calendar.covers(shown),
            questions=tuple(
                (question, words, tuple(answers.items()), decided.choices.answer(question))
                for question, (words, answers) in QUESTIONS.items()
            ),
            decisions=tuple(
                (QUESTIONS[each.question][0], QUESTIONS[each.question][1][each.answer], each.chosen_at, name)
                for each in decided.history
                for name in (decided.names.get(each.actor, ""),)
            ),
            typed=typed,
            problem=problem,
        )


def weeks(known: KnownCalendar, year: int, month: int) -> Iterator[Week]:
    """Yield a month's weeks."""
    first = date(year, month, 1)
    monday = first - timedelta(days=first.weekday())
    while monday <= first or monday.month == month:
        days = (monday + timedelta(days=offset) for offset in range(_WEEK))
        yield tuple(_cell(known, day) if day.month == month else None for day in days)
        monday += timedelta(days=_WEEK)


def _cell(known: KnownCalendar, on: date) -> DayCell:
    day = known.calendar.day(on)
    return DayCell(
        day=on,
        kind=day.kind,
        name=day.name,
        provisional=day.provisional,
        entered=on in known.entered,
    )
