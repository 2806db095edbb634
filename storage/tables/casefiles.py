"""Tables of uploads, dossiers, pages and annotations."""

from dataclasses import asdict
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.types import TypeDecorator
from typing_extensions import override

from server.casefiles.model import DossierStatus, Meaning, Region
from server.pdf.manifest import DocumentProblem, OutlineEntry, PageKind, PageProblem
from storage.columns import EnumText, UtcDateTime
from storage.tables.base import Id, metadata


class OutlineJson(TypeDecorator[tuple[OutlineEntry, ...]]):
    """A table of contents."""

    impl = JSON
    cache_ok = True

    @override
    def process_bind_param(self, value: tuple[OutlineEntry, ...] | None, dialect: Dialect) -> Any:
        return [asdict(entry) for entry in value or ()]

    @override
    def process_result_value(self, value: Any | None, dialect: Dialect) -> tuple[OutlineEntry, ...]:
        return tuple(OutlineEntry(**entry) for entry in value or ())


class RegionJson(TypeDecorator[Region]):
    """A rectangle in percent of the page, origin top left."""

    impl = JSON
    cache_ok = True

    @override
    def process_bind_param(self, value: Region | None, dialect: Dialect) -> Any:
        return None if value is None else asdict(value)

    @override
    def process_result_value(self, value: Any | None, dialect: Dialect) -> Region | None:
        return None if value is None else Region(**value)


upload = Table(
    "upload",
    metadata,
    Column("id", Id, primary_key=True),
    Column("case_id", Id, ForeignKey("legal_case.id"), nullable=False),
    Column("account_id", Id, ForeignKey("account.id"), nullable=False),
    Column("title", String(100), nullable=False),
    Column("filename", String(200), nullable=False),
    Column("length_bytes", BigInteger, nullable=False),
    Column("offset", BigInteger, nullable=False),
    Column("expected_sha256", String(64)),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("dossier_id", Id, ForeignKey("dossier.id")),
    Index(None, "account_id"),
)

dossier = Table(
    "dossier",
    metadata,
    Column("id", Id, primary_key=True),
    Column("case_id", Id, ForeignKey("legal_case.id"), nullable=False),
    Column("title", String(100), nullable=False),
    Column("filename", String(200), nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("status", EnumText(DossierStatus), nullable=False),
    Column("received_at", UtcDateTime, nullable=False),
    Column("received_from", Id, ForeignKey("account.id"), nullable=False),
    Column("problem", EnumText(DocumentProblem)),
    Column("page_count", Integer),
    Column("outline", OutlineJson, nullable=False),
    Column("revision", Integer, nullable=False),
    Index(None, "case_id"),
    Index(None, "status"),
)

page = Table(
    "page",
    metadata,
    Column("dossier_id", Id, ForeignKey("dossier.id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("problem", EnumText(PageProblem)),
    Column("kind", EnumText(PageKind)),
    Column("width_pt", Float, nullable=False),
    Column("height_pt", Float, nullable=False),
    Column("width_px", Integer, nullable=False),
    Column("height_px", Integer, nullable=False),
    Column("image_type", String(40), nullable=False),
)

annotation = Table(
    "annotation",
    metadata,
    Column("id", Id, primary_key=True),
    Column("dossier_id", Id, ForeignKey("dossier.id"), nullable=False),
    Column("page", Integer, nullable=False),
    Column("region", RegionJson, nullable=False),
    Column("meaning", EnumText(Meaning), nullable=False),
    Column("comment", Text, nullable=False),
    Column("author_id", Id, ForeignKey("account.id"), nullable=False),
    Column("author_name", String(60), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("changed_by_id", Id, ForeignKey("account.id"), nullable=False),
    Column("changed_by_name", String(60), nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    Column("idempotency_key", String(64), nullable=False),
    Column("version", Integer, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("removed", Boolean, nullable=False),
    UniqueConstraint("dossier_id", "author_id", "idempotency_key"),
    Index(None, "dossier_id", "revision"),
)

reading_place = Table(
    "reading_place",
    metadata,
    Column("dossier_id", Id, ForeignKey("dossier.id"), primary_key=True),
    Column("account_id", Id, ForeignKey("account.id"), primary_key=True),
    Column("page", Integer, nullable=False),
)
