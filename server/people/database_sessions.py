"""Who stands behind a credential that came with a request: looked up in the database each time."""

from typing_extensions import override

from server.http.identity import SessionStore
from server.kernel.clock import Clock
from server.kernel.identity import Identity, Role
from server.kernel.ids import SessionId
from server.kernel.transaction import Units
from server.people.ports import PeopleTx
from server.people.sessions import hash_of, identity_of_session, use_session


class DatabaseSessions(SessionStore):
    """Finds identities by the sessions and keys in the database."""

    def __init__(self, units: Units[PeopleTx], clock: Clock) -> None:
        """Keep the way to the database."""
        self._units = units
        self._clock = clock

    @override
    async def still(self, session_id: SessionId) -> Identity | None:
        async with self._units.reading() as tx:
            return await identity_of_session(session_id, tx, self._clock)

    @override
    async def use(self, token: str) -> Identity | None:
        return await use_session(token, self._units, self._clock)

    @override
    async def by_key(self, key: str, origin: str) -> Identity | None:
        async with self._units.reading() as tx:
            found = await tx.people.agency_key(hash_of(key))
            agency = None if found is None else await tx.people.organisation(found.organisation_id)
        if found is None or agency is None or not found.opens(origin=origin, now=self._clock.now()):
            return None
        return Identity(
            role=Role.AGENCY_OFFICER,
            name=agency.name,
            organisation_id=agency.id,
            key_id=found.id,
            scopes=frozenset(found.scopes),
        )
