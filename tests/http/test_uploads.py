"""Uploads over HTTP: the tus protocol as a client meets it, and who may use it."""

import asyncio
import base64
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientResponse, web
from multidict import CIMultiDictProxy
from pytest_aiohttp import AiohttpClient

from server.casefiles import tus
from server.casefiles.ingest import Ingest
from server.casefiles.model import DossierStatus, Upload
from server.casefiles.uploads import KEPT_FOR, Uploads, _Body
from server.cases.model import AssignmentStatus, Stage
from server.kernel.ids import CaseId, DossierId, UploadId, new_id
from server.kernel.objects import Objects, ObjectStore, StorageUnavailable, StoredObject
from server.pdf.manifest import DocumentProblem
from server.pdf.renderer import Renderer
from server.settings import Settings
from storage.bus import LocalBus
from storage.database import Database
from tests import documents
from tests.dossiers import dossier
from tests.fakes.clock import SetClock
from tests.http.conftest import Browser, SignedIn
from tests.http.work import Work, becomes, close_case, stored_work
from tests.objects import local_store
from tests.until import until

V1 = {"Tus-Resumable": "1.0.0", "Accept": "*/*"}
BYTES = {"Content-Type": tus.CONTENT_TYPE}


def drafts(settings: Settings) -> set[str]:
    """Returns the ids of the uploads of which bytes are kept."""
    parts = (settings.objects_dir / "kept" / "uploads").rglob("*")
    return {path.parent.name for path in parts if path.is_file()}


def originals(settings: Settings) -> list[Path]:
    """Returns where whole files are kept."""
    return list(settings.objects_dir.rglob("original"))


@pytest.fixture
async def work(database: Database) -> Work:
    return await stored_work(database)


@pytest.fixture
async def lead(work: Work, signed_in: SignedIn) -> Browser:
    return await signed_in(work.lead)


async def create(browser: Browser, work: Work, length: int, **metadata: str) -> ClientResponse:
    named = {"filename": "证据卷.pdf"} | metadata
    headers = V1 | {"Upload-Length": str(length), "Upload-Metadata": tus.format_metadata(named)}
    return await browser.post(f"/cases/{work.case.id}/uploads", headers=headers)


async def begun(browser: Browser, work: Work, length: int, **metadata: str) -> str:
    answer = await create(browser, work, length, **metadata)
    assert answer.status == 201, await answer.text()
    return answer.headers["Location"]


async def patch(browser: Browser, place: str, content: object, *, at: int, **headers: str) -> ClientResponse:
    sent = V1 | BYTES | {"Upload-Offset": str(at)} | headers
    return await browser.patch(place, data=content, headers=sent)


async def head(browser: Browser, place: str) -> CIMultiDictProxy[str]:
    answer = await browser.head(place, headers=V1)
    assert answer.status == 200
    return answer.headers


async def problem(answer: ClientResponse) -> str:
    body: dict[str, Any] = await answer.json(content_type="application/problem+json")
    return str(body["code"])


async def test_a_file_sent_in_parts_becomes_a_dossier_with_its_hash(
    lead: Browser, work: Work, database: Database
) -> None:
    content = documents.scan(2)
    sha256 = hashlib.sha256(content).hexdigest()
    place = await begun(lead, work, len(content), title="第一册", sha256=sha256)
    half = len(content) // 2
    first = await patch(lead, place, content[:half], at=0)
    assert (first.status, first.headers["Upload-Offset"]) == (204, str(half))
    assert (await head(lead, place))["Upload-Offset"] == str(half)
    last = await patch(lead, place, content[half:], at=half)
    assert last.headers["Tus-Resumable"] == "1.0.0"
    dossier_id = DossierId(last.headers["Dossier-Location"].rpartition("/")[2])
    async with database.reading() as tx:
        dossier = await tx.casefiles.dossier(dossier_id)
    assert dossier is not None
    assert (dossier.sha256, dossier.title, dossier.size_bytes) == (sha256, "第一册", len(content))

    await becomes(database, dossier_id, DossierStatus.READY)


async def test_an_empty_part_after_the_last_harms_nothing(
    lead: Browser, work: Work, settings: Settings
) -> None:
    content = documents.scan(1)
    place = await begun(lead, work, len(content))
    last = await patch(lead, place, content, at=0)
    again = await patch(lead, place, b"", at=len(content))
    assert again.status == 204
    assert again.headers["Dossier-Location"] == last.headers["Dossier-Location"]
    assert drafts(settings) == set()


async def test_the_server_tells_what_it_can(lead: Browser, work: Work) -> None:
    answer = await lead.options(f"/cases/{work.case.id}/uploads", headers={"Sec-Fetch-Site": "same-origin"})
    assert answer.status == 204
    assert answer.headers["Tus-Version"] == "1.0.0"
    assert set(answer.headers["Tus-Extension"].split(",")) == {
        "creation",
        "checksum",
        "expiration",
        "termination",
    }
    assert "sha1" in answer.headers["Tus-Checksum-Algorithm"].split(",")
    assert int(answer.headers["Tus-Max-Size"]) > 400_000_000


@pytest.mark.parametrize("version", ["0.2.2", "2.0.0"])
async def test_another_version_gets_412_and_ours(lead: Browser, work: Work, version: str) -> None:
    place = await begun(lead, work, 10)
    answer = await lead.head(place, headers={"Tus-Resumable": version})
    assert answer.status == 412
    assert answer.headers["Tus-Version"] == "1.0.0"


async def test_the_wrong_offset_gets_409_and_changes_nothing(lead: Browser, work: Work) -> None:
    place = await begun(lead, work, 10)
    await patch(lead, place, b"01234", at=0)
    for at in (0, 4, 6):
        answer = await patch(lead, place, b"x", at=at)
        assert (answer.status, await problem(answer)) == (409, "upload-offset-conflict")
    assert (await head(lead, place))["Upload-Offset"] == "5"


async def test_too_large_a_file_gets_413_before_a_byte_is_sent(lead: Browser, work: Work) -> None:
    answer = await create(lead, work, 3 << 30)
    assert (answer.status, await problem(answer)) == (413, "upload-too-large")


async def test_more_than_announced_gets_413_with_or_without_a_length(lead: Browser, work: Work) -> None:
    place = await begun(lead, work, 10)

    async def chunks() -> AsyncIterator[bytes]:
        yield b"0123456789"
        yield b"more"

    for content in (b"0123456789more", chunks()):
        answer = await patch(lead, place, content, at=0)
        assert (answer.status, await problem(answer)) == (413, "upload-too-large")
    assert (await head(lead, place))["Upload-Offset"] == "0"


async def test_a_damaged_part_gets_460_and_is_dropped(lead: Browser, work: Work) -> None:
    place = await begun(lead, work, 10)
    good = base64.b64encode(hashlib.sha1(b"01234", usedforsecurity=False).digest()).decode()
    damaged = await patch(lead, place, b"0123X", at=0, **{"Upload-Checksum": f"sha1 {good}"})
    assert (damaged.status, await problem(damaged)) == (460, "upload-checksum-mismatch")
    assert (await head(lead, place))["Upload-Offset"] == "0"
    sound = await patch(lead, place, b"01234", at=0, **{"Upload-Checksum": f"sha1 {good}"})
    assert (sound.status, sound.headers["Upload-Offset"]) == (204, "5")


async def test_a_file_with_the_wrong_hash_is_refused_and_not_kept(
    lead: Browser,
    work: Work,
    database: Database,
    settings: Any,  # noqa: ANN401
) -> None:
    place = await begun(lead, work, 5, sha256="0" * 64)
    answer = await patch(lead, place, b"01234", at=0)
    assert (answer.status, await problem(answer)) == (422, "hash-mismatch")
    assert (await lead.head(place, headers=V1)).status == 404
    async with database.reading() as tx:
        assert await tx.casefiles.dossiers_of(work.case.id) == ()
    kept = [path for path in settings.objects_dir.rglob("*") if path.is_file()]
    assert kept == []


@pytest.fixture
def came(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """What the server has read of bodies so far."""
    chunks: list[bytes] = []
    bounded = _Body.bounded

    async def noted(body: _Body) -> AsyncIterator[bytes]:
        async for chunk in bounded(body):
            chunks.append(chunk)
            yield chunk

    monkeypatch.setattr(_Body, "bounded", noted)
    return chunks


async def test_a_broken_connection_keeps_what_came_and_goes_on(
    lead: Browser, work: Work, came: list[bytes]
) -> None:
    content = documents.scan(1)
    place = await begun(lead, work, len(content))
    sent = len(content) // 3

    async def broken() -> AsyncIterator[bytes]:
        yield content[:sent]
        await until(lambda: b"".join(came) == content[:sent])
        raise ConnectionResetError

    with pytest.raises((ConnectionResetError, OSError)):
        await patch(lead, place, broken(), at=0, **{"Content-Length": str(len(content))})
    offset = int((await head(lead, place))["Upload-Offset"])
    assert offset == sent
    answer = await patch(lead, place, content[offset:], at=offset)
    assert "Dossier-Location" in answer.headers


async def test_a_newer_request_takes_over_from_one_that_hangs(
    lead: Browser, work: Work, came: list[bytes]
) -> None:
    place = await begun(lead, work, 10)
    hang = asyncio.Event()

    async def hanging() -> AsyncIterator[bytes]:
        yield b"012"
        await hang.wait()

    old = asyncio.create_task(patch(lead, place, hanging(), at=0))
    await until(lambda: came == [b"012"])
    offset = int((await asyncio.wait_for(head(lead, place), 30))["Upload-Offset"])
    assert offset == 3
    answer = await asyncio.wait_for(patch(lead, place, b"3456789", at=offset), 30)
    assert answer.status == 204
    hang.set()
    await asyncio.wait({old})


async def test_a_file_taken_back_is_gone(lead: Browser, work: Work) -> None:
    place = await begun(lead, work, 10)
    await patch(lead, place, b"01234", at=0)
    assert (await lead.delete(place, headers=V1)).status == 204
    assert (await lead.head(place, headers=V1)).status == 404
    assert (await patch(lead, place, b"5", at=5)).status == 404


async def test_an_empty_file_becomes_a_dossier_that_says_so(
    lead: Browser, work: Work, database: Database
) -> None:
    answer = await create(lead, work, 0)
    dossier_id = DossierId(answer.headers["Dossier-Location"].rpartition("/")[2])

    assert (await becomes(database, dossier_id, DossierStatus.REFUSED)).problem is DocumentProblem.EMPTY


@pytest.mark.parametrize(
    ("who", "status"),
    [("stranger", 404), ("proposed", 404), ("coordinator", 403), ("officer", 403), ("agency", 403)],
)
async def test_only_lawyers_of_the_case_upload(
    work: Work, signed_in: SignedIn, who: str, status: int
) -> None:
    browser = await signed_in(getattr(work, who))
    assert (await create(browser, work, 10)).status == status


async def test_a_colleague_may_not_write_into_ones_upload(
    lead: Browser, work: Work, signed_in: SignedIn
) -> None:
    place = await begun(lead, work, 10)
    colleague = await signed_in(work.assisting)
    assert (await colleague.head(place, headers=V1)).status == 404
    assert (await patch(colleague, place, b"0", at=0)).status == 404


async def test_nobody_anonymous_uploads(anonymous: Browser, work: Work) -> None:
    assert (await create(anonymous, work, 10)).status == 401


async def test_a_closed_case_takes_no_more_files(lead: Browser, work: Work, database: Database) -> None:
    place = await begun(lead, work, 10)
    await close_case(database, work)
    assert (await create(lead, work, 10)).status == 403
    assert (await patch(lead, place, b"0", at=0)).status == 403


def whole_upload(work: Work) -> Upload:
    return Upload(
        id=UploadId(new_id()),
        case_id=work.case.id,
        account_id=work.lead.id,
        title="第一册",
        filename="a.pdf",
        length_bytes=3,
        offset=3,
        expected_sha256=None,
        created_at=SetClock().now(),
        expires_at=SetClock().now() + KEPT_FOR,
    )


async def three_bytes() -> AsyncIterator[bytes]:
    yield b"abc"


async def end_lead(database: Database, work: Work) -> None:
    async with database.transaction() as tx:
        (made,) = [
            each for each in await tx.cases.assignments_of(work.case.id) if each.account_id == work.lead.id
        ]
        ended = replace(made, status=AssignmentStatus.ENDED, version=made.version + 1)
        await tx.cases.put_assignment(ended)


async def test_an_assignment_that_ends_while_the_file_comes_makes_no_dossier(
    lead: Browser, work: Work, database: Database, came: list[bytes]
) -> None:
    place = await begun(lead, work, 10)
    await patch(lead, place, b"0123", at=0)

    async def slow() -> AsyncIterator[bytes]:
        yield b"456"
        await until(lambda: b"".join(came) == b"0123456")
        await end_lead(database, work)
        yield b"789"

    answer = await patch(lead, place, slow(), at=4)
    assert (answer.status, await problem(answer)) == (404, "not-found")
    async with database.reading() as tx:
        upload = await tx.casefiles.upload(UploadId(place.rpartition("/")[2]))
        assert await tx.casefiles.dossiers_of(work.case.id) == ()
    assert upload is not None
    assert upload.offset == 4


async def test_what_was_whole_when_the_assignment_ended_is_not_finished_at_the_next_start(
    database: Database, work: Work, settings: Settings
) -> None:
    upload = whole_upload(work)
    await local_store(settings, database).of(upload.case_id).append(upload.id, at=0, chunks=three_bytes())
    async with database.transaction() as tx:
        await tx.casefiles.add_upload(upload)
    await end_lead(database, work)
    objects = local_store(settings, database)
    await Uploads(units=database, turns=database, objects=objects, clock=SetClock()).finish_all()
    async with database.reading() as tx:
        assert await tx.casefiles.dossiers_of(work.case.id) == ()
        assert await tx.casefiles.upload(upload.id) == upload


async def test_an_original_that_is_not_what_was_stored_is_named_and_not_read_again(
    database: Database, work: Work, settings: Settings
) -> None:
    received = dossier(work.case.id, received_from=work.lead.id)
    store, renderer = local_store(settings, database), Renderer()
    await store.of(work.case.id).put(received.original_key, three_bytes())
    async with database.transaction() as tx:
        await tx.casefiles.add_dossier(received)
    (original,) = originals(settings)
    original.write_bytes(original.read_bytes()[:-1])
    ingest = Ingest(
        units=database, turns=database, objects=store, renderer=renderer, bus=LocalBus(), clock=SetClock()
    )
    await ingest.resume()
    await renderer.close()
    async with database.reading() as tx:
        found = await tx.casefiles.dossier(received.id)
        assert await tx.casefiles.dossiers_to_split() == ()
    assert found is not None
    assert (found.status, found.problem) == (DossierStatus.REFUSED, DocumentProblem.DAMAGED)


class Troubled:
    """An object store at which something happens whenever an upload is sealed."""

    def __init__(self, store: ObjectStore, then: Callable[[str], Awaitable[None]]) -> None:
        self._store = store
        self._then = then

    def of(self, case_id: CaseId) -> Objects:
        objects = self._store.of(case_id)
        seal = objects.seal

        async def sealed(upload: str, key: str, *, length: int) -> StoredObject:
            stored = await seal(upload, key, length=length)
            await self._then(upload)
            return stored

        objects.seal = sealed  # type: ignore[method-assign]
        return objects

    async def discard(self, upload: str) -> None:
        await self._store.discard(upload)

    async def unfinished(self, *, untouched_s: float) -> tuple[str, ...]:
        return await self._store.unfinished(untouched_s=untouched_s)


async def two_whole_uploads(database: Database, work: Work, settings: Settings) -> tuple[Upload, Upload]:
    made = (whole_upload(work), whole_upload(work))
    for upload in made:
        await local_store(settings, database).of(work.case.id).append(upload.id, at=0, chunks=three_bytes())
        async with database.transaction() as tx:
            await tx.casefiles.add_upload(upload)
    return made


async def test_an_upload_that_cant_be_finished_now_holds_up_no_other_and_is_finished_later(
    database: Database, work: Work, settings: Settings
) -> None:
    made = await two_whole_uploads(database, work, settings)
    troubles = [StorageUnavailable()]

    async def fail_once(_upload: str) -> None:
        if troubles:
            raise troubles.pop()

    objects = Troubled(local_store(settings, database), fail_once)
    uploads = Uploads(units=database, turns=database, objects=objects, clock=SetClock())
    for finished in (1, 2):
        await uploads.finish_all()
        async with database.reading() as tx:
            assert len(await tx.casefiles.dossiers_of(work.case.id)) == finished
    assert {each.id for each in made} == drafts(settings) | {path.parent.name for path in originals(settings)}


async def test_an_upload_that_is_taken_back_while_it_is_finished_elsewhere_leaves_nothing(
    database: Database, work: Work, settings: Settings
) -> None:
    await two_whole_uploads(database, work, settings)

    async def take_back(upload: str) -> None:
        async with database.transaction() as tx:
            await tx.casefiles.remove_upload(UploadId(upload))

    objects = Troubled(local_store(settings, database), take_back)
    await Uploads(units=database, turns=database, objects=objects, clock=SetClock()).finish_all()
    async with database.reading() as tx:
        assert await tx.casefiles.dossiers_of(work.case.id) == ()
    assert not originals(settings)


@pytest.mark.parametrize("way", ["taken back", "expired"])
async def test_of_a_sealed_upload_that_became_no_dossier_nothing_is_left(
    database: Database, work: Work, settings: Settings, way: str
) -> None:
    upload, _ = await two_whole_uploads(database, work, settings)
    store, clock = local_store(settings, database), SetClock()
    await store.of(work.case.id).seal(upload.id, upload.original_key, length=3)
    assert originals(settings)
    uploads = Uploads(units=database, turns=database, objects=store, clock=clock)
    if way == "expired":
        clock.move(KEPT_FOR)
        await uploads.forget_if_expired(upload.id)
    else:
        await uploads.take_back(work.case.id, upload.id, work.lead.identity)
    assert not originals(settings)
    async with database.reading() as tx:
        assert await tx.casefiles.upload(upload.id) is None


@pytest.mark.parametrize("stage", [Stage.INVESTIGATION, Stage.ARREST_REVIEW])
async def test_during_investigation_the_file_is_closed_and_the_article_named(
    database: Database, signed_in: SignedIn, stage: Stage
) -> None:
    work = await stored_work(database, stage=stage)
    answer = await create(await signed_in(work.lead), work, 10)
    assert answer.status == 403
    body = await answer.json(content_type="application/problem+json")
    assert body["code"] == "file-closed-during-investigation"
    assert "第四十条" in body["detail"]


async def test_what_was_whole_when_the_server_died_is_finished_at_the_next_start(
    app: web.Application, database: Database, work: Work, settings: Settings, aiohttp_client: AiohttpClient
) -> None:
    upload = whole_upload(work)
    await local_store(settings, database).of(upload.case_id).append(upload.id, at=0, chunks=three_bytes())
    async with database.transaction() as tx:
        await tx.casefiles.add_upload(upload)
    await aiohttp_client(app)
    found = await becomes(database, DossierId(upload.id), DossierStatus.REFUSED)
    assert found.problem is DocumentProblem.NOT_PDF
