"""One's own passkeys: added, taken away, and used to sign in or to show once more who one is."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from server.kernel.clock import Clock
from server.kernel.errors import N_, DomainError, Kind
from server.kernel.identity import ANONYMOUS, Identity, Role
from server.kernel.ids import AccountId
from server.kernel.transaction import Units
from server.people.challenges import Challenge, Challenges, spend
from server.people.events import PasskeyAdded, PasskeyCopySeen, PasskeyRemoved, SignInFailed
from server.people.model import Account, Proof
from server.people.own_codes import LastAuthenticator
from server.people.passkeys import (
    Added,
    Assertion,
    PasskeyCopied,
    PasskeyRefused,
    Site,
    challenge_in,
    passkey_of,
    to_add,
    to_prove,
    used,
)
from server.people.policy import KEEPERS
from server.people.ports import PeopleTx
from server.people.sessions import open_session, renew_session
from server.people.signing_in import own_account

MAX_PASSKEYS = 10
_SIGN_IN = "sign in"


class SyncedPasskey(DomainError):
    """Who runs or audits the installation may not use a passkey of which there are copies elsewhere."""

    code = "synced-passkey"
    title = N_("不能使用会同步到云端的通行密钥")
    advice = N_("管理员和审计员的通行密钥必须留在本机或安全密钥里。请改用安全密钥，或不同步的通行密钥。")


class TooManyPasskeys(DomainError):
    """The account has as many passkeys as it may."""

    kind = Kind.CONFLICT
    code = "too-many-passkeys"
    title = N_("通行密钥太多")
    advice = N_("请先移除不再使用的通行密钥。")


@dataclass(frozen=True, slots=True)
class OwnPasskeys:
    """Keeps people's passkeys, and hears them."""

    units: Units[PeopleTx]
    challenges: Challenges
    clock: Clock
    by_passkey: frozenset[Role] = frozenset()
    """Who needs one, whatever else they have."""

    def ask_to_sign_in(self, site: Site) -> str:
        """Return what the browser of somebody unknown is asked for."""
        return to_prove(site, self.challenges.make(_SIGN_IN, self.clock.now()))

    async def ask_to_prove(self, site: Site, identity: Identity) -> str:
        """Return what the browser of somebody known is asked for."""
        async with self.units.reading() as tx:
            account = await own_account(identity, tx)
            passkeys = await tx.people.passkeys_of(account.id)
        challenge = self.challenges.make(f"prove {account.id}", self.clock.now())
        return to_prove(site, challenge, passkeys)

    async def ask_to_add(self, site: Site, identity: Identity) -> str:
        """Return what a browser is asked for to make one more.

        Raises:
            TooManyPasskeys: there are as many as there may be.
        """
        async with self.units.reading() as tx:
            account = await own_account(identity, tx)
            known = await tx.people.passkeys_of(account.id)
        if len(known) >= MAX_PASSKEYS:
            raise TooManyPasskeys
        return to_add(site, account, self.challenges.make(f"add {account.id}", self.clock.now()), known)

    async def sign_in(self, assertion: Assertion, site: Site) -> tuple[str, AccountId]:
        """Open a session; return its token and whose it is.

        Raises:
            PasskeyRefused: nobody's passkey signed this now, or the account is closed.
        """
        async with self._noting_failure(assertion), self.units.transaction() as tx:
            challenge = self._challenge(_SIGN_IN, assertion.client_data)
            account = await self._use(assertion, site, challenge, tx)
            return await open_session(account, Proof.PASSKEY, tx, self.clock), account.id

    async def prove(self, assertion: Assertion, site: Site, token: str, identity: Identity) -> str:
        """Renew the session of `token` and return its new one.

        Raises:
            PasskeyRefused: none of one's own passkeys signed this now.
        """
        async with self._noting_failure(assertion), self.units.transaction() as tx:
            challenge = self._challenge(f"prove {identity.account_id}", assertion.client_data)
            account = await self._use(assertion, site, challenge, tx)
            if account.id != identity.account_id:
                raise PasskeyRefused
            return await renew_session(token, Proof.PASSKEY, identity, tx, self.clock)

    async def add(self, added: Added, name: str, site: Site, *, token: str, identity: Identity) -> str:
        """Store the passkey that was made, and return the token of the renewed session.

        Raises:
            PasskeyRefused: it is not what was asked for, or somebody has it already.
            SyncedPasskey: copies of it are kept elsewhere, which those who run the installation may not have.
            TooManyPasskeys: there are as many as there may be.
        """
        now = self.clock.now()
        challenge = self._challenge(f"add {identity.account_id}", added.client_data)
        async with self.units.transaction() as tx:
            account = await own_account(identity, tx)
            passkey = passkey_of(site, added, challenge, owner=account.id, now=now)
            if passkey.synced and account.role in KEEPERS:
                raise SyncedPasskey
            await self._spend(challenge, tx)
            if await tx.people.passkey(passkey.credential_id) is not None:
                raise PasskeyRefused
            if len(await tx.people.passkeys_of(account.id)) >= MAX_PASSKEYS:
                raise TooManyPasskeys
            await tx.people.add_passkey(replace(passkey, name=name))
            tx.record(PasskeyAdded(actor=identity.actor, account_id=account.id))
            return await renew_session(token, Proof.PASSKEY, identity, tx, self.clock)

    async def remove(self, credential_id: bytes, identity: Identity) -> None:
        """Take one of one's passkeys away; one that is none of one's own is well.

        Raises:
            LastAuthenticator: there is nothing else beside the password that would do.
        """
        async with self.units.transaction() as tx:
            account = await own_account(identity, tx)
            if not await tx.people.remove_passkey(account.id, credential_id):
                return
            has_codes = await tx.people.otp_authenticator(account.id) is not None
            has_other = has_codes and account.role not in self.by_passkey
            if not has_other and not await tx.people.passkeys_of(account.id):
                raise LastAuthenticator
            tx.record(PasskeyRemoved(actor=identity.actor, account_id=account.id))

    @asynccontextmanager
    async def _noting_failure(self, assertion: Assertion) -> AsyncIterator[None]:
        """Log a refusal with whose passkey it should have been, if it is known; the unit itself is undone."""
        try:
            yield
        except PasskeyRefused as error:
            kind = PasskeyCopySeen if isinstance(error, PasskeyCopied) else SignInFailed
            async with self.units.transaction() as tx:
                passkey = await tx.people.passkey(assertion.credential_id)
                if passkey is not None:
                    tx.record(kind(actor=ANONYMOUS.actor, account_id=passkey.account_id))
            raise

    def _challenge(self, purpose: str, client_data: bytes) -> Challenge:
        challenge = self.challenges.read(purpose, challenge_in(client_data), self.clock.now())
        if challenge is None:
            raise PasskeyRefused
        return challenge

    async def _use(self, assertion: Assertion, site: Site, challenge: Challenge, tx: PeopleTx) -> Account:
        """Return the account whose passkey answered the challenge, which counts no second time."""
        passkey = await tx.people.passkey(assertion.credential_id)
        account = None if passkey is None else await tx.people.account(passkey.account_id)
        if passkey is None or account is None or not account.active:
            raise PasskeyRefused
        await tx.people.put_passkey(used(site, assertion, challenge, passkey, self.clock.now()))
        await self._spend(challenge, tx)
        return account

    async def _spend(self, challenge: Challenge, tx: PeopleTx) -> None:
        if not await spend(challenge, tx, self.clock.now()):
            raise PasskeyRefused
