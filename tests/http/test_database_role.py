"""Serving under a role of PostgreSQL's that can't rewrite the audit log: `deploy/postgresql.sql`."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import URL, make_url

from server.app import DATABASE, compose
from server.http.health import State
from server.kernel.identity import Role
from server.probes import role_probe
from server.settings import Settings
from storage.database import Database
from tests.databases import Engine
from tests.factories import account
from tests.http.conftest import SignedIn

GRANTS = Path(__file__).parents[2] / "deploy" / "postgresql.sql"
SERVING = "lianbian_serving"


@pytest.fixture
def engine() -> Engine:
    return Engine.POSTGRESQL


async def connect(url: URL) -> asyncpg.Connection:
    return await asyncpg.connect(user=url.username, database=url.database, host=url.query["host"])


@pytest.fixture
async def serving(database_url: str) -> AsyncIterator[URL]:
    """The database as the role sees it that the file gives its rights to."""
    url = make_url(database_url)
    owner = await connect(url)
    await owner.execute(f"CREATE ROLE {SERVING} LOGIN")
    await owner.execute(GRANTS.read_text(encoding="utf-8"))
    yield url.set(username=SERVING)
    await owner.execute(f"DROP OWNED BY {SERVING}; DROP ROLE {SERVING}")
    await owner.close()


@pytest.fixture
def settings(settings: Settings, serving: URL) -> Settings:
    return replace(settings, database_url=serving.render_as_string(hide_password=False))


async def test_it_serves_and_writes_the_log_and_can_neither_rewrite_it_nor_change_the_schema(
    signed_in: SignedIn, serving: URL
) -> None:
    admin = await signed_in(account(Role.SECURITY_ADMIN, seeded=True))
    form = {"login": "lin", "name": "林某", "role": "assessor"}
    assert "林某" in await (await admin.post("/accounts", data=form)).text()
    assert (await admin.post("/account/sessions/end-others")).status == 200
    connection = await connect(serving)
    assert await connection.fetchval("SELECT count(*) FROM audit_entry WHERE event = 'AccountAdded'") == 1
    for statement in (
        "DELETE FROM audit_entry",
        "UPDATE audit_entry SET actor = 'nobody'",
        "TRUNCATE audit_entry",
        "DROP TABLE audit_entry",
        "ALTER TABLE session ADD COLUMN more integer",
        "UPDATE alembic_version SET version_num = '0001_people'",
        "CREATE TABLE more ()",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)
    await connection.close()


async def test_the_operator_is_told_while_the_log_could_be_rewritten(
    database: Database, settings: Settings, database_url: str
) -> None:
    assert (await role_probe(database).look()).state is State.WELL
    owning = compose(replace(settings, database_url=database_url))[DATABASE]
    assert (await role_probe(owning).look()).state is State.WORRYING
    await owning.close()
