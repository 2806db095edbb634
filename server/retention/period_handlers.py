"""The page of the periods for which records are kept, and of the impact assessments."""

from datetime import date
from typing import Annotated

from aiohttp import web
from pydantic import Field

from server.http.identity import identity_of
from server.http.pages import Pages, see_other
from server.http.parsing import Input, parse_form, read_form
from server.http.problems import status_of, wants_page
from server.http.routing import Route
from server.kernel.clock import Clock, local_date
from server.kernel.errors import DomainError
from server.kernel.permissions import Action
from server.kernel.transaction import Units
from server.retention.model import RecordKind
from server.retention.periods import LONGEST_MONTHS, with_longer
from server.retention.ports import RetentionTx
from server.retention.setting import RecordAssessment, record_assessment, set_period
from server.retention.wording import KINDS


class PeriodForm(Input):
    """For how many months cases are kept."""

    months: Annotated[int, Field(ge=1, le=LONGEST_MONTHS)]


class AssessmentForm(Input):
    """What was assessed, when, and with what result."""

    title: Annotated[str, Field(min_length=1, max_length=100)]
    concluded_on: date
    conclusion: Annotated[str, Field(min_length=1, max_length=4000)]


class PeriodHandlers:
    """Serves who runs, audits or keeps."""

    def __init__(self, *, units: Units[RetentionTx], clock: Clock, pages: Pages) -> None:
        """Keep what the page needs."""
        self._units = units
        self._clock = clock
        self._pages = pages

    def routes(self) -> tuple[Route, ...]:
        """Return the routes."""
        return (
            Route("GET", "/periods", self.show, Action.SEE_PERIODS),
            Route("POST", "/periods", self.set_period, Action.SET_PERIOD, proof=True),
            Route("POST", "/periods/assessments", self.record, Action.RECORD_ASSESSMENT),
        )

    async def show(self, request: web.Request) -> web.Response:
        """Show the periods and the assessments."""
        return await self._page(request)

    async def set_period(self, request: web.Request) -> web.Response:
        """Keep cases for longer, or show the page again with what was wrong."""
        try:
            form = await parse_form(request, PeriodForm)
            async with self._units.transaction() as tx:
                await set_period(RecordKind.CASE, form.months, identity_of(request), tx)
        except DomainError as error:
            if not wants_page(request):
                raise
            return await self._page(request, problem=error)
        return see_other("/periods")

    async def record(self, request: web.Request) -> web.Response:
        """Write an assessment down, or show the page again with what was wrong."""
        try:
            form = await parse_form(request, AssessmentForm)
            command = RecordAssessment(
                title=form.title, concluded_on=form.concluded_on, conclusion=form.conclusion
            )
            async with self._units.transaction() as tx:
                await record_assessment(command, identity_of(request), tx, self._clock)
        except DomainError as error:
            if not wants_page(request):
                raise
            return await self._page(request, problem=error)
        return see_other("/periods#assessments")

    async def _page(self, request: web.Request, *, problem: DomainError | None = None) -> web.Response:
        async with self._units.reading() as tx:
            periods = with_longer(await tx.retention.longer_periods())
            assessments = await tx.retention.assessments()
            accounts = await tx.people.accounts(frozenset(each.recorded_by for each in assessments))
        typed = {name: str(value) for name, value in (await read_form(request)).items()} if problem else {}
        return self._pages.render(
            request,
            "retention/periods.html",
            status=status_of(problem),
            periods=tuple((*KINDS[kind], period) for kind, period in periods.items()),
            case_period=periods[RecordKind.CASE],
            longest=LONGEST_MONTHS,
            assessments=assessments,
            names={account.id: account.name for account in accounts.values()},
            today=local_date(self._clock.now()),
            typed=typed,
            problem=problem,
        )
