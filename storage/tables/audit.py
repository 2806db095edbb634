"""The audit log's entries, in the order of their commit."""

from sqlalchemy import JSON, Column, Index, Integer, LargeBinary, String, Table

from storage.columns import UtcDateTime
from storage.tables.base import metadata

audit_entry = Table(
    "audit_entry",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("at", UtcDateTime, nullable=False),
    Column("actor", String(80), nullable=False),
    Column("event", String(60), nullable=False),
    Column("subject", String(80), nullable=False),
    Column("details", JSON, nullable=False),
    Column("id", String(26), unique=True),
    Column("origin", String(45), nullable=False),
    Column("rule", String(60), nullable=False),
    Column("mac", LargeBinary),
    Index(None, "subject"),
)
