"""Kills the workers that raise alerts, again and again, and counts what came late, twice or not at all.

Each alert is a duty counted in hours (48 from the lawyer's request to the meeting), so that its moment is
known to the second. Two workers share PostgreSQL and Redis; one of them is killed, and another started in its
place, while the other goes on.
"""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random

from sqlalchemy import func, select

from server.alerts.model import Alert, AlertKind, Contact
from server.audit.entry import LogKey
from server.cases.model import CaseFact, CaseStatus
from server.kernel.clock import SystemClock
from server.kernel.ids import CaseId
from server.people.model import OrganisationKind
from server.settings import Settings
from storage.database import Database
from storage.key_file import key_in
from storage.migrate import migrate_within
from storage.tables.alerts import delivery
from storage.tables.audit import audit_entry
from tests.databases import beside
from tests.factories import account, assignment, case, organisation
from tests.servers.postgresql import PostgresServer
from tests.servers.valkey import ValkeyServer

DUTY, TRIGGER, HOURS = "arrange_meeting", "lawyer_presented_three_documents", timedelta(hours=48)
ASIDE = timedelta(seconds=15)
"""How long after the start the first alert is due: until then all is planned."""
_WORKERS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmVerdict:
    """What came of the alerts."""

    alerts: int
    kills: int
    missed: int
    doubled: int
    p99_late_s: float


@dataclass(frozen=True, slots=True)
class Rig:
    """Real servers, a database on them, and the workers' surroundings."""

    settings: Settings
    database: Database

    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "LIANBIAN_DATABASE_URL": self.settings.database_url,
            "LIANBIAN_REDIS_URL": self.settings.redis_url,
            "LIANBIAN_DATA_DIR": str(self.settings.data_dir),
            # Nobody takes mail there: each message stays where it can be counted.
            "LIANBIAN_SMTP_URL": "smtp://127.0.0.1:9",
            "LIANBIAN_MAIL_FROM": "lianbian@example.com",
        }


@asynccontextmanager
async def rig(folder: Path) -> AsyncIterator[Rig]:
    """Starts the servers on empty folders; they end with the context."""
    postgresql, valkey = PostgresServer(), ValkeyServer()
    try:
        await postgresql.start()
        await valkey.start()
        url = postgresql.url(postgresql.create("template0"))
        settings = Settings(data_dir=folder, database_url=url, redis_url=valkey.url)
        await migrate_within(url, LogKey(partial(key_in, settings.log_key)))
        database = beside(settings)
        yield Rig(settings, database)
        await database.close()
    finally:
        postgresql.remove()
        valkey.remove()


async def raise_while_killing(
    folder: Path, *, alerts: int, kills: int, every_s: float, dice: Random
) -> AlarmVerdict:
    """Has `alerts` fall due one after the other while a worker is killed each `every_s` seconds."""
    async with rig(folder) as made:
        start = SystemClock().now() + ASIDE
        spread = timedelta(seconds=kills * every_s)
        moments = [start + spread * number / alerts for number in range(alerts)]
        due = await _store(moments, made.database)
        workers = [await _worker(made) for _ in range(_WORKERS)]
        try:
            await _kill_at([start + spread * number / kills for number in range(kills)], workers, made, dice)
            found = await _all_raised(due, made.database)
            doubled = await _doubled(made.database)
        finally:
            for each in workers:
                _kill(each)
                await each.wait()
    late = sorted((each.raised_at - each.due_at).total_seconds() for each in found)
    keys = {(each.case_id, each.due_at) for each in found}
    return AlarmVerdict(
        alerts=alerts,
        kills=kills,
        missed=len(due.items() - keys),
        doubled=doubled,
        p99_late_s=late[int(len(late) * 0.99)] if late else float("inf"),
    )


async def _store(moments: Sequence[datetime], database: Database) -> dict[CaseId, datetime]:
    """Stores a case for each moment, whose meeting has to be arranged by then; returns when each is late."""
    area = organisation(OrganisationKind.COOPERATION_AREA)
    lawyer = account()
    due: dict[CaseId, datetime] = {}
    async with database.transaction() as tx:
        await tx.people.add_organisation(area)
        await tx.people.add_account(lawyer, password_hash=None)
        await tx.alerts.put_contact(Contact(account_id=lawyer.id, email="lawyer@example.com", phone=""))
        for moment in moments:
            one = case(area_id=area.id, agency_id=area.id, institution_id=area.id, status=CaseStatus.ASSIGNED)
            at = moment - HOURS
            await tx.cases.add_case(one, link_numbers=frozenset({one.agency_number}))
            await tx.cases.add_assignment(assignment(one.id, lawyer.id))
            await tx.cases.add_fact(CaseFact(case_id=one.id, key=TRIGGER, at=at, actor="x:y", recorded_at=at))
            due[one.id] = moment
    return due


async def _worker(made: Rig) -> asyncio.subprocess.Process:
    with (made.settings.data_dir / "worker.log").open("ab") as log:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "server", "worker"),
            stdout=log,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
            env=made.environment(),
        )


def _kill(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        os.killpg(process.pid, signal.SIGKILL)


async def _kill_at(
    moments: Sequence[datetime], workers: list[asyncio.subprocess.Process], made: Rig, dice: Random
) -> None:
    """Kills this or that worker at each of the moments, and starts another in its place."""
    clock = SystemClock()
    for moment in moments:
        await asyncio.sleep(max(0.0, (moment - clock.now()).total_seconds()))
        index = dice.randrange(_WORKERS)
        _kill(workers[index])
        await workers[index].wait()
        workers[index] = await _worker(made)


async def _all_raised(due: dict[CaseId, datetime], database: Database) -> list[Alert]:
    """Returns what was raised of lateness, once all is there or nothing more comes."""
    found: list[Alert] = []
    for _ in range(30):
        async with database.reading() as tx:
            every = [each for case_id in due for each in await tx.alerts.alerts_of_case(case_id)]
        found = [each for each in every if each.kind is AlertKind.OVERDUE and each.duty == DUTY]
        if len(found) >= len(due):
            break
        await asyncio.sleep(1)
    return found


async def _doubled(database: Database) -> int:
    """Counts messages that leave once too often, and times too often that the log tells of an alert.

    The alerts themselves can't be there twice: the database would refuse the second.
    """
    columns = delivery.c
    messages = select(func.count(columns.id)).group_by(columns.alert_id, columns.channel, columns.target)
    told = select(func.count()).where(audit_entry.c.event == "AlertRaised").group_by(audit_entry.c.subject)
    async with database.reading() as tx:
        counts = [(await tx.connection.execute(query)).scalars().all() for query in (messages, told)]
    assert all(counts), "there is something to count"
    return sum(each - 1 for found in counts for each in found)
