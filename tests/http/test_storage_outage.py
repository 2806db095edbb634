"""Dossiers in an S3 store, and what people see while it is away."""

from dataclasses import replace
from pathlib import Path

import pytest

from server.casefiles.model import DossierStatus
from server.kernel.ids import DossierId
from server.settings import Settings
from storage.database import Database
from tests import documents
from tests.http.conftest import Browser, SignedIn
from tests.http.test_uploads import begun, create, head, patch, problem
from tests.http.work import Work, becomes, stored_work
from tests.servers.seaweed import SeaweedServer


@pytest.fixture
def settings(tmp_path: Path, database_url: str, seaweed: SeaweedServer) -> Settings:
    made = Settings(data_dir=tmp_path / "data", database_url=database_url)
    return replace(made, objects_url=seaweed.url)


@pytest.fixture
async def work(database: Database) -> Work:
    return await stored_work(database)


@pytest.fixture
async def lead(work: Work, signed_in: SignedIn) -> Browser:
    return await signed_in(work.lead)


async def test_an_upload_goes_on_where_it_was_once_the_store_is_back(
    lead: Browser, work: Work, database: Database, seaweed: SeaweedServer
) -> None:
    content = documents.scan(2)
    half = len(content) // 2
    place = await begun(lead, work, len(content))
    assert (await patch(lead, place, content[:half], at=0)).status == 204
    seaweed.kill()
    refused = await patch(lead, place, content[half:], at=half)
    assert (refused.status, refused.headers["Retry-After"]) == (503, "5")
    assert await problem(refused) == "storage-unavailable"
    await seaweed.start()
    assert (await head(lead, place))["Upload-Offset"] == str(half)
    last = await patch(lead, place, content[half:], at=half)
    base = last.headers["Dossier-Location"]
    await becomes(database, DossierId(base.rpartition("/")[2]), DossierStatus.READY)
    page = await lead.get(f"{base}/pages/1")
    assert (page.status, page.content_type) == (200, "image/jpeg")
    seaweed.kill()
    refused = await lead.get(f"{base}/pages/2")
    assert refused.status == 503
    await seaweed.start()
    assert (await lead.get(f"{base}/pages/2")).status == 200


async def test_uploads_that_could_not_begin_keep_nobody_from_beginning_one_later(
    lead: Browser, work: Work, database: Database, seaweed: SeaweedServer
) -> None:
    seaweed.kill()
    assert {(await create(lead, work, 10)).status for _ in range(6)} == {503}
    async with database.reading() as tx:
        assert await tx.casefiles.unfinished_uploads(work.lead.id) == ()
    await seaweed.start()
    assert (await create(lead, work, 10)).status == 201
