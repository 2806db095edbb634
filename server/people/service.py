"""What people do: sign in and out, choose a seeded person in the demo, pair and unpair terminals."""

import hashlib
import math
import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from server.kernel.clock import Clock
from server.kernel.errors import N_, DomainError, Kind, NotFound
from server.kernel.identity import Identity
from server.kernel.ids import AccountId, OrganisationId, TerminalId
from server.kernel.objects import StorageFull
from server.kernel.permissions import Action, Relation, require
from server.kernel.transaction import Units
from server.people.model import (
    Account,
    Attempts,
    PairingCode,
    PairingCodeIssued,
    Session,
    SessionsRevoked,
    SignedIn,
    SignedOut,
    Terminal,
    TerminalPaired,
    TerminalUnpaired,
)
from server.people.policy import (
    EXTENDED_BY,
    PAIRING_CODE_DIGITS,
    PAIRING_CODE_LIFE,
    TERMINAL_LIFE,
    after_failure,
    relation_to_terminal,
    session_end,
)
from server.people.ports import Passwords, PeopleTx


class WrongPassword(DomainError):
    """Login name and password don't fit together; which of the two is wrong is not told."""

    code = "wrong-password"
    title = N_("账号或密码不对")
    advice = N_("请核对后重新输入。连续输错 5 次后，每次要多等一会儿。")


class TooManyAttempts(DomainError):
    """Too many wrong guesses in a row."""

    kind = Kind.TOO_MANY
    code = "too-many-attempts"
    title = N_("输错次数过多，请稍后再试")
    advice = N_("请等 {seconds} 秒后再输入。")


class WrongPairingCode(DomainError):
    """The pairing code is unknown, used or expired."""

    code = "wrong-pairing-code"
    title = N_("配对码不对或已失效")
    advice = N_("请在值班台重新生成配对码，10 分钟内输入。")


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """A login name and a password."""

    login: str
    password: str


def hash_of(secret: str) -> bytes:
    """Return what is stored of a token, key or code: its SHA-256; a header's stray bytes are no UTF-8."""
    return hashlib.sha256(secret.encode(errors="backslashreplace")).digest()


async def sign_in(command: SignIn, units: Units[PeopleTx], passwords: Passwords, clock: Clock) -> str:
    """Open a session and return its token.

    The password is checked outside any transaction, because Argon2 takes its time.

    Raises:
        WrongPassword: they don't fit together.
        TooManyAttempts: this login name has to wait.
    """
    subject = f"login:{hash_of(command.login).hex()[:32]}"
    async with units.reading() as tx:
        check_wait(await tx.people.attempts(subject), clock.now())
        found = await tx.people.account_by_login(command.login)
    account, password_hash = found or (None, None)
    fits = await passwords.verify(command.password, password_hash)
    async with units.transaction() as tx:
        # Guesses that came at once all passed the first check: those before this one count by now.
        check_wait(await tx.people.attempts(subject), clock.now())
        if account is not None and fits and account.active:
            await tx.people.put_attempts(Attempts(subject=subject, failures=0, blocked_until=None))
            return await _open_account_session(account, tx, clock)
        await _note_failure(subject, tx, clock)
    raise WrongPassword


async def sign_in_as_seeded(account_id: AccountId, tx: PeopleTx, clock: Clock) -> str:
    """Open a session for one of the demo's people and return its token; the caller is the demo.

    Raises:
        NotFound: there is no such person, or it is no seeded one.
    """
    account = await tx.people.account(account_id)
    if account is None or not account.seeded or not account.active:
        raise NotFound
    return await _open_account_session(account, tx, clock)


async def sign_out(token: str, identity: Identity, tx: PeopleTx) -> None:
    """End the session of `token`; other sessions of the account stay."""
    await tx.people.end_session(hash_of(token))
    if identity.account_id is not None:
        tx.record(SignedOut(actor=identity.actor, account_id=identity.account_id))


async def revoke_sessions(account_id: AccountId, actor: Identity, tx: PeopleTx) -> None:
    """End all sessions of an account; its sockets close within a second."""
    await tx.people.end_sessions_of_account(account_id)
    tx.record(SessionsRevoked(actor=actor.actor, account_id=account_id))


async def identity_of_session(token: str, tx: PeopleTx, clock: Clock) -> Identity | None:
    """Return who stands behind a session token, None if it is unknown or expired."""
    session = await tx.people.session(hash_of(token))
    return None if session is None else await _identity_behind(session, tx, clock)


async def _identity_behind(session: Session, tx: PeopleTx, clock: Clock) -> Identity | None:
    if session.expires_at <= clock.now():
        return None
    if session.terminal_id is not None:
        terminal = await tx.people.terminal(session.terminal_id)
        return terminal.identity if terminal is not None and terminal.paired_at is not None else None
    account = await tx.people.account(session.account_id) if session.account_id is not None else None
    return account.identity if account is not None and account.active else None


async def use_session(token: str, units: Units[PeopleTx], clock: Clock) -> Identity | None:
    """Return who stands behind a session token, and keep the session from ending as idle.

    A full disk keeps nobody out: the session then ends when it would have.
    """
    now = clock.now()
    async with units.reading() as tx:
        session = await tx.people.session(hash_of(token))
        identity = None if session is None else await _identity_behind(session, tx, clock)
    if identity is None or session is None or session.account_id is None:
        return identity
    end = session_end(identity.role, created_at=session.created_at, used_at=now)
    if end - session.expires_at >= EXTENDED_BY:
        with suppress(StorageFull):
            async with units.transaction() as tx:
                await tx.people.extend_session(session.token_hash, end)
    return identity


async def terminals(identity: Identity, tx: PeopleTx) -> tuple[Terminal, ...]:
    """Return the terminals of the officer's own facility."""
    require(identity.role, Action.LIST_TERMINALS, Relation.NO_RECORD)
    facility_id = identity.organisation_id
    return () if facility_id is None else await tx.people.terminals_of(OrganisationId(facility_id))


async def issue_pairing_code(terminal_id: TerminalId, identity: Identity, tx: PeopleTx, clock: Clock) -> str:
    """Return a fresh code that pairs a device with the terminal, once, within `PAIRING_CODE_LIFE`."""
    terminal = await _find_terminal(terminal_id, identity, tx)
    code = "".join(secrets.choice("0123456789") for _ in range(PAIRING_CODE_DIGITS))
    expires_at = clock.now() + PAIRING_CODE_LIFE
    await tx.people.put_pairing_code(
        PairingCode(terminal_id=terminal.id, code_hash=hash_of(code), expires_at=expires_at)
    )
    tx.record(
        PairingCodeIssued(actor=identity.actor, terminal_id=terminal.id, facility_id=terminal.facility_id)
    )
    return code


async def pair(code: str, units: Units[PeopleTx], clock: Clock) -> str:
    """Turn the browser that knows `code` into the terminal, in place of any device before; return its token.

    Raises:
        WrongPairingCode: unknown, used or expired.
    """
    typed = "".join(code.split())
    async with units.transaction() as tx:
        now = clock.now()
        found = await tx.people.take_pairing_code(hash_of(typed))
        terminal = await tx.people.terminal(found.terminal_id) if found and found.expires_at > now else None
        if terminal is not None:
            return await _pair_terminal(terminal, tx, now)
    raise WrongPairingCode


async def unpair(terminal_id: TerminalId, identity: Identity, tx: PeopleTx) -> None:
    """End the pairing; the device shows the pairing page and its sockets close within a second."""
    terminal = await _find_terminal(terminal_id, identity, tx)
    await tx.people.end_sessions_of_terminal(terminal.id)
    await tx.people.set_paired(terminal.id, None)
    tx.record(
        TerminalUnpaired(actor=identity.actor, terminal_id=terminal.id, facility_id=terminal.facility_id)
    )


async def _pair_terminal(terminal: Terminal, tx: PeopleTx, now: datetime) -> str:
    await tx.people.end_sessions_of_terminal(terminal.id)
    await tx.people.set_paired(terminal.id, now)
    actor = terminal.identity.actor
    tx.record(TerminalPaired(actor=actor, terminal_id=terminal.id, facility_id=terminal.facility_id))
    return await _open_session(tx, now, TERMINAL_LIFE, account_id=None, terminal_id=terminal.id)


async def _find_terminal(terminal_id: TerminalId, identity: Identity, tx: PeopleTx) -> Terminal:
    terminal = await tx.people.terminal(terminal_id)
    if terminal is None:
        raise NotFound
    require(identity.role, Action.MANAGE_TERMINAL, relation_to_terminal(identity, terminal))
    return terminal


async def _open_account_session(account: Account, tx: PeopleTx, clock: Clock) -> str:
    tx.record(SignedIn(actor=account.identity.actor, account_id=account.id))
    now = clock.now()
    end = session_end(account.role, created_at=now, used_at=now)
    return await _open_session(tx, now, end - now, account_id=account.id, terminal_id=None)


async def _open_session(
    tx: PeopleTx,
    now: datetime,
    life: timedelta,
    *,
    account_id: AccountId | None,
    terminal_id: TerminalId | None,
) -> str:
    token = secrets.token_urlsafe(32)
    await tx.people.add_session(
        Session(
            token_hash=hash_of(token),
            account_id=account_id,
            terminal_id=terminal_id,
            created_at=now,
            expires_at=now + life,
        )
    )
    return token


def check_wait(attempts: Attempts, now: datetime) -> None:
    """Pass if a further guess may be heard; raises `TooManyAttempts`."""
    if attempts.blocked_until is not None and attempts.blocked_until > now:
        raise TooManyAttempts(seconds=math.ceil((attempts.blocked_until - now).total_seconds()))


async def _note_failure(subject: str, tx: PeopleTx, clock: Clock) -> None:
    await tx.people.put_attempts(after_failure(await tx.people.attempts(subject), clock.now()))
