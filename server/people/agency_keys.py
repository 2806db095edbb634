"""Keys of agencies' systems: issued, rotated so that nothing stops, and revoked."""

import secrets
from dataclasses import dataclass, replace
from datetime import timedelta

from server.kernel.clock import Clock
from server.kernel.errors import NotFound
from server.kernel.identity import Identity
from server.kernel.ids import OrganisationId, new_id
from server.kernel.permissions import Action, Relation, require
from server.kernel.transaction import Units
from server.people.events import AgencyKeyIssued, AgencyKeyRevoked, AgencyKeyRotated
from server.people.model import AgencyKey
from server.people.policy import AGENCIES
from server.people.ports import PeopleTx
from server.people.sessions import hash_of

KEY_LIFE = timedelta(days=365)
OVERLAP = timedelta(days=7)
"""How long a key that another has taken the place of is still heard."""
_PREFIX = "lb_"
"""What every key begins with, so that a scanner for leaked secrets knows one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueKey:
    """A key to issue."""

    organisation_id: OrganisationId
    name: str
    scopes: tuple[str, ...]
    networks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AgencyKeys:
    """Keeps the keys."""

    units: Units[PeopleTx]
    clock: Clock

    async def issue(self, command: IssueKey, identity: Identity) -> str:
        """Return a fresh key, shown once.

        Raises:
            NotFound: there is no such agency.
        """
        require(identity.role, Action.KEEP_API_KEYS, Relation.NO_RECORD)
        async with self.units.transaction() as tx:
            agency = await tx.people.organisation(command.organisation_id)
            if agency is None or agency.kind not in AGENCIES:
                raise NotFound
            key, secret = self._made(command)
            await tx.people.add_agency_key(key)
            tx.record(
                AgencyKeyIssued(actor=identity.actor, organisation_id=key.organisation_id, key_id=key.id)
            )
        return secret

    async def rotate(self, key_id: str, identity: Identity) -> str | None:
        """Return a fresh key in place of one, which is heard for `OVERLAP` more; None if that is gone."""
        require(identity.role, Action.KEEP_API_KEYS, Relation.NO_RECORD)
        async with self.units.transaction() as tx:
            former = await _find(key_id, tx)
            if former is None:
                return None
            until = min(former.expires_at, self.clock.now() + OVERLAP)
            await tx.people.put_agency_key(replace(former, expires_at=until))
            key, secret = self._made(
                IssueKey(
                    organisation_id=former.organisation_id,
                    name=former.name,
                    scopes=former.scopes,
                    networks=former.networks,
                )
            )
            await tx.people.add_agency_key(key)
            tx.record(
                AgencyKeyRotated(
                    actor=identity.actor, organisation_id=former.organisation_id, key_id=former.id
                )
            )
        return secret

    async def revoke(self, key_id: str, identity: Identity) -> None:
        """Have a key be heard no more, at once; one that is gone is well."""
        require(identity.role, Action.KEEP_API_KEYS, Relation.NO_RECORD)
        async with self.units.transaction() as tx:
            key = await _find(key_id, tx)
            if key is None:
                return
            await tx.people.remove_agency_key(key.id)
            tx.record(
                AgencyKeyRevoked(actor=identity.actor, organisation_id=key.organisation_id, key_id=key.id)
            )

    def _made(self, command: IssueKey) -> tuple[AgencyKey, str]:
        secret = _PREFIX + secrets.token_urlsafe(32)
        now = self.clock.now()
        key = AgencyKey(
            id=new_id(),
            key_hash=hash_of(secret),
            organisation_id=command.organisation_id,
            name=command.name,
            scopes=command.scopes,
            networks=command.networks,
            created_at=now,
            expires_at=now + KEY_LIFE,
        )
        return key, secret


async def _find(key_id: str, tx: PeopleTx) -> AgencyKey | None:
    return next((key for key in await tx.people.agency_keys() if key.id == key_id), None)
