"""Whether a password is one that somebody else gave; those from before count as one's own."""

import sqlalchemy as sa
from alembic import op

revision = "0012_initial_passwords"
down_revision = "0011_feeds"


def upgrade() -> None:
    """Add the column."""
    with op.batch_alter_table("account") as table:
        table.add_column(
            sa.Column("password_is_initial", sa.Boolean(), nullable=False, server_default=sa.false())
        )
    with op.batch_alter_table("account") as table:
        table.alter_column("password_is_initial", server_default=None)
