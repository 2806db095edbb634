"""The pages of alerts: one's own, where one wants them besides, and agencies' webhooks."""

from collections.abc import Mapping
from typing import Annotated, Protocol

from aiohttp import web
from pydantic import Field

from server.alerts.handling import AlertList
from server.alerts.model import Alert, Channel
from server.alerts.own_ways import Webhooks, contact_of, set_contact
from server.alerts.ports import AlertsTx
from server.http.identity import identity_of
from server.http.pages import Pages, see_other
from server.http.parsing import Input, parse_form, read_form
from server.http.problems import status_of
from server.http.routing import Route
from server.kernel.errors import DomainError
from server.kernel.identity import Identity
from server.kernel.ids import AlertId, OrganisationId
from server.kernel.permissions import Action
from server.kernel.transaction import Units
from server.people.policy import AGENCIES

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?"
_ADDRESS = rf"^{_ATOM}(\.{_ATOM})*@{_LABEL}(\.{_LABEL})*$"
"""One address, without quotes or comments (RFC 5322 §3.4.1), at a host name (RFC 1123 §2.1)."""


class ContactForm(Input):
    """Where a person wants alerts; an empty field: not there."""

    email: Annotated[str, Field(max_length=200, pattern=_ADDRESS)] = ""
    phone: Annotated[str, Field(pattern=r"^\+?[0-9]{5,15}$")] = ""


class EndpointForm(Input):
    """Where an agency's system hears of alerts."""

    organisation_id: Annotated[str, Field(max_length=40)]
    url: Annotated[str, Field(max_length=500, pattern=r"^https://[^\s@/]+(/\S*)?$")]


class Desk(Protocol):
    """What shows people their alerts: `AlertDesk` over any unit of work."""

    async def list(self, identity: Identity) -> AlertList:
        """Return somebody's alerts."""
        ...

    async def count(self, identity: Identity) -> int:
        """Return how many are to be handled."""
        ...

    async def handle(self, alert_id: AlertId, identity: Identity) -> Alert:
        """Note that somebody sees to it."""
        ...


class AlertHandlers:
    """Serves those who are told of something, and the administrator who connects agencies."""

    def __init__(
        self,
        *,
        units: Units[AlertsTx],
        desk: Desk,
        webhooks: Webhooks,
        pages: Pages,
        channels: frozenset[Channel],
    ) -> None:
        """Keep what the pages need; `channels` are the ways out that the operator has set up."""
        self._units = units
        self._desk = desk
        self._webhooks = webhooks
        self._pages = pages
        self._channels = channels

    def routes(self) -> tuple[Route, ...]:
        """Return the routes."""
        see, keep = Action.SEE_ALERTS, Action.KEEP_WEBHOOKS
        return (
            Route("GET", "/alerts", self.list_alerts, see),
            Route("GET", "/alerts/count", self.count, see),
            Route("POST", "/alerts/{alert_id}/handle", self.handle, Action.HANDLE_ALERT),
            Route("GET", "/account/contact", self.show_contact, see),
            Route("POST", "/account/contact", self.set_contact, see),
            Route("GET", "/webhooks", self.show_webhooks, keep),
            Route("POST", "/webhooks", self.add_webhook, keep, proof=True),
            Route("POST", "/webhooks/{endpoint_id}/remove", self.remove_webhook, keep, proof=True),
        )

    async def list_alerts(self, request: web.Request) -> web.Response:
        """Show one's alerts, those to be handled first."""
        found = await self._desk.list(identity_of(request))
        return self._pages.render(request, "alerts/list.html", alerts=found)

    async def count(self, request: web.Request) -> web.Response:
        """Tell how many are to be handled."""
        return web.json_response({"open": await self._desk.count(identity_of(request))})

    async def handle(self, request: web.Request) -> web.Response:
        """Note that somebody sees to an alert."""
        await self._desk.handle(AlertId(request.match_info["alert_id"]), identity_of(request))
        return see_other("/alerts")

    async def show_contact(self, request: web.Request) -> web.Response:
        """Show where one wants alerts."""
        async with self._units.reading() as tx:
            contact = await contact_of(identity_of(request), tx)
        return self._contact_page(request, {"email": contact.email, "phone": contact.phone})

    async def set_contact(self, request: web.Request) -> web.Response:
        """Store where one wants alerts, or show what was wrong."""
        try:
            form = await parse_form(request, ContactForm)
            async with self._units.transaction() as tx:
                await set_contact(form.email, form.phone, identity_of(request), tx)
        except DomainError as error:
            return self._contact_page(request, await read_form(request), problem=error)
        return see_other("/account/contact")

    async def show_webhooks(self, request: web.Request) -> web.Response:
        """Show the agencies' webhooks and the form for another."""
        return await self._webhooks_page(request)

    async def add_webhook(self, request: web.Request) -> web.Response:
        """Register one and show its secret, once."""
        try:
            form = await parse_form(request, EndpointForm)
            agency_id = OrganisationId(form.organisation_id)
            _, secret = await self._webhooks.add(agency_id, form.url, identity_of(request))
        except DomainError as error:
            return await self._webhooks_page(request, problem=error)
        return await self._webhooks_page(request, secret=secret)

    async def remove_webhook(self, request: web.Request) -> web.Response:
        """Tell one of nothing more."""
        await self._webhooks.remove(request.match_info["endpoint_id"], identity_of(request))
        return see_other("/webhooks")

    def _contact_page(
        self, request: web.Request, typed: Mapping[str, object], *, problem: DomainError | None = None
    ) -> web.Response:
        return self._pages.render(
            request,
            "alerts/contact.html",
            status=status_of(problem),
            typed=typed,
            channels=self._channels,
            problem=problem,
        )

    async def _webhooks_page(
        self, request: web.Request, *, problem: DomainError | None = None, secret: str = ""
    ) -> web.Response:
        async with self._units.reading() as tx:
            agencies = [each for each in await tx.people.organisations() if each.kind in AGENCIES]
            endpoints = [(each, await tx.alerts.endpoints_of(each.id)) for each in agencies]
        form = await read_form(request)
        return self._pages.render(
            request,
            "alerts/webhooks.html",
            status=status_of(problem),
            agencies=agencies,
            endpoints=[(agency, found) for agency, found in endpoints if found],
            typed=form if problem is not None else {},
            problem=problem,
            secret=secret,
        )
