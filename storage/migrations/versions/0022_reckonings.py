"""How ends were counted, what the operator decides, events that happen again, the rule of an alert.

Facts from before correct each other; alerts from before don't know their rule.
"""

import sqlalchemy as sa
from alembic import op

revision = "0022_reckonings"
down_revision = "0021_session_places"


def upgrade() -> None:
    """Create the tables and columns."""
    op.create_table(
        "reckoning",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("case_id", sa.String(length=26), nullable=False),
        sa.Column("duty", sa.String(length=60), nullable=False),
        sa.Column("rule_id", sa.String(length=10), nullable=False),
        sa.Column("trigger", sa.String(length=60), nullable=False),
        sa.Column("trigger_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("cause", sa.String(length=40), nullable=False),
        sa.Column("counted_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["legal_case.id"], name=op.f("fk_reckoning_case_id")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_reckoning")),
    )
    op.create_index(op.f("ix_reckoning_case_id"), "reckoning", ["case_id"])
    op.create_table(
        "counting_choice",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("question", sa.String(length=40), nullable=False),
        sa.Column("answer", sa.String(length=40), nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("chosen_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_counting_choice")),
    )
    _add("case_fact", sa.Column("again", sa.Boolean(), nullable=False, server_default=sa.false()))
    _add("planned_alert", sa.Column("rule_id", sa.String(length=10), nullable=False, server_default=""))
    _add("alert", sa.Column("rule_id", sa.String(length=10), nullable=False, server_default=""))
    _add("stale_plan", sa.Column("cause", sa.String(length=40), nullable=False, server_default="rules"))


def _add(table: str, column: sa.Column[object]) -> None:
    """Add a column of which the rows that are there hold the default, and later ones none."""
    with op.batch_alter_table(table) as batch:
        batch.add_column(column)
    with op.batch_alter_table(table) as batch:
        batch.alter_column(column.name, server_default=None)
