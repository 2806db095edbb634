"""The pages of cases: a lawyer's desk, the lists of institutions and agencies, a case, a proposal."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Generic, TypeVar

from aiohttp import web
from pydantic import Field

from server.cases.deadline_views import DeadlineView, deadline_view, standing_view
from server.cases.deadlines.engine import ClockState
from server.cases.model import Assignment, Case, CaseStatus, DeclineReason, EndReason
from server.cases.ports import CaseLogTx
from server.cases.service.assigning import (
    AcceptAssignment,
    DeclineAssignment,
    EndAssignment,
    accept,
    decline,
    end,
    find_assignment,
)
from server.cases.service.looking import note_case_view
from server.cases.service.pages import (
    CaseList,
    Desk,
    Offer,
    list_cases,
    may_watch_case,
    open_case,
    open_desk,
    open_offer,
)
from server.cases.service.records import find_case
from server.cases.service.steps import RecordStep, StepNotOpen, record_step
from server.cases.views import (
    CaseRow,
    assignment_view,
    case_row,
    case_view,
    events_for_agency,
    events_of,
    may_in,
    next_clock,
    people_view,
    stages_of,
    steps_view,
)
from server.cases.wording import DECLINE_REASONS, END_REASONS, KINDS
from server.http.identity import identity_of
from server.http.pages import Pages, see_other
from server.http.parsing import Input, parse_form
from server.http.problems import STATUS, wants_page
from server.http.routing import Route
from server.kernel.clock import Clock
from server.kernel.errors import DomainError, InvalidInput
from server.kernel.identity import Identity, Role
from server.kernel.ids import AssignmentId, CaseId
from server.kernel.permissions import Action
from server.kernel.transaction import Units

_URGENT = 6
"""How many deadlines a desk shows."""

CasePanel = Callable[[Case, Identity], Awaitable[Sequence[object]]]
"""What another feature shows on a case's page, as its template expects it."""
DeskPanel = Callable[[Identity], Awaitable[Sequence[object]]]
"""What another feature shows on a lawyer's desk."""

TxT = TypeVar("TxT", bound=CaseLogTx)
Ended = Callable[[Assignment, Identity, TxT, Clock], Awaitable[None]]
"""What other features do in the same transaction when an assignment has ended."""


async def no_case_panel(_case: Case, _identity: Identity) -> Sequence[object]:
    """Show nothing."""
    return ()


async def no_desk_panel(_identity: Identity) -> Sequence[object]:
    """Show nothing."""
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Panels:
    """What the composition puts on the pages from other features."""

    dossiers: CasePanel = no_case_panel
    meetings: CasePanel = no_case_panel
    agenda: DeskPanel = no_desk_panel


class AcceptForm(Input):
    """The proposal as the lawyer saw it."""

    version: int


class DeclineForm(Input):
    """Why the lawyer can't take it."""

    version: int
    reason: DeclineReason
    note: Annotated[str, Field(max_length=500)] = ""


class EndForm(Input):
    """Why it ends."""

    version: int
    reason: EndReason


class StepForm(Input):
    """What was done, and on which day."""

    duty: Annotated[str, Field(max_length=40)]
    done_on: date


class CaseHandlers(Generic[TxT]):
    """Serves the pages of cases."""

    def __init__(
        self,
        *,
        units: Units[TxT],
        clock: Clock,
        pages: Pages,
        panels: Panels | None = None,
        ended: Ended[TxT],
    ) -> None:
        """Keep what the pages need."""
        self._units = units
        self._clock = clock
        self._pages = pages
        self._panels = panels or Panels()
        self._ended = ended

    def routes(self) -> tuple[Route, ...]:
        """Return the routes."""
        return (
            Route("GET", "/cases", self.list, Action.LIST_CASES),
            Route("GET", "/cases/{case_id}", self.show, Action.VIEW_CASE),
            Route("POST", "/cases/{case_id}/steps", self.record_step, Action.RECORD_STEP),
            Route("GET", "/assignments/{assignment_id}", self.show_offer, Action.ANSWER_ASSIGNMENT),
            Route("POST", "/assignments/{assignment_id}/accept", self.accept, Action.ANSWER_ASSIGNMENT),
            Route("POST", "/assignments/{assignment_id}/decline", self.decline, Action.ANSWER_ASSIGNMENT),
            Route("POST", "/assignments/{assignment_id}/end", self.end, Action.END_ASSIGNMENT),
        )

    async def list(self, request: web.Request) -> web.Response:
        """Show a lawyer their desk, an institution or an agency its cases."""
        identity = identity_of(request)
        if identity.role is Role.LAWYER:
            async with self._units.reading() as tx:
                desk = await open_desk(identity, tx, self._clock)
            agenda = await self._panels.agenda(identity)
            return self._pages.render(request, "home/lawyer.html", **_desk_context(desk, agenda))
        async with self._units.reading() as tx:
            found = await list_cases(identity, tx, self._clock)
        return self._pages.render(request, "cases/list.html", **_list_context(found))

    async def show(self, request: web.Request) -> web.Response:
        """Show one case."""
        return await self._case_page(request, problem=None)

    async def record_step(self, request: web.Request) -> web.Response:
        """Note that a duty is done, or show the case again with what was wrong."""
        case_id, identity = CaseId(request.match_info["case_id"]), identity_of(request)
        async with self._units.reading() as tx:
            await find_case(case_id, identity, Action.RECORD_STEP, tx)
        try:
            form = await parse_form(request, StepForm)
            command = RecordStep(case_id=case_id, duty=form.duty, done_on=form.done_on)
            async with self._units.transaction() as tx:
                await record_step(command, identity, tx, self._clock)
        except (InvalidInput, StepNotOpen) as error:
            if not wants_page(request):
                raise
            return await self._case_page(request, problem=error)
        return see_other(f"/cases/{case_id}#deadlines")

    async def _case_page(self, request: web.Request, *, problem: DomainError | None) -> web.Response:
        identity = identity_of(request)
        case_id = CaseId(request.match_info["case_id"])
        async with self._units.reading() as tx:
            page = await open_case(case_id, identity, tx, self._clock)
        await note_case_view(page.case, identity, self._units, self._clock)
        may = may_in(page.case, identity.role)
        lawyer = identity.role is Role.LAWYER
        officer = identity.role is Role.LEGAL_AID_OFFICER
        return self._pages.render(
            request,
            "cases/case.html",
            status=STATUS[problem.kind] if problem else 200,
            problem=problem,
            steps=steps_view(page.clocks, self._clock.now()) if "tell" in may else (),
            case=case_view(page.case, page.recipient, page.organisations),
            stages=stages_of(page.case),
            act_line=None,
            people=people_view(page.parties, page.defenders, page.assignments if officer else ()),
            deadlines=tuple(deadline_view(clock) for clock in page.clocks),
            standing=standing_view(page.case.stage, page.facts) if lawyer or officer else (),
            dossiers=await self._panels.dossiers(page.case, identity) if "read" in may else (),
            meetings=await self._panels.meetings(page.case, identity) if "meetings" in may else (),
            assignment=assignment_view(
                (each for each in page.assignments if each.open and (officer or lawyer)), page.accounts
            ),
            events=events_of(page.case, page.facts, page.assignments, page.accounts)
            if lawyer or officer
            else events_for_agency(page.case, page.assignments, page.accounts),
            may=may,
            end_reasons=tuple(END_REASONS.items()),
        )

    async def show_offer(self, request: web.Request) -> web.Response:
        """Show a proposal; one that is accepted already leads to its case."""
        async with self._units.reading() as tx:
            offer = await open_offer(_assignment_id(request), identity_of(request), tx, self._clock)
        if offer.assignment.open:
            return see_other(f"/cases/{offer.assignment.case_id}")
        await note_case_view(offer.page.case, identity_of(request), self._units, self._clock)
        return self._offer_page(request, offer, problem=None)

    async def accept(self, request: web.Request) -> web.Response:
        """Take the case and go to it."""
        await self._check(request, Action.ANSWER_ASSIGNMENT)
        form = await parse_form(request, AcceptForm)
        command = AcceptAssignment(assignment_id=_assignment_id(request), version=form.version)
        async with self._units.transaction() as tx:
            accepted = await accept(command, identity_of(request), tx, self._clock)
        return see_other(f"/cases/{accepted.case_id}")

    async def decline(self, request: web.Request) -> web.Response:
        """Decline and go back to the desk, or show the form again with what was wrong."""
        await self._check(request, Action.ANSWER_ASSIGNMENT)
        identity = identity_of(request)
        try:
            form = await parse_form(request, DeclineForm)
            command = DeclineAssignment(
                assignment_id=_assignment_id(request),
                version=form.version,
                reason=form.reason,
                note=form.note,
            )
            async with self._units.transaction() as tx:
                await decline(command, identity, tx, self._clock)
        except DomainError as error:
            if not error.fields:
                raise
            async with self._units.reading() as tx:
                offer = await open_offer(_assignment_id(request), identity, tx, self._clock)
            return self._offer_page(request, offer, problem=error)
        return see_other("/cases")

    async def end(self, request: web.Request) -> web.Response:
        """End an assignment and go back to where one's work begins."""
        await self._check(request, Action.END_ASSIGNMENT)
        form = await parse_form(request, EndForm)
        command = EndAssignment(
            assignment_id=_assignment_id(request), version=form.version, reason=form.reason
        )
        identity = identity_of(request)
        async with self._units.transaction() as tx:
            ended = await end(command, identity, tx, self._clock)
            await self._ended(ended, identity, tx, self._clock)
        coordinator = identity.role is Role.COORDINATOR
        return see_other("/cooperation" if coordinator else f"/cases/{ended.case_id}")

    async def may_watch(self, identity: Identity, case_id: str) -> bool:
        """Tell the live pages whether an identity may hear of a case."""
        async with self._units.reading() as tx:
            return await may_watch_case(identity, CaseId(case_id), tx)

    async def _check(self, request: web.Request, action: Action) -> None:
        """Ask for the permission before the form: what is wrong with it is told only to whom it concerns."""
        async with self._units.reading() as tx:
            await find_assignment(_assignment_id(request), identity_of(request), action, tx)

    def _offer_page(self, request: web.Request, offer: Offer, *, problem: DomainError | None) -> web.Response:
        page = offer.page
        return self._pages.render(
            request,
            "cases/offer.html",
            status=STATUS[problem.kind] if problem else 200,
            case=case_view(page.case, page.recipient, page.organisations),
            stages=stages_of(page.case),
            kind=KINDS[offer.assignment.kind],
            offer=offer.assignment,
            deadlines=tuple(deadline_view(clock) for clock in page.clocks if clock.running),
            assignment=assignment_view((offer.assignment,), page.accounts),
            reasons=tuple(DECLINE_REASONS.items()),
            problem=problem,
        )


def _assignment_id(request: web.Request) -> AssignmentId:
    return AssignmentId(request.match_info["assignment_id"])


def _rows(found: CaseList) -> tuple[CaseRow, ...]:
    return tuple(
        case_row(
            case,
            found.clocks[case.id],
            recipient=found.recipients.get(case.id),
            agency=found.organisations.get(case.agency_id),
            lawyer=found.leads.get(case.id, ""),
        )
        for case in found.cases
    )


def _list_context(found: CaseList) -> dict[str, Any]:
    rows = _rows(found)
    waiting = {CaseStatus.NOTICED, CaseStatus.ACCEPTED, CaseStatus.REPLACED}
    return {
        "cases": rows,
        "counts": {
            "all": len(rows),
            "unassigned": sum(1 for case in found.cases if case.status in waiting),
            "overdue": sum(1 for row in rows if row.state == "overdue"),
        },
    }


def _desk_context(desk: Desk, agenda: Sequence[object]) -> dict[str, Any]:
    rows = _rows(desk.own)
    deadlines = _pressing(desk.own)
    states = [clock.state for clocks in desk.own.clocks.values() for clock in clocks if clock.running]
    return {
        "counts": {
            "meetings": len(agenda),
            "overdue": states.count(ClockState.OVERDUE),
            "due_soon": states.count(ClockState.DUE_SOON),
            "cases": len(rows),
        },
        "act_line": None,
        "offers": tuple(
            {
                "href": f"/assignments/{assignment.id}",
                "offence": case.offence,
                "kind": KINDS[assignment.kind],
                "since": assignment.proposed_at,
                "clock": clock and deadline_view(clock),
            }
            for assignment, case, clocks in desk.offers
            for clock in (next_clock(clocks),)
        ),
        "deadlines": deadlines,
        "cases": rows,
        "agenda": agenda,
    }


def _pressing(found: CaseList) -> tuple[DeadlineView, ...]:
    running = sorted(
        (
            (clock.deadline.due_at, case.id, clock)
            for case in found.cases
            for clock in found.clocks[case.id]
            if clock.running
        ),
        key=lambda each: each[:2],
    )
    cases = {case.id: case for case in found.cases}
    return tuple(
        deadline_view(clock, subject=_subject(found, cases[case_id]))
        for _, case_id, clock in running[:_URGENT]
    )


def _subject(found: CaseList, case: Case) -> str:
    recipient = found.recipients.get(case.id)
    return f"{recipient.name}，{case.offence}" if recipient else case.offence
