"""Tables of cases, parties, notices, facts and assignments."""

from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
)
from sqlalchemy.types import TypeDecorator
from typing_extensions import override

from server.cases.deadlines.choices import Question
from server.cases.model import (
    AssignmentKind,
    AssignmentStatus,
    CaseStatus,
    Cause,
    DeclineReason,
    DelayParty,
    EndReason,
    Gender,
    NoticeReason,
    PartyKind,
    Procedure,
    ScorePart,
    Stage,
)
from storage.columns import EnumText, UtcDateTime
from storage.tables.base import Id, metadata


class ScoreParts(TypeDecorator[tuple[ScorePart, ...]]):
    """The parts of a score, stored as JSON."""

    impl = JSON
    cache_ok = True

    @override
    def process_bind_param(self, value: tuple[ScorePart, ...] | None, dialect: Dialect) -> Any:
        return [[part.factor, part.points, part.weight, dict(part.detail)] for part in value or ()]

    @override
    def process_result_value(self, value: Any | None, dialect: Dialect) -> tuple[ScorePart, ...]:
        return tuple(ScorePart(*part) for part in value or ())


legal_case = Table(
    "legal_case",
    metadata,
    Column("id", Id, primary_key=True),
    Column("number", String(60), nullable=False, unique=True),
    Column("agency_number", String(60), nullable=False),
    Column("status", EnumText(CaseStatus), nullable=False),
    Column("stage", EnumText(Stage), nullable=False),
    Column("procedure", EnumText(Procedure)),
    Column("offence", String(60), nullable=False),
    Column("reason", EnumText(NoticeReason), nullable=False),
    Column("life_or_death", Boolean, nullable=False),
    Column("minor", Boolean, nullable=False),
    Column("agency_id", Id, ForeignKey("organisation.id"), nullable=False),
    Column("institution_id", Id, ForeignKey("organisation.id"), nullable=False),
    Column("area_id", Id, ForeignKey("organisation.id"), nullable=False),
    Column("region_code", String(6), nullable=False),
    Column("facility_id", Id, ForeignKey("organisation.id")),
    Column("language", String(20), nullable=False),
    Column("volumes", Integer, nullable=False),
    Column("co_accused", Integer, nullable=False),
    Column("continues", Id, ForeignKey("legal_case.id")),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("hearing_at", UtcDateTime),
    Column("closed_at", UtcDateTime),
    Column("sealed_at", UtcDateTime),
    Column("erased_at", UtcDateTime),
    Column("version", Integer, nullable=False),
    Index(None, "institution_id", "opened_at"),
    Index(None, "institution_id", "closed_at"),
    Index(None, "agency_id", "opened_at"),
    Index(None, "area_id", "status"),
)

stale_plan = Table(
    "stale_plan",
    metadata,
    Column("case_id", Id, ForeignKey("legal_case.id"), primary_key=True),
    Column("cause", EnumText(Cause), nullable=False),
)

planned_by = Table("planned_by", metadata, Column("version", String(100), primary_key=True))

case_link = Table(
    "case_link",
    metadata,
    Column("case_id", Id, ForeignKey("legal_case.id"), primary_key=True),
    Column("number", String(60), primary_key=True),
    Index(None, "number"),
)

party = Table(
    "party",
    metadata,
    Column("id", Id, primary_key=True),
    Column("case_id", Id, ForeignKey("legal_case.id"), nullable=False),
    Column("kind", EnumText(PartyKind), nullable=False),
    Column("name", String(60), nullable=False),
    Column("gender", EnumText(Gender), nullable=False),
    Column("born_on", Date),
    Column("ethnicity", String(20), nullable=False),
    Index(None, "case_id"),
)

notice = Table(
    "notice",
    metadata,
    Column("id", Id, primary_key=True),
    Column("case_id", Id, ForeignKey("legal_case.id")),
    Column("agency_id", Id, ForeignKey("organisation.id"), nullable=False),
    Column("agency_number", String(60), nullable=False),
    Column("letter_number", String(60), nullable=False),
    Column("contact", String(100), nullable=False),
    Column("received_at", UtcDateTime, nullable=False),
    Index(None, "case_id"),
)

notice_answer = Table(
    "notice_answer",
    metadata,
    Column("organisation_id", Id, ForeignKey("organisation.id"), primary_key=True),
    Column("key", String(100), primary_key=True),
    Column("body_hash", LargeBinary(32), nullable=False),
    Column("location", String(100), nullable=False),
    Column("body", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

case_fact = Table(
    "case_fact",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("case_id", Id, ForeignKey("legal_case.id"), nullable=False, index=True),
    Column("key", String(60), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("actor", String(80), nullable=False),
    Column("recorded_at", UtcDateTime, nullable=False),
    Column("withdrawn", Boolean, nullable=False),
    Column("again", Boolean, nullable=False),
)

reckoning = Table(
    "reckoning",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("case_id", Id, ForeignKey("legal_case.id"), nullable=False, index=True),
    Column("duty", String(60), nullable=False),
    Column("rule_id", String(10), nullable=False),
    Column("trigger", String(60), nullable=False),
    Column("trigger_at", UtcDateTime, nullable=False),
    Column("due_at", UtcDateTime),
    Column("cause", EnumText(Cause), nullable=False),
    Column("counted_at", UtcDateTime, nullable=False),
)

counting_choice = Table(
    "counting_choice",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("question", EnumText(Question), nullable=False),
    Column("answer", String(40), nullable=False),
    Column("actor", String(80), nullable=False),
    Column("chosen_at", UtcDateTime, nullable=False),
)

extension = Table(
    "extension",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("case_id", Id, ForeignKey("legal_case.id"), nullable=False, index=True),
    Column("rule_id", String(10), nullable=False),
    Column("months", Integer, nullable=False),
    Column("days", Integer, nullable=False),
    Column("decision", String(100), nullable=False),
    Column("actor", String(80), nullable=False),
    Column("recorded_at", UtcDateTime, nullable=False),
)

delay = Table(
    "delay",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("case_id", Id, ForeignKey("legal_case.id"), nullable=False, index=True),
    Column("duty", String(60), nullable=False),
    Column("party", EnumText(DelayParty), nullable=False),
    Column("actor", String(80), nullable=False),
    Column("recorded_at", UtcDateTime, nullable=False),
)

assignment = Table(
    "assignment",
    metadata,
    Column("id", Id, primary_key=True),
    Column("case_id", Id, ForeignKey("legal_case.id"), nullable=False),
    Column("account_id", Id, ForeignKey("account.id"), nullable=False),
    Column("kind", EnumText(AssignmentKind), nullable=False),
    Column("status", EnumText(AssignmentStatus), nullable=False),
    Column("proposed_by", Id, ForeignKey("account.id")),
    Column("proposed_at", UtcDateTime, nullable=False),
    Column("note", String(500), nullable=False),
    Column("rank", Integer),
    Column("score", ScoreParts, nullable=False),
    Column("rules_version", String(20), nullable=False),
    Column("weights_version", String(20), nullable=False),
    Column("answered_at", UtcDateTime),
    Column("decline_reason", EnumText(DeclineReason)),
    Column("answer_note", String(500), nullable=False),
    Column("ended_at", UtcDateTime),
    Column("end_reason", EnumText(EndReason)),
    Column("version", Integer, nullable=False),
    Index(None, "case_id"),
    Index(None, "account_id", "status"),
)

calendar_day = Table(
    "calendar_day",
    metadata,
    Column("day", Date, primary_key=True),
    Column("working", Boolean, nullable=False),
    Column("name", String(40), nullable=False),
)
