"""Until when a password that somebody else gave opens anything; those from before, three days from now."""

import time

import sqlalchemy as sa
from alembic import op

revision = "0023_initial_until"
down_revision = "0022_reckonings"
_LIFE_US = 72 * 3600 * 1_000_000


def upgrade() -> None:
    """Add the column, and fill it in place of the one that it follows from."""
    with op.batch_alter_table("account") as table:
        table.add_column(sa.Column("initial_until", sa.BigInteger(), nullable=True))
    account = sa.table("account", sa.column("initial_until"), sa.column("password_is_initial"))
    until = time.time_ns() // 1000 + _LIFE_US
    op.execute(account.update().where(account.c.password_is_initial.is_(True)).values(initial_until=until))
    with op.batch_alter_table("account") as table:
        table.drop_column("password_is_initial")
