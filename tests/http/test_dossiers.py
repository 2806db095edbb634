"""Reading and writing on dossiers over HTTP: who may, what they get, and what colleagues hear of it."""

import asyncio
import io
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PIL import Image
from sqlalchemy import select

from server.casefiles.model import Dossier, DossierStatus
from server.cases.model import AssignmentStatus, Stage
from server.kernel.events import Job
from server.pdf.manifest import PageProblem
from server.settings import Settings
from storage.database import Database
from storage.tables.audit import audit_entry
from tests import documents, dossiers
from tests.http.conftest import Browser, SignedIn
from tests.http.work import Work, becomes, close_case, stored_work
from tests.objects import local_store

REGION = {"x": 12, "y": 11.7, "width": 62, "height": 3.9}
JSON = {"Accept": "application/json"}


def note(**change: object) -> dict[str, object]:
    return {
        "page": 1,
        "region": REGION,
        "meaning": "doubt",
        "comment": "核对同步录音录像",
        "idempotency_key": "key-00000001",
    } | change


async def stored_dossier(
    database: Database, settings: Settings, work: Work, content: bytes, status: DossierStatus
) -> Dossier:
    """Store a file as if it had been uploaded, and wait until it has been opened."""
    made = dossiers.dossier(work.case.id, received_from=work.lead.id)

    async def whole() -> AsyncIterator[bytes]:
        yield content

    stored = await local_store(settings, database).of(made.case_id).put(made.original_key, whole())
    made = replace(made, size_bytes=stored.size_bytes, sha256=stored.sha256)
    async with database.transaction() as tx:
        await tx.casefiles.add_dossier(made)
        tx.enqueue(Job("split_dossier", made.id))
    return await becomes(database, made.id, status)


@pytest.fixture
async def work(database: Database) -> Work:
    return await stored_work(database)


@pytest.fixture
async def lead(work: Work, signed_in: SignedIn) -> Browser:
    return await signed_in(work.lead)


@pytest.fixture
async def colleague(work: Work, signed_in: SignedIn) -> Browser:
    return await signed_in(work.assisting)


@pytest.fixture
async def base(database: Database, settings: Settings, work: Work, lead: Browser) -> str:
    del lead  # a browser means that the application runs
    made = await stored_dossier(database, settings, work, documents.scan(3), DossierStatus.READY)
    return f"/cases/{work.case.id}/dossiers/{made.id}"


async def viewed(database: Database) -> list[int]:
    """The pages that the log says were shown."""
    query = select(audit_entry.c.details).where(audit_entry.c.event == "PageViewed")
    async with database.reading() as tx:
        rows = await tx.connection.execute(query.order_by(audit_entry.c.number))
    return [json.loads(row.details)["page"] for row in rows]


def block_top(content: bytes) -> float:
    gray = np.asarray(Image.open(io.BytesIO(content)).convert("L"))
    column = gray[:, gray.shape[1] * 3 // 8]
    return float(np.argmax(column < 110) / gray.shape[0])


@pytest.mark.parametrize("number", [1, 2, 3])
async def test_a_page_is_the_right_one_marked_and_never_kept_by_caches(
    lead: Browser, colleague: Browser, base: str, number: int
) -> None:
    mine = await lead.get(f"{base}/pages/{number}")
    theirs = await colleague.get(f"{base}/pages/{number}")
    assert mine.status == theirs.status == 200
    assert mine.headers["Cache-Control"] == "private, no-store"
    assert mine.content_type == "image/jpeg"
    one, other = await mine.read(), await theirs.read()
    assert abs(block_top(one) - (number - 1) / 10) < 0.05
    plain = documents.encoded(documents.picture(mark=number - 1), "JPEG")
    difference = np.abs(
        np.asarray(Image.open(io.BytesIO(one)).convert("L"), int)
        - np.asarray(Image.open(io.BytesIO(plain)).convert("L"), int)
    )
    assert (difference > 30).mean() > 0.003, "the mark is there"
    assert one != other, "each viewer has their own"


async def test_sizes_shrink_and_a_wrong_size_names_the_field(lead: Browser, base: str) -> None:
    widths = []
    for size in ("reading", "preview", "thumbnail"):
        content = await (await lead.get(f"{base}/pages/1?size={size}")).read()
        widths.append(Image.open(io.BytesIO(content)).width)
    assert widths == [620, 620, 310]
    answer = await lead.get(f"{base}/pages/1?size=huge", headers=JSON)
    assert answer.status == 422
    assert (await answer.json(content_type=None))["errors"][0]["pointer"] == "/size"


async def test_a_page_counts_as_seen_when_it_is_shown_not_when_it_is_prefetched(
    lead: Browser, base: str, database: Database
) -> None:
    await lead.get(f"{base}/pages/2?intent=prefetch")
    await lead.get(f"{base}/pages/1?size=thumbnail")
    assert await viewed(database) == []
    await lead.get(f"{base}/pages/1")
    assert (await lead.post(f"{base}/pages/2/views")).status == 204
    assert await viewed(database) == [1, 2]
    assert (await lead.post(f"{base}/pages/99/views")).status == 404


@pytest.mark.parametrize("number", ["0", "4", "x", "-1", "99999999999", "1.5"])
async def test_a_page_that_is_none_is_not_found(lead: Browser, base: str, number: str) -> None:
    assert (await lead.get(f"{base}/pages/{number}", headers=JSON)).status == 404


@pytest.mark.parametrize(
    ("who", "status"),
    [("stranger", 404), ("proposed", 404), ("coordinator", 403), ("officer", 403), ("agency", 403)],
)
async def test_nobody_else_reads_a_dossier_by_any_path(  # noqa: PLR0913 - who, where, how
    work: Work, signed_in: SignedIn, base: str, *, who: str, status: int, database: Database
) -> None:
    browser = await signed_in(getattr(work, who))
    for path in (base, f"{base}/manifest", f"{base}/pages/1", f"{base}/annotations"):
        assert (await browser.get(path)).status == status, path
    assert (await browser.get(f"/cases/{work.case.id}/dossiers")).status == status
    assert (await browser.post(f"{base}/annotations", json=note())).status == status
    assert (await browser.post(f"{base}/pages/1/views")).status == status
    assert await viewed(database) == []


async def test_a_dossier_is_not_found_under_another_case(
    lead: Browser, work: Work, base: str, database: Database, signed_in: SignedIn
) -> None:
    del lead
    async with database.reading() as tx:
        (other,) = await tx.cases.cases_of_lawyer(work.stranger.id)
    stranger = await signed_in(work.stranger)
    dossier_id = base.rpartition("/")[2]
    assert (await stranger.get(f"/cases/{other.id}/dossiers/{dossier_id}/pages/1")).status == 404


async def test_reading_ends_with_the_assignment(
    lead: Browser, work: Work, base: str, database: Database
) -> None:
    async with database.transaction() as tx:
        (own,) = [
            each for each in await tx.cases.assignments_of(work.case.id) if each.account_id == work.lead.id
        ]
        await tx.cases.put_assignment(replace(own, status=AssignmentStatus.ENDED, version=own.version + 1))
    assert (await lead.get(f"{base}/pages/1")).status == 404


async def test_a_closed_case_is_read_but_no_longer_written_on(
    lead: Browser, work: Work, base: str, database: Database
) -> None:
    await close_case(database, work)
    assert (await lead.get(f"{base}/pages/1")).status == 200
    assert (await lead.post(f"{base}/annotations", json=note())).status == 403


async def test_during_investigation_no_dossier_is_read(
    database: Database, settings: Settings, signed_in: SignedIn
) -> None:
    work = await stored_work(database, stage=Stage.INVESTIGATION)
    browser = await signed_in(work.lead)
    made = await stored_dossier(database, settings, work, documents.scan(1), DossierStatus.READY)
    for path in ("", f"/{made.id}", f"/{made.id}/pages/1", f"/{made.id}/annotations"):
        answer = await browser.get(f"/cases/{work.case.id}/dossiers{path}", headers=JSON)
        assert (answer.status, (await answer.json(content_type=None))["code"]) == (
            403,
            "file-closed-during-investigation",
        )


@pytest.mark.parametrize("name", list(documents.MALFORMED))
async def test_a_bad_file_shows_its_own_error_and_harms_nothing(  # noqa: PLR0913 - all its surroundings
    *, name: str, lead: Browser, base: str, work: Work, database: Database, settings: Settings
) -> None:
    content, problem = documents.MALFORMED[name]
    made = await stored_dossier(database, settings, work, content, DossierStatus.REFUSED)
    assert made.problem == problem
    page = await (await lead.get(f"/cases/{work.case.id}/dossiers")).text()
    assert "无法打开" in page
    assert (await lead.get(f"{base}/pages/1")).status == 200


async def test_a_bad_page_shows_its_own_error_and_the_others_are_read(
    lead: Browser, work: Work, database: Database, settings: Settings
) -> None:
    made = await stored_dossier(
        database, settings, work, documents.with_a_page_too_large(), DossierStatus.READY
    )
    base = f"/cases/{work.case.id}/dossiers/{made.id}"
    manifest = await (await lead.get(f"{base}/manifest")).json()
    assert [page["problem"] for page in manifest["pages"]] == [None, PageProblem.DAMAGED, None]
    statuses = [(await lead.get(f"{base}/pages/{number}")).status for number in (1, 2, 3)]
    assert statuses == [200, 409, 200]
    assert "这一页的数据已损坏" in await (await lead.get(f"{base}?page=2")).text()


@pytest.mark.parametrize(
    ("page", "opened"), [("2", 2), ("", 1), ("0", 1), ("abc", 1), ("999", 3), ("-2", 1), ("²", 1)]
)
async def test_the_page_box_ignores_nonsense(lead: Browser, base: str, page: str, opened: int) -> None:
    answer = await lead.get(base, params={"page": page})
    assert answer.status == 200
    assert f'src="{base}/pages/{opened}"' in await answer.text()


async def test_an_annotation_reaches_the_colleague_at_once(
    lead: Browser, colleague: Browser, base: str
) -> None:
    dossier_id = base.rpartition("/")[2]
    async with colleague.ws_connect(f"/live?watch=dossier:{dossier_id}") as live:
        made = await (await lead.post(f"{base}/annotations", json=note())).json()
        told = await asyncio.wait_for(live.receive_json(), 2)
    assert (told["event"], told["subject"]) == ("AnnotationMade", f"annotation:{made['id']}")
    assert "核对" not in str(told), "content is fetched, never broadcast"
    seen = await (await colleague.get(f"{base}/annotations?after=0")).json()
    assert seen["annotations"] == [made]
    assert made["region"] == REGION
    assert made["author"]["name"] == "周某"
    assert (await (await colleague.get(f"{base}/annotations?after={seen['revision']}")).json())[
        "annotations"
    ] == []


async def test_a_stranger_may_not_even_listen(work: Work, signed_in: SignedIn, base: str) -> None:
    stranger = await signed_in(work.stranger)
    answer = await stranger.get(
        f"/live?watch=dossier:{base.rpartition('/')[2]}",
        headers={"Upgrade": "websocket", "Connection": "Upgrade"},
    )
    assert answer.status == 404


async def test_a_repeated_request_makes_one_annotation(lead: Browser, base: str) -> None:
    first, second = [await (await lead.post(f"{base}/annotations", json=note())).json() for _ in range(2)]
    assert first == second
    assert len((await (await lead.get(f"{base}/annotations")).json())["annotations"]) == 1


async def test_a_stale_change_gets_409_with_the_others_words(
    lead: Browser, colleague: Browser, base: str
) -> None:
    made = await (await lead.post(f"{base}/annotations", json=note())).json()
    place = f"{base}/annotations/{made['id']}"
    theirs = {"meaning": "doubt", "comment": "同事的文字", "version": 1}
    assert (await colleague.put(place, json=theirs)).status == 200
    answer = await lead.put(
        place, json={"meaning": "fact", "comment": "我的文字", "version": 1}, headers=JSON
    )
    body: dict[str, Any] = await answer.json(content_type="application/problem+json")
    assert (answer.status, body["code"]) == (409, "annotation-stale")
    assert body["current"]["comment"] == "同事的文字"
    merged = {"meaning": "fact", "comment": "同事的文字；我的文字", "version": body["current"]["version"]}
    assert (await (await lead.put(place, json=merged)).json())["version"] == 3


async def test_of_two_changes_at_the_same_moment_one_is_stale(
    lead: Browser, colleague: Browser, base: str
) -> None:
    made = await (await lead.post(f"{base}/annotations", json=note())).json()
    place = f"{base}/annotations/{made['id']}"
    answers = await asyncio.gather(
        *(
            browser.put(place, json={"meaning": "fact", "comment": f"第 {turn} 稿", "version": 1})
            for turn, browser in enumerate((lead, colleague) * 3)
        )
    )
    assert sorted(answer.status for answer in answers) == [200, 409, 409, 409, 409, 409]


async def test_only_the_author_removes_and_the_colleague_learns_of_it(
    lead: Browser, colleague: Browser, base: str
) -> None:
    made = await (await lead.post(f"{base}/annotations", json=note())).json()
    place = f"{base}/annotations/{made['id']}?version=1"
    assert (await colleague.delete(place)).status == 403
    assert (await lead.delete(place)).status == 200
    (seen,) = (await (await colleague.get(f"{base}/annotations?after=1")).json())["annotations"]
    assert (seen["removed"], seen["comment"]) == (True, "")


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"meaning": "purple"}, "/meaning"),
        ({"comment": " "}, "/comment"),
        ({"comment": "长" * 4001}, "/comment"),
        ({"page": 0}, "/page"),
        ({"region": {**REGION, "x": -1}}, "/region/x"),
        ({"region": {**REGION, "x": "a"}}, "/region/x"),
        ({"idempotency_key": "short"}, "/idempotency_key"),
        ({"author": "other"}, "/author"),
    ],
)
async def test_a_malformed_annotation_names_the_field(
    lead: Browser, base: str, change: dict[str, object], pointer: str
) -> None:
    answer = await lead.post(f"{base}/annotations", json=note(**change), headers=JSON)
    assert answer.status == 422
    errors = (await answer.json(content_type=None))["errors"]
    assert [error["pointer"] for error in errors] == [pointer]


async def test_a_region_off_the_page_or_a_page_off_the_dossier_is_refused(lead: Browser, base: str) -> None:
    outside = {**REGION, "x": 60, "width": 62}
    assert (await lead.post(f"{base}/annotations", json=note(region=outside))).status == 422
    assert (await lead.post(f"{base}/annotations", json=note(page=4))).status == 404


async def test_unfinished_work_goes_on_at_the_next_start(
    database: Database, settings: Settings, work: Work, anonymous: Browser
) -> None:
    assert anonymous.server is not None
    made = dossiers.dossier(work.case.id, received_from=work.lead.id)

    async def whole() -> AsyncIterator[bytes]:
        yield documents.scan(2)

    await local_store(settings, database).of(made.case_id).put(made.original_key, whole())
    async with database.transaction() as tx:
        await tx.casefiles.add_dossier(made)
        tx.enqueue(Job("split_dossier", made.id))
        tx.enqueue(Job("split_dossier", made.id))
    await becomes(database, made.id, DossierStatus.READY)
    async with database.reading() as tx:
        assert [page.number for page in await tx.casefiles.pages(made.id)] == [1, 2]
