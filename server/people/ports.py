"""What people need of the outside: a store, and a keeper of passwords."""

from datetime import datetime
from typing import Protocol

from server.kernel.ids import AccountId, OrganisationId, TerminalId
from server.kernel.transaction import Transaction
from server.people.model import Account, Attempts, Organisation, PairingCode, Session, Terminal


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

    async def set_password(self, account_id: AccountId, password_hash: str, *, is_initial: bool) -> None:
        """Store another password's hash, and whether somebody else gave it."""
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

    async def seeded_accounts(self) -> tuple[Account, ...]:
        """Return the demo's accounts, in the order in which they were made."""
        ...

    async def add_session(self, session: Session) -> None:
        """Store a session."""
        ...

    async def session(self, token_hash: bytes) -> Session | None:
        """Return the session of this token's hash, expired or not."""
        ...

    async def extend_session(self, token_hash: bytes, expires_at: datetime) -> None:
        """Have a session end later; a missing one is left ended."""
        ...

    async def end_session(self, token_hash: bytes) -> None:
        """Forget one session."""
        ...

    async def end_sessions_of_account(self, account_id: AccountId) -> None:
        """Forget all sessions of an account."""
        ...

    async def end_sessions_of_terminal(self, terminal_id: TerminalId) -> None:
        """Forget all sessions of a terminal."""
        ...

    async def add_agency_key(
        self, key_hash: bytes, organisation_id: OrganisationId, *, name: str, created_at: datetime
    ) -> None:
        """Store the hash of a new key of an agency's system."""
        ...

    async def agency_of_key(self, key_hash: bytes) -> Organisation | None:
        """Return the agency whose key has this hash."""
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
