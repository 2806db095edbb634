"""Cases, parties, notices, facts, assignments, the operator's calendar; lawyers' profiles and absences."""

import sqlalchemy as sa
from alembic import op

revision = "0003_cases"
down_revision = "0002_slots"


def upgrade() -> None:
    """Create the tables."""
    _cases()
    _in_cases()
    _assignments()
    _lawyers()


def _cases() -> None:
    op.create_table(
        "legal_case",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("number", sa.String(length=60), nullable=False),
        sa.Column("agency_number", sa.String(length=60), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("stage", sa.String(length=40), nullable=False),
        sa.Column("procedure", sa.String(length=40), nullable=True),
        sa.Column("offence", sa.String(length=60), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("life_or_death", sa.Boolean(), nullable=False),
        sa.Column("minor", sa.Boolean(), nullable=False),
        sa.Column("agency_id", sa.String(length=26), nullable=False),
        sa.Column("institution_id", sa.String(length=26), nullable=False),
        sa.Column("area_id", sa.String(length=26), nullable=False),
        sa.Column("region_code", sa.String(length=6), nullable=False),
        sa.Column("facility_id", sa.String(length=26), nullable=True),
        sa.Column("language", sa.String(length=20), nullable=False),
        sa.Column("volumes", sa.Integer(), nullable=False),
        sa.Column("co_accused", sa.Integer(), nullable=False),
        sa.Column("continues", sa.String(length=26), nullable=True),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("hearing_at", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["organisation.id"], name=op.f("fk_legal_case_agency_id")),
        sa.ForeignKeyConstraint(["area_id"], ["organisation.id"], name=op.f("fk_legal_case_area_id")),
        sa.ForeignKeyConstraint(["continues"], ["legal_case.id"], name=op.f("fk_legal_case_continues")),
        sa.ForeignKeyConstraint(["facility_id"], ["organisation.id"], name=op.f("fk_legal_case_facility_id")),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["organisation.id"], name=op.f("fk_legal_case_institution_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_legal_case")),
        sa.UniqueConstraint("number", name=op.f("uq_legal_case_number")),
    )
    op.create_index(
        op.f("ix_legal_case_agency_id_opened_at"), "legal_case", ["agency_id", "opened_at"], unique=False
    )
    op.create_index(op.f("ix_legal_case_area_id_status"), "legal_case", ["area_id", "status"], unique=False)
    op.create_index(
        op.f("ix_legal_case_institution_id_opened_at"),
        "legal_case",
        ["institution_id", "opened_at"],
        unique=False,
    )
    op.create_table(
        "case_link",
        sa.Column("case_id", sa.String(length=26), nullable=False),
        sa.Column("number", sa.String(length=60), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["legal_case.id"], name=op.f("fk_case_link_case_id")),
        sa.PrimaryKeyConstraint("case_id", "number", name=op.f("pk_case_link")),
    )
    op.create_index(op.f("ix_case_link_number"), "case_link", ["number"], unique=False)


def _in_cases() -> None:
    op.create_table(
        "notice_answer",
        sa.Column("organisation_id", sa.String(length=26), nullable=False),
        sa.Column("key", sa.String(length=100), nullable=False),
        sa.Column("body_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("location", sa.String(length=100), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_notice_answer_organisation_id")
        ),
        sa.PrimaryKeyConstraint("organisation_id", "key", name=op.f("pk_notice_answer")),
    )
    op.create_table(
        "case_fact",
        sa.Column("case_id", sa.String(length=26), nullable=False),
        sa.Column("key", sa.String(length=60), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["legal_case.id"], name=op.f("fk_case_fact_case_id")),
        sa.PrimaryKeyConstraint("case_id", "key", name=op.f("pk_case_fact")),
    )
    op.create_table(
        "notice",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("case_id", sa.String(length=26), nullable=True),
        sa.Column("agency_id", sa.String(length=26), nullable=False),
        sa.Column("agency_number", sa.String(length=60), nullable=False),
        sa.Column("letter_number", sa.String(length=60), nullable=False),
        sa.Column("contact", sa.String(length=100), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["organisation.id"], name=op.f("fk_notice_agency_id")),
        sa.ForeignKeyConstraint(["case_id"], ["legal_case.id"], name=op.f("fk_notice_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
    )
    op.create_index(op.f("ix_notice_case_id"), "notice", ["case_id"], unique=False)
    op.create_table(
        "party",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("case_id", sa.String(length=26), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("gender", sa.String(length=40), nullable=False),
        sa.Column("born_on", sa.Date(), nullable=True),
        sa.Column("ethnicity", sa.String(length=20), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["legal_case.id"], name=op.f("fk_party_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_party")),
    )
    op.create_index(op.f("ix_party_case_id"), "party", ["case_id"], unique=False)


def _assignments() -> None:
    op.create_table(
        "calendar_day",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("working", sa.Boolean(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_calendar_day")),
    )
    op.create_table(
        "assignment",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("case_id", sa.String(length=26), nullable=False),
        sa.Column("account_id", sa.String(length=26), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("proposed_by", sa.String(length=26), nullable=True),
        sa.Column("proposed_at", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=True),
        sa.Column("score", sa.JSON(), nullable=False),
        sa.Column("rules_version", sa.String(length=20), nullable=False),
        sa.Column("weights_version", sa.String(length=20), nullable=False),
        sa.Column("answered_at", sa.BigInteger(), nullable=True),
        sa.Column("decline_reason", sa.String(length=40), nullable=True),
        sa.Column("answer_note", sa.String(length=500), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("end_reason", sa.String(length=40), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_assignment_account_id")),
        sa.ForeignKeyConstraint(["case_id"], ["legal_case.id"], name=op.f("fk_assignment_case_id")),
        sa.ForeignKeyConstraint(["proposed_by"], ["account.id"], name=op.f("fk_assignment_proposed_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assignment")),
    )
    op.create_index(
        op.f("ix_assignment_account_id_status"), "assignment", ["account_id", "status"], unique=False
    )
    op.create_index(op.f("ix_assignment_case_id"), "assignment", ["case_id"], unique=False)


def _lawyers() -> None:
    op.create_table(
        "lawyer_profile",
        sa.Column("account_id", sa.String(length=26), nullable=False),
        sa.Column("category", sa.String(length=40), nullable=False),
        sa.Column("area_id", sa.String(length=26), nullable=False),
        sa.Column("region_code", sa.String(length=6), nullable=False),
        sa.Column("criminal_defence_since", sa.Date(), nullable=True),
        sa.Column("specialities", sa.JSON(), nullable=False),
        sa.Column("minors", sa.Boolean(), nullable=False),
        sa.Column("languages", sa.JSON(), nullable=False),
        sa.Column("counties", sa.JSON(), nullable=False),
        sa.Column("overflow", sa.Boolean(), nullable=False),
        sa.Column("cap", sa.Integer(), nullable=False),
        sa.Column("suspended", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_lawyer_profile_account_id")),
        sa.ForeignKeyConstraint(["area_id"], ["organisation.id"], name=op.f("fk_lawyer_profile_area_id")),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_lawyer_profile")),
    )
    op.create_table(
        "leave",
        sa.Column("account_id", sa.String(length=26), nullable=False),
        sa.Column("from_day", sa.Date(), nullable=False),
        sa.Column("until_day", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_leave_account_id")),
        sa.PrimaryKeyConstraint("account_id", "from_day", name=op.f("pk_leave")),
    )
