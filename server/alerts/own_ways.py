"""Where people and agencies' systems want alerts, besides in the app."""

import secrets
from dataclasses import dataclass
from urllib.parse import urlsplit

from server.alerts.delivering import WEBHOOK_SECRET
from server.alerts.messages import SECRET_BYTES, shown_secret
from server.alerts.model import Contact, ContactSet, Endpoint, EndpointAdded, EndpointRemoved
from server.alerts.ports import AlertsTx
from server.alerts.reach import Reach
from server.kernel.clock import Clock
from server.kernel.errors import N_, DomainError, FieldError, InvalidInput, Kind, NotFound
from server.kernel.identity import Identity
from server.kernel.ids import OrganisationId, new_id
from server.kernel.permissions import Action, Relation, require
from server.kernel.transaction import Units
from server.people.policy import AGENCIES, account_of
from server.people.ports import Sealer

MAX_ENDPOINTS = 5


class TooManyEndpoints(DomainError):
    """The agency has as many webhooks as it may."""

    kind = Kind.CONFLICT
    code = "too-many-endpoints"
    title = N_("这个机关的回调地址太多")
    advice = N_("请先移除不再使用的地址。")


async def contact_of(identity: Identity, tx: AlertsTx) -> Contact:
    """Return where somebody wants alerts.

    Raises:
        NotFound: the identity is no person with an account.
    """
    require(identity.role, Action.SEE_ALERTS, Relation.NO_RECORD)
    account_id = account_of(identity)
    found = await tx.alerts.contacts_of(frozenset({account_id}))
    return found.get(account_id, Contact(account_id=account_id, email="", phone=""))


async def set_contact(email: str, phone: str, identity: Identity, tx: AlertsTx) -> None:
    """Store where somebody wants alerts; empty: not there. Raises as `contact_of`."""
    require(identity.role, Action.SEE_ALERTS, Relation.NO_RECORD)
    account_id = account_of(identity)
    await tx.alerts.put_contact(Contact(account_id=account_id, email=email, phone=phone))
    tx.record(ContactSet(actor=identity.actor, account_id=account_id))


@dataclass(frozen=True, slots=True)
class Webhooks:
    """Keeps agencies' webhooks."""

    units: Units[AlertsTx]
    sealer: Sealer
    clock: Clock
    reach: Reach

    async def add(self, agency_id: OrganisationId, url: str, identity: Identity) -> tuple[Endpoint, str]:
        """Register where an agency's system hears of alerts; return it with its secret, shown once.

        Raises:
            NotFound: there is no such agency.
            InvalidInput: the operator lists hosts, and this is none of them.
            TooManyEndpoints: it has as many as it may.
        """
        require(identity.role, Action.KEEP_WEBHOOKS, Relation.NO_RECORD)
        if not self.reach.may_name(urlsplit(url).hostname or ""):
            unlisted = FieldError("url", "unlisted", N_("运维没有允许向这个主机发送，请先登记主机名"))
            raise InvalidInput(fields=(unlisted,))
        secret, endpoint_id = secrets.token_bytes(SECRET_BYTES), new_id()
        async with self.units.transaction() as tx:
            agency = await tx.people.organisation(agency_id)
            if agency is None or agency.kind not in AGENCIES:
                raise NotFound
            if len(await tx.alerts.endpoints_of(agency.id)) >= MAX_ENDPOINTS:
                raise TooManyEndpoints
            endpoint = Endpoint(
                id=endpoint_id,
                organisation_id=agency.id,
                url=url,
                sealed_secret=self.sealer.seal(f"{WEBHOOK_SECRET} {endpoint_id}", secret),
                added_at=self.clock.now(),
            )
            await tx.alerts.add_endpoint(endpoint)
            tx.record(EndpointAdded(actor=identity.actor, organisation_id=agency.id, endpoint_id=endpoint.id))
        return endpoint, shown_secret(secret)

    async def remove(self, endpoint_id: str, identity: Identity) -> None:
        """Tell it of nothing more; one that is not there is well."""
        require(identity.role, Action.KEEP_WEBHOOKS, Relation.NO_RECORD)
        async with self.units.transaction() as tx:
            endpoint = await tx.alerts.endpoint(endpoint_id)
            if endpoint is None:
                return
            await tx.alerts.remove_endpoint(endpoint.id)
            tx.record(
                EndpointRemoved(
                    actor=identity.actor,
                    organisation_id=endpoint.organisation_id,
                    endpoint_id=endpoint.id,
                )
            )
