"""Tables of the slot ledger, holds, bookings and how facilities conduct meetings."""

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Index, Integer, String, Table

from server.scheduling.model import BookingStatus, Purpose, ReasonCode
from storage.columns import EnumText, TextTuple, UtcDateTime, UtcDateTimes
from storage.tables.base import Id, metadata

slot_claim = Table(
    "slot_claim",
    metadata,
    Column("resource_id", String(40), primary_key=True),
    Column("slot_start", UtcDateTime, primary_key=True),
    Column("booking_id", Id, nullable=False),
    Column("expires_at", UtcDateTime),
    Index(None, "booking_id"),
    Index(None, "expires_at"),
)
"""One row for each resource and granule: the primary key is the guarantee against double booking."""

slot_hold = Table(
    "slot_hold",
    metadata,
    Column("id", Id, primary_key=True),
    Column("case_id", Id, nullable=False),
    Column("party_id", Id, nullable=False),
    Column("facility_id", Id, ForeignKey("organisation.id"), nullable=False),
    Column("terminal_id", Id, ForeignKey("terminal.id"), nullable=False),
    Column("starts_at", UtcDateTime, nullable=False),
    Column("ends_at", UtcDateTime, nullable=False),
    Column("lawyer_ids", TextTuple, nullable=False),
    Column("interpreter_id", Id, ForeignKey("account.id")),
    Column("held_by", Id, ForeignKey("account.id"), nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Index(None, "held_by"),
)

booking = Table(
    "booking",
    metadata,
    Column("id", Id, primary_key=True),
    Column("case_id", Id, nullable=False),
    Column("party_id", Id, nullable=False),
    Column("facility_id", Id, ForeignKey("organisation.id"), nullable=False),
    Column("terminal_id", Id, ForeignKey("terminal.id"), nullable=False),
    Column("starts_at", UtcDateTime, nullable=False),
    Column("ends_at", UtcDateTime, nullable=False),
    Column("lawyer_ids", TextTuple, nullable=False),
    Column("interpreter_id", Id, ForeignKey("account.id")),
    Column("purpose", EnumText(Purpose), nullable=False),
    Column("requested_by", Id, ForeignKey("account.id"), nullable=False),
    Column("requested_at", UtcDateTime, nullable=False),
    Column("status", EnumText(BookingStatus), nullable=False),
    Column("decided_at", UtcDateTime),
    Column("decided_by", Id, ForeignKey("account.id")),
    Column("reason", EnumText(ReasonCode)),
    Column("reason_text", String(200), nullable=False),
    Column("alternatives", UtcDateTimes, nullable=False),
    Column("version", Integer, nullable=False),
    Index(None, "case_id"),
    Index(None, "facility_id", "starts_at"),
)

facility_practice = Table(
    "facility_practice",
    metadata,
    Column("facility_id", Id, ForeignKey("organisation.id"), primary_key=True),
    Column("opening", JSON, nullable=False),
    Column("turnaround_minutes", Integer, nullable=False),
    Column("guard_viewing", Boolean, nullable=False),
)
