"""Feeds."""

from sqlalchemy import Column, ForeignKey, LargeBinary, Table

from storage.columns import UtcDateTime
from storage.tables.base import Id, metadata

feed = Table(
    "feed",
    metadata,
    Column("account_id", Id, ForeignKey("account.id"), primary_key=True),
    Column("token_hash", LargeBinary(32), nullable=False, unique=True),
    Column("created_at", UtcDateTime, nullable=False),
)
