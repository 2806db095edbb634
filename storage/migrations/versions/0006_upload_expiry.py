"""When an unfinished upload is forgotten; those begun before get a week from when they began."""

import sqlalchemy as sa
from alembic import op

revision = "0006_upload_expiry"
down_revision = "0005_rooms"

_WEEK_US = 7 * 24 * 60 * 60 * 1_000_000


def upgrade() -> None:
    """Add the column, then fill it."""
    with op.batch_alter_table("upload") as table:
        table.add_column(sa.Column("expires_at", sa.BigInteger(), nullable=False, server_default="0"))
    op.execute(f"UPDATE upload SET expires_at = created_at + {_WEEK_US}")  # noqa: S608 - a number of ours
    with op.batch_alter_table("upload") as table:
        table.alter_column("expires_at", server_default=None)
    op.create_index(op.f("ix_upload_account_id"), "upload", ["account_id"])
