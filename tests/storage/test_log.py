from contextvars import copy_context
from datetime import UTC, datetime

import pytest
from sqlalchemy import delete, insert, select, update

from server.audit.entry import LogKey
from server.kernel.circumstances import ORIGIN, RULE
from server.kernel.errors import NotAllowed
from server.kernel.identity import Role
from server.kernel.permissions import Action, Relation, require
from server.people.model import SessionsRevoked
from storage.check import findings
from storage.database import Database
from storage.tables.audit import audit_entry
from tests.databases import LOG_KEY

ALTERED: dict[str, object] = {
    "id": "0" * 26,
    "at": datetime(2026, 1, 1, tzinfo=UTC),
    "actor": "lawyer:x",
    "event": "SignedIn",
    "subject": "account:a9",
    "details": {"account_id": "a9"},
    "origin": "192.0.2.9",
    "rule": "lawyer/visit/no_record",
    "mac": bytes(32),
}


async def write(database: Database, count: int = 5) -> None:
    for number in range(count):
        async with database.transaction() as tx:
            tx.record(SessionsRevoked(actor="security_admin:s1", account_id=f"a{number}"))


async def test_an_entry_names_from_where_and_under_which_rule_it_was_done(database: Database) -> None:
    ORIGIN.set("192.0.2.1")
    require(Role.SECURITY_ADMIN, Action.MANAGE_ACCOUNT, Relation.OWN)
    await write(database, 1)
    async with database.reading() as tx:
        entry = (await tx.connection.execute(select(audit_entry))).one()
    assert (entry.origin, entry.rule) == ("192.0.2.1", "security_admin/manage_account/own")


def test_what_is_refused_names_no_rule() -> None:
    def rule_after_refusal() -> str:
        with pytest.raises(NotAllowed):
            require(Role.LAWYER, Action.MANAGE_ACCOUNT, Relation.OWN)
        return RULE.get()

    assert copy_context().run(rule_after_refusal) == ""


async def test_a_log_as_it_was_written_verifies(database: Database, database_url: str) -> None:
    await write(database)
    assert await findings(database_url, LOG_KEY) == ()


@pytest.mark.parametrize(("column", "value"), [*ALTERED.items(), ("mac", None)])
async def test_the_check_names_the_first_altered_entry(
    database: Database, database_url: str, column: str, value: object
) -> None:
    await write(database)
    async with database.transaction() as tx:
        for number, changed in ((5, {"actor": "lawyer:y"}), (3, {column: value})):
            altered = update(audit_entry).where(audit_entry.c.number == number).values(changed)
            await tx.connection.execute(altered)
    (found,) = await findings(database_url, LOG_KEY)
    assert "entry 3 was altered" in found


def test_each_column_is_altered_once() -> None:
    assert set(ALTERED) == {each.name for each in audit_entry.columns} - {"number"}


async def test_a_forged_entry_is_found(database: Database, database_url: str) -> None:
    await write(database)
    async with database.transaction() as tx:
        copied = (await tx.connection.execute(select(audit_entry).where(audit_entry.c.number == 2))).one()
        forged = dict(copied._mapping) | {"number": 9, "id": "1" * 26}  # noqa: SLF001
        await tx.connection.execute(insert(audit_entry).values(forged))
    (found,) = await findings(database_url, LOG_KEY)
    assert "entry 9 was altered" in found


async def test_entries_older_than_the_key_are_taken_as_they_are(
    database: Database, database_url: str
) -> None:
    await write(database)
    async with database.transaction() as tx:
        old = update(audit_entry).where(audit_entry.c.number < 3).values(id=None, mac=None)
        await tx.connection.execute(old)
    assert await findings(database_url, LOG_KEY) == ()


async def test_a_log_of_another_key_does_not_verify(database: Database, database_url: str) -> None:
    await write(database)
    other = LogKey(lambda: bytes([1] * 32))
    (found,) = await findings(database_url, other)
    assert "entry 1 " in found


async def test_an_empty_log_verifies(database: Database, database_url: str) -> None:
    async with database.transaction() as tx:
        await tx.connection.execute(delete(audit_entry))
    assert await findings(database_url, LOG_KEY) == ()
