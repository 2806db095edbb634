"""The audit log's entries, in the order of their commit."""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, String, Table, Text

from storage.columns import UtcDateTime
from storage.tables.base import metadata

audit_entry = Table(
    "audit_entry",
    metadata,
    # SQLite finds a row by its place in the file if its key is called INTEGER, and only then.
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("at", UtcDateTime, nullable=False),
    Column("actor", String(80), nullable=False),
    Column("event", String(60), nullable=False),
    Column("subject", String(80), nullable=False),
    Column("case_id", String(26), nullable=False),
    Column("details", Text, nullable=False),
    Column("origin", String(45), nullable=False),
    Column("rule", String(60), nullable=False),
    Column("subtree", LargeBinary, nullable=False),
    Column("mac", LargeBinary, nullable=False),
    Index(None, "subject"),
    Index(None, "case_id"),
)
