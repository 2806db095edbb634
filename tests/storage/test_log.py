import asyncio
from collections.abc import Iterator
from contextvars import copy_context
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import delete, insert, select, text, update
from typing_extensions import override

from server.audit.entry import LogKey
from server.audit.heads import HeadKey, TreeHead
from server.audit.ports import LogDamaged
from server.kernel.circumstances import ORIGIN, RULE
from server.kernel.errors import NotAllowed
from server.kernel.events import Job
from server.kernel.identity import Role
from server.kernel.permissions import Action, Relation, require
from server.people.events import SessionsRevoked
from storage.bus import LocalBus
from storage.check import Report
from storage.database import Database
from storage.engines import open_engines
from storage.head_files import HeadFiles
from storage.log import OtherLogKey
from storage.migrate import migrate_within, recognise
from storage.tables.audit import audit_entry
from tests.databases import LOG_KEY, Content, Databases, Engine
from tests.fakes.clock import SetClock
from tests.storage.logs import EXPORTED_MS, export, report, write

ALTERED: dict[str, object] = {
    "at": datetime(2026, 1, 1, tzinfo=UTC),
    "actor": "lawyer:x",
    "event": "SignedIn",
    "subject": "account:a9",
    "case_id": "c9",
    "details": "no JSON",
    "origin": "192.0.2.9",
    "rule": "lawyer/visit/no_record",
    "subtree": bytes(32),
    "mac": bytes(32),
}


async def test_an_entry_names_from_where_and_under_which_rule_it_was_done(database: Database) -> None:
    ORIGIN.set("192.0.2.1")
    require(Role.SECURITY_ADMIN, Action.MANAGE_ACCOUNT, Relation.OWN)
    await write(database, 1)
    async with database.reading() as tx:
        entry = (await tx.connection.execute(select(audit_entry))).one()
    assert (entry.origin, entry.rule) == ("192.0.2.1", "security_admin/manage_account/own")


async def test_an_entry_names_no_rule_that_was_asked_of_somebody_else(database: Database) -> None:
    require(Role.SECURITY_ADMIN, Action.MANAGE_ACCOUNT, Relation.OWN)
    await write(database, 1, actor="system:ingest")
    async with database.reading() as tx:
        assert (await tx.connection.execute(select(audit_entry.c.rule))).scalar_one() == ""


def test_what_is_refused_names_no_rule() -> None:
    def rule_after_refusal() -> str:
        with pytest.raises(NotAllowed):
            require(Role.LAWYER, Action.MANAGE_ACCOUNT, Relation.OWN)
        return RULE.get()

    assert copy_context().run(rule_after_refusal) == ""


async def test_a_log_as_it_was_written_verifies(
    database: Database, database_url: str, heads: HeadFiles
) -> None:
    for _ in range(3):
        await export(database, heads)
        await write(database)
    assert await report(database_url, heads) == Report(findings=(), entries=15, heads=3)


@pytest.mark.parametrize(("column", "value"), ALTERED.items())
async def test_the_check_names_the_first_altered_entry(
    database: Database, database_url: str, heads: HeadFiles, column: str, value: object
) -> None:
    await write(database)
    async with database.transaction() as tx:
        for number, changed in ((5, {"actor": "lawyer:y"}), (3, {column: value})):
            altered = update(audit_entry).where(audit_entry.c.number == number).values(changed)
            await tx.connection.execute(altered)
    (found,) = (await report(database_url, heads)).findings
    assert "entry 3" in found


def test_each_column_is_altered_once() -> None:
    assert set(ALTERED) == {each.name for each in audit_entry.columns} - {"number"}


async def test_a_forged_entry_is_found(database: Database, database_url: str, heads: HeadFiles) -> None:
    await write(database)
    async with database.transaction() as tx:
        copied = (await tx.connection.execute(select(audit_entry).where(audit_entry.c.number == 2))).one()
        await tx.connection.execute(insert(audit_entry).values({**copied._mapping, "number": 6}))  # noqa: SLF001
    (found,) = (await report(database_url, heads)).findings
    assert "entry 6 was altered" in found


async def test_a_log_that_grows_while_it_is_checked_is_accused_of_nothing(
    database: Database, database_url: str, heads: HeadFiles
) -> None:
    serving = asyncio.get_running_loop()

    class Growing(HeadFiles):
        """An installation at work: an entry is written, and its head exported, just before heads are read."""

        @override
        def lines(self) -> Iterator[tuple[str, bytes]]:
            asyncio.run_coroutine_threadsafe(write(database, 1), serving).result()
            asyncio.run_coroutine_threadsafe(export(database, heads), serving).result()
            yield from super().lines()

    await write(database)
    found = await report(database_url, Growing(heads.folder))
    assert (found.findings, found.heads) == ((), 1)


async def test_entries_taken_from_the_end_are_missed_by_the_exported_heads(
    database: Database, database_url: str, heads: HeadFiles
) -> None:
    await write(database)
    await export(database, heads)
    async with database.transaction() as tx:
        await tx.connection.execute(delete(audit_entry).where(audit_entry.c.number > 3))
    (found,) = (await report(database_url, heads)).findings
    assert "entries 4 to 5 are missing" in found


async def test_a_log_that_went_another_way_since_a_head_is_found(
    database: Database, database_url: str, heads: HeadFiles
) -> None:
    await write(database, 4)
    await export(database, heads)
    await write(database, 2)
    await export(database, heads)
    async with database.transaction() as tx:
        await tx.connection.execute(delete(audit_entry).where(audit_entry.c.number > 4))
    await write(database, 3, actor="security_admin:s2")
    (found,) = (await report(database_url, heads)).findings
    assert "entries 5 to 6 are not those of the tree head" in found


async def test_a_head_that_was_not_signed_here_is_named(
    database: Database, database_url: str, heads: HeadFiles
) -> None:
    await write(database)
    tree = await export(database, heads)
    forged = TreeHead(timestamp=EXPORTED_MS, tree_size=3, root_hash=tree.root)
    heads.append(HeadKey(lambda: bytes([8] * 32)).sign(forged))
    (found,) = (await report(database_url, heads)).findings
    assert "2026-09-21.jsonl:2 was not signed by this log" in found


async def test_a_log_of_another_key_does_not_verify(
    database: Database, database_url: str, heads: HeadFiles
) -> None:
    await write(database)
    other = LogKey(lambda: bytes([1] * 32))
    (found,) = (await report(database_url, heads, other)).findings
    assert "entry 1 " in found


async def test_a_node_with_another_key_is_refused_at_its_start(database: Database, database_url: str) -> None:
    other = LogKey(lambda: bytes([1] * 32))
    await recognise(database_url, other)
    await write(database)
    await recognise(database_url, LOG_KEY)
    with pytest.raises(OtherLogKey, match=r"log\.key"):
        await recognise(database_url, other)


async def test_an_empty_log_verifies(database_url: str, heads: HeadFiles) -> None:
    assert await report(database_url, heads) == Report(findings=(), entries=0, heads=0)


async def test_nothing_is_written_on_top_of_a_tree_with_a_hole(database: Database) -> None:
    await write(database)
    async with database.transaction() as tx:
        await tx.connection.execute(delete(audit_entry).where(audit_entry.c.number == 4))
    with pytest.raises(LogDamaged):
        await write(database, 1)


async def ignore(_job: Job) -> None:
    """No unit here asks for work."""


async def test_of_many_writers_on_several_nodes_no_entry_is_lost(
    database: Database, database_url: str, engine: Engine, heads: HeadFiles, clock: SetClock
) -> None:
    other = Database(database_url, bus=LocalBus(), clock=clock, enqueue=ignore, log_key=LOG_KEY)
    nodes = (database, other) if engine is Engine.POSTGRESQL else (database,)

    async def work(writer: int) -> None:
        for unit in range(4):
            async with nodes[writer % len(nodes)].transaction() as tx:
                for event in range(1 + unit % 2):
                    tx.record(SessionsRevoked(actor=f"w:{writer}", account_id=f"{unit}.{event}"))
            if writer == 0:
                await export(database, heads)

    await asyncio.gather(*(work(writer) for writer in range(50)))
    await other.close()
    assert (await report(database_url, heads)) == Report(findings=(), entries=300, heads=4)
    async with database.reading() as tx:
        query = select(audit_entry.c.actor, audit_entry.c.subject)
        found = {tuple(row) for row in await tx.connection.execute(query)}
    assert len(found) == 300


SEALED_BEFORE = """
INSERT INTO audit_entry (number, at, actor, event, subject, details, origin, rule, id, mac)
VALUES
    (:number, 1790000000123456, 'lawyer:l1', 'CaseClosed', 'case:c1',
     '{"z": "名", "case_id": "c1"}', '', '', :id, :mac)
"""
CANONICAL_BEFORE = (
    '["%s","2026-09-21T14:13:20.123456+00:00","lawyer:l1","CaseClosed","case:c1",'
    r'{"case_id":"c1","z":"\u540d"},"",""]'
)


async def test_entries_of_the_former_schema_are_sealed_with_their_place(
    databases: Databases, engine: Engine, heads: HeadFiles, tmp_path: Path
) -> None:
    url = await databases.copy(engine, tmp_path, Content.FORMER_LOG)

    async def add(number: int, mac: bytes | None) -> None:
        values = {"number": number, "id": f"{number:026}", "mac": mac}
        await connection.execute(text(SEALED_BEFORE), values)

    engines = open_engines(url)
    async with engines.writing.begin() as connection:
        await add(3, None)
        for number in (4, 9):
            await add(number, LOG_KEY.mac((CANONICAL_BEFORE % f"{number:026}").encode()))
        await add(10, bytes(32))
    await engines.dispose()
    await migrate_within(url, LOG_KEY)
    (found,) = (await report(url, heads)).findings
    assert "entry 4 was altered" in found, "its seal was none of ours before, and so it stays"
    database = Database(url, bus=LocalBus(), clock=SetClock(), enqueue=ignore, log_key=LOG_KEY)
    await write(database, 1)
    async with database.reading() as tx:
        rows = (await tx.connection.execute(select(audit_entry).order_by(audit_entry.c.number))).all()
    await database.close()
    assert [row.number for row in rows] == [1, 2, 3, 4, 5]
    assert rows[0].case_id == "c1"
    assert rows[0].details == '{"case_id": "c1", "z": "\\u540d"}'
