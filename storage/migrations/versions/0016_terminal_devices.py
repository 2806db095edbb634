"""The key in each terminal's device. Terminals paired before hold none: they have to be paired again."""

import sqlalchemy as sa
from alembic import op

revision = "0016_terminal_devices"
down_revision = "0015_recoveries"


def upgrade() -> None:
    """Create the table and end the pairings."""
    op.create_table(
        "terminal_device",
        sa.Column("terminal_id", sa.String(length=26), nullable=False),
        sa.Column("public_key", sa.LargeBinary(length=65), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["terminal_id"], ["terminal.id"], name=op.f("fk_terminal_device_terminal_id")
        ),
        sa.PrimaryKeyConstraint("terminal_id", name=op.f("pk_terminal_device")),
        sa.UniqueConstraint("public_key", name=op.f("uq_terminal_device_public_key")),
    )
    op.execute("DELETE FROM session WHERE terminal_id IS NOT NULL")
    op.execute("UPDATE terminal SET paired_at = NULL")
