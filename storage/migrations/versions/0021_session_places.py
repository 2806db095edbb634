"""Where each session was last used, and when; of those from before, that they were used when they began."""

import sqlalchemy as sa
from alembic import op

revision = "0021_session_places"
down_revision = "0020_retention"


def upgrade() -> None:
    """Add the columns."""
    with op.batch_alter_table("session") as table:
        table.add_column(sa.Column("used_at", sa.BigInteger(), nullable=True))
        table.add_column(sa.Column("origin", sa.String(length=45), nullable=False, server_default=""))
        table.add_column(sa.Column("device", sa.String(length=60), nullable=False, server_default=""))
    op.execute("UPDATE session SET used_at = created_at")
    with op.batch_alter_table("session") as table:
        table.alter_column("used_at", existing_type=sa.BigInteger(), nullable=False)
        table.alter_column("origin", server_default=None)
        table.alter_column("device", server_default=None)
