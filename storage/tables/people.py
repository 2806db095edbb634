"""Tables of organisations, accounts, credentials, sessions and kiosk terminals."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
)

from server.kernel.identity import Role
from server.people.model import OrganisationKind, Proof
from storage.columns import EnumText, TextTuple, UtcDateTime
from storage.tables.base import Id, metadata

organisation = Table(
    "organisation",
    metadata,
    Column("id", Id, primary_key=True),
    Column("kind", EnumText(OrganisationKind), nullable=False),
    Column("name", String(100), nullable=False),
    Column("region_code", String(6), nullable=False),
    Column("parent_id", Id, ForeignKey("organisation.id")),
)

account = Table(
    "account",
    metadata,
    Column("id", Id, primary_key=True),
    Column("login", String(60), nullable=False, unique=True),
    Column("name", String(60), nullable=False),
    Column("role", EnumText(Role), nullable=False),
    Column("organisation_id", Id, ForeignKey("organisation.id")),
    Column("title", String(100), nullable=False),
    Column("active", Boolean, nullable=False),
    Column("password_hash", String(200)),
    Column("seeded", Boolean, nullable=False),
    Column("initial_until", UtcDateTime),
)

terminal = Table(
    "terminal",
    metadata,
    Column("id", Id, primary_key=True),
    Column("facility_id", Id, ForeignKey("organisation.id"), nullable=False),
    Column("name", String(60), nullable=False),
    Column("paired_at", UtcDateTime),
    Index(None, "facility_id"),
)

terminal_device = Table(
    "terminal_device",
    metadata,
    Column("terminal_id", Id, ForeignKey("terminal.id"), primary_key=True),
    Column("public_key", LargeBinary(65), nullable=False, unique=True),
    Column("seen_at", UtcDateTime, nullable=False),
)

pairing_code = Table(
    "pairing_code",
    metadata,
    Column("terminal_id", Id, ForeignKey("terminal.id"), primary_key=True),
    Column("code_hash", LargeBinary(32), nullable=False, unique=True),
    Column("expires_at", UtcDateTime, nullable=False),
)

session = Table(
    "session",
    metadata,
    Column("id", Id, primary_key=True),
    Column("token_hash", LargeBinary(32), nullable=False, unique=True),
    Column("account_id", Id, ForeignKey("account.id")),
    Column("terminal_id", Id, ForeignKey("terminal.id")),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("proof", EnumText(Proof), nullable=False),
    Column("proved_at", UtcDateTime, nullable=False),
    Column("used_at", UtcDateTime, nullable=False),
    Column("origin", String(45), nullable=False),
    Column("device", String(60), nullable=False),
    Index(None, "account_id"),
    Index(None, "terminal_id"),
)

otp_authenticator = Table(
    "otp_authenticator",
    metadata,
    Column("account_id", Id, ForeignKey("account.id"), primary_key=True),
    Column("sealed_secret", LargeBinary, nullable=False),
    Column("added_at", UtcDateTime, nullable=False),
    Column("last_step", BigInteger, nullable=False),
)

passkey = Table(
    "passkey",
    metadata,
    Column("credential_id", LargeBinary(1023), primary_key=True),
    Column("account_id", Id, ForeignKey("account.id"), nullable=False),
    Column("public_key", LargeBinary, nullable=False),
    Column("sign_count", BigInteger, nullable=False),
    Column("name", String(60), nullable=False),
    Column("synced", Boolean, nullable=False),
    Column("added_at", UtcDateTime, nullable=False),
    Column("used_at", UtcDateTime),
    Index(None, "account_id"),
)

spent_challenge = Table(
    "spent_challenge",
    metadata,
    Column("challenge_hash", LargeBinary(32), primary_key=True),
    Column("expires_at", UtcDateTime, nullable=False),
)

federated_link = Table(
    "federated_link",
    metadata,
    Column("account_id", Id, ForeignKey("account.id"), primary_key=True),
    Column("issuer", String(300), nullable=False),
    Column("subject", String(255), nullable=False),
    Column("linked_at", UtcDateTime, nullable=False),
    UniqueConstraint("issuer", "subject"),
)

recovery = Table(
    "recovery",
    metadata,
    Column("account_id", Id, ForeignKey("account.id"), primary_key=True),
    Column("reason", String(200), nullable=False),
    Column("asked_by", Id, ForeignKey("account.id"), nullable=False),
    Column("asked_at", UtcDateTime, nullable=False),
)

agency_key = Table(
    "agency_key",
    metadata,
    Column("id", Id, primary_key=True),
    Column("key_hash", LargeBinary(32), nullable=False, unique=True),
    Column("organisation_id", Id, ForeignKey("organisation.id"), nullable=False),
    Column("name", String(60), nullable=False),
    Column("scopes", TextTuple, nullable=False),
    Column("networks", TextTuple, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
)

attempt = Table(
    "attempt",
    metadata,
    Column("subject", String(100), primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("blocked_until", UtcDateTime),
)
