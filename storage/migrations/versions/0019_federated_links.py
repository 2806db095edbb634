"""Whom the operator's OpenID provider knows."""

import sqlalchemy as sa
from alembic import op

revision = "0019_federated_links"
down_revision = "0018_agency_keys"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "federated_link",
        sa.Column("account_id", sa.String(length=26), nullable=False),
        sa.Column("issuer", sa.String(length=300), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("linked_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_federated_link_account_id")),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_federated_link")),
        sa.UniqueConstraint("issuer", "subject", name=op.f("uq_federated_link_issuer_subject")),
    )
