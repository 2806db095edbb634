"""The page of the keys of agencies' systems."""

from ipaddress import ip_network
from typing import Annotated

from aiohttp import web
from multidict import MultiDictProxy
from pydantic import AfterValidator, Field

from server.http.identity import identity_of
from server.http.pages import Pages, see_other
from server.http.parsing import Input, parse, read_form
from server.http.problems import status_of
from server.http.routing import Route
from server.http.scopes import Scope
from server.kernel.clock import Clock
from server.kernel.errors import DomainError
from server.kernel.ids import OrganisationId
from server.kernel.permissions import Action
from server.kernel.transaction import Units
from server.people.agency_keys import AgencyKeys, IssueKey
from server.people.policy import AGENCIES
from server.people.ports import PeopleTx


def _networks(text: str) -> str:
    for each in text.split():
        ip_network(each)
    return text


class KeyForm(Input):
    """A key to issue."""

    organisation_id: Annotated[str, Field(max_length=40)]
    name: Annotated[str, Field(min_length=1, max_length=60)]
    scopes: Annotated[tuple[Scope, ...], Field(min_length=1)]
    networks: Annotated[str, Field(max_length=500), AfterValidator(_networks)] = ""
    """CIDR networks with blanks between; empty: from everywhere."""


class KeyHandlers:
    """Serves the security administrator."""

    def __init__(self, *, units: Units[PeopleTx], keys: AgencyKeys, clock: Clock, pages: Pages) -> None:
        """Keep what the page needs."""
        self._units = units
        self._keys = keys
        self._clock = clock
        self._pages = pages

    def routes(self) -> tuple[Route, ...]:
        """Return the routes."""
        keep = Action.KEEP_API_KEYS
        return (
            Route("GET", "/api-keys", self.show, keep),
            Route("POST", "/api-keys", self.issue, keep, proof=True),
            Route("POST", "/api-keys/{key_id}/rotate", self.rotate, keep, proof=True),
            Route("POST", "/api-keys/{key_id}/revoke", self.revoke, keep, proof=True),
        )

    async def show(self, request: web.Request) -> web.Response:
        """Show the keys and the form for another."""
        return await self._page(request)

    async def issue(self, request: web.Request) -> web.Response:
        """Issue a key and show it, once."""
        form = await read_form(request)
        try:
            typed = parse(KeyForm, _values(form))
            secret = await self._keys.issue(
                IssueKey(
                    organisation_id=OrganisationId(typed.organisation_id),
                    name=typed.name,
                    scopes=tuple(each.value for each in typed.scopes),
                    networks=tuple(typed.networks.split()),
                ),
                identity_of(request),
            )
        except DomainError as error:
            return await self._page(request, problem=error)
        return await self._page(request, secret=secret)

    async def rotate(self, request: web.Request) -> web.Response:
        """Issue a key in place of another, which is heard a while longer."""
        secret = await self._keys.rotate(request.match_info["key_id"], identity_of(request))
        return see_other("/api-keys") if secret is None else await self._page(request, secret=secret)

    async def revoke(self, request: web.Request) -> web.Response:
        """Have a key be heard no more."""
        await self._keys.revoke(request.match_info["key_id"], identity_of(request))
        return see_other("/api-keys")

    async def _page(
        self, request: web.Request, *, problem: DomainError | None = None, secret: str = ""
    ) -> web.Response:
        async with self._units.reading() as tx:
            organisations = await tx.people.organisations()
            keys = await tx.people.agency_keys()
        form = await read_form(request)
        return self._pages.render(
            request,
            "people/api_keys.html",
            status=status_of(problem),
            keys=keys,
            agencies=[each for each in organisations if each.kind in AGENCIES],
            names={each.id: each.name for each in organisations},
            scopes=tuple(Scope),
            chosen=form.getall("scopes", []) if problem is not None else tuple(Scope),
            typed=form if problem is not None else {},
            problem=problem,
            secret=secret,
        )


def _values(form: MultiDictProxy[str | bytes | bytearray | web.FileField]) -> dict[str, object]:
    """Return the form's values; of the scopes there may be several."""
    single = {
        name: value for name, value in form.items() if name != "scopes" and isinstance(value, str) and value
    }
    return {**single, "scopes": tuple(form.getall("scopes", ()))}
