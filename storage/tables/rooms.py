"""Tables of meetings, who takes part in them, and what a terminal is used for at the moment."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, String, Table, UniqueConstraint

from server.rooms.model import EndReason, MeetingStatus, ParticipantKind
from storage.columns import EnumText, UtcDateTime
from storage.tables.base import Id, metadata

meeting = Table(
    "meeting",
    metadata,
    Column("id", Id, primary_key=True),
    Column("booking_id", Id, ForeignKey("booking.id"), nullable=False, unique=True),
    Column("case_id", Id, nullable=False),
    Column("facility_id", Id, ForeignKey("organisation.id"), nullable=False),
    Column("terminal_id", Id, ForeignKey("terminal.id"), nullable=False),
    Column("recipient_name", String(60), nullable=False),
    Column("starts_at", UtcDateTime, nullable=False),
    Column("ends_at", UtcDateTime, nullable=False),
    Column("status", EnumText(MeetingStatus), nullable=False),
    Column("code", String(6), nullable=False),
    Column("opened_at", UtcDateTime),
    Column("closed_at", UtcDateTime),
    Column("end_reason", EnumText(EndReason)),
    Index(None, "terminal_id", "starts_at"),
)

participant = Table(
    "participant",
    metadata,
    Column("id", Id, primary_key=True),
    Column("meeting_id", Id, ForeignKey("meeting.id"), nullable=False),
    Column("kind", EnumText(ParticipantKind), nullable=False),
    Column("name", String(60), nullable=False),
    Column("account_id", Id, ForeignKey("account.id")),
    Column("terminal_id", Id, ForeignKey("terminal.id")),
    UniqueConstraint("meeting_id", "account_id"),
    UniqueConstraint("meeting_id", "terminal_id"),
)

visit = Table(
    "visit",
    metadata,
    Column("terminal_id", Id, ForeignKey("terminal.id"), primary_key=True),
    Column("meeting_id", Id, ForeignKey("meeting.id"), nullable=False),
    Column("agreed", Boolean, nullable=False),
    Column("began_at", UtcDateTime, nullable=False),
    Column("called_at", UtcDateTime),
)
"""Whose meeting a terminal shows; wiped when it is over."""
