"""What administrators do: the security one keeps accounts, the system one organisations and terminals."""

import secrets
from dataclasses import dataclass, replace
from itertools import count

from server.kernel.clock import Clock
from server.kernel.errors import N_, DomainError, FieldError, InvalidInput, Kind, NotFound
from server.kernel.identity import Identity, Role
from server.kernel.ids import AccountId, OrganisationId, TerminalId, new_id
from server.kernel.permissions import Action, Relation, require
from server.kernel.transaction import Units
from server.people.events import (
    AccountAdded,
    AccountClosed,
    AccountReopened,
    OrganisationAdded,
    PasswordSet,
    RecoveryAsked,
    RecoveryWithdrawn,
    TerminalAdded,
)
from server.people.model import Account, Organisation, OrganisationKind, Recovery, Terminal
from server.people.policy import (
    INITIAL_LIFE,
    KEEPERS,
    account_of,
    needed_organisation,
    relation_to_account,
    reset_is_harmless,
)
from server.people.ports import Passwords, PeopleTx
from server.people.sessions import end_access


class OwnAccount(DomainError):
    """An administrator may not close or reset the account they are using."""

    kind = Kind.CONFLICT
    code = "own-account"
    title = N_("不能停用或重置自己的账号")
    advice = N_("请由另一位安全管理员办理。")


class NeedsTwo(DomainError):
    """What was asked for would let one administrator in as somebody else."""

    kind = Kind.CONFLICT
    code = "needs-two"
    title = N_("这一步要两位安全管理员办理")
    advice = N_("请用“恢复登录”申请，由另一位安全管理员批准。")


@dataclass(frozen=True, slots=True, kw_only=True)
class AddAccount:
    """A person to let in."""

    login: str
    name: str
    role: Role
    organisation_id: OrganisationId | None
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AddOrganisation:
    """An organisation to register."""

    name: str
    kind: OrganisationKind
    region_code: str
    parent_id: OrganisationId | None


async def first_password(passwords: Passwords) -> tuple[str, str]:
    """Return a password for somebody else, good for nothing but its change, and its hash."""
    password = secrets.token_urlsafe(12)
    return password, await passwords.hash(password)


async def add_account(
    command: AddAccount, identity: Identity, units: Units[PeopleTx], passwords: Passwords, clock: Clock
) -> tuple[Account, str] | None:
    """Store an account and return it with its first password, which is shown once.

    Return None for one of those who keep accounts: it lets nobody in before another of them has approved it,
    or one person could be the two that a recovery needs.

    Raises:
        InvalidInput: the login name is taken, or the organisation does not fit the role.
    """
    require(identity.role, Action.ADD_ACCOUNT, Relation.NO_RECORD)
    password, password_hash = await first_password(passwords)
    account = Account(
        id=AccountId(new_id()),
        login=command.login,
        name=command.name,
        role=command.role,
        organisation_id=command.organisation_id,
        title=command.title,
        active=command.role is not Role.SECURITY_ADMIN,
        initial_until=clock.now() + INITIAL_LIFE,
    )
    async with units.transaction() as tx:
        await _check(account, tx)
        adding = await tx.people.account(account_of(identity))
        account = replace(account, seeded=adding is not None and adding.seeded)  # the demo's add to the demo
        await tx.people.add_account(account, password_hash=password_hash)
        tx.record(AccountAdded(actor=identity.actor, account_id=account.id, role=account.role))
        if not account.active:
            await ask_another(account, N_("新增安全管理员"), identity, tx, clock)
    return (account, password) if account.active else None


async def ask_another(account: Account, reason: str, identity: Identity, tx: PeopleTx, clock: Clock) -> None:
    """Ask another security administrator to let the account's person in."""
    asked_by = AccountId(identity.account_id or "")
    await tx.people.add_recovery(
        Recovery(account_id=account.id, reason=reason, asked_by=asked_by, asked_at=clock.now())
    )
    tx.record(RecoveryAsked(actor=identity.actor, account_id=account.id))


async def _check(account: Account, tx: PeopleTx) -> None:
    if await tx.people.account_by_login(account.login) is not None:
        taken = FieldError("login", "taken", N_("这个账号已有人使用，请换一个"))
        raise InvalidInput(fields=(taken,))
    await check_separation(account, tx)
    organisation = (
        await tx.people.organisation(account.organisation_id) if account.organisation_id is not None else None
    )
    needed = needed_organisation(account.role)
    if (organisation.kind if organisation else None) not in (needed or {None}):
        unfit = FieldError("organisation_id", "unfit", N_("这个角色不能属于所选机构，请重新选择"))
        raise InvalidInput(fields=(unfit,))


async def check_separation(account: Account, tx: PeopleTx) -> None:
    """See to it that nobody both runs the installation and keeps its accounts or its log."""
    if account.role not in KEEPERS:
        return
    others = [each for each in await tx.people.accounts_called(account.name) if each.name == account.name]
    if any(each.active and each.role in KEEPERS - {account.role} for each in others):
        taken = FieldError(
            "role",
            "not-separate",
            N_("同一人不能兼任系统管理员、安全管理员和审计员。若是同名的另一人，请在姓名里区分"),
        )
        raise InvalidInput(fields=(taken,))


async def reset_password(
    account_id: AccountId, identity: Identity, units: Units[PeopleTx], passwords: Passwords, clock: Clock
) -> tuple[Account, str]:
    """Give an account a fresh password, shown once, and end its sessions.

    Raises:
        OwnAccount: it is the administrator's own; for that there is the page of one's own password.
        NeedsTwo: the password alone would open the account to the administrator.
    """
    password, password_hash = await first_password(passwords)
    async with units.transaction() as tx:
        account = await find_other(account_id, identity, tx)
        if not await _may_reset(account, tx):
            raise NeedsTwo
        await tx.people.set_password(account.id, password_hash, initial_until=clock.now() + INITIAL_LIFE)
        await end_access(account.id, identity, tx)
        tx.record(PasswordSet(actor=identity.actor, account_id=account.id))
    return account, password


async def _may_reset(account: Account, tx: PeopleTx) -> bool:
    has_own = bool(await tx.people.passkeys_of(account.id) or await tx.people.otp_authenticator(account.id))
    is_linked = await tx.people.link_of(account.id) is not None
    return reset_is_harmless(account.role, has_own=has_own, is_linked=is_linked)


async def close_account(account_id: AccountId, identity: Identity, tx: PeopleTx) -> None:
    """Let nobody in with this account any more; its sockets and media routes close within a second."""
    account = await find_other(account_id, identity, tx)
    await tx.people.put_account(replace(account, active=False))
    if await tx.people.recovery_of(account.id) is not None:
        await tx.people.remove_recovery(account.id)
        tx.record(RecoveryWithdrawn(actor=identity.actor, account_id=account.id))
    await end_access(account.id, identity, tx)
    tx.record(AccountClosed(actor=identity.actor, account_id=account.id))


async def reopen_account(account_id: AccountId, identity: Identity, tx: PeopleTx) -> None:
    """Let the person in again with the same password.

    Raises:
        InvalidInput: meanwhile they have another of the roles that are kept apart.
        NeedsTwo: it is one of those who keep accounts, whom two let in again.
    """
    account = await find_other(account_id, identity, tx)
    if account.role is Role.SECURITY_ADMIN:
        raise NeedsTwo
    await check_separation(account, tx)
    await tx.people.put_account(replace(account, active=True))
    tx.record(AccountReopened(actor=identity.actor, account_id=account.id))


async def add_organisation(command: AddOrganisation, identity: Identity, tx: PeopleTx) -> Organisation:
    """Register an organisation.

    Raises:
        InvalidInput: the cooperation area named is none.
    """
    require(identity.role, Action.ADD_ORGANISATION, Relation.NO_RECORD)
    parent = await tx.people.organisation(command.parent_id) if command.parent_id is not None else None
    is_area = command.kind is OrganisationKind.COOPERATION_AREA
    if is_area != (parent is None) or (parent and parent.kind is not OrganisationKind.COOPERATION_AREA):
        unfit = FieldError("parent_id", "unfit", N_("协作区不属于其他机构，其他机构都要选一个协作区"))
        raise InvalidInput(fields=(unfit,))
    organisation = Organisation(
        id=OrganisationId(new_id()),
        kind=command.kind,
        name=command.name,
        region_code=command.region_code,
        parent_id=command.parent_id,
    )
    await tx.people.add_organisation(organisation)
    tx.record(OrganisationAdded(actor=identity.actor, organisation_id=organisation.id))
    return organisation


async def add_terminal(facility_id: OrganisationId, name: str, identity: Identity, tx: PeopleTx) -> Terminal:
    """Register a terminal of a detention facility; its officers pair a device with it.

    Raises:
        NotFound: there is no such facility.
    """
    require(identity.role, Action.ADD_ORGANISATION, Relation.NO_RECORD)
    facility = await tx.people.organisation(facility_id)
    if facility is None or facility.kind is not OrganisationKind.DETENTION_FACILITY:
        raise NotFound
    terminal = Terminal(id=TerminalId(new_id()), facility_id=facility.id, name=name)
    await tx.people.add_terminal(terminal)
    tx.record(TerminalAdded(actor=identity.actor, terminal_id=terminal.id, facility_id=facility.id))
    return terminal


async def first_account(
    login: str, units: Units[PeopleTx], passwords: Passwords, clock: Clock
) -> tuple[Account, str] | None:
    """Make one of the first two security administrators and return the account and its password.

    Its login name is `login`, with a number where that is taken. Returns None where there are two: from then
    on one adds others on the page, and another approves. In a demo it returns None as well.
    """
    password, password_hash = await first_password(passwords)
    async with units.transaction() as tx:
        accounts = await tx.people.all_accounts()
        if any(each.seeded for each in accounts):
            return None
        if len([each for each in accounts if each.active and each.role is Role.SECURITY_ADMIN]) >= _ENOUGH:
            return None
        taken = {each.login for each in accounts}
        login = next(name for n in count(1) if (name := f"{login}{'' if n == 1 else n}") not in taken)
        account = Account(
            id=AccountId(new_id()),
            login=login,
            name=login,
            role=Role.SECURITY_ADMIN,
            organisation_id=None,
            initial_until=clock.now() + INITIAL_LIFE,
        )
        await tx.people.add_account(account, password_hash=password_hash)
        tx.record(AccountAdded(actor="command:account", account_id=account.id, role=account.role))
    return account, password


_ENOUGH = 2
"""Security administrators: one asks, the other approves."""


async def find_other(account_id: AccountId, identity: Identity, tx: PeopleTx) -> Account:
    """Return an account that the administrator may change.

    Raises:
        NotFound: there is none such, or it is none of theirs to keep.
        OwnAccount: it is the one that they are using.
    """
    account = await tx.people.account(account_id)
    if account is None:
        raise NotFound
    require(identity.role, Action.MANAGE_ACCOUNT, relation_to_account(identity))
    if account.id == identity.account_id:
        raise OwnAccount
    return account
