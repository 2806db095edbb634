"""What is of no use is cleared away: uploads that were given up, bytes that belong to none, refused files."""

import os
import time
from datetime import timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest
from typing_extensions import override

from server.casefiles.model import DossierStatus
from server.casefiles.upkeep import Upkeep
from server.casefiles.uploads import KEPT_FOR, UNFINISHED_MOST, Uploads
from server.kernel.ids import DossierId, UploadId
from server.kernel.objects import ObjectStore, StorageUnavailable
from server.settings import Settings
from storage.database import Database
from tests import documents
from tests.fakes.clock import SetClock
from tests.http.conftest import Browser, SignedIn
from tests.http.test_uploads import begun, create, drafts, head, patch, problem
from tests.http.work import Work, becomes, stored_work
from tests.objects import local_store


@pytest.fixture
async def work(database: Database) -> Work:
    return await stored_work(database)


@pytest.fixture
async def lead(work: Work, signed_in: SignedIn) -> Browser:
    return await signed_in(work.lead)


@pytest.fixture
def objects(settings: Settings, database: Database) -> ObjectStore:
    return local_store(settings, database)


@pytest.fixture
def upkeep(database: Database, objects: ObjectStore, clock: SetClock) -> Upkeep:
    uploads = Uploads(units=database, turns=database, objects=objects, clock=clock)
    return Upkeep(units=database, objects=objects, uploads=uploads, clock=clock)


def kept(settings: Settings) -> list[Path]:
    return [path for path in settings.objects_dir.rglob("*") if path.is_file()]


async def test_an_upload_says_until_when_it_is_kept_and_more_bytes_keep_it_longer(
    lead: Browser, work: Work, clock: SetClock, signed_in: SignedIn
) -> None:
    place = await begun(lead, work, 10)
    told = parsedate_to_datetime((await head(lead, place))["Upload-Expires"])
    assert told == clock.now() + KEPT_FOR
    clock.move(timedelta(days=2))
    answer = await patch(await signed_in(work.lead), place, b"0123", at=0)
    assert parsedate_to_datetime(answer.headers["Upload-Expires"]) == clock.now() + KEPT_FOR


async def test_an_upload_to_which_nothing_came_is_forgotten_with_its_bytes_and_no_other_is(
    work: Work, clock: SetClock, signed_in: SignedIn, upkeep: Upkeep, settings: Settings
) -> None:
    lead = await signed_in(work.lead)
    old, renewed = await begun(lead, work, 10), await begun(lead, work, 10)
    await patch(lead, old, b"0123", at=0)
    clock.move(KEPT_FOR - timedelta(seconds=1))
    lead = await signed_in(work.lead)
    await patch(lead, renewed, b"0123", at=0)
    await upkeep.sweep()
    assert (await head(lead, old))["Upload-Offset"] == "4"
    clock.move(timedelta(seconds=1))
    await upkeep.sweep()
    assert drafts(settings) == {renewed.rpartition("/")[2]}
    assert (await head(lead, renewed))["Upload-Offset"] == "4"
    assert await problem(await patch(lead, old, b"456789", at=4)) == "not-found"


async def test_an_upload_that_cant_be_forgotten_keeps_no_other_from_being(
    work: Work, signed_in: SignedIn, database: Database, settings: Settings
) -> None:
    objects, clock, lead = local_store(settings, database), SetClock(), await signed_in(work.lead)
    first, second = [(await begun(lead, work, 10)).rpartition("/")[2] for _ in range(2)]

    class Troubled(Uploads):
        @override
        async def forget_if_expired(self, upload_id: UploadId) -> None:
            if upload_id == first:
                raise StorageUnavailable
            await super().forget_if_expired(upload_id)

    uploads = Troubled(units=database, turns=database, objects=objects, clock=clock)
    clock.move(KEPT_FOR)
    await Upkeep(units=database, objects=objects, uploads=uploads, clock=clock).sweep()
    assert second not in drafts(settings)
    assert first in drafts(settings)


async def test_a_file_that_arrived_whole_is_never_swept(
    lead: Browser, work: Work, database: Database, clock: SetClock, upkeep: Upkeep
) -> None:
    content = documents.scan(1)
    place = await begun(lead, work, len(content))
    answer = await patch(lead, place, content, at=0)
    dossier_id = DossierId(answer.headers["Dossier-Location"].rpartition("/")[2])
    clock.move(10 * KEPT_FOR)
    await upkeep.sweep()
    await becomes(database, dossier_id, DossierStatus.READY)


async def test_bytes_that_belong_to_no_upload_are_cleared_away_once_they_are_old(
    lead: Browser, work: Work, upkeep: Upkeep, settings: Settings
) -> None:
    mine = (await begun(lead, work, 10)).rpartition("/")[2]
    folder = settings.objects_dir / "kept" / "uploads"
    for name, age in (("left-over", 2 * KEPT_FOR), ("of-today", timedelta(0)), (mine, 2 * KEPT_FOR)):
        path = folder / name / "000000000000000-part"
        path.parent.mkdir(exist_ok=True)
        path.touch()
        os.utime(path, times=(time.time() - age.total_seconds(),) * 2)
    await upkeep.sweep()
    assert drafts(settings) == {"of-today", mine}


async def test_a_person_has_so_many_unfinished_uploads_and_takes_one_back_by_the_form(
    lead: Browser, work: Work
) -> None:
    places = [await begun(lead, work, 10) for _ in range(UNFINISHED_MOST)]
    answer = await create(lead, work, 10)
    assert (answer.status, await problem(answer)) == (409, "too-many-uploads")
    page = await (await lead.get(f"/cases/{work.case.id}/dossiers")).text()
    assert page.count("放弃上传</button>") == UNFINISHED_MOST
    back = await lead.post(f"{places[0]}/take-back", allow_redirects=False)
    assert (back.status, back.headers["Location"]) == (303, f"/cases/{work.case.id}/dossiers")
    await begun(lead, work, 10)


async def _upload(lead: Browser, work: Work, content: bytes) -> str:
    """Uploads a file; returns the address of its dossier."""
    place = await begun(lead, work, len(content))
    return (await patch(lead, place, content, at=0)).headers["Dossier-Location"]


async def test_a_file_that_cannot_be_opened_is_removed_with_all_its_bytes(
    lead: Browser, work: Work, database: Database, signed_in: SignedIn, settings: Settings
) -> None:
    place = await _upload(lead, work, b"this is no document")
    await becomes(database, DossierId(place.rpartition("/")[2]), DossierStatus.REFUSED)
    assert "移除</button>" in await (await lead.get(f"/cases/{work.case.id}/dossiers")).text()
    colleague = await signed_in(work.assisting)
    async with colleague.ws_connect(f"/live?watch=case:{work.case.id}") as socket:
        assert (await lead.post(f"{place}/remove", allow_redirects=False)).status == 303
        assert (await socket.receive_json(timeout=30))["event"] == "DossierRemoved"
    async with database.reading() as tx:
        assert await tx.casefiles.dossiers_of(work.case.id) == ()
    assert kept(settings) == []
    assert (await lead.post(f"{place}/remove", allow_redirects=False)).status == 404


async def test_a_file_that_is_of_use_is_not_removed(lead: Browser, work: Work, database: Database) -> None:
    place = await _upload(lead, work, documents.scan(1))
    await becomes(database, DossierId(place.rpartition("/")[2]), DossierStatus.READY)
    answer = await lead.post(f"{place}/remove", headers={"Accept": "application/json"})
    assert (answer.status, await problem(answer)) == (409, "dossier-in-use")
    assert (await lead.get(f"{place}/pages/1")).status == 200
