"""Accounts that wait to be recovered by a second administrator."""

import sqlalchemy as sa
from alembic import op

revision = "0015_recoveries"
down_revision = "0014_authenticators"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "recovery",
        sa.Column("account_id", sa.String(length=26), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("asked_by", sa.String(length=26), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_recovery_account_id")),
        sa.ForeignKeyConstraint(["asked_by"], ["account.id"], name=op.f("fk_recovery_asked_by")),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_recovery")),
    )
