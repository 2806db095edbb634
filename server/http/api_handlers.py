"""The interface's document for programs, and the same as a page for those who write them."""

from collections.abc import Sequence

from aiohttp import web

from server.http.i18n import Catalogue, locale_of
from server.http.openapi import Webhook, document
from server.http.pages import Pages
from server.http.routing import ROUTES, Route
from server.kernel.permissions import Action


class ApiHandlers:
    """Serves the document."""

    def __init__(self, *, webhooks: Sequence[Webhook], pages: Pages, catalogue: Catalogue) -> None:
        """Keep what the document is made of, beside the routes."""
        self._webhooks = webhooks
        self._pages = pages
        self._catalogue = catalogue

    def routes(self) -> tuple[Route, ...]:
        """Return the routes."""
        return (
            Route("GET", "/api", self.page, Action.VISIT),
            Route("GET", "/api/openapi.json", self.document, Action.VISIT),
        )

    async def document(self, request: web.Request) -> web.Response:
        """Tell what programs can ask for."""
        return web.json_response(self._document(request), headers={"Vary": "Accept-Language"})

    async def page(self, request: web.Request) -> web.Response:
        """Show the same to people."""
        return self._pages.render(request, "api/reference.html", document=self._document(request))

    def _document(self, request: web.Request) -> dict[str, object]:
        locale = locale_of(request)
        routes: tuple[Route, ...] = request.app[ROUTES]
        return document(routes, self._webhooks, lambda message: self._catalogue.gettext(locale, message))
