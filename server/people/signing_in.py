"""Showing who one is with a password and a code: to sign in, and once more before what matters."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from server.kernel.clock import Clock
from server.kernel.errors import N_, DomainError, FieldError, InvalidInput, NotFound
from server.kernel.identity import ANONYMOUS, Identity, Role
from server.kernel.ids import AccountId
from server.kernel.transaction import Units
from server.people.codes import step_of
from server.people.events import PasswordSet, SignInFailed
from server.people.guessable import is_guessable
from server.people.guesses import check_wait, forgive, note_failure
from server.people.model import Account, OtpAuthenticator, Proof
from server.people.policy import account_of, password_opens
from server.people.ports import Passwords, PeopleTx, Sealer
from server.people.sessions import hash_of, open_session, renew_session, revoke_sessions

CODE_SECRET = "code of"  # noqa: S105 - what it is sealed for
_DEVICE = "device of"


class WrongPassword(DomainError):
    """Login name, password and code don't fit together; which of them is wrong is not told."""

    code = "wrong-password"
    title = N_("账号、密码或验证码不对")
    advice = N_(
        "请核对后重新输入；每个验证码只能用一次。设置了通行密钥的账号，请用通行密钥登录。"
        "连续输错 5 次后，每次要多等一会儿。"
    )


T = TypeVar("T")
Then = Callable[[Account, PeopleTx], Awaitable[T | None]]
"""What follows the right password, in the transaction in which it is taken; None if it is not enough."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """What was typed, and from which device."""

    login: str
    password: str
    code: str = ""
    """The code that the person's program shows; empty for an account that has none yet."""
    device: bytes = b""
    """What `mark_device` gave this browser when somebody signed in with it before."""


async def own_account(identity: Identity, tx: PeopleTx) -> Account:
    """Return the identity's account.

    Raises:
        NotFound: it is no person with an account.
    """
    account = await tx.people.account(account_of(identity))
    if account is None:
        raise NotFound
    return account


@dataclass(frozen=True, slots=True)
class PasswordDoor:
    """Hears passwords and codes."""

    units: Units[PeopleTx]
    passwords: Passwords
    sealer: Sealer
    clock: Clock
    by_passkey: frozenset[Role] = frozenset()
    """Whom a code opens nothing but the way to setting a passkey up."""

    async def sign_in(self, command: SignIn) -> tuple[str, AccountId]:
        """Open a session; return its token and whose it is.

        Wrong guesses are counted for the login name; from a browser in which its owner has signed in before,
        for that browser, so that a stranger's guesses elsewhere do not make the owner wait.

        Raises:
            WrongPassword: they don't fit together.
            TooManyAttempts: this login name, or this browser, has to wait.
        """
        async with self.units.reading() as tx:
            found = await tx.people.account_by_login(command.login)
        account = found[0] if found else None
        subject = f"login:{hash_of(command.login).hex()[:32]}"
        if account is not None and self._is_device_of(account.id, command.device):
            subject = f"device:{hash_of(command.device.hex()).hex()[:32]}"

        async def open_one(account: Account, tx: PeopleTx) -> tuple[str, AccountId] | None:
            proof = await self._proof(account, command.code, tx)
            return None if proof is None else (await open_session(account, proof, tx, self.clock), account.id)

        return await self._hear(command.login, command.password, subject, open_one)

    async def prove(self, password: str, code: str, token: str, identity: Identity) -> str:
        """Renew the session of `token` and return its new one. Raises as `sign_in` does.

        Raises:
            NotFound: the identity is no person with an account.
        """

        async def renew(account: Account, tx: PeopleTx) -> str | None:
            proof = await self._proof(account, code, tx)
            return None if proof is None else await renew_session(token, proof, identity, tx, self.clock)

        return await self._hear_again(password, identity, renew)

    async def change_password(self, old: str, new: str, identity: Identity) -> None:
        """Set one's own password; every session ends, this one too. Raises as `sign_in` does.

        Raises:
            InvalidInput: `new` is among the first that would be tried.
            NotFound: the identity is no person with an account.
        """
        async with self.units.reading() as tx:
            account = await own_account(identity, tx)
        if await asyncio.to_thread(is_guessable, new, (account.login, account.name, old)):
            raise InvalidInput(
                fields=(FieldError("new", "guessable", N_("这个密码太容易猜到，请换一个，例如一句话")),)
            )
        new_hash = await self.passwords.hash(new)

        async def change(account: Account, tx: PeopleTx) -> bool:
            await tx.people.set_password(account.id, new_hash, initial_until=None)
            await revoke_sessions(account.id, identity, tx)
            tx.record(PasswordSet(actor=identity.actor, account_id=account.id))
            return True

        await self._hear_again(old, identity, change)

    async def _hear_again(self, password: str, identity: Identity, then: Then[T]) -> T:
        """Hear the password of somebody who is signed in; guesses are counted for their account."""
        async with self.units.reading() as tx:
            account = await own_account(identity, tx)
        return await self._hear(account.login, password, f"proof:{account.id}", then)

    async def _hear(self, login: str, password: str, subject: str, then: Then[T]) -> T:
        """Check the password outside any transaction, because Argon2 takes its time."""
        async with self.units.reading() as tx:
            check_wait(await tx.people.attempts(subject), self.clock.now())
            found = await tx.people.account_by_login(login)
        account, password_hash = found or (None, None)
        fits = await self.passwords.verify(password, password_hash)
        async with self.units.transaction() as tx:
            # Guesses that came at once all passed the first check: those before this one count by now.
            check_wait(await tx.people.attempts(subject), self.clock.now())
            # The password may have been changed or reset while this one was checked.
            fits = fits and await tx.people.account_by_login(login) == found
            took = await then(account, tx) if account is not None and fits else None
            if took is not None:
                await forgive(subject, tx)
                return took
            await note_failure(subject, tx, self.clock)
            if account is not None:
                tx.record(SignInFailed(actor=ANONYMOUS.actor, account_id=account.id))
        raise WrongPassword

    async def _proof(self, account: Account, code: str, tx: PeopleTx) -> Proof | None:
        """Return what the right password and this code amount to; None where that is not enough."""
        if not account.active or (account.initial_until and account.initial_until <= self.clock.now()):
            return None
        authenticator = await tx.people.otp_authenticator(account.id)
        passkeys = await tx.people.passkeys_of(account.id)
        is_linked = await tx.people.link_of(account.id) is not None
        has_code = authenticator is not None
        if not password_opens(account.role, has_code=has_code, passkeys=passkeys, is_linked=is_linked):
            return None
        if authenticator is None:
            return Proof.PASSWORD
        took = await self._take(authenticator, code, tx)
        if not took:
            return None
        return Proof.PASSWORD if account.role in self.by_passkey else Proof.PASSWORD_AND_CODE

    async def _take(self, authenticator: OtpAuthenticator, code: str, tx: PeopleTx) -> bool:
        """Tell whether the code counts, once."""
        secret = self.sealer.open(f"{CODE_SECRET} {authenticator.account_id}", authenticator.sealed_secret)
        step = None if secret is None else step_of(secret.decode(), code, self.clock.now())
        return step is not None and await tx.people.take_step(authenticator.account_id, step)

    def mark_device(self, account_id: AccountId) -> bytes:
        """Return what a browser keeps, to be known as one in which the account's owner signs in."""
        return self.sealer.seal(f"{_DEVICE} {account_id}", secrets.token_bytes(16))

    def _is_device_of(self, account_id: AccountId, mark: bytes) -> bool:
        return self.sealer.open(f"{_DEVICE} {account_id}", mark) is not None
