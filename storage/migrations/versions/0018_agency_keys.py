"""Keys of agencies' systems: what each is good for, from where, and until when.

Those from before are good for all that there was, from everywhere, for a year.
"""

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0018_agency_keys"
down_revision = "0017_alerts"

_YEAR_US = 365 * 24 * 3600 * 1_000_000
_SCOPES = ["notices:send", "notices:read", "cases:read"]


def upgrade() -> None:
    """Make the table anew and carry the keys over."""
    connection = op.get_bind()
    former = connection.execute(
        sa.text("SELECT key_hash, organisation_id, name, created_at FROM agency_key")
    ).all()
    op.drop_table("agency_key")
    table = op.create_table(
        "agency_key",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("key_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("organisation_id", sa.String(length=26), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("networks", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_agency_key_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agency_key")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_agency_key_key_hash")),
    )
    for key_hash, organisation_id, name, created_at in former:
        connection.execute(
            table.insert().values(
                id=secrets.token_hex(13),
                key_hash=key_hash,
                organisation_id=organisation_id,
                name=name,
                scopes=_SCOPES,
                networks=[],
                created_at=created_at,
                expires_at=created_at + _YEAR_US,
            )
        )
