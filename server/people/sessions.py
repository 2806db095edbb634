"""Sessions: opened for who proved who they are, looked up, renewed when they prove it again, ended."""

import hashlib
import secrets
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from server.kernel.circumstances import DEVICE, ORIGIN
from server.kernel.clock import Clock
from server.kernel.errors import NotFound
from server.kernel.identity import Identity
from server.kernel.ids import AccountId, SessionId, new_id
from server.kernel.objects import StorageFull
from server.kernel.transaction import Units
from server.people.events import Proved, SessionsRevoked, SignedIn, SignedOut
from server.people.model import Account, Proof, Session, Terminal
from server.people.policy import EXTENDED_BY, NOTED_AFTER, TERMINAL_LIFE, is_fresh, session_end
from server.people.ports import PeopleTx

_TOKEN_BYTES = 32


def hash_of(secret: str) -> bytes:
    """Return what is stored of a token, key or code: its SHA-256; a header's stray bytes are no UTF-8."""
    return hashlib.sha256(secret.encode(errors="backslashreplace")).digest()


async def open_session(
    account: Account, proof: Proof, tx: PeopleTx, clock: Clock, *, proved_at: datetime | None = None
) -> str:
    """Sign in the account's person, who proved it at `proved_at`, else now; return the session's token."""
    tx.record(SignedIn(actor=account.identity.actor, account_id=account.id, proof=proof))
    now = clock.now()
    await tx.people.forget_expired_sessions(account.id, now)
    end = session_end(account.role, created_at=now, used_at=now)
    session = _session(now, end, proof, account_id=account.id)
    return await _add_session(replace(session, proved_at=proved_at or now), tx)


async def open_terminal_session(terminal: Terminal, tx: PeopleTx, now: datetime) -> str:
    """Make the device the terminal and return its session's token."""
    return await _add_session(
        replace(_session(now, now + TERMINAL_LIFE, Proof.PAIRING), terminal_id=terminal.id), tx
    )


async def renew_terminal_session(token: str, terminal: Terminal, tx: PeopleTx, now: datetime) -> str | None:
    """Give the terminal's session another token and another hour; None if `token` opens none of its own."""
    session = await tx.people.session(hash_of(token))
    if session is None or session.terminal_id != terminal.id or session.expires_at <= now:
        return None
    fresh = secrets.token_urlsafe(_TOKEN_BYTES)
    until = now + TERMINAL_LIFE
    await tx.people.put_session(replace(session, token_hash=hash_of(fresh), expires_at=until, proved_at=now))
    return fresh


async def renew_session(token: str, proof: Proof, identity: Identity, tx: PeopleTx, clock: Clock) -> str:
    """Give the session of `token` another token, now that its holder has proved who they are once more.

    It ends when it would have, and what it has open stays open. Whoever knows the former token has nothing
    (OWASP ASVS 5.0, 7.2.4).

    Raises:
        NotFound: the session has ended meanwhile, or is no person's.
    """
    return await _renew(await tx.people.session(hash_of(token)), proof, identity, tx, clock.now())


async def renew_session_behind(
    session_id: SessionId, proof: Proof, identity: Identity, tx: PeopleTx, proved_at: datetime
) -> str:
    """Do the same for somebody whose browser could not send the token, coming from another site."""
    return await _renew(await tx.people.session_by_id(session_id), proof, identity, tx, proved_at)


async def _renew(
    session: Session | None, proof: Proof, identity: Identity, tx: PeopleTx, proved_at: datetime
) -> str:
    if session is None or session.account_id is None:
        raise NotFound
    tx.record(Proved(actor=identity.actor, account_id=session.account_id, proof=proof))
    fresh = secrets.token_urlsafe(_TOKEN_BYTES)
    await tx.people.put_session(replace(session, token_hash=hash_of(fresh), proof=proof, proved_at=proved_at))
    return fresh


async def sign_in_as_seeded(account_id: AccountId, tx: PeopleTx, clock: Clock) -> str:
    """Open a session for one of the demo's people and return its token; the caller is the demo.

    Raises:
        NotFound: there is no such person, or it is no seeded one.
    """
    account = await tx.people.account(account_id)
    if account is None or not account.seeded or not account.active:
        raise NotFound
    return await open_session(account, Proof.SEEDED, tx, clock)


async def sign_out(token: str, identity: Identity, tx: PeopleTx) -> None:
    """End the session of `token`; other sessions of the account stay."""
    await tx.people.end_session(hash_of(token))
    if identity.account_id is not None:
        tx.record(SignedOut(actor=identity.actor, account_id=identity.account_id))


async def revoke_sessions(account_id: AccountId, actor: Identity, tx: PeopleTx) -> None:
    """End all sessions of an account; its sockets close within a second."""
    await tx.people.end_sessions_of_account(account_id)
    tx.record(SessionsRevoked(actor=actor.actor, account_id=account_id))


async def end_access(account_id: AccountId, actor: Identity, tx: PeopleTx) -> None:
    """End whatever lets anybody in as the account's person without showing who they are."""
    await tx.people.remove_feed_of(account_id)
    await revoke_sessions(account_id, actor, tx)


async def identity_of_session(session_id: SessionId, tx: PeopleTx, clock: Clock) -> Identity | None:
    """Return whose session it is, None if it has expired or was ended."""
    session = await tx.people.session_by_id(session_id)
    return None if session is None else await _identity_behind(session, tx, clock.now())


async def use_session(token: str, units: Units[PeopleTx], clock: Clock) -> Identity | None:
    """Return who stands behind a session token, and keep the session from ending as idle.

    A full disk keeps nobody out: the session then ends when it would have.
    """
    now = clock.now()
    async with units.reading() as tx:
        session = await tx.people.session(hash_of(token))
        identity = None if session is None else await _identity_behind(session, tx, now)
    if identity is None or session is None or session.account_id is None:
        return identity
    end = session_end(identity.role, created_at=session.created_at, used_at=now)
    if end - session.expires_at >= EXTENDED_BY or now - session.used_at >= NOTED_AFTER:
        with suppress(StorageFull):
            async with units.transaction() as tx:
                await tx.people.note_use(session, used_at=now, origin=ORIGIN.get(), expires_at=end)
    return identity


async def _identity_behind(session: Session, tx: PeopleTx, now: datetime) -> Identity | None:
    if session.expires_at <= now:
        return None
    if session.terminal_id is not None:
        terminal = await tx.people.terminal(session.terminal_id)
        if terminal is None or terminal.paired_at is None:
            return None
        return replace(terminal.identity, session_id=session.id)
    account = await tx.people.account(session.account_id) if session.account_id is not None else None
    if account is None or not account.active:
        return None
    if session.proof is Proof.FEDERATED and await tx.people.link_of(account.id) is None:
        return None
    return replace(
        account.identity,
        session_id=session.id,
        must_enrol=session.proof is Proof.PASSWORD,
        has_fresh_proof=is_fresh(session.proof, proved_at=session.proved_at, now=now),
    )


def _session(
    now: datetime, expires_at: datetime, proof: Proof, *, account_id: AccountId | None = None
) -> Session:
    return Session(
        id=SessionId(new_id()),
        token_hash=b"",
        account_id=account_id,
        terminal_id=None,
        created_at=now,
        expires_at=expires_at,
        proof=proof,
        proved_at=now,
        used_at=now,
        origin=ORIGIN.get(),
        device=DEVICE.get(),
    )


async def _add_session(session: Session, tx: PeopleTx) -> str:
    """Store the session under a fresh token, and return that."""
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    await tx.people.add_session(replace(session, token_hash=hash_of(token)))
    return token
