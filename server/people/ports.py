"""What people need of the outside: a store, a keeper of passwords, and a sealer of what others keep."""

from datetime import datetime
from typing import Protocol

from server.kernel.identity import Role
from server.kernel.ids import AccountId, OrganisationId, SessionId, TerminalId
from server.kernel.transaction import Transaction
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


class PeopleStore(Protocol):
    """Keeps organisations, accounts, sessions, agency keys and terminals."""

    async def add_organisation(self, organisation: Organisation) -> None:
        """Store a new organisation."""
        ...

    async def organisation(self, organisation_id: OrganisationId) -> Organisation | None:
        """Return the organisation, if there is one."""
        ...

    async def organisations(self) -> tuple[Organisation, ...]:
        """Return all organisations, by name."""
        ...

    async def add_account(self, account: Account, *, password_hash: str | None) -> None:
        """Store a new account."""
        ...

    async def put_account(self, account: Account) -> None:
        """Store a changed account."""
        ...

    async def set_password(
        self, account_id: AccountId, password_hash: str, *, initial_until: datetime | None
    ) -> None:
        """Store another password's hash, and until when it opens anything if somebody else gave it."""
        ...

    async def all_accounts(self) -> tuple[Account, ...]:
        """Return all accounts, by name."""
        ...

    async def account(self, account_id: AccountId) -> Account | None:
        """Return the account, if there is one."""
        ...

    async def account_by_login(self, login: str) -> tuple[Account, str | None] | None:
        """Return the account of this login name with its password hash."""
        ...

    async def accounts(self, account_ids: frozenset[AccountId]) -> dict[AccountId, Account]:
        """Return those of the accounts that exist, by id."""
        ...

    async def accounts_called(self, name: str) -> tuple[Account, ...]:
        """Return the accounts of this name or login."""
        ...

    async def accounts_of(self, organisation_id: OrganisationId, role: Role) -> tuple[Account, ...]:
        """Return those who exercise a role for an organisation and are let in."""
        ...

    async def seeded_accounts(self) -> tuple[Account, ...]:
        """Return the demo's accounts, in the order in which they were made."""
        ...

    async def add_session(self, session: Session) -> None:
        """Store a session."""
        ...

    async def session(self, token_hash: bytes) -> Session | None:
        """Return the session of this token's hash, expired or not."""
        ...

    async def session_by_id(self, session_id: SessionId) -> Session | None:
        """Return the session, expired or not."""
        ...

    async def put_session(self, session: Session) -> None:
        """Store a changed session; a missing one is left ended."""
        ...

    async def sessions_of(self, account_id: AccountId) -> tuple[Session, ...]:
        """Return all sessions of an account, expired or not."""
        ...

    async def note_use(
        self, session: Session, *, used_at: datetime, origin: str, expires_at: datetime
    ) -> None:
        """Note that a session was used, from where, and when it ends now; a missing one is left ended."""
        ...

    async def forget_expired_sessions(self, account_id: AccountId, now: datetime) -> None:
        """Forget those of an account's sessions that have ended by themselves."""
        ...

    async def end_session(self, token_hash: bytes) -> None:
        """Forget one session."""
        ...

    async def end_sessions_of_account(self, account_id: AccountId) -> None:
        """Forget all sessions of an account."""
        ...

    async def remove_feed_of(self, account_id: AccountId) -> None:
        """Forget the address under which the account's calendar is read without a session."""
        ...

    async def end_sessions_of_terminal(self, terminal_id: TerminalId) -> None:
        """Forget all sessions of a terminal."""
        ...

    async def otp_authenticator(self, account_id: AccountId) -> OtpAuthenticator | None:
        """Return the account's codes, if it has any."""
        ...

    async def put_otp_authenticator(self, authenticator: OtpAuthenticator) -> None:
        """Store the account's codes in place of any before."""
        ...

    async def take_step(self, account_id: AccountId, step: int) -> bool:
        """Note that the code of this time step was used; False if it or a later one had been."""
        ...

    async def remove_otp_authenticator(self, account_id: AccountId) -> None:
        """Forget the account's codes."""
        ...

    async def add_passkey(self, passkey: Passkey) -> None:
        """Store a passkey."""
        ...

    async def passkey(self, credential_id: bytes) -> Passkey | None:
        """Return the passkey of this id, whosesoever it is."""
        ...

    async def passkeys_of(self, account_id: AccountId) -> tuple[Passkey, ...]:
        """Return the account's passkeys, oldest first."""
        ...

    async def put_passkey(self, passkey: Passkey) -> None:
        """Store a passkey that was used."""
        ...

    async def remove_passkey(self, account_id: AccountId, credential_id: bytes) -> bool:
        """Forget one of the account's passkeys; False if it has none such."""
        ...

    async def spend_challenge(self, challenge_hash: bytes, *, expires_at: datetime, now: datetime) -> bool:
        """Note that a challenge was answered, until it would have expired; False if it had been already."""
        ...

    async def put_link(self, link: FederatedLink) -> None:
        """Store whom the provider knows, in place of what was stored of the account."""
        ...

    async def link(self, issuer: str, subject: str) -> FederatedLink | None:
        """Return the account that is linked to this person of the provider's."""
        ...

    async def link_of(self, account_id: AccountId) -> FederatedLink | None:
        """Return the account's link, if it has one."""
        ...

    async def remove_link(self, account_id: AccountId) -> None:
        """Forget the account's link."""
        ...

    async def add_recovery(self, recovery: Recovery) -> None:
        """Store that an account waits to be recovered."""
        ...

    async def recovery_of(self, account_id: AccountId) -> Recovery | None:
        """Return what the account waits for, if it does."""
        ...

    async def recoveries(self) -> tuple[Recovery, ...]:
        """Return all that wait, oldest first."""
        ...

    async def remove_recovery(self, account_id: AccountId) -> None:
        """Forget that the account waited."""
        ...

    async def add_agency_key(self, key: AgencyKey) -> None:
        """Store a new key of an agency's system."""
        ...

    async def agency_key(self, key_hash: bytes) -> AgencyKey | None:
        """Return the key of this hash, expired or not."""
        ...

    async def agency_keys(self) -> tuple[AgencyKey, ...]:
        """Return all keys, the newest first."""
        ...

    async def put_agency_key(self, key: AgencyKey) -> None:
        """Store a changed key."""
        ...

    async def remove_agency_key(self, key_id: str) -> None:
        """Forget the key."""
        ...

    async def add_terminal(self, terminal: Terminal) -> None:
        """Store a new terminal."""
        ...

    async def terminal(self, terminal_id: TerminalId) -> Terminal | None:
        """Return the terminal, if there is one."""
        ...

    async def terminals_of(self, facility_id: OrganisationId) -> tuple[Terminal, ...]:
        """Return a facility's terminals, by name."""
        ...

    async def set_paired(self, terminal_id: TerminalId, paired_at: datetime | None) -> None:
        """Note since when a device is paired, or that none is."""
        ...

    async def put_device(self, device: TerminalDevice) -> None:
        """Store the device of a terminal in place of any before."""
        ...

    async def device(self, public_key: bytes) -> TerminalDevice | None:
        """Return the device that holds this key, if it is a terminal."""
        ...

    async def devices_of(self, facility_id: OrganisationId) -> tuple[TerminalDevice, ...]:
        """Return the devices of a facility's terminals."""
        ...

    async def remove_device(self, terminal_id: TerminalId) -> None:
        """Forget the device of a terminal."""
        ...

    async def put_pairing_code(self, code: PairingCode) -> None:
        """Store the terminal's code in place of any earlier one."""
        ...

    async def take_pairing_code(self, code_hash: bytes) -> PairingCode | None:
        """Return the code of this hash and forget it, so that it works once."""
        ...

    async def attempts(self, subject: str) -> Attempts:
        """Return how often `subject`'s secret was guessed wrongly in a row."""
        ...

    async def put_attempts(self, attempts: Attempts) -> None:
        """Store the count."""
        ...


class PeopleTx(Transaction, Protocol):
    """A unit of work with the people in it."""

    @property
    def people(self) -> PeopleStore:
        """The people."""
        ...


class Passwords(Protocol):
    """Hashes passwords slowly, off the event loop."""

    async def hash(self, password: str) -> str:
        """Return a salted hash."""
        ...

    async def verify(self, password: str, password_hash: str | None) -> bool:
        """Tell whether it fits; takes as long when there is no hash, so that time tells no login name."""
        ...


class Sealer(Protocol):
    """Seals what the database or a browser keeps for the server, so that neither can read or make it."""

    def seal(self, purpose: str, content: bytes) -> bytes:
        """Return the content sealed for one purpose."""
        ...

    def open(self, purpose: str, sealed: bytes) -> bytes | None:
        """Return the content, None if it was not sealed here for this purpose."""
        ...
