"""The slot ledger, holds, bookings and how facilities conduct meetings."""

import sqlalchemy as sa
from alembic import op

revision = "0002_slots"
down_revision = "0001_people"


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "slot_claim",
        sa.Column("resource_id", sa.String(length=40), nullable=False),
        sa.Column("slot_start", sa.BigInteger(), nullable=False),
        sa.Column("booking_id", sa.String(length=26), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("resource_id", "slot_start", name=op.f("pk_slot_claim")),
    )
    op.create_index(op.f("ix_slot_claim_booking_id"), "slot_claim", ["booking_id"], unique=False)
    op.create_index(op.f("ix_slot_claim_expires_at"), "slot_claim", ["expires_at"], unique=False)
    op.create_table(
        "facility_practice",
        sa.Column("facility_id", sa.String(length=26), nullable=False),
        sa.Column("opening", sa.JSON(), nullable=False),
        sa.Column("turnaround_minutes", sa.Integer(), nullable=False),
        sa.Column("guard_viewing", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["facility_id"], ["organisation.id"], name=op.f("fk_facility_practice_facility_id")
        ),
        sa.PrimaryKeyConstraint("facility_id", name=op.f("pk_facility_practice")),
    )
    op.create_table("booking", *_place("booking"), *_asked(), *_decided(), _primary_key("booking"))
    op.create_index(op.f("ix_booking_case_id"), "booking", ["case_id"], unique=False)
    op.create_index(
        op.f("ix_booking_facility_id_starts_at"), "booking", ["facility_id", "starts_at"], unique=False
    )
    op.create_table(
        "slot_hold",
        *_place("slot_hold"),
        sa.Column("held_by", sa.String(length=26), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["held_by"], ["account.id"], name=op.f("fk_slot_hold_held_by")),
        _primary_key("slot_hold"),
    )
    op.create_index(op.f("ix_slot_hold_held_by"), "slot_hold", ["held_by"], unique=False)


def _place(table: str) -> tuple[sa.schema.SchemaItem, ...]:
    """Return what a hold and a booking have in common: who meets whom, where and when."""
    return (
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("case_id", sa.String(length=26), nullable=False),
        sa.Column("party_id", sa.String(length=26), nullable=False),
        sa.Column("facility_id", sa.String(length=26), nullable=False),
        sa.Column("terminal_id", sa.String(length=26), nullable=False),
        sa.Column("starts_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.Column("lawyer_ids", sa.JSON(), nullable=False),
        sa.Column("interpreter_id", sa.String(length=26), nullable=True),
        sa.ForeignKeyConstraint(["facility_id"], ["organisation.id"], name=op.f(f"fk_{table}_facility_id")),
        sa.ForeignKeyConstraint(["interpreter_id"], ["account.id"], name=op.f(f"fk_{table}_interpreter_id")),
        sa.ForeignKeyConstraint(["terminal_id"], ["terminal.id"], name=op.f(f"fk_{table}_terminal_id")),
    )


def _asked() -> tuple[sa.schema.SchemaItem, ...]:
    return (
        sa.Column("purpose", sa.String(length=40), nullable=False),
        sa.Column("requested_by", sa.String(length=26), nullable=False),
        sa.Column("requested_at", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(["requested_by"], ["account.id"], name=op.f("fk_booking_requested_by")),
    )


def _decided() -> tuple[sa.schema.SchemaItem, ...]:
    return (
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.Column("decided_by", sa.String(length=26), nullable=True),
        sa.Column("reason", sa.String(length=40), nullable=True),
        sa.Column("reason_text", sa.String(length=200), nullable=False),
        sa.Column("alternatives", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["decided_by"], ["account.id"], name=op.f("fk_booking_decided_by")),
    )


def _primary_key(table: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}"))
