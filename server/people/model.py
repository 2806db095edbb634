"""Values of people: organisations, accounts and terminals."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from ipaddress import ip_address, ip_network

from server.kernel.identity import Identity, Role
from server.kernel.ids import AccountId, OrganisationId, SessionId, TerminalId


class OrganisationKind(StrEnum):
    """What an organisation is."""

    COOPERATION_AREA = "cooperation_area"
    LEGAL_AID_INSTITUTION = "legal_aid_institution"
    LAW_FIRM = "law_firm"
    DETENTION_FACILITY = "detention_facility"
    POLICE = "police"
    PROCURATORATE = "procuratorate"
    COURT = "court"


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    """An institution, agency, facility, firm or cooperation area."""

    id: OrganisationId
    kind: OrganisationKind
    name: str
    region_code: str
    """Six digits of GB/T 2260: the county or city it serves."""
    parent_id: OrganisationId | None = None
    """The cooperation area to which it belongs; None for an area."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A person who signs in, in one role for one organisation."""

    id: AccountId
    login: str
    name: str
    role: Role
    organisation_id: OrganisationId | None
    title: str = ""
    """How the person is introduced: 专职律师，驻马店市法律援助中心."""
    active: bool = True
    seeded: bool = False
    """Made by the demo; only such an account can be chosen without a password, and only in the demo."""
    initial_until: datetime | None = None
    """Until when the password opens anything, if somebody else gave it; None for one's own."""

    @property
    def password_is_initial(self) -> bool:
        """Whether somebody else gave the password, so that it has to be changed before anything else."""
        return self.initial_until is not None

    @property
    def identity(self) -> Identity:
        """Return who acts when this account is signed in."""
        return Identity(
            role=self.role,
            name=self.name,
            account_id=self.id,
            organisation_id=self.organisation_id,
            must_change_password=self.password_is_initial,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Terminal:
    """A kiosk in a detention facility's meeting room."""

    id: TerminalId
    facility_id: OrganisationId
    name: str
    paired_at: datetime | None = None
    """When a device was last paired to it; None while no device is."""

    @property
    def identity(self) -> Identity:
        """Return who acts on the paired device."""
        return Identity(
            role=Role.RECIPIENT, name=self.name, organisation_id=self.facility_id, terminal_id=self.id
        )


class Proof(StrEnum):
    """By what somebody showed who they are."""

    PASSWORD = "password"  # noqa: S105 - no secret, but what it is called
    """By the password alone: enough to set up something better, and for nothing else."""
    PASSWORD_AND_CODE = "password_and_code"  # noqa: S105 - no secret, but what it is called
    PASSKEY = "passkey"
    FEDERATED = "federated"
    """By the operator's OpenID provider, which has asked for whatever the operator has it ask for."""
    SEEDED = "seeded"
    """Not at all: one of the demo's people was chosen."""
    PAIRING = "pairing"
    """A terminal's device, by the code that an officer read out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A credential that a browser holds; only the hash of its token is stored."""

    id: SessionId
    token_hash: bytes
    account_id: AccountId | None
    terminal_id: TerminalId | None
    created_at: datetime
    expires_at: datetime
    proof: Proof
    """By what its holder last showed who they are."""
    proved_at: datetime
    """When that was."""
    used_at: datetime
    """When it was last used, as far as that was written down (`policy.NOTED_AFTER`)."""
    origin: str = ""
    """The IP address from which that was."""
    device: str = ""
    """What the browser said it is: `Edge, Windows`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OtpAuthenticator:
    """A person's program that shows a new code each half minute (TOTP, RFC 6238)."""

    account_id: AccountId
    sealed_secret: bytes
    """The secret that both sides know, sealed with the key of credentials."""
    added_at: datetime
    last_step: int
    """The time step (RFC 6238 §4.2) of the last code that was taken: no code counts twice (§5.2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passkey:
    """A key pair in a person's device, whose public half is kept here (Web Authentication Level 3)."""

    credential_id: bytes
    account_id: AccountId
    public_key: bytes
    """As a COSE key (RFC 9052 §7)."""
    sign_count: int
    name: str
    """What its owner calls it: 办公室电脑."""
    synced: bool
    """Whether copies of it are kept elsewhere, as in a cloud account."""
    added_at: datetime
    used_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FederatedLink:
    """That the operator's OpenID provider knows an account's person, and by which name."""

    account_id: AccountId
    issuer: str
    subject: str
    linked_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TerminalDevice:
    """The device that is a terminal: it holds the private half of a key that can't be taken out of it."""

    terminal_id: TerminalId
    public_key: bytes
    """An uncompressed point on P-256 (SEC 1 §2.3.3)."""
    seen_at: datetime
    """When it last showed that it holds the key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """An account whose person has nothing left to prove themselves with, until a second person decides."""

    account_id: AccountId
    reason: str
    """How the person lost it, and how it was made sure that it is them."""
    asked_by: AccountId
    asked_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AgencyKey:
    """With what an agency's system proves itself; only its hash is stored."""

    id: str
    key_hash: bytes
    organisation_id: OrganisationId
    name: str
    """What it is for: 统一业务系统."""
    scopes: tuple[str, ...]
    """What it is good for (`server.http.scopes`)."""
    networks: tuple[str, ...]
    """From where it may be used, as CIDR networks; empty: from everywhere."""
    created_at: datetime
    expires_at: datetime

    def opens(self, *, origin: str, now: datetime) -> bool:
        """Tell whether it is heard from this address now."""
        if now >= self.expires_at:
            return False
        return not self.networks or _is_within(origin, self.networks)


def _is_within(origin: str, networks: tuple[str, ...]) -> bool:
    try:
        address = ip_address(origin)
    except ValueError:
        return False
    return any(address in ip_network(each) for each in networks)


@dataclass(frozen=True, slots=True, kw_only=True)
class PairingCode:
    """A code that turns a browser into a terminal, once, for some minutes."""

    terminal_id: TerminalId
    code_hash: bytes
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempts:
    """Failed guesses at one secret, and until when no further one is heard."""

    subject: str
    failures: int
    blocked_until: datetime | None
