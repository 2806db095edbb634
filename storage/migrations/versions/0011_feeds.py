"""Feeds that calendar programs subscribe to."""

import sqlalchemy as sa
from alembic import op

revision = "0011_feeds"
down_revision = "0010_delays"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "feed",
        sa.Column("account_id", sa.String(length=26), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_feed_account_id")),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_feed")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_feed_token_hash")),
    )
