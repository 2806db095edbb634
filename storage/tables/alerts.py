"""Alerts, planned and raised; whom they reach; messages that leave; feeds."""

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, String, Table, UniqueConstraint

from server.alerts.model import AlertKind, Channel
from storage.columns import EnumText, UtcDateTime
from storage.tables.base import Id, metadata

feed = Table(
    "feed",
    metadata,
    Column("account_id", Id, ForeignKey("account.id"), primary_key=True),
    Column("token_hash", LargeBinary(32), nullable=False, unique=True),
    Column("created_at", UtcDateTime, nullable=False),
)

planned_alert = Table(
    "planned_alert",
    metadata,
    Column("case_id", Id, ForeignKey("legal_case.id"), primary_key=True),
    Column("duty", String(40), primary_key=True),
    Column("kind", EnumText(AlertKind), primary_key=True),
    Column("rule_id", String(10), nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("fires_at", UtcDateTime, nullable=False),
    Index(None, "fires_at"),
)

alert = Table(
    "alert",
    metadata,
    Column("id", Id, primary_key=True),
    Column("case_id", Id, ForeignKey("legal_case.id"), nullable=False),
    Column("duty", String(40), nullable=False),
    Column("kind", EnumText(AlertKind), nullable=False),
    Column("rule_id", String(10), nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("raised_at", UtcDateTime, nullable=False),
    Column("level", Integer, nullable=False),
    Column("escalates_at", UtcDateTime),
    Column("handled_by", Id, ForeignKey("account.id")),
    Column("handled_at", UtcDateTime),
    Column("settled_at", UtcDateTime),
    UniqueConstraint("case_id", "duty", "kind", "due_at"),
    Index(None, "escalates_at"),
)

told = Table(
    "told",
    metadata,
    Column("alert_id", Id, ForeignKey("alert.id"), primary_key=True),
    Column("account_id", Id, ForeignKey("account.id"), primary_key=True),
    Column("level", Integer, nullable=False),
    Column("told_at", UtcDateTime, nullable=False),
    Index(None, "account_id"),
)

delivery = Table(
    "delivery",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("alert_id", Id, ForeignKey("alert.id"), nullable=False),
    Column("channel", EnumText(Channel), nullable=False),
    Column("target", Id, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("next_at", UtcDateTime, nullable=False),
    Column("sent_at", UtcDateTime),
    Column("given_up_at", UtcDateTime),
    Index(None, "sent_at", "given_up_at", "next_at"),
)

contact = Table(
    "contact",
    metadata,
    Column("account_id", Id, ForeignKey("account.id"), primary_key=True),
    Column("email", String(200), nullable=False),
    Column("phone", String(20), nullable=False),
)

endpoint = Table(
    "endpoint",
    metadata,
    Column("id", Id, primary_key=True),
    Column("organisation_id", Id, ForeignKey("organisation.id"), nullable=False),
    Column("url", String(500), nullable=False),
    Column("sealed_secret", LargeBinary, nullable=False),
    Column("added_at", UtcDateTime, nullable=False),
    Index(None, "organisation_id"),
)
