"""Meetings, who takes part in them, and what a terminal is used for at the moment."""

import sqlalchemy as sa
from alembic import op

revision = "0005_rooms"
down_revision = "0004_casefiles"


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "meeting",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("booking_id", sa.String(length=26), nullable=False),
        sa.Column("case_id", sa.String(length=26), nullable=False),
        sa.Column("facility_id", sa.String(length=26), nullable=False),
        sa.Column("terminal_id", sa.String(length=26), nullable=False),
        sa.Column("recipient_name", sa.String(length=60), nullable=False),
        sa.Column("starts_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("code", sa.String(length=6), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=True),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("end_reason", sa.String(length=40), nullable=True),
        sa.ForeignKeyConstraint(["booking_id"], ["booking.id"], name=op.f("fk_meeting_booking_id")),
        sa.ForeignKeyConstraint(["facility_id"], ["organisation.id"], name=op.f("fk_meeting_facility_id")),
        sa.ForeignKeyConstraint(["terminal_id"], ["terminal.id"], name=op.f("fk_meeting_terminal_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meeting")),
        sa.UniqueConstraint("booking_id", name=op.f("uq_meeting_booking_id")),
    )
    op.create_index(
        op.f("ix_meeting_terminal_id_starts_at"), "meeting", ["terminal_id", "starts_at"], unique=False
    )
    op.create_table(
        "participant",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("meeting_id", sa.String(length=26), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("account_id", sa.String(length=26), nullable=True),
        sa.Column("terminal_id", sa.String(length=26), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_participant_account_id")),
        sa.ForeignKeyConstraint(["meeting_id"], ["meeting.id"], name=op.f("fk_participant_meeting_id")),
        sa.ForeignKeyConstraint(["terminal_id"], ["terminal.id"], name=op.f("fk_participant_terminal_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_participant")),
        sa.UniqueConstraint("meeting_id", "account_id", name=op.f("uq_participant_meeting_id_account_id")),
        sa.UniqueConstraint("meeting_id", "terminal_id", name=op.f("uq_participant_meeting_id_terminal_id")),
    )
    op.create_table(
        "visit",
        sa.Column("terminal_id", sa.String(length=26), nullable=False),
        sa.Column("meeting_id", sa.String(length=26), nullable=False),
        sa.Column("agreed", sa.Boolean(), nullable=False),
        sa.Column("began_at", sa.BigInteger(), nullable=False),
        sa.Column("called_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["meeting_id"], ["meeting.id"], name=op.f("fk_visit_meeting_id")),
        sa.ForeignKeyConstraint(["terminal_id"], ["terminal.id"], name=op.f("fk_visit_terminal_id")),
        sa.PrimaryKeyConstraint("terminal_id", name=op.f("pk_visit")),
    )
