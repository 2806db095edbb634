"""Facts of a case are kept beside those that they correct.

Those from before count as recorded when they happened.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009_fact_history"
down_revision = "0008_log_tree"


def upgrade() -> None:
    """Make the table anew under another key, with what it held."""
    held = op.get_bind().execute(sa.text("SELECT case_id, key, at, actor FROM case_fact ORDER BY at")).all()
    op.drop_table("case_fact")
    facts = op.create_table(
        "case_fact",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("case_id", sa.String(length=26), nullable=False),
        sa.Column("key", sa.String(length=60), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["legal_case.id"], name=op.f("fk_case_fact_case_id")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_case_fact")),
    )
    rows = [{**fact._mapping, "recorded_at": fact.at, "withdrawn": False} for fact in held]  # noqa: SLF001
    op.bulk_insert(facts, rows)
    op.create_index(op.f("ix_case_fact_case_id"), "case_fact", ["case_id"])
