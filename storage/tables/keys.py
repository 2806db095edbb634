"""The keys of cases, wrapped by a master key that is not in the database."""

from sqlalchemy import Column, ForeignKey, Index, LargeBinary, String, Table

from storage.columns import UtcDateTime
from storage.tables.base import Id, metadata

case_key = Table(
    "case_key",
    metadata,
    Column("id", Id, primary_key=True),
    Column("case_id", Id, ForeignKey("legal_case.id"), nullable=False),
    Column("master_id", String(16), nullable=False),
    Column("wrapped", LargeBinary, nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
    Index(None, "case_id"),
)
