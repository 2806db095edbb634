"""Alerts: planned, raised, whom they reach, and the messages that leave."""

import sqlalchemy as sa
from alembic import op

revision = "0017_alerts"
down_revision = "0016_terminal_devices"


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "stale_plan",
        sa.Column("case_id", sa.String(length=26), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["legal_case.id"], name=op.f("fk_stale_plan_case_id")),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_stale_plan")),
    )
    op.create_table(
        "planned_by",
        sa.Column("version", sa.String(length=100), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_planned_by")),
    )
    op.create_table(
        "planned_alert",
        sa.Column("case_id", sa.String(length=26), nullable=False),
        sa.Column("duty", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("fires_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["legal_case.id"], name=op.f("fk_planned_alert_case_id")),
        sa.PrimaryKeyConstraint("case_id", "duty", "kind", name=op.f("pk_planned_alert")),
    )
    op.create_index(op.f("ix_planned_alert_fires_at"), "planned_alert", ["fires_at"])
    _create_alerts()
    _create_ways_out()


def _create_alerts() -> None:
    op.create_table(
        "alert",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("case_id", sa.String(length=26), nullable=False),
        sa.Column("duty", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("raised_at", sa.BigInteger(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("escalates_at", sa.BigInteger(), nullable=True),
        sa.Column("handled_by", sa.String(length=26), nullable=True),
        sa.Column("handled_at", sa.BigInteger(), nullable=True),
        sa.Column("settled_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["legal_case.id"], name=op.f("fk_alert_case_id")),
        sa.ForeignKeyConstraint(["handled_by"], ["account.id"], name=op.f("fk_alert_handled_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert")),
        sa.UniqueConstraint(
            "case_id", "duty", "kind", "due_at", name=op.f("uq_alert_case_id_duty_kind_due_at")
        ),
    )
    op.create_index(op.f("ix_alert_escalates_at"), "alert", ["escalates_at"])
    op.create_table(
        "told",
        sa.Column("alert_id", sa.String(length=26), nullable=False),
        sa.Column("account_id", sa.String(length=26), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("told_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["alert_id"], ["alert.id"], name=op.f("fk_told_alert_id")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_told_account_id")),
        sa.PrimaryKeyConstraint("alert_id", "account_id", name=op.f("pk_told")),
    )
    op.create_index(op.f("ix_told_account_id"), "told", ["account_id"])


def _create_ways_out() -> None:
    op.create_table(
        "delivery",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("alert_id", sa.String(length=26), nullable=False),
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("target", sa.String(length=26), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=False),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.Column("given_up_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["alert_id"], ["alert.id"], name=op.f("fk_delivery_alert_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
    )
    op.create_index(
        op.f("ix_delivery_sent_at_given_up_at_next_at"), "delivery", ["sent_at", "given_up_at", "next_at"]
    )
    op.create_table(
        "contact",
        sa.Column("account_id", sa.String(length=26), nullable=False),
        sa.Column("email", sa.String(length=200), nullable=False),
        sa.Column("phone", sa.String(length=20), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_contact_account_id")),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_contact")),
    )
    op.create_table(
        "endpoint",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("organisation_id", sa.String(length=26), nullable=False),
        sa.Column("url", sa.String(length=500), nullable=False),
        sa.Column("sealed_secret", sa.LargeBinary(), nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_endpoint_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_endpoint")),
    )
    op.create_index(op.f("ix_endpoint_organisation_id"), "endpoint", ["organisation_id"])
