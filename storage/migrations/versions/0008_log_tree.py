"""A place in one Merkle tree for each entry of the log, and the case that it concerns.

Entries from before are numbered without a gap, sealed anew with their number, and put into the tree. One
whose seal did not verify keeps it, so that the check goes on naming it.
"""

import hmac
import json
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import sqlalchemy as sa
from alembic import context, op

revision = "0008_log_tree"
down_revision = "0007_log_seals"

_BATCH = 10_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def upgrade() -> None:
    """Add the tree's column, fill it, then drop what the number takes the place of."""
    with op.batch_alter_table("audit_entry") as table:
        table.add_column(sa.Column("case_id", sa.String(length=26), nullable=True))
        table.add_column(sa.Column("subtree", sa.LargeBinary(), nullable=True))
        table.alter_column("details", type_=sa.Text(), postgresql_using="details::text")
    _fill(op.get_bind())
    with op.batch_alter_table("audit_entry") as table:
        table.drop_constraint(op.f("uq_audit_entry_id"), type_="unique")
        table.drop_column("id")
        table.alter_column("case_id", existing_type=sa.String(length=26), nullable=False)
        table.alter_column("subtree", existing_type=sa.LargeBinary(), nullable=False)
        table.alter_column("mac", existing_type=sa.LargeBinary(), nullable=False)
    op.create_index(op.f("ix_audit_entry_case_id"), "audit_entry", ["case_id"])
    if op.get_bind().dialect.name == "postgresql":
        op.alter_column("audit_entry", "number", type_=sa.BigInteger(), server_default=None)
        op.execute("DROP SEQUENCE IF EXISTS audit_entry_number_seq")


def _fill(connection: sa.Connection) -> None:
    number, read = 0, -1
    peaks: list[bytes] = []
    select = sa.text("SELECT * FROM audit_entry WHERE number > :read ORDER BY number LIMIT :batch")
    update = sa.text(
        "UPDATE audit_entry SET number = :number, case_id = :case_id, details = :details, subtree = :subtree,"
        " mac = :mac"
        " WHERE number = :old"
    )
    while rows := connection.execute(select, {"read": read, "batch": _BATCH}).all():
        changed = []
        for row in rows:
            number += 1
            fields = json.loads(row.details)
            case_id, details = str(fields.get("case_id", "")), json.dumps(fields, sort_keys=True)
            told = [number, row.at, row.actor, row.event, row.subject, case_id, details, row.origin, row.rule]
            canonical = json.dumps(told, separators=(",", ":")).encode()
            peaks = _grown(peaks, number, sha256(b"\x00" + canonical).digest())
            mac = context.config.attributes["log_key"].mac(canonical) if _is_sound(row) else row.mac
            place = {"number": number, "case_id": case_id, "details": details, "old": row.number}
            changed.append({**place, "subtree": peaks[-1], "mac": mac})
        connection.execute(update, changed)
        read = rows[-1].number


def _grown(peaks: list[bytes], number: int, leaf: bytes) -> list[bytes]:
    """Return the full subtrees' roots with one leaf more, which is leaf `number`."""
    while not number & 1:
        leaf = sha256(b"\x01" + peaks[-1] + leaf).digest()
        peaks, number = peaks[:-1], number >> 1
    return [*peaks, leaf]


def _is_sound(row: sa.Row[Any]) -> bool:
    """Tell whether the entry has no seal yet, or one that verifies."""
    if row.mac is None:
        return True
    at = (_EPOCH + timedelta(microseconds=row.at)).isoformat(timespec="microseconds")
    details = json.loads(row.details)
    fields = [row.id, at, row.actor, row.event, row.subject, details, row.origin, row.rule]
    canonical = json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()
    return hmac.compare_digest(context.config.attributes["log_key"].mac(canonical), bytes(row.mac))
