"""The page on which those who work on a case write down what happened outside the platform."""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated

from aiohttp import web
from pydantic import Field

from server.cases.deadline_views import move_view
from server.cases.model import DelayParty
from server.cases.ports import CasesTx
from server.cases.service.extending import Extend, extend, withdraw_extensions
from server.cases.service.progress import (
    Progress,
    RecordDelay,
    RecordEvent,
    find_case_to_record,
    open_progress,
    record_delay,
    record_event,
    withdraw_event,
)
from server.cases.vocabulary import RECORDED, TRIGGERS
from server.cases.wording import DELAYS, DUTIES
from server.http.identity import identity_of
from server.http.pages import Pages, see_other
from server.http.parsing import Input, parse_form, read_form
from server.http.problems import STATUS, wants_page
from server.http.routing import Route
from server.kernel.clock import CHINA, Clock
from server.kernel.errors import N_, DomainError, InvalidInput
from server.kernel.identity import Identity
from server.kernel.ids import CaseId
from server.kernel.permissions import Action
from server.kernel.transaction import Units

_Key = Annotated[str, Field(max_length=60)]


class EventForm(Input):
    """What happened, and when in China."""

    key: _Key
    at: datetime
    again: bool = False


class WithdrawForm(Input):
    """What did not happen."""

    key: _Key


class ExtendForm(Input):
    """By how much a deadline was extended, and by which decision."""

    rule: _Key
    n: Annotated[int, Field(ge=1, le=99)]
    decision: Annotated[str, Field(min_length=1, max_length=100)]


class WithdrawExtensionsForm(Input):
    """Of which rule."""

    rule: _Key


class DelayForm(Input):
    """Who caused which duty to be late."""

    duty: _Key
    party: DelayParty


class ProgressHandlers:
    """Serves who works on a case."""

    def __init__(self, *, units: Units[CasesTx], clock: Clock, pages: Pages) -> None:
        """Keep what the page needs."""
        self._units = units
        self._clock = clock
        self._pages = pages

    def routes(self) -> tuple[Route, ...]:
        """Return the routes."""
        path, action = "/cases/{case_id}/progress", Action.RECORD_PROGRESS
        return (
            Route("GET", path, self.show, action),
            Route("POST", path, self.record, action),
            Route("POST", f"{path}/delay", self.record_delay, action),
            Route("POST", f"{path}/extend", self.extend, action),
            Route("POST", f"{path}/extend/withdraw", self.withdraw_extensions, action),
            Route("POST", f"{path}/withdraw", self.withdraw, action),
        )

    async def show(self, request: web.Request) -> web.Response:
        """Show what was written down, and the form for more."""
        return await self._page(request)

    async def record(self, request: web.Request) -> web.Response:
        """Write an event down and show the deadlines, or show the form again with what was wrong."""
        case_id, identity = await self._asked(request)
        try:
            form = await parse_form(request, EventForm)
            at = form.at if form.at.tzinfo else form.at.replace(tzinfo=CHINA)
            async with self._units.transaction() as tx:
                command = RecordEvent(case_id=case_id, key=form.key, at=at, again=form.again)
                await record_event(command, identity, tx, self._clock)
        except InvalidInput as error:
            if not wants_page(request):
                raise
            return await self._page(request, problem=error)
        return see_other(f"/cases/{case_id}#deadlines")

    async def record_delay(self, request: web.Request) -> web.Response:
        """Write down who caused a delay, and show what is recorded."""
        case_id, identity = await self._asked(request)
        form = await parse_form(request, DelayForm)
        async with self._units.transaction() as tx:
            command = RecordDelay(case_id=case_id, duty=form.duty, party=form.party)
            await record_delay(command, identity, tx, self._clock)
        return see_other(f"/cases/{case_id}/progress#delays")

    async def extend(self, request: web.Request) -> web.Response:
        """Write a decision down that makes a deadline later, or show what was wrong with it."""
        case_id, identity = await self._asked(request)
        try:
            form = await parse_form(request, ExtendForm)
            command = Extend(case_id=case_id, rule_id=form.rule, n=form.n, decision=form.decision)
            async with self._units.transaction() as tx:
                await extend(command, identity, tx, self._clock)
        except InvalidInput as error:
            if not wants_page(request):
                raise
            return await self._page(request, problem=error)
        return see_other(f"/cases/{case_id}/progress#extensions")

    async def withdraw_extensions(self, request: web.Request) -> web.Response:
        """Take a deadline's extensions back."""
        case_id, identity = await self._asked(request)
        form = await parse_form(request, WithdrawExtensionsForm)
        async with self._units.transaction() as tx:
            await withdraw_extensions(case_id, form.rule, identity, tx, self._clock)
        return see_other(f"/cases/{case_id}/progress#extensions")

    async def withdraw(self, request: web.Request) -> web.Response:
        """Withdraw an event and show what is left."""
        case_id, identity = await self._asked(request)
        form = await parse_form(request, WithdrawForm)
        async with self._units.transaction() as tx:
            await withdraw_event(case_id, form.key, identity, tx, self._clock)
        return see_other(f"/cases/{case_id}/progress")

    async def _asked(self, request: web.Request) -> tuple[CaseId, Identity]:
        """Ask for the permission before the form: what is wrong with it is told only to whom it concerns."""
        case_id, identity = _case_id(request), identity_of(request)
        async with self._units.reading() as tx:
            await find_case_to_record(case_id, identity, tx)
        return case_id, identity

    async def _page(self, request: web.Request, *, problem: DomainError | None = None) -> web.Response:
        async with self._units.reading() as tx:
            found = await open_progress(_case_id(request), identity_of(request), tx, self._clock)
        typed = {name: str(value) for name, value in (await read_form(request)).items()} if problem else {}
        return self._pages.render(
            request,
            "cases/progress.html",
            status=STATUS[problem.kind] if problem else 200,
            case_id=found.case.id,
            recipient=found.recipient.name if found.recipient else "",
            offence=found.case.offence,
            groups=tuple(_groups(found)),
            extendable=tuple((DUTIES[each.duty][0], each) for each in found.extendable),
            late=tuple((each.key, DUTIES[each.key][0], each.delayed_by) for each in found.late),
            parties=tuple((party, words) for party, (words, _) in DELAYS.items()),
            holding=tuple((TRIGGERS[held.key], held) for held in found.holding),
            moves=tuple(map(move_view, found.moves)),
            history=tuple(
                (TRIGGERS[fact.key], fact, found.names.get(fact.actor, "")) for fact in found.history
            ),
            typed=typed,
            problem=problem,
        )


def _groups(found: Progress) -> Iterator[tuple[str, tuple[tuple[str, str], ...]]]:
    """Yield what can be recorded now under its headings, what ends a running deadline first."""
    ending = tuple(key for keys in RECORDED.values() for key in keys if key in found.ending)
    groups = {N_("办结现在的期限"): ending}
    groups |= {name: tuple(key for key in keys if key in found.offered) for name, keys in RECORDED.items()}
    for name, keys in groups.items():
        if keys:
            yield name, tuple((key, TRIGGERS[key]) for key in keys)


def _case_id(request: web.Request) -> CaseId:
    return CaseId(request.match_info["case_id"])
