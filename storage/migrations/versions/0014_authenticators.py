"""Codes and passkeys, and by what and when each session's holder showed who they are.

Sessions of people end, because nobody knows that of them; terminals stay paired.
"""

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0014_authenticators"
down_revision = "0013_case_keys"


def upgrade() -> None:
    """Create the tables and add the columns."""
    _renew_sessions()
    op.create_table(
        "otp_authenticator",
        sa.Column("account_id", sa.String(length=26), nullable=False),
        sa.Column("sealed_secret", sa.LargeBinary(), nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_otp_authenticator_account_id")),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_otp_authenticator")),
    )
    op.create_table(
        "passkey",
        sa.Column("credential_id", sa.LargeBinary(length=1023), nullable=False),
        sa.Column("account_id", sa.String(length=26), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("synced", sa.Boolean(), nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_passkey_account_id")),
        sa.PrimaryKeyConstraint("credential_id", name=op.f("pk_passkey")),
    )
    op.create_index(op.f("ix_passkey_account_id"), "passkey", ["account_id"])
    op.create_table(
        "spent_challenge",
        sa.Column("challenge_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("challenge_hash", name=op.f("pk_spent_challenge")),
    )


def _renew_sessions() -> None:
    """Make the table anew, with an id, and carry the terminals over."""
    connection = op.get_bind()
    terminals = connection.execute(
        sa.text(
            "SELECT token_hash, terminal_id, created_at, expires_at FROM session WHERE account_id IS NULL"
        )
    ).all()
    op.drop_table("session")
    session = op.create_table(
        "session",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("account_id", sa.String(length=26), nullable=True),
        sa.Column("terminal_id", sa.String(length=26), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("proof", sa.String(length=40), nullable=False),
        sa.Column("proved_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_session_account_id")),
        sa.ForeignKeyConstraint(["terminal_id"], ["terminal.id"], name=op.f("fk_session_terminal_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_session")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_session_token_hash")),
    )
    op.create_index(op.f("ix_session_account_id"), "session", ["account_id"])
    op.create_index(op.f("ix_session_terminal_id"), "session", ["terminal_id"])
    for token_hash, terminal_id, created_at, expires_at in terminals:
        connection.execute(
            session.insert().values(
                id=secrets.token_hex(13),
                token_hash=token_hash,
                terminal_id=terminal_id,
                created_at=created_at,
                expires_at=expires_at,
                proof="pairing",
                proved_at=created_at,
            )
        )
