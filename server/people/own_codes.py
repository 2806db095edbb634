"""One's own codes: set up once a first code has shown that the program knows the secret, and taken away."""

from dataclasses import dataclass

from server.kernel.clock import Clock
from server.kernel.errors import N_, DomainError, Kind
from server.kernel.identity import Identity, Role
from server.kernel.transaction import Units
from server.people.codes import address_of, new_secret, step_of
from server.people.events import OtpAuthenticatorAdded, OtpAuthenticatorRemoved
from server.people.guesses import check_wait, forgive, note_failure
from server.people.model import OtpAuthenticator, Proof
from server.people.ports import PeopleTx, Sealer
from server.people.sessions import renew_session
from server.people.signing_in import CODE_SECRET, own_account

_DRAFT = "code drafted for"


class WrongCode(DomainError):
    """The code is not the one that belongs to the secret now."""

    code = "wrong-code"
    title = N_("验证码不对")
    advice = N_("请输入验证器现在显示的 6 位数字。若一直不对，请核对手机和电脑的时间。")


class LastAuthenticator(DomainError):
    """Without it the account would have nothing but its password."""

    kind = Kind.CONFLICT
    code = "last-authenticator"
    title = N_("不能移除最后一种验证方式")
    advice = N_("请先设置另一种，再移除这一种。")


@dataclass(frozen=True, slots=True)
class Draft:
    """Codes that are being set up; nothing is stored of them yet."""

    secret: str
    address: str
    """What the program reads from the picture."""
    sealed: bytes
    """The secret, sealed for its owner: the form brings it back."""


@dataclass(frozen=True, slots=True)
class OwnCodes:
    """Keeps people's codes."""

    units: Units[PeopleTx]
    sealer: Sealer
    clock: Clock
    by_passkey: frozenset[Role] = frozenset()
    """Who has to set a passkey up besides."""

    async def draft(self, identity: Identity, sealed: bytes = b"") -> Draft:
        """Return a fresh draft, or the one that a form brought back."""
        async with self.units.reading() as tx:
            account = await own_account(identity, tx)
        secret = self.sealer.open(f"{_DRAFT} {account.id}", sealed) if sealed else None
        if secret is None:
            secret = new_secret().encode()
            sealed = self.sealer.seal(f"{_DRAFT} {account.id}", secret)
        return Draft(secret.decode(), address_of(secret.decode(), account.login), sealed)

    async def confirm(self, sealed: bytes, code: str, token: str, identity: Identity) -> str:
        """Store the drafted codes in place of any before, and return the token of the session.

        It is another one where the codes were what it lacked. They prove nothing of who set them up.

        Raises:
            WrongCode: the code belongs to another secret or time, or the draft is none of one's own.
            TooManyAttempts: there were too many wrong ones.
        """
        subject = f"draft:{identity.account_id}"
        async with self.units.transaction() as tx:
            account = await own_account(identity, tx)
            check_wait(await tx.people.attempts(subject), self.clock.now())
            secret = self.sealer.open(f"{_DRAFT} {account.id}", sealed)
            step = None if secret is None else step_of(secret.decode(), code, self.clock.now())
            if secret is not None and step is not None:
                await forgive(subject, tx)
                await tx.people.put_otp_authenticator(
                    OtpAuthenticator(
                        account_id=account.id,
                        sealed_secret=self.sealer.seal(f"{CODE_SECRET} {account.id}", secret),
                        added_at=self.clock.now(),
                        last_step=step,
                    )
                )
                tx.record(OtpAuthenticatorAdded(actor=identity.actor, account_id=account.id))
                if not identity.must_enrol or account.role in self.by_passkey:
                    return token
                return await renew_session(token, Proof.PASSWORD_AND_CODE, identity, tx, self.clock)
            await note_failure(subject, tx, self.clock)
        raise WrongCode

    async def remove(self, identity: Identity) -> None:
        """Take one's codes away; none is well.

        Raises:
            LastAuthenticator: there is no passkey either.
        """
        async with self.units.transaction() as tx:
            account = await own_account(identity, tx)
            if await tx.people.otp_authenticator(account.id) is None:
                return
            if not await tx.people.passkeys_of(account.id):
                raise LastAuthenticator
            await tx.people.remove_otp_authenticator(account.id)
            tx.record(OtpAuthenticatorRemoved(actor=identity.actor, account_id=account.id))
