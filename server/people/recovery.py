"""Recovery by two: who has lost phone and passkeys is let in anew once two security administrators agree.

One asks, having made sure of who it is; another approves, and hands the first password over. No single person
can take an account over (NIST SP 800-63B-4 §4.2; OWASP ASVS 5.0, 6.4.4): in the same way alone come those in
who keep accounts, or one could make the second person up.
"""

from dataclasses import replace

from server.kernel.clock import Clock
from server.kernel.errors import N_, DomainError, Kind
from server.kernel.identity import Identity
from server.kernel.ids import AccountId
from server.kernel.transaction import Units
from server.people.administration import ask_another, check_separation, find_other, first_password
from server.people.events import AccountReopened, PasswordSet, RecoveryApproved, RecoveryWithdrawn
from server.people.model import Account, Recovery
from server.people.policy import INITIAL_LIFE, stands
from server.people.ports import Passwords, PeopleTx
from server.people.sessions import end_access


class RecoveryPending(DomainError):
    """Somebody has asked already."""

    kind = Kind.CONFLICT
    code = "recovery-pending"
    title = N_("这个账号的恢复已经在等待批准")
    advice = N_("请由另一位安全管理员批准，或先撤回。")


class NoRecovery(DomainError):
    """Nobody has asked, or it was decided meanwhile."""

    kind = Kind.CONFLICT
    code = "no-recovery"
    title = N_("这个账号没有等待批准的恢复")
    advice = N_("可能刚刚已经批准或撤回。请刷新页面查看。")


class SamePerson(DomainError):
    """Who asked may not approve."""

    kind = Kind.CONFLICT
    code = "same-person"
    title = N_("发起恢复的人不能自己批准")
    advice = N_("请由另一位安全管理员核实本人身份后批准。")


async def ask_recovery(
    account_id: AccountId, reason: str, identity: Identity, tx: PeopleTx, clock: Clock
) -> None:
    """Ask another administrator to let the account's person in anew.

    Raises:
        OwnAccount: it is the administrator's own.
        RecoveryPending: somebody has asked already.
    """
    account = await find_other(account_id, identity, tx)
    pending = await tx.people.recovery_of(account.id)
    if pending is not None:
        if await _stands(pending, tx, clock):
            raise RecoveryPending
        await tx.people.remove_recovery(account.id)
    await ask_another(account, reason, identity, tx, clock)


async def _stands(recovery: Recovery, tx: PeopleTx, clock: Clock) -> bool:
    return stands(recovery, await tx.people.account(recovery.asked_by), clock.now())


async def approve_recovery(
    account_id: AccountId, identity: Identity, units: Units[PeopleTx], passwords: Passwords, clock: Clock
) -> tuple[Account, str]:
    """Take away all that the person proved themselves with, and return a first password, shown once.

    A closed account is let in again.

    Raises:
        InvalidInput: meanwhile the person has another of the roles that are kept apart.
        NoRecovery: nobody has asked, or not lately, or nobody who may.
        OwnAccount: it is the administrator's own.
        SamePerson: the administrator asked for it.
    """
    password, password_hash = await first_password(passwords)
    async with units.transaction() as tx:
        account = await find_other(account_id, identity, tx)
        recovery = await tx.people.recovery_of(account.id)
        if recovery is None or not await _stands(recovery, tx, clock):
            raise NoRecovery
        if recovery.asked_by == identity.account_id:
            raise SamePerson
        if not account.active:
            await check_separation(account, tx)
            account = replace(account, active=True)
            await tx.people.put_account(account)
            tx.record(AccountReopened(actor=identity.actor, account_id=account.id))
        await tx.people.remove_otp_authenticator(account.id)
        for passkey in await tx.people.passkeys_of(account.id):
            await tx.people.remove_passkey(account.id, passkey.credential_id)
        await tx.people.remove_link(account.id)
        await tx.people.set_password(account.id, password_hash, initial_until=clock.now() + INITIAL_LIFE)
        await tx.people.remove_recovery(account.id)
        await end_access(account.id, identity, tx)
        tx.record(RecoveryApproved(actor=identity.actor, account_id=account.id))
        tx.record(PasswordSet(actor=identity.actor, account_id=account.id))
    return account, password


async def withdraw_recovery(account_id: AccountId, identity: Identity, tx: PeopleTx) -> None:
    """Leave the account as it is.

    Raises:
        NoRecovery: nobody has asked.
        OwnAccount: it is the administrator's own.
    """
    account = await find_other(account_id, identity, tx)
    if await tx.people.recovery_of(account.id) is None:
        raise NoRecovery
    await tx.people.remove_recovery(account.id)
    tx.record(RecoveryWithdrawn(actor=identity.actor, account_id=account.id))
