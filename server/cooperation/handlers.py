"""The coordinator's board: cases by their clocks, lawyers with their reasons, a proposal by one press."""

from typing import Annotated

from aiohttp import web
from pydantic import Field

from server.cases.model import AssignmentKind
from server.cases.service.looking import note_case_view, note_look
from server.cooperation.events import BoardViewed
from server.cooperation.ports import CooperationTx
from server.cooperation.service import ProposeAssignment, find_case_to_assign, open_board, propose
from server.cooperation.views import board_context
from server.http.identity import identity_of
from server.http.pace import Pace
from server.http.pages import Pages, see_other
from server.http.parsing import Input, parse_form
from server.http.problems import STATUS, wants_page
from server.http.routing import Route
from server.kernel.clock import Clock
from server.kernel.errors import DomainError, Kind
from server.kernel.ids import AccountId, CaseId
from server.kernel.permissions import Action
from server.kernel.transaction import Units


class ProposeForm(Input):
    """Whom the coordinator asks, as what, and why."""

    lawyer_id: Annotated[str, Field(max_length=40)]
    kind: AssignmentKind = AssignmentKind.LEAD
    note: Annotated[str, Field(max_length=500)] = ""
    version: int


class CooperationHandlers:
    """Serves the coordinator's pages."""

    def __init__(self, *, units: Units[CooperationTx], clock: Clock, pages: Pages) -> None:
        """Keep what the pages need."""
        self._units = units
        self._clock = clock
        self._pages = pages

    def routes(self) -> tuple[Route, ...]:
        """Return the routes."""
        return (
            Route("GET", "/cooperation", self.board, Action.COORDINATE, pace=Pace.COSTLY),
            Route("POST", "/cooperation/cases/{case_id}/assign", self.propose, Action.PROPOSE_ASSIGNMENT),
        )

    async def board(self, request: web.Request) -> web.Response:
        """Show the board, with the case in `?case=` weighed, else the one that runs out first."""
        asked = request.query.get("case")
        return await self._board(request, CaseId(asked) if asked else None, problem=None)

    async def propose(self, request: web.Request) -> web.Response:
        """Ask the lawyer, or show the board again with what stands in the way."""
        case_id = CaseId(request.match_info["case_id"])
        async with self._units.reading() as tx:
            await find_case_to_assign(case_id, identity_of(request), tx)
        try:
            form = await parse_form(request, ProposeForm)
            command = ProposeAssignment(
                case_id=case_id,
                account_id=AccountId(form.lawyer_id),
                kind=form.kind,
                note=form.note,
                version=form.version,
            )
            async with self._units.transaction() as tx:
                await propose(command, identity_of(request), tx, self._clock)
        except DomainError as error:
            if error.kind not in {Kind.INVALID, Kind.CONFLICT, Kind.STALE} or not wants_page(request):
                raise
            return await self._board(request, case_id, problem=error)
        return see_other("/cooperation")

    async def _board(
        self, request: web.Request, case_id: CaseId | None, *, problem: DomainError | None
    ) -> web.Response:
        identity = identity_of(request)
        async with self._units.reading() as tx:
            board = await open_board(case_id, identity, tx, self._clock)
        area = BoardViewed(actor=identity.actor, area_id=identity.organisation_id or "")
        await note_look(area, self._units, self._clock)
        if board.weighing is not None:
            await note_case_view(board.weighing.case, identity, self._units, self._clock)
        return self._pages.render(
            request,
            "cooperation/board.html",
            status=STATUS[problem.kind] if problem else 200,
            problem=problem,
            **board_context(board, now=self._clock.now(), account_id=identity.account_id),
        )
