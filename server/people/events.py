"""What happens to accounts, terminals and agencies' keys, as the log and open pages hear of it."""

from dataclasses import dataclass

from typing_extensions import override

from server.kernel.events import Event
from server.kernel.identity import Role
from server.people.model import Proof


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountEvent(Event):
    """Something that happened to what an account may do; open sockets look again."""

    account_id: str

    @property
    @override
    def subject(self) -> str:
        return f"account:{self.account_id}"

    @property
    @override
    def topics(self) -> tuple[str, ...]:
        return (f"access:{self.account_id}",)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn(AccountEvent):
    """Somebody showed who they are, and a session began."""

    proof: Proof


class SignInFailed(AccountEvent):
    """Somebody did not show that they are the account's person."""

    @property
    @override
    def topics(self) -> tuple[str, ...]:
        """Return none: what the account may do stays the same."""
        return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Proved(AccountEvent):
    """Somebody who is signed in showed who they are once more."""

    proof: Proof


class OtpAuthenticatorAdded(AccountEvent):
    """The account's person has codes from now on, in place of any before."""


class OtpAuthenticatorRemoved(AccountEvent):
    """Codes count no more."""


class PasskeyAdded(AccountEvent):
    """The account has one more passkey."""


class PasskeyCopySeen(SignInFailed):
    """A passkey signed that had counted less than before: somebody has a copy of it."""


class PasskeyRemoved(AccountEvent):
    """A passkey counts no more."""


class LinkAdded(AccountEvent):
    """The OpenID provider lets the person in."""


class LinkRemoved(AccountEvent):
    """It does no more."""


class RecoveryAsked(AccountEvent):
    """An administrator asks another to let the person in anew."""


class RecoveryApproved(AccountEvent):
    """All that the person proved themselves with counts no more; they have a first password again."""


class RecoveryWithdrawn(AccountEvent):
    """The account stays as it is."""


class SignedOut(AccountEvent):
    """A session was ended by its holder."""


class SessionsRevoked(AccountEvent):
    """All sessions of an account were ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionsEnded(AccountEvent):
    """The account's person ended so many of their sessions from another one."""

    count: int


class AccountClosed(AccountEvent):
    """Nobody is let in with it any more."""


class AccountReopened(AccountEvent):
    """The person is let in again."""


class PasswordSet(AccountEvent):
    """The account has another password."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountAdded(AccountEvent):
    """Somebody was given an account."""

    role: Role


@dataclass(frozen=True, slots=True, kw_only=True)
class TerminalEvent(Event):
    """Something that happened to a terminal's pairing."""

    terminal_id: str
    facility_id: str

    @property
    @override
    def subject(self) -> str:
        return f"terminal:{self.terminal_id}"

    @property
    @override
    def topics(self) -> tuple[str, ...]:
        return (f"access:{self.terminal_id}", f"organisation:{self.facility_id}")


@dataclass(frozen=True, slots=True, kw_only=True)
class AgencyKeyEvent(Event):
    """Something that happened to the key of an agency's system."""

    organisation_id: str
    key_id: str

    @property
    @override
    def subject(self) -> str:
        return f"organisation:{self.organisation_id}"


class AgencyKeyIssued(AgencyKeyEvent):
    """An agency's system has a key from now on."""


class AgencyKeyRotated(AgencyKeyEvent):
    """Another key takes its place; it is heard a while longer."""


class AgencyKeyRevoked(AgencyKeyEvent):
    """It is heard no more."""


class TerminalAdded(TerminalEvent):
    """A terminal was registered."""


class PairingCodeIssued(TerminalEvent):
    """An officer asked for a code."""


class TerminalPaired(TerminalEvent):
    """A device became the terminal."""


class TerminalReturned(TerminalEvent):
    """The device showed by its key that it is the terminal still, after its session had ended."""


class TerminalUnpaired(TerminalEvent):
    """The device is the terminal no longer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganisationAdded(Event):
    """An organisation was registered."""

    organisation_id: str

    @property
    @override
    def subject(self) -> str:
        return f"organisation:{self.organisation_id}"
