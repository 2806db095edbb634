"""When each message was to leave first; of those from before, when their alert was raised."""

import sqlalchemy as sa
from alembic import op

revision = "0024_delivery_times"
down_revision = "0023_initial_until"


def upgrade() -> None:
    """Add the column."""
    op.add_column("delivery", sa.Column("created_at", sa.BigInteger(), nullable=True))
    op.execute(
        "UPDATE delivery SET created_at = (SELECT raised_at FROM alert WHERE alert.id = delivery.alert_id)"
    )
    with op.batch_alter_table("delivery") as table:
        table.alter_column("created_at", existing_type=sa.BigInteger(), nullable=False)
