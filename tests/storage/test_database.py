import asyncio
import traceback
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime
from typing import cast

import asyncpg
import pytest
from sqlalchemy import inspect, select, text
from sqlalchemy.exc import DBAPIError, StatementError

from server.kernel.events import Job, Notification
from server.kernel.identity import Role
from server.kernel.ids import AccountId, new_id
from server.people.events import SessionsRevoked
from server.people.model import Account, Organisation
from storage.bus import LocalBus
from storage.database import Database
from storage.engines import open_engines
from storage.postgresql import _for_driver, _locking
from storage.tables import metadata
from storage.tables.audit import audit_entry
from tests.databases import LOG_KEY, Engine
from tests.factories import account, case, organisation
from tests.fakes.clock import SetClock


async def test_a_raise_in_a_transaction_undoes_it_and_tells_nobody(
    database: Database, bus: LocalBus, jobs: list[Job]
) -> None:
    async def fail(made: Organisation) -> None:
        async with database.transaction() as tx:
            await tx.people.add_organisation(made)
            tx.record(SessionsRevoked(actor="x:y", account_id="a1"))
            tx.enqueue(Job("ingest", "d1"))
            raise LookupError

    made = organisation()
    async with bus.subscribe(frozenset({"access:a1"})) as subscription:
        with pytest.raises(LookupError):
            await fail(made)
        async with database.reading() as tx:
            assert await tx.people.organisation(made.id) is None
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(subscription.next(), 0.05)
    assert jobs == []


async def test_an_event_is_logged_with_the_commit_and_told_after_it(
    database: Database, bus: LocalBus, jobs: list[Job]
) -> None:
    async with bus.subscribe(frozenset({"access:a1"})) as subscription:
        async with database.transaction() as tx:
            tx.record(SessionsRevoked(actor="security_admin:s1", account_id="a1"))
            tx.enqueue(Job("ingest", "d1"))
        told = await asyncio.wait_for(subscription.next(), 1)
    assert told == Notification("access:a1", "SessionsRevoked", "account:a1")
    assert jobs == [Job("ingest", "d1")]
    async with database.reading() as tx:
        entry = (await tx.connection.execute(select(audit_entry))).one()
    assert (entry.actor, entry.event, entry.subject) == (
        "security_admin:s1",
        "SessionsRevoked",
        "account:a1",
    )
    assert (entry.origin, entry.rule) == ("", ""), "nobody asked for it"


@pytest.mark.parametrize("at", [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)])
async def test_a_moment_that_could_not_be_told_again_is_not_stored(database: Database, at: datetime) -> None:
    async with database.transaction() as tx:
        with pytest.raises(StatementError, match="the ends of time"):
            await tx.cases.put_case(case(opened_at=at))


async def test_a_reading_unit_cannot_write(database: Database) -> None:
    async def write() -> None:
        async with database.reading() as tx:
            await tx.people.add_organisation(organisation())

    with pytest.raises(DBAPIError, match=r"read-?only"):
        await write()


async def test_an_error_names_no_value_of_its_statement(database: Database) -> None:
    async def add(made: Account) -> None:
        async with database.transaction() as tx:
            await tx.people.add_account(made, password_hash=hashed)

    made, hashed = account(Role.LAWYER, name="周某某"), new_id()
    await add(made)
    with pytest.raises(DBAPIError) as twice:
        await add(replace(made, id=AccountId(new_id())))
    with pytest.raises(DBAPIError) as without:
        await add(replace(made, id=cast("AccountId", None), login="other"))
    for raised in (twice, without):
        told = "".join(traceback.format_exception(raised.value))
        assert "account" in told
        for value in (made.login, made.name, hashed):
            assert value not in told


async def test_of_many_writers_that_read_before_they_write_none_loses_an_update(database: Database) -> None:
    async def guess() -> None:
        async with database.transaction() as tx:
            before = await tx.people.attempts("login:x")
            await asyncio.sleep(0)
            await tx.people.put_attempts(
                type(before)(subject=before.subject, failures=before.failures + 1, blocked_until=None)
            )

    await asyncio.gather(*(guess() for _ in range(20)))
    async with database.reading() as tx:
        assert (await tx.people.attempts("login:x")).failures == 20


async def test_the_migrations_make_just_the_tables_that_the_code_names(database: Database) -> None:
    async with database.reading() as tx:
        made = await tx.connection.run_sync(
            lambda sync: {
                name: {column["name"] for column in inspect(sync).get_columns(name)}
                for name in inspect(sync).get_table_names()
            }
        )
    made.pop("alembic_version")
    assert made == {table.name: {column.name for column in table.columns} for table in metadata.sorted_tables}


async def test_a_migration_may_take_its_time(postgresql_url: str) -> None:
    engine = open_engines(postgresql_url).migrating()
    limits = {}
    async with engine.begin() as connection:
        for name in ("statement_timeout", "lock_timeout"):
            limits[name] = (await connection.execute(text(f"SHOW {name}"))).scalar_one()
        raw = await connection.get_raw_connection()
        assert isinstance(raw.driver_connection, asyncpg.Connection)
        assert raw.driver_connection._config.command_timeout is None  # noqa: SLF001 - else it takes a minute
    await engine.dispose()
    assert limits == {"statement_timeout": "0", "lock_timeout": "0"}


async def test_the_server_asks_often_whether_who_holds_a_lock_is_there(postgresql_url: str) -> None:
    engine = _locking(_for_driver(postgresql_url))
    query = text("SELECT name, reset_val FROM pg_settings WHERE name LIKE 'tcp_keepalives%'")
    async with engine.connect() as connection:
        asked = {name: int(value) for name, value in await connection.execute(query)}
    await engine.dispose()
    silent_s = asked["tcp_keepalives_idle"] + asked["tcp_keepalives_count"] * asked["tcp_keepalives_interval"]
    assert 0 < silent_s <= 20


async def test_of_two_processes_one_is_alone_at_a_task(
    database: Database, database_url: str, clock: SetClock, engine: Engine
) -> None:
    if engine is Engine.SQLITE:
        async with database.alone("split:1") as mine:
            assert mine, "SQLite has no other process"
        return

    async def ignore(_job: Job) -> None:
        """Nothing is handed in."""

    other = Database(database_url, bus=LocalBus(), clock=clock, enqueue=ignore, log_key=LOG_KEY)
    async with database.alone("split:1") as mine, other.alone("split:1") as theirs:
        assert (mine, theirs) == (True, False)
        async with other.alone("split:2") as another:
            assert another
    async with other.alone("split:1") as theirs:
        assert theirs
    await other.close()


HOLDERS = """
SELECT count(*), count(DISTINCT pid) FROM pg_locks WHERE locktype = 'advisory' AND granted
AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


async def test_a_process_is_alone_at_many_tasks_on_one_connection(
    postgresql_url: str, clock: SetClock, jobs: list[Job]
) -> None:
    async def keep(job: Job) -> None:
        jobs.append(job)

    database = Database(postgresql_url, bus=LocalBus(), clock=clock, enqueue=keep, log_key=LOG_KEY)
    async with AsyncExitStack() as stack:
        for number in range(30):
            assert await stack.enter_async_context(database.alone(f"upload:{number}"))
        assert not await stack.enter_async_context(database.alone("upload:7")), (
            "another task of ours is at it"
        )
        broken_off = asyncio.create_task(stack.enter_async_context(database.alone("broken off")))
        await asyncio.sleep(0)
        broken_off.cancel()
        await asyncio.gather(broken_off, return_exceptions=True)
        async with database.alone("broken off") as again, database.reading() as tx:
            assert again
            assert (await tx.connection.execute(text(HOLDERS))).one() == (31, 1)
    async with database.reading() as tx:
        assert (await tx.connection.execute(text(HOLDERS))).one() == (0, 0)
    await database.close()
