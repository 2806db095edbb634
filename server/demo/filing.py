"""Files the demo's dossier: has it drawn up in a process of its own, and hands it in as an upload would be.

Drawing takes OpenCV and a while; neither belongs to the start of the server.
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from server.casefiles.model import Dossier, DossierReceived, DossierStatus
from server.casefiles.uploads import SPLIT_DOSSIER
from server.cases.model import Case
from server.kernel.clock import Clock
from server.kernel.events import Job
from server.kernel.identity import Role
from server.kernel.ids import DossierId, new_id
from server.kernel.objects import ObjectStore
from storage.database import Database, SqlTransaction

TITLE = "诉讼证据卷 第一册"
READER = "周某"
"""The lawyer to whose case the dossier belongs."""
OFFENCE = "故意伤害"


async def add_dossier(database: Database, objects: ObjectStore, clock: Clock, *, draft: Path) -> None:
    """Give the demo's reader the dossier, unless their case has one; `draft` is where it is drawn up."""
    async with database.alone("demo-dossier") as mine:
        if mine:
            await _add_dossier(database, objects, clock, draft=draft)


async def _add_dossier(database: Database, objects: ObjectStore, clock: Clock, *, draft: Path) -> None:
    async with database.reading() as tx:
        case = await _case(tx)
        if case is None or await tx.casefiles.dossiers_of(case.id):
            return
    dossier_id = DossierId(new_id())
    key = f"doc/{dossier_id}/original"
    try:
        await _write_apart(draft)
        stored = await objects.of(case.id).put(key, _read(draft))
    finally:
        await asyncio.to_thread(draft.unlink, missing_ok=True)
    async with database.transaction() as tx:
        reader = next(each for each in await tx.people.seeded_accounts() if each.name == READER)
        await tx.casefiles.add_dossier(
            Dossier(
                id=dossier_id,
                case_id=case.id,
                title=TITLE,
                filename="诉讼证据卷第一册.pdf",
                size_bytes=stored.size_bytes,
                sha256=stored.sha256,
                status=DossierStatus.RECEIVED,
                received_at=clock.now(),
                received_from=reader.id,
            )
        )
        tx.record(
            DossierReceived(
                actor=reader.identity.actor,
                case_id=case.id,
                dossier_id=dossier_id,
                size_bytes=stored.size_bytes,
                sha256=stored.sha256,
            )
        )
        tx.enqueue(Job(SPLIT_DOSSIER, dossier_id))


async def _case(tx: SqlTransaction) -> Case | None:
    """Return the case whose file this is, if the demo province has it."""
    for account in await tx.people.seeded_accounts():
        if account.role is Role.LAWYER and account.name == READER:
            for case in await tx.cases.cases_of_lawyer(account.id):
                if case.offence.startswith(OFFENCE) and case.stage.file_access:
                    return case
    return None


async def _write_apart(path: Path) -> None:
    """Write the file in a child process, so that the server goes on serving."""
    child = await asyncio.create_subprocess_exec(sys.executable, "-m", "server.demo.dossier", str(path))
    try:
        await child.wait()
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()


async def _read(path: Path) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        while block := await asyncio.to_thread(file.read, 1 << 20):
            yield block
