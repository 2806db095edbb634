"""From where and under which rule something was done, and what shows its entry unaltered.

Entries made before have none of these.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007_log_seals"
down_revision = "0006_upload_expiry"


def upgrade() -> None:
    """Add the columns."""
    with op.batch_alter_table("audit_entry") as table:
        table.add_column(sa.Column("id", sa.String(length=26), nullable=True))
        table.add_column(sa.Column("origin", sa.String(length=45), nullable=False, server_default=""))
        table.add_column(sa.Column("rule", sa.String(length=60), nullable=False, server_default=""))
        table.add_column(sa.Column("mac", sa.LargeBinary(), nullable=True))
    with op.batch_alter_table("audit_entry") as table:
        table.alter_column("origin", server_default=None)
        table.alter_column("rule", server_default=None)
        table.create_unique_constraint(op.f("uq_audit_entry_id"), ["id"])
