"""Tables of what is kept for how long: seals, holds, erasures, longer periods, impact assessments."""

from sqlalchemy import Boolean, Column, Date, ForeignKey, Integer, String, Table, Text

from server.retention.model import HoldReason, Purpose, RecordKind, SealGround
from storage.columns import EnumText, UtcDateTime
from storage.tables.base import Id, metadata

case_seal = Table(
    "case_seal",
    metadata,
    Column("case_id", Id, ForeignKey("legal_case.id"), primary_key=True),
    Column("ground", EnumText(SealGround), nullable=False),
    Column("sealed_by", Id, ForeignKey("account.id"), nullable=False),
    Column("sealed_at", UtcDateTime, nullable=False),
    Column("purpose", EnumText(Purpose)),
    Column("reference", String(100), nullable=False),
    Column("opened_by", Id, ForeignKey("account.id")),
    Column("opened_until", UtcDateTime, index=True),
)

legal_hold = Table(
    "legal_hold",
    metadata,
    Column("id", Id, primary_key=True),
    Column("case_id", Id, ForeignKey("legal_case.id"), nullable=False, index=True),
    Column("reason", EnumText(HoldReason), nullable=False),
    Column("reference", String(100), nullable=False),
    Column("placed_by", Id, ForeignKey("account.id"), nullable=False),
    Column("placed_at", UtcDateTime, nullable=False),
    Column("lifted_by", Id, ForeignKey("account.id")),
    Column("lifted_at", UtcDateTime),
)

planned_erasure = Table(
    "planned_erasure",
    metadata,
    Column("case_id", Id, ForeignKey("legal_case.id"), primary_key=True),
    Column("planned_by", Id, ForeignKey("account.id"), nullable=False),
    Column("planned_at", UtcDateTime, nullable=False),
    Column("due_at", UtcDateTime, nullable=False, index=True),
)

doomed_object = Table(
    "doomed_object",
    metadata,
    Column("name", String(200), primary_key=True),
    Column("case_id", Id, ForeignKey("legal_case.id"), nullable=False),
    Column("is_upload", Boolean, nullable=False),
)
"""What an erased case has left in the object store: nobody can decrypt it any more, and it is removed."""

longer_period = Table(
    "longer_period",
    metadata,
    Column("kind", EnumText(RecordKind), primary_key=True),
    Column("months", Integer, nullable=False),
)

impact_assessment = Table(
    "impact_assessment",
    metadata,
    Column("id", Id, primary_key=True),
    Column("title", String(100), nullable=False),
    Column("concluded_on", Date, nullable=False),
    Column("conclusion", Text, nullable=False),
    Column("recorded_by", Id, ForeignKey("account.id"), nullable=False),
    Column("recorded_at", UtcDateTime, nullable=False),
)
