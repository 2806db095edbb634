"""The pages on which an institution ends its cases, keeps them, and lets go of them."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Generic, TypeVar

from aiohttp import web
from pydantic import Field

from server.cases.lifecycle import CaseStep
from server.cases.service.records import find_case
from server.cases.wording import STATUSES
from server.http.identity import identity_of
from server.http.pages import Pages, see_other
from server.http.parsing import Input, parse_form, parse_query, read_form
from server.http.problems import status_of, wants_page
from server.http.routing import Route
from server.kernel.clock import Clock, local_date
from server.kernel.errors import DomainError, Kind
from server.kernel.identity import Identity
from server.kernel.ids import CaseId, HoldId
from server.kernel.permissions import Action
from server.kernel.transaction import Units
from server.retention.closing import EndCase, Freed, end_case
from server.retention.keeping import (
    lift_hold,
    open_kept_case,
    open_seal,
    open_shelf,
    place_hold,
    plan_erasure,
    seal_case,
    withdraw_erasure,
)
from server.retention.model import HoldReason, Purpose, SealGround, Shelf
from server.retention.policy import GRACE, OPENED_FOR
from server.retention.ports import RetentionTx
from server.retention.wording import ENDS, GROUNDS, PURPOSES, REASONS, SHELVES

TxT = TypeVar("TxT", bound=RetentionTx)
_Reference = Annotated[str, Field(max_length=100)]


class ShelfQuery(Input):
    """Which closed cases, and behind which one."""

    shelf: Shelf = Shelf.EXPIRED
    after: Annotated[str, Field(max_length=26)] = ""


class EndForm(Input):
    """How the case ends, as somebody saw it."""

    version: int
    step: CaseStep


class HoldForm(Input):
    """Why the case is kept."""

    reason: HoldReason
    reference: _Reference = ""


class SealForm(Input):
    """Why the records are sealed."""

    ground: SealGround


class OpenForm(Input):
    """For what they are opened, and on which letter."""

    purpose: Purpose
    reference: Annotated[str, Field(min_length=1, max_length=100)]


class KeptCaseHandlers(Generic[TxT]):
    """Serves the officers of an institution."""

    def __init__(self, *, units: Units[TxT], clock: Clock, pages: Pages, freed: Freed[TxT]) -> None:
        """Keep what the pages need; `freed` frees what the lawyers of a case that is over had claimed."""
        self._units = units
        self._clock = clock
        self._pages = pages
        self._freed = freed

    def routes(self) -> tuple[Route, ...]:
        """Return the routes."""
        path = "/cases/{case_id}/retention"
        keep, erase = Action.KEEP_CASE, Action.ERASE_CASE
        return (
            Route("GET", "/kept-cases", self.list, Action.LIST_KEPT_CASES),
            Route("GET", path, self.show, keep),
            Route("POST", f"{path}/end", self.end, Action.CLOSE_CASE),
            Route("POST", f"{path}/holds", self.hold, keep),
            Route("POST", f"{path}/holds/{{hold_id}}/lift", self.lift, keep, proof=True),
            Route("POST", f"{path}/seal", self.seal, Action.SEAL_CASE, proof=True),
            Route("POST", f"{path}/seal/open", self.open, Action.OPEN_SEAL, proof=True),
            Route("POST", f"{path}/erasure", self.plan, erase, proof=True),
            Route("POST", f"{path}/erasure/withdraw", self.withdraw, erase),
        )

    async def list(self, request: web.Request) -> web.Response:
        """Show closed cases, a shelf at a time."""
        asked = parse_query(request, ShelfQuery)
        async with self._units.reading() as tx:
            found = await open_shelf(
                asked.shelf,
                CaseId(asked.after) if asked.after else None,
                identity_of(request),
                tx,
                self._clock,
            )
        return self._pages.render(
            request,
            "retention/shelf.html",
            found=found,
            shelves=tuple(SHELVES.items()),
            statuses=STATUSES,
            grace_days=GRACE.days,
        )

    async def show(self, request: web.Request) -> web.Response:
        """Show what a case is kept for."""
        return await self._page(request)

    async def end(self, request: web.Request) -> web.Response:
        """End legal aid in the case."""

        async def act(case_id: CaseId, identity: Identity, tx: TxT) -> None:
            form = await parse_form(request, EndForm)
            command = EndCase(case_id=case_id, version=form.version, step=form.step)
            await end_case(command, identity, tx, self._clock, self._freed)

        return await self._do(request, Action.CLOSE_CASE, act)

    async def hold(self, request: web.Request) -> web.Response:
        """Keep the case whatever its time."""

        async def act(case_id: CaseId, identity: Identity, tx: TxT) -> None:
            form = await parse_form(request, HoldForm)
            await place_hold(case_id, form.reason, form.reference, identity, tx, self._clock)

        return await self._do(request, Action.KEEP_CASE, act)

    async def lift(self, request: web.Request) -> web.Response:
        """End a hold."""

        async def act(case_id: CaseId, identity: Identity, tx: TxT) -> None:
            await lift_hold(case_id, HoldId(request.match_info["hold_id"]), identity, tx, self._clock)

        return await self._do(request, Action.KEEP_CASE, act)

    async def seal(self, request: web.Request) -> web.Response:
        """Seal the case's records."""

        async def act(case_id: CaseId, identity: Identity, tx: TxT) -> None:
            form = await parse_form(request, SealForm)
            await seal_case(case_id, form.ground, identity, tx, self._clock)

        return await self._do(request, Action.SEAL_CASE, act)

    async def open(self, request: web.Request) -> web.Response:
        """Open sealed records for a while."""

        async def act(case_id: CaseId, identity: Identity, tx: TxT) -> None:
            form = await parse_form(request, OpenForm)
            await open_seal(case_id, form.purpose, form.reference, identity, tx, self._clock)

        return await self._do(request, Action.OPEN_SEAL, act)

    async def plan(self, request: web.Request) -> web.Response:
        """Have the case be erased, a while from now."""

        async def act(case_id: CaseId, identity: Identity, tx: TxT) -> None:
            await plan_erasure(case_id, identity, tx, self._clock)

        return await self._do(request, Action.ERASE_CASE, act)

    async def withdraw(self, request: web.Request) -> web.Response:
        """Have it not be erased."""

        async def act(case_id: CaseId, identity: Identity, tx: TxT) -> None:
            await withdraw_erasure(case_id, identity, tx)

        return await self._do(request, Action.ERASE_CASE, act)

    async def _do(
        self, request: web.Request, action: Action, act: Callable[[CaseId, Identity, TxT], Awaitable[None]]
    ) -> web.Response:
        """Ask for the permission before the form, then act; what is refused is shown on the page."""
        case_id, identity = _case_id(request), identity_of(request)
        async with self._units.reading() as tx:
            await find_case(case_id, identity, action, tx)
        try:
            async with self._units.transaction() as tx:
                await act(case_id, identity, tx)
        except DomainError as error:
            if not wants_page(request) or error.kind in _ELSEWHERE:
                raise
            return await self._page(request, problem=error)
        return see_other(f"/cases/{case_id}/retention")

    async def _page(self, request: web.Request, *, problem: DomainError | None = None) -> web.Response:
        identity = identity_of(request)
        async with self._units.reading() as tx:
            found = await open_kept_case(_case_id(request), identity, tx)
            placed = {hold.placed_by for hold in found.holds}
            accounts = await tx.people.accounts(frozenset(placed))
        typed = {name: str(value) for name, value in (await read_form(request)).items()} if problem else {}
        return self._pages.render(
            request,
            "retention/case.html",
            status=status_of(problem),
            found=found,
            case_id=found.case.id,
            is_over=found.until is not None and local_date(self._clock.now()) >= found.until,
            words=STATUSES[found.case.status],
            ends=tuple((step, *ENDS[step]) for step in found.ends),
            names={account.id: account.name for account in accounts.values()},
            reasons=tuple(REASONS.items()),
            grounds=tuple(GROUNDS.items()),
            purposes=tuple(PURPOSES.items()),
            grace_days=GRACE.days,
            opened_days=OPENED_FOR.days,
            typed=typed,
            problem=problem,
        )


_ELSEWHERE = frozenset({Kind.NOT_FOUND, Kind.FORBIDDEN, Kind.UNAUTHENTICATED})
"""Refusals that tell nothing on a page that is not theirs."""


def _case_id(request: web.Request) -> CaseId:
    return CaseId(request.match_info["case_id"])
