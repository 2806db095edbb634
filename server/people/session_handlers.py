"""The page on which people see where they are signed in, and end what should not be."""

from aiohttp import web

from server.http.identity import identity_of
from server.http.pages import Pages, see_other
from server.http.routing import Route
from server.kernel.clock import Clock
from server.kernel.ids import SessionId
from server.kernel.permissions import Action
from server.kernel.transaction import Units
from server.people.own_sessions import end_other_sessions, end_own_session, own_sessions
from server.people.ports import PeopleTx

_SESSIONS = "/account/sessions"


class SessionHandlers:
    """Serves everybody who has an account."""

    def __init__(self, *, units: Units[PeopleTx], clock: Clock, pages: Pages) -> None:
        """Keep what the page needs."""
        self._units = units
        self._clock = clock
        self._pages = pages

    def routes(self) -> tuple[Route, ...]:
        """Return the routes."""
        keep = Action.KEEP_CREDENTIALS
        return (
            Route("GET", _SESSIONS, self.sessions, keep),
            Route("POST", f"{_SESSIONS}/end-others", self.end_others, keep, proof=True),
            Route("POST", f"{_SESSIONS}/{{session_id}}/end", self.end, keep, proof=True),
        )

    async def sessions(self, request: web.Request) -> web.Response:
        """Show where one is signed in."""
        identity = identity_of(request)
        async with self._units.reading() as tx:
            sessions = await own_sessions(identity, tx, self._clock.now())
        return self._pages.render(request, "people/sessions.html", sessions=sessions)

    async def end(self, request: web.Request) -> web.Response:
        """End one of one's sessions."""
        session_id = SessionId(request.match_info["session_id"])
        async with self._units.transaction() as tx:
            await end_own_session(session_id, identity_of(request), tx, self._clock.now())
        return see_other(_SESSIONS)

    async def end_others(self, request: web.Request) -> web.Response:
        """End all but the one that asks."""
        async with self._units.transaction() as tx:
            await end_other_sessions(identity_of(request), tx, self._clock.now())
        return see_other(_SESSIONS)
