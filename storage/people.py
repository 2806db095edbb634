"""People on the database."""

from datetime import datetime

from sqlalchemy import delete, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from typing_extensions import override

from server.kernel.identity import Role
from server.kernel.ids import AccountId, OrganisationId, SessionId, TerminalId
from server.people.model import (
    Account,
    AgencyKey,
    Attempts,
    FederatedLink,
    Organisation,
    OtpAuthenticator,
    PairingCode,
    Passkey,
    Recovery,
    Session,
    Terminal,
    TerminalDevice,
)
from server.people.ports import PeopleStore
from storage.mapping import all_of, one_of, value_from, values_of
from storage.tables import people as tables
from storage.tables.alerts import feed


class SqlPeople(PeopleStore):
    """Keeps people in tables."""

    def __init__(self, connection: AsyncConnection) -> None:
        """Work within the transaction of `connection`."""
        self._connection = connection

    @override
    async def add_organisation(self, organisation: Organisation) -> None:
        await self._connection.execute(insert(tables.organisation).values(values_of(organisation)))

    @override
    async def organisation(self, organisation_id: OrganisationId) -> Organisation | None:
        query = select(tables.organisation).where(tables.organisation.c.id == organisation_id)
        return one_of(Organisation, (await self._connection.execute(query)).one_or_none())

    @override
    async def organisations(self) -> tuple[Organisation, ...]:
        query = select(tables.organisation).order_by(tables.organisation.c.name)
        return all_of(Organisation, await self._connection.execute(query))

    @override
    async def add_account(self, account: Account, *, password_hash: str | None) -> None:
        values = values_of(account) | {"password_hash": password_hash}
        await self._connection.execute(insert(tables.account).values(values))

    @override
    async def put_account(self, account: Account) -> None:
        query = update(tables.account).where(tables.account.c.id == account.id)
        await self._connection.execute(query.values(values_of(account)))

    @override
    async def set_password(
        self, account_id: AccountId, password_hash: str, *, initial_until: datetime | None
    ) -> None:
        query = update(tables.account).where(tables.account.c.id == account_id)
        values = query.values(password_hash=password_hash, initial_until=initial_until)
        await self._connection.execute(values)

    @override
    async def all_accounts(self) -> tuple[Account, ...]:
        query = select(tables.account).order_by(tables.account.c.name, tables.account.c.login)
        return all_of(Account, await self._connection.execute(query))

    @override
    async def account(self, account_id: AccountId) -> Account | None:
        query = select(tables.account).where(tables.account.c.id == account_id)
        return one_of(Account, (await self._connection.execute(query)).one_or_none())

    @override
    async def account_by_login(self, login: str) -> tuple[Account, str | None] | None:
        query = select(tables.account).where(tables.account.c.login == login)
        row = (await self._connection.execute(query)).one_or_none()
        return None if row is None else (value_from(Account, row), row.password_hash)

    @override
    async def accounts(self, account_ids: frozenset[AccountId]) -> dict[AccountId, Account]:
        query = select(tables.account).where(tables.account.c.id.in_(account_ids))
        found = all_of(Account, await self._connection.execute(query))
        return {account.id: account for account in found}

    @override
    async def accounts_called(self, name: str) -> tuple[Account, ...]:
        is_called = or_(tables.account.c.name == name, tables.account.c.login == name)
        return all_of(Account, await self._connection.execute(select(tables.account).where(is_called)))

    @override
    async def accounts_of(self, organisation_id: OrganisationId, role: Role) -> tuple[Account, ...]:
        query = select(tables.account).where(
            tables.account.c.organisation_id == organisation_id,
            tables.account.c.role == role,
            tables.account.c.active,
        )
        return all_of(Account, await self._connection.execute(query.order_by(tables.account.c.id)))

    @override
    async def seeded_accounts(self) -> tuple[Account, ...]:
        query = select(tables.account).where(tables.account.c.seeded).order_by(tables.account.c.login)
        return all_of(Account, await self._connection.execute(query))

    @override
    async def add_session(self, session: Session) -> None:
        await self._connection.execute(insert(tables.session).values(values_of(session)))

    @override
    async def session(self, token_hash: bytes) -> Session | None:
        query = select(tables.session).where(tables.session.c.token_hash == token_hash)
        return one_of(Session, (await self._connection.execute(query)).one_or_none())

    @override
    async def session_by_id(self, session_id: SessionId) -> Session | None:
        query = select(tables.session).where(tables.session.c.id == session_id)
        return one_of(Session, (await self._connection.execute(query)).one_or_none())

    @override
    async def put_session(self, session: Session) -> None:
        query = update(tables.session).where(tables.session.c.id == session.id)
        await self._connection.execute(query.values(values_of(session)))

    @override
    async def sessions_of(self, account_id: AccountId) -> tuple[Session, ...]:
        query = select(tables.session).where(tables.session.c.account_id == account_id)
        return all_of(Session, await self._connection.execute(query))

    @override
    async def note_use(
        self, session: Session, *, used_at: datetime, origin: str, expires_at: datetime
    ) -> None:
        query = update(tables.session).where(tables.session.c.token_hash == session.token_hash)
        await self._connection.execute(query.values(used_at=used_at, origin=origin, expires_at=expires_at))

    @override
    async def forget_expired_sessions(self, account_id: AccountId, now: datetime) -> None:
        has_ended = tables.session.c.expires_at <= now
        query = delete(tables.session).where(tables.session.c.account_id == account_id, has_ended)
        await self._connection.execute(query)

    @override
    async def end_session(self, token_hash: bytes) -> None:
        await self._connection.execute(
            delete(tables.session).where(tables.session.c.token_hash == token_hash)
        )

    @override
    async def end_sessions_of_account(self, account_id: AccountId) -> None:
        await self._connection.execute(
            delete(tables.session).where(tables.session.c.account_id == account_id)
        )

    @override
    async def remove_feed_of(self, account_id: AccountId) -> None:
        await self._connection.execute(delete(feed).where(feed.c.account_id == account_id))

    @override
    async def end_sessions_of_terminal(self, terminal_id: TerminalId) -> None:
        await self._connection.execute(
            delete(tables.session).where(tables.session.c.terminal_id == terminal_id)
        )

    @override
    async def otp_authenticator(self, account_id: AccountId) -> OtpAuthenticator | None:
        query = select(tables.otp_authenticator).where(tables.otp_authenticator.c.account_id == account_id)
        return one_of(OtpAuthenticator, (await self._connection.execute(query)).one_or_none())

    @override
    async def put_otp_authenticator(self, authenticator: OtpAuthenticator) -> None:
        await self.remove_otp_authenticator(authenticator.account_id)
        await self._connection.execute(insert(tables.otp_authenticator).values(values_of(authenticator)))

    @override
    async def take_step(self, account_id: AccountId, step: int) -> bool:
        is_later = tables.otp_authenticator.c.last_step < step
        query = update(tables.otp_authenticator).where(
            tables.otp_authenticator.c.account_id == account_id, is_later
        )
        return (await self._connection.execute(query.values(last_step=step))).rowcount == 1

    @override
    async def remove_otp_authenticator(self, account_id: AccountId) -> None:
        matches = tables.otp_authenticator.c.account_id == account_id
        await self._connection.execute(delete(tables.otp_authenticator).where(matches))

    @override
    async def add_passkey(self, passkey: Passkey) -> None:
        await self._connection.execute(insert(tables.passkey).values(values_of(passkey)))

    @override
    async def passkey(self, credential_id: bytes) -> Passkey | None:
        query = select(tables.passkey).where(tables.passkey.c.credential_id == credential_id)
        return one_of(Passkey, (await self._connection.execute(query)).one_or_none())

    @override
    async def passkeys_of(self, account_id: AccountId) -> tuple[Passkey, ...]:
        query = select(tables.passkey).where(tables.passkey.c.account_id == account_id)
        return all_of(Passkey, await self._connection.execute(query.order_by(tables.passkey.c.added_at)))

    @override
    async def put_passkey(self, passkey: Passkey) -> None:
        query = update(tables.passkey).where(tables.passkey.c.credential_id == passkey.credential_id)
        await self._connection.execute(query.values(values_of(passkey)))

    @override
    async def remove_passkey(self, account_id: AccountId, credential_id: bytes) -> bool:
        query = delete(tables.passkey).where(
            tables.passkey.c.account_id == account_id, tables.passkey.c.credential_id == credential_id
        )
        return (await self._connection.execute(query)).rowcount == 1

    @override
    async def spend_challenge(self, challenge_hash: bytes, *, expires_at: datetime, now: datetime) -> bool:
        spent = tables.spent_challenge
        await self._connection.execute(delete(spent).where(spent.c.expires_at <= now))
        known = select(spent).where(spent.c.challenge_hash == challenge_hash)
        if (await self._connection.execute(known)).one_or_none() is not None:
            return False
        values = {"challenge_hash": challenge_hash, "expires_at": expires_at}
        await self._connection.execute(insert(spent).values(values))
        return True

    @override
    async def put_link(self, link: FederatedLink) -> None:
        await self.remove_link(link.account_id)
        await self._connection.execute(insert(tables.federated_link).values(values_of(link)))

    @override
    async def link(self, issuer: str, subject: str) -> FederatedLink | None:
        query = select(tables.federated_link).where(
            tables.federated_link.c.issuer == issuer, tables.federated_link.c.subject == subject
        )
        return one_of(FederatedLink, (await self._connection.execute(query)).one_or_none())

    @override
    async def link_of(self, account_id: AccountId) -> FederatedLink | None:
        query = select(tables.federated_link).where(tables.federated_link.c.account_id == account_id)
        return one_of(FederatedLink, (await self._connection.execute(query)).one_or_none())

    @override
    async def remove_link(self, account_id: AccountId) -> None:
        matches = tables.federated_link.c.account_id == account_id
        await self._connection.execute(delete(tables.federated_link).where(matches))

    @override
    async def add_recovery(self, recovery: Recovery) -> None:
        await self._connection.execute(insert(tables.recovery).values(values_of(recovery)))

    @override
    async def recovery_of(self, account_id: AccountId) -> Recovery | None:
        query = select(tables.recovery).where(tables.recovery.c.account_id == account_id)
        return one_of(Recovery, (await self._connection.execute(query)).one_or_none())

    @override
    async def recoveries(self) -> tuple[Recovery, ...]:
        query = select(tables.recovery).order_by(tables.recovery.c.asked_at)
        return all_of(Recovery, await self._connection.execute(query))

    @override
    async def remove_recovery(self, account_id: AccountId) -> None:
        matches = tables.recovery.c.account_id == account_id
        await self._connection.execute(delete(tables.recovery).where(matches))

    @override
    async def add_agency_key(self, key: AgencyKey) -> None:
        await self._connection.execute(insert(tables.agency_key).values(values_of(key)))

    @override
    async def agency_key(self, key_hash: bytes) -> AgencyKey | None:
        query = select(tables.agency_key).where(tables.agency_key.c.key_hash == key_hash)
        return one_of(AgencyKey, (await self._connection.execute(query)).one_or_none())

    @override
    async def agency_keys(self) -> tuple[AgencyKey, ...]:
        query = select(tables.agency_key).order_by(tables.agency_key.c.created_at.desc())
        return all_of(AgencyKey, await self._connection.execute(query))

    @override
    async def put_agency_key(self, key: AgencyKey) -> None:
        query = update(tables.agency_key).where(tables.agency_key.c.id == key.id)
        await self._connection.execute(query.values(values_of(key)))

    @override
    async def remove_agency_key(self, key_id: str) -> None:
        await self._connection.execute(delete(tables.agency_key).where(tables.agency_key.c.id == key_id))

    @override
    async def add_terminal(self, terminal: Terminal) -> None:
        await self._connection.execute(insert(tables.terminal).values(values_of(terminal)))

    @override
    async def terminal(self, terminal_id: TerminalId) -> Terminal | None:
        query = select(tables.terminal).where(tables.terminal.c.id == terminal_id)
        return one_of(Terminal, (await self._connection.execute(query)).one_or_none())

    @override
    async def terminals_of(self, facility_id: OrganisationId) -> tuple[Terminal, ...]:
        query = select(tables.terminal).where(tables.terminal.c.facility_id == facility_id)
        return all_of(Terminal, await self._connection.execute(query.order_by(tables.terminal.c.name)))

    @override
    async def set_paired(self, terminal_id: TerminalId, paired_at: datetime | None) -> None:
        await self._connection.execute(
            update(tables.terminal).where(tables.terminal.c.id == terminal_id).values(paired_at=paired_at)
        )

    @override
    async def put_device(self, device: TerminalDevice) -> None:
        await self.remove_device(device.terminal_id)
        await self._connection.execute(insert(tables.terminal_device).values(values_of(device)))

    @override
    async def device(self, public_key: bytes) -> TerminalDevice | None:
        query = select(tables.terminal_device).where(tables.terminal_device.c.public_key == public_key)
        return one_of(TerminalDevice, (await self._connection.execute(query)).one_or_none())

    @override
    async def devices_of(self, facility_id: OrganisationId) -> tuple[TerminalDevice, ...]:
        query = select(tables.terminal_device).join(tables.terminal)
        found = await self._connection.execute(query.where(tables.terminal.c.facility_id == facility_id))
        return all_of(TerminalDevice, found)

    @override
    async def remove_device(self, terminal_id: TerminalId) -> None:
        matches = tables.terminal_device.c.terminal_id == terminal_id
        await self._connection.execute(delete(tables.terminal_device).where(matches))

    @override
    async def put_pairing_code(self, code: PairingCode) -> None:
        await self._connection.execute(
            delete(tables.pairing_code).where(tables.pairing_code.c.terminal_id == code.terminal_id)
        )
        await self._connection.execute(insert(tables.pairing_code).values(values_of(code)))

    @override
    async def take_pairing_code(self, code_hash: bytes) -> PairingCode | None:
        matches = tables.pairing_code.c.code_hash == code_hash
        row = (await self._connection.execute(select(tables.pairing_code).where(matches))).one_or_none()
        await self._connection.execute(delete(tables.pairing_code).where(matches))
        return one_of(PairingCode, row)

    @override
    async def attempts(self, subject: str) -> Attempts:
        query = select(tables.attempt).where(tables.attempt.c.subject == subject)
        found = one_of(Attempts, (await self._connection.execute(query)).one_or_none())
        return found or Attempts(subject=subject, failures=0, blocked_until=None)

    @override
    async def put_attempts(self, attempts: Attempts) -> None:
        await self._connection.execute(
            delete(tables.attempt).where(tables.attempt.c.subject == attempts.subject)
        )
        if attempts.failures:
            await self._connection.execute(insert(tables.attempt).values(values_of(attempts)))
