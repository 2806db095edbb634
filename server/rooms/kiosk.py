"""The terminal in the facility: one question a screen, from the meeting code to the wiped screen."""

from typing import Annotated

from aiohttp import web
from pydantic import Field

from server.http.identity import identity_of
from server.http.pace import Pace
from server.http.pages import Pages, see_other
from server.http.parsing import Input, parse_form
from server.http.problems import status_of
from server.http.routing import Route
from server.kernel.clock import Clock
from server.kernel.errors import DomainError, NotFound
from server.kernel.identity import Identity
from server.kernel.permissions import Action
from server.kernel.transaction import Units
from server.people.model import Terminal
from server.rooms.handlers import meeting_shown
from server.rooms.hub import Hub
from server.rooms.model import Meeting, MeetingStatus, ParticipantKind, ParticipantStatus, Visit
from server.rooms.ports import RoomsTx
from server.rooms.service import agree, enter_code, summon_officer, wipe

_INSIDE = frozenset({ParticipantStatus.ADMITTED, ParticipantStatus.DISCONNECTED})


class CodeForm(Input):
    """What was typed; blanks between digits don't matter."""

    code: Annotated[str, Field(max_length=12)]


class KioskHandlers:
    """Serves the terminal."""

    def __init__(self, *, units: Units[RoomsTx], clock: Clock, pages: Pages, hub: Hub) -> None:
        """Keep what the pages need."""
        self._units = units
        self._clock = clock
        self._pages = pages
        self._hub = hub

    def routes(self) -> tuple[Route, ...]:
        """Return the routes."""
        return (
            Route("GET", "/kiosk", self.show, Action.USE_KIOSK),
            Route("GET", "/kiosk/cleared", self.show_cleared, Action.USE_KIOSK),
            Route("POST", "/kiosk/code", self.enter, Action.USE_KIOSK, pace=Pace.GUESS),
            Route("POST", "/kiosk/agree", self.agree, Action.USE_KIOSK),
            Route("POST", "/kiosk/help", self.call, Action.USE_KIOSK),
            Route("POST", "/kiosk/clear", self.clear, Action.USE_KIOSK),
        )

    async def show(self, request: web.Request) -> web.Response:
        """Show the screen that is next."""
        return await self._screen(request)

    async def show_cleared(self, request: web.Request) -> web.Response:
        """Show that everything was wiped; if it was not, what is next."""
        return await self._screen(request, cleared=True)

    async def enter(self, request: web.Request) -> web.Response:
        """Take the code, or show the form again with what was wrong."""
        try:
            form = await parse_form(request, CodeForm)
            code = "".join(form.code.split())
            await enter_code(code, identity_of(request), self._units, self._clock)
        except DomainError as problem:
            return await self._screen(request, problem=problem)
        return see_other("/kiosk")

    async def agree(self, request: web.Request) -> web.Response:
        """Note that the notice was heard; go to the waiting room."""
        async with self._units.transaction() as tx:
            await agree(identity_of(request), tx)
        return see_other("/kiosk")

    async def call(self, request: web.Request) -> web.Response:
        """Call the officer on duty."""
        identity = identity_of(request)
        async with self._units.transaction() as tx:
            await summon_officer(await _terminal(identity, tx), identity.actor, tx, self._clock)
        return see_other("/kiosk")

    async def clear(self, request: web.Request) -> web.Response:
        """Wipe the screen."""
        async with self._units.transaction() as tx:
            await wipe(identity_of(request), tx)
        return see_other("/kiosk/cleared")

    async def _screen(
        self, request: web.Request, *, problem: DomainError | None = None, cleared: bool = False
    ) -> web.Response:
        identity = identity_of(request)
        async with self._units.reading() as tx:
            terminal = await _terminal(identity, tx)
            facility = await tx.people.organisation(terminal.facility_id)
            visit = await tx.rooms.visit(terminal.id)
            meeting = None if visit is None else await tx.rooms.meeting(visit.meeting_id)
            shown = None if meeting is None else await self._meeting(meeting, tx)
        state = "cleared" if cleared else "code"
        if visit is not None and meeting is not None:
            state = self._state(visit, meeting, terminal)
        return self._pages.render(
            request,
            "rooms/kiosk.html",
            status=status_of(problem),
            facility="" if facility is None else facility.name,
            terminal=terminal.name,
            state=state,
            problem=problem,
            meeting=shown,
            enter="/kiosk/code",
            agree="/kiosk/agree",
            clear="/kiosk/clear",
            help="/kiosk/help",
        )

    def _state(self, visit: Visit, meeting: Meeting, terminal: Terminal) -> str:
        if meeting.status is MeetingStatus.CLOSED or self._clock.now() >= meeting.ends_at:
            return "ended"
        if not visit.agreed:
            return "notice"
        inside = self._hub.status_of_terminal(meeting.id, terminal.id) in _INSIDE
        return "meeting" if inside else "waiting"

    async def _meeting(self, meeting: Meeting, tx: RoomsTx) -> dict[str, object]:
        places = await tx.rooms.participants_of(meeting.id)
        lawyers = [place.name for place in places if place.kind is ParticipantKind.LAWYER]
        return await meeting_shown(meeting, tx) | {"lawyers": "、".join(lawyers)}


async def _terminal(identity: Identity, tx: RoomsTx) -> Terminal:
    terminal = None if identity.terminal_id is None else await tx.people.terminal(identity.terminal_id)
    if terminal is None:
        raise NotFound
    return terminal
