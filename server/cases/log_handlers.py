"""The page of who looked at a case."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from aiohttp import web
from pydantic import Field

from server.audit.wording import event_words
from server.cases.ports import CaseLogTx
from server.cases.service.looking import Look, open_case_log
from server.http.identity import identity_of
from server.http.pages import Pages
from server.http.parsing import Input, parse_query
from server.http.routing import Route
from server.kernel.ids import CaseId
from server.kernel.permissions import Action
from server.kernel.transaction import Units


class LogQuery(Input):
    """Where to go on."""

    before: Annotated[int, Field(ge=1, le=1 << 62)] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LookView:
    """A line of the page."""

    name: str
    role: str
    words: str
    """Message id of what was done."""
    first_at: datetime
    last_at: datetime
    times: int


class CaseLogHandlers:
    """Serves who works on a case."""

    def __init__(self, *, units: Units[CaseLogTx], pages: Pages) -> None:
        """Keep what the page needs."""
        self._units = units
        self._pages = pages

    def routes(self) -> tuple[Route, ...]:
        """Return the routes."""
        return (Route("GET", "/cases/{case_id}/log", self.show, Action.SEE_CASE_LOG),)

    async def show(self, request: web.Request) -> web.Response:
        """Show who looked at a case and who did what in it."""
        case_id = CaseId(request.match_info["case_id"])
        query = parse_query(request, LogQuery)
        async with self._units.reading() as tx:
            found = await open_case_log(case_id, identity_of(request), tx, before=query.before)
        return self._pages.render(
            request,
            "cases/log.html",
            case_id=case_id,
            recipient=found.recipient.name if found.recipient else "",
            offence=found.case.offence,
            looks=tuple(map(_view, found.looks)),
            older_href=f"/cases/{case_id}/log?before={found.before}" if found.before else None,
        )


def _view(look: Look) -> LookView:
    return LookView(
        name=look.name,
        role=look.actor.partition(":")[0],
        words=event_words(look.event),
        first_at=look.first_at,
        last_at=look.last_at,
        times=look.times,
    )
