"""A key for each case, under which its objects are encrypted."""

import sqlalchemy as sa
from alembic import op

revision = "0013_case_keys"
down_revision = "0012_initial_passwords"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "case_key",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("case_id", sa.String(length=26), nullable=False),
        sa.Column("master_id", sa.String(length=16), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["legal_case.id"], name=op.f("fk_case_key_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_key")),
    )
    op.create_index(op.f("ix_case_key_case_id"), "case_key", ["case_id"])
