"""How long cases are kept: their ends, seals, holds and erasures; longer periods; impact assessments.

When closed cases from before were closed is not known: their time runs from this step on, never too short.
"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0020_retention"
down_revision = "0019_federated_links"

_CLOSED = ("archived", "paid", "refused", "terminated", "stage_transferred")
_MICROSECONDS = 1_000_000


def upgrade() -> None:
    """Add the moments to cases and create the tables."""
    for name in ("closed_at", "sealed_at", "erased_at"):
        op.add_column("legal_case", sa.Column(name, sa.BigInteger(), nullable=True))
    op.create_index(
        op.f("ix_legal_case_institution_id_closed_at"), "legal_case", ["institution_id", "closed_at"]
    )
    cases = sa.table("legal_case", sa.column("status", sa.String()), sa.column("closed_at", sa.BigInteger()))
    now = int(datetime.now(UTC).timestamp()) * _MICROSECONDS
    op.execute(cases.update().where(cases.c.status.in_(_CLOSED)).values(closed_at=now))
    _create_seals_and_holds()
    _create_erasures()
    _create_periods()


def _create_seals_and_holds() -> None:
    op.create_table(
        "case_seal",
        sa.Column("case_id", sa.String(length=26), nullable=False),
        sa.Column("ground", sa.String(length=40), nullable=False),
        sa.Column("sealed_by", sa.String(length=26), nullable=False),
        sa.Column("sealed_at", sa.BigInteger(), nullable=False),
        sa.Column("purpose", sa.String(length=40), nullable=True),
        sa.Column("reference", sa.String(length=100), nullable=False),
        sa.Column("opened_by", sa.String(length=26), nullable=True),
        sa.Column("opened_until", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["legal_case.id"], name=op.f("fk_case_seal_case_id")),
        sa.ForeignKeyConstraint(["sealed_by"], ["account.id"], name=op.f("fk_case_seal_sealed_by")),
        sa.ForeignKeyConstraint(["opened_by"], ["account.id"], name=op.f("fk_case_seal_opened_by")),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_case_seal")),
    )
    op.create_index(op.f("ix_case_seal_opened_until"), "case_seal", ["opened_until"])
    op.create_table(
        "legal_hold",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("case_id", sa.String(length=26), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("reference", sa.String(length=100), nullable=False),
        sa.Column("placed_by", sa.String(length=26), nullable=False),
        sa.Column("placed_at", sa.BigInteger(), nullable=False),
        sa.Column("lifted_by", sa.String(length=26), nullable=True),
        sa.Column("lifted_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["legal_case.id"], name=op.f("fk_legal_hold_case_id")),
        sa.ForeignKeyConstraint(["placed_by"], ["account.id"], name=op.f("fk_legal_hold_placed_by")),
        sa.ForeignKeyConstraint(["lifted_by"], ["account.id"], name=op.f("fk_legal_hold_lifted_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_legal_hold")),
    )
    op.create_index(op.f("ix_legal_hold_case_id"), "legal_hold", ["case_id"])


def _create_erasures() -> None:
    op.create_table(
        "planned_erasure",
        sa.Column("case_id", sa.String(length=26), nullable=False),
        sa.Column("planned_by", sa.String(length=26), nullable=False),
        sa.Column("planned_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["legal_case.id"], name=op.f("fk_planned_erasure_case_id")),
        sa.ForeignKeyConstraint(["planned_by"], ["account.id"], name=op.f("fk_planned_erasure_planned_by")),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_planned_erasure")),
    )
    op.create_index(op.f("ix_planned_erasure_due_at"), "planned_erasure", ["due_at"])
    op.create_table(
        "doomed_object",
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("case_id", sa.String(length=26), nullable=False),
        sa.Column("is_upload", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["legal_case.id"], name=op.f("fk_doomed_object_case_id")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_doomed_object")),
    )


def _create_periods() -> None:
    op.create_table(
        "longer_period",
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("months", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("kind", name=op.f("pk_longer_period")),
    )
    op.create_table(
        "impact_assessment",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("title", sa.String(length=100), nullable=False),
        sa.Column("concluded_on", sa.Date(), nullable=False),
        sa.Column("conclusion", sa.Text(), nullable=False),
        sa.Column("recorded_by", sa.String(length=26), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["recorded_by"], ["account.id"], name=op.f("fk_impact_assessment_recorded_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_impact_assessment")),
    )
