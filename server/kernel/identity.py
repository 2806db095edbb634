"""Who acts: a role, exercised for one organisation, in one session."""

from dataclasses import dataclass
from enum import StrEnum

from server.kernel.ids import AccountId, OrganisationId, SessionId, TerminalId


class Role(StrEnum):
    """What a person (or a paired terminal, or an agency's system) is here to do."""

    ANONYMOUS = "anonymous"
    LAWYER = "lawyer"
    RECIPIENT = "recipient"
    """A paired kiosk terminal, on which the recipient, who has no account, meets the lawyer."""
    INTERPRETER = "interpreter"
    APPROPRIATE_ADULT = "appropriate_adult"
    FACILITY_OFFICER = "facility_officer"
    LEGAL_AID_OFFICER = "legal_aid_officer"
    COORDINATOR = "coordinator"
    AGENCY_OFFICER = "agency_officer"
    """A case-handling agency: its officer in the browser, or its system with a key."""
    ASSESSOR = "assessor"
    AUDITOR = "auditor"
    SYSTEM_ADMIN = "system_admin"
    SECURITY_ADMIN = "security_admin"
    JUDGE = "judge"
    CLERK = "clerk"
    PROSECUTOR = "prosecutor"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who makes a request, as far as permission needs to know."""

    role: Role
    name: str = ""
    account_id: AccountId | None = None
    """The account; None for the anonymous, a terminal and an agency's system."""
    organisation_id: OrganisationId | None = None
    """The institution, agency, facility, firm or cooperation area for which the role is exercised."""
    terminal_id: TerminalId | None = None
    session_id: SessionId | None = None
    """The session by which they came; it stays the same while its token changes."""
    key_id: str | None = None
    """The key with which an agency's system came; None for people."""
    scopes: frozenset[str] | None = None
    """What an agency's system may ask for with its key; None for people."""
    must_change_password: bool = False
    """Whether the password is one that somebody else knows: nothing but changing it is allowed."""
    must_enrol: bool = False
    """Whether they came by a password alone: nothing but setting up a second factor is allowed."""
    has_fresh_proof: bool = False
    """Whether they showed who they are within the last minutes."""

    @property
    def actor(self) -> str:
        """Name the actor for the audit log: never a personal name; of an agency's system the key as well."""
        subject = self.account_id or self.terminal_id or self.organisation_id or "-"
        if self.key_id:
            subject = f"{subject}/{self.key_id}"
        return f"{self.role}:{subject}"


ANONYMOUS = Identity(role=Role.ANONYMOUS)
