"""The page of one's own feed, and the feed itself."""

from collections.abc import Sequence

from aiohttp import web

from server.alerts.feeds import feed_of, make_feed, reader_of, revoke_feed
from server.alerts.ports import Agenda, AlertsTx
from server.http.i18n import Catalogue, locale_of
from server.http.identity import identity_of
from server.http.pages import Pages, see_other
from server.http.routing import Route
from server.kernel.clock import Clock
from server.kernel.permissions import Action
from server.kernel.transaction import Units


class FeedHandlers:
    """Serves feeds to calendar programs, and their making and revoking to people."""

    def __init__(  # noqa: PLR0913 - the composition names each
        self,
        *,
        units: Units[AlertsTx],
        agendas: Sequence[Agenda],
        clock: Clock,
        pages: Pages,
        catalogue: Catalogue,
        secure: bool,
    ) -> None:
        """Keep what is needed; `secure` tells whether the platform is reached by HTTPS."""
        self._units = units
        self._agendas = tuple(agendas)
        self._clock = clock
        self._pages = pages
        self._catalogue = catalogue
        self._scheme = "https" if secure else "http"

    def routes(self) -> tuple[Route, ...]:
        """Return the routes; the feed itself is for whoever has its token."""
        return (
            Route("GET", "/account/feed", self.show, Action.USE_FEED),
            Route("POST", "/account/feed", self.make, Action.USE_FEED, proof=True),
            Route("POST", "/account/feed/revoke", self.revoke, Action.USE_FEED),
            Route("GET", "/feeds/{token}", self.read, Action.VISIT),
        )

    async def show(self, request: web.Request) -> web.Response:
        """Show whether one has a feed."""
        return await self._page(request, shown="")

    async def make(self, request: web.Request) -> web.Response:
        """Make a feed and show its address, once."""
        async with self._units.transaction() as tx:
            token = await make_feed(identity_of(request), tx, self._clock)
        return await self._page(request, shown=f"{self._address(request)}/feeds/{token}")

    async def revoke(self, request: web.Request) -> web.Response:
        """Take the feed away."""
        async with self._units.transaction() as tx:
            await revoke_feed(identity_of(request), tx)
        return see_other("/account/feed")

    async def read(self, request: web.Request) -> web.Response:
        """Send the reminders of whose token it is."""
        from server.alerts.calendar_file import calendar_file  # noqa: PLC0415 - the start need not load it

        async with self._units.reading() as tx:
            reader = await reader_of(request.match_info["token"], tx)
        reminders = [each for agenda in self._agendas for each in await agenda(reader)]
        locale = locale_of(request)
        body = calendar_file(
            reminders,
            now=self._clock.now(),
            address=self._address(request),
            say=lambda words: self._catalogue.gettext(locale, words),
        )
        return web.Response(
            body=body,
            content_type="text/calendar",
            charset="utf-8",
            headers={"Cache-Control": "private, no-store"},
        )

    async def _page(self, request: web.Request, *, shown: str) -> web.Response:
        async with self._units.reading() as tx:
            feed = await feed_of(identity_of(request), tx)
        return self._pages.render(request, "alerts/feed.html", feed=feed, shown=shown)

    def _address(self, request: web.Request) -> str:
        return f"{self._scheme}://{request.host}"
