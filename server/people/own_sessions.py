"""One's own sessions: where one is signed in, and the end of those not wanted (OWASP ASVS 5.0, 7.5.2)."""

from datetime import datetime

from server.kernel.identity import Identity
from server.kernel.ids import SessionId
from server.people.events import SessionsEnded
from server.people.model import Session
from server.people.policy import account_of
from server.people.ports import PeopleTx


async def own_sessions(identity: Identity, tx: PeopleTx, now: datetime) -> tuple[Session, ...]:
    """Return the sessions in which one is signed in: the one that asks first, then those used last.

    Raises:
        NotFound: it is no person with an account.
    """
    found = await tx.people.sessions_of(account_of(identity))
    lasting = [each for each in found if each.expires_at > now]
    return tuple(
        sorted(lasting, key=lambda each: (each.id == identity.session_id, each.used_at), reverse=True)
    )


async def end_own_session(session_id: SessionId, identity: Identity, tx: PeopleTx, now: datetime) -> None:
    """End one of one's own sessions; one that is none, or has ended meanwhile, is well."""
    await _end(
        [each for each in await own_sessions(identity, tx, now) if each.id == session_id], identity, tx
    )


async def end_other_sessions(identity: Identity, tx: PeopleTx, now: datetime) -> None:
    """End all of one's own sessions but the one that asks; none is well."""
    others = [each for each in await own_sessions(identity, tx, now) if each.id != identity.session_id]
    await _end(others, identity, tx)


async def _end(ending: list[Session], identity: Identity, tx: PeopleTx) -> None:
    for each in ending:
        await tx.people.end_session(each.token_hash)
    if ending:
        account_id = account_of(identity)
        tx.record(SessionsEnded(actor=identity.actor, account_id=account_id, count=len(ending)))
