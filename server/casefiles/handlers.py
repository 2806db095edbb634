"""The pages of dossiers: their list, the reader, page images, and what is written on them."""

from typing import Annotated

from aiohttp import web
from pydantic import Field

from server.casefiles.annotating import COMMENT_LENGTH_MAX, AnnotationStale, Change, region
from server.casefiles.annotations import (
    Annotate,
    ChangeAnnotation,
    RemoveAnnotation,
    annotate,
    change_annotation,
    remove_annotation,
)
from server.casefiles.model import Annotation, Dossier, Meaning, Page, PageSize
from server.casefiles.pages import PagePictures
from server.casefiles.policy import FileClosedDuringInvestigation
from server.casefiles.ports import CaseFilesTx
from server.casefiles.service import (
    ReadableDossier,
    find_case_with_files,
    find_dossier,
    note_view,
    page_to_show,
    viewer,
)
from server.casefiles.views import FAILURES, PAGE_FAILURES, DossierRow, dossier_rows
from server.cases.model import Case
from server.http.i18n import Catalogue
from server.http.identity import identity_of
from server.http.pages import Pages
from server.http.parsing import Input, parse_json, parse_query
from server.http.problems import STATUS, problem_json
from server.http.routing import Route
from server.kernel.clock import Clock
from server.kernel.errors import NotAllowed, NotFound
from server.kernel.identity import Identity
from server.kernel.ids import AccountId, AnnotationId, CaseId, DossierId
from server.kernel.permissions import Action
from server.kernel.transaction import Units

_DOSSIER = "/cases/{case_id}/dossiers/{dossier_id}"
PAGES_MAX = 5000

Text = Annotated[str, Field(min_length=1, max_length=COMMENT_LENGTH_MAX)]
Side = Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)]
"""Percent of the page as displayed, origin top left."""


class RegionInput(Input):
    """A rectangle in percent of the page."""

    x: Side
    y: Side
    width: Side
    height: Side


class AnnotateInput(Input):
    """A new annotation."""

    page: Annotated[int, Field(ge=1, le=PAGES_MAX)]
    region: RegionInput
    meaning: Meaning
    comment: Text
    idempotency_key: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{8,64}$")]


class ChangeInput(Input):
    """New words for an annotation, and the version that they were written for."""

    meaning: Meaning
    comment: Text
    version: Annotated[int, Field(ge=1)]


class VersionQuery(Input):
    """Which version is to be removed."""

    version: Annotated[int, Field(ge=1)]


class AfterQuery(Input):
    """Since which revision of the dossier changes are asked for."""

    after: Annotated[int, Field(ge=-1)] = -1


class ReaderQuery(Input):
    """Where to open the reader."""

    page: Annotated[str, Field(max_length=12)] = "1"
    region: Annotated[str, Field(max_length=60)] = ""
    """`x,y,width,height` in percent; read by the reader's script."""


class PictureQuery(Input):
    """How a page is asked for."""

    size: PageSize = PageSize.READING
    intent: Annotated[str, Field(pattern="^(show|prefetch)$")] = "show"
    """A page that is prefetched is not logged as seen; showing it later is told by `views`."""


class DossierPanel:
    """Tells a case's page of its dossiers."""

    def __init__(self, *, units: Units[CaseFilesTx]) -> None:
        """Keep where to look."""
        self._units = units

    async def of_case(self, case: Case, identity: Identity) -> tuple[DossierRow, ...]:
        """Return the dossiers that the reader may read: none, where files are not for them or not yet."""
        async with self._units.reading() as tx:
            if not await _may(Action.READ_DOSSIER, case.id, identity, tx):
                return ()
            return await dossier_rows(case.id, identity, tx)


class DossierHandlers:
    """Serves dossiers to those who work on their case."""

    def __init__(
        self,
        *,
        units: Units[CaseFilesTx],
        pictures: PagePictures,
        clock: Clock,
        pages: Pages,
        catalogue: Catalogue,
    ) -> None:
        """Keep what the pages need."""
        self._units = units
        self._pictures = pictures
        self._clock = clock
        self._pages = pages
        self._catalogue = catalogue

    def routes(self) -> tuple[Route, ...]:
        """Return the routes."""
        read, write = Action.READ_DOSSIER, Action.ANNOTATE_DOSSIER
        return (
            Route("GET", "/cases/{case_id}/dossiers", self.list_dossiers, read),
            Route("GET", _DOSSIER, self.read, read),
            Route("GET", f"{_DOSSIER}/manifest", self.manifest, read),
            Route("GET", f"{_DOSSIER}/pages/{{number}}", self.picture, read),
            Route("POST", f"{_DOSSIER}/pages/{{number}}/views", self.note_view, read),
            Route("GET", f"{_DOSSIER}/annotations", self.annotations, read),
            Route("POST", f"{_DOSSIER}/annotations", self.annotate, write),
            Route("PUT", f"{_DOSSIER}/annotations/{{annotation_id}}", self.change, write),
            Route("DELETE", f"{_DOSSIER}/annotations/{{annotation_id}}", self.remove, write),
        )

    async def list_dossiers(self, request: web.Request) -> web.Response:
        """Show the case's dossiers, their progress and the upload."""
        identity, case_id = identity_of(request), CaseId(request.match_info["case_id"])
        async with self._units.reading() as tx:
            case = await find_case_with_files(case_id, identity, Action.READ_DOSSIER, tx)
            found = await dossier_rows(case_id, identity, tx)
            recipient = (await tx.cases.recipients_of(frozenset({case_id}))).get(case_id)
            may_add = await _may(Action.ADD_DOSSIER, case_id, identity, tx)
            unfinished = await tx.casefiles.unfinished_uploads(identity.account_id or AccountId(""))
        return self._pages.render(
            request,
            "casefiles/dossiers.html",
            case=case,
            recipient=recipient.name if recipient else "",
            dossiers=found,
            may_add=may_add,
            unfinished=[upload for upload in unfinished if upload.case_id == case_id],
        )

    async def read(self, request: web.Request) -> web.Response:
        """Show the reader, opened at a page; a page box that says nonsense opens the nearest page."""
        identity = identity_of(request)
        query = parse_query(request, ReaderQuery)
        async with self._units.reading() as tx:
            found = await self._found(request, Action.READ_DOSSIER, tx)
            pages = await tx.casefiles.pages(found.dossier.id)
            notes = await tx.casefiles.annotations(found.dossier.id)
            recipient = (await tx.cases.recipients_of(frozenset({found.case.id}))).get(found.case.id)
            may_write = await _may(Action.ANNOTATE_DOSSIER, found.case.id, identity, tx)
        number = nearest_page(query.page, found.dossier.page_count or 1)
        page = next((page for page in pages if page.number == number), None)
        failure, page_failure = found.dossier.problem, page.problem if page else None
        return self._pages.render(
            request,
            "casefiles/reader.html",
            case=found.case,
            recipient=recipient.name if recipient else "",
            dossier=found.dossier,
            number=number,
            page=page,
            failure=FAILURES[failure] if failure else None,
            page_failure=PAGE_FAILURES[page_failure] if page_failure else None,
            annotations=[note for note in notes if not note.removed],
            may_write=may_write,
        )

    async def manifest(self, request: web.Request) -> web.Response:
        """Tell how far the dossier is, and the size or problem of each page."""
        async with self._units.reading() as tx:
            found = await self._found(request, Action.READ_DOSSIER, tx)
            pages = await tx.casefiles.pages(found.dossier.id)
        return web.json_response(manifest_body(found.dossier, pages))

    async def picture(self, request: web.Request) -> web.Response:
        """Answer with a page's image, marked for who asks."""
        identity, number = identity_of(request), _number(request)
        query = parse_query(request, PictureQuery)
        async with self._units.reading() as tx:
            found = await self._found(request, Action.READ_DOSSIER, tx)
            page = await page_to_show(found, number, tx)
        mark = viewer(found, identity, self._clock)
        picture = await self._pictures.picture(found.dossier.case_id, page, query.size, mark)
        if query.intent == "show" and query.size is PageSize.READING:
            async with self._units.transaction() as tx:
                await note_view(found, number, identity, tx)
        return web.Response(
            body=picture.content,
            content_type=picture.media_type,
            headers={"Cache-Control": "private, no-store", "Content-Disposition": "inline"},
        )

    async def note_view(self, request: web.Request) -> web.Response:
        """Log that a page fetched before is shown now."""
        async with self._units.transaction() as tx:
            found = await self._found(request, Action.READ_DOSSIER, tx)
            await note_view(found, _number(request), identity_of(request), tx)
        return web.Response(status=204)

    async def annotations(self, request: web.Request) -> web.Response:
        """Tell the annotations that changed after a revision."""
        after = parse_query(request, AfterQuery).after
        async with self._units.reading() as tx:
            found = await self._found(request, Action.READ_DOSSIER, tx)
            changed = await tx.casefiles.annotations(found.dossier.id, after_revision=after)
        return web.json_response(
            {
                "revision": found.dossier.revision,
                "annotations": [annotation_body(annotation) for annotation in changed],
            }
        )

    async def annotate(self, request: web.Request) -> web.Response:
        """Make an annotation."""
        given = await parse_json(request, AnnotateInput)
        command = Annotate(
            page=given.page,
            region=region(**given.region.model_dump()),
            meaning=given.meaning,
            comment=given.comment,
            idempotency_key=given.idempotency_key,
        )
        async with self._units.transaction() as tx:
            found = await self._found(request, Action.ANNOTATE_DOSSIER, tx)
            made = await annotate(command, found, identity_of(request), tx, self._clock)
        return web.json_response(annotation_body(made), status=201)

    async def change(self, request: web.Request) -> web.Response:
        """Give an annotation new words; a stale change is answered with the other's."""
        given = await parse_json(request, ChangeInput)
        command = ChangeAnnotation(
            annotation_id=AnnotationId(request.match_info["annotation_id"]),
            change=Change(meaning=given.meaning, comment=given.comment, version=given.version),
        )
        try:
            async with self._units.transaction() as tx:
                found = await self._found(request, Action.ANNOTATE_DOSSIER, tx)
                after = await change_annotation(command, found, identity_of(request), tx, self._clock)
        except AnnotationStale as stale:
            return self._stale(request, stale)
        return web.json_response(annotation_body(after))

    async def remove(self, request: web.Request) -> web.Response:
        """Take an annotation away."""
        command = RemoveAnnotation(
            annotation_id=AnnotationId(request.match_info["annotation_id"]),
            version=parse_query(request, VersionQuery).version,
        )
        try:
            async with self._units.transaction() as tx:
                found = await self._found(request, Action.ANNOTATE_DOSSIER, tx)
                after = await remove_annotation(command, found, identity_of(request), tx, self._clock)
        except AnnotationStale as stale:
            return self._stale(request, stale)
        return web.json_response(annotation_body(after))

    async def _found(self, request: web.Request, action: Action, tx: CaseFilesTx) -> ReadableDossier:
        return await find_dossier(
            CaseId(request.match_info["case_id"]),
            DossierId(request.match_info["dossier_id"]),
            identity_of(request),
            action,
            tx,
        )

    def _stale(self, request: web.Request, stale: AnnotationStale) -> web.Response:
        """Answer with the problem and, as an extension (RFC 9457 §3.2), the annotation as it is now."""
        extension = {"current": annotation_body(stale.current)}
        return problem_json(stale, request, self._catalogue, STATUS[stale.kind], extension)


def nearest_page(text: str, page_count: int) -> int:
    """Return the page that `text` means: nonsense is page 1, too much is the last."""
    digits = text.strip()
    if not digits.isascii() or not digits.isdecimal():
        return 1
    return max(1, min(int(digits), page_count))


def annotation_body(annotation: Annotation) -> dict[str, object]:
    """Return the annotation as `tests/contract/dossier_messages.json` shows it."""
    place = annotation.region
    return {
        "id": annotation.id,
        "page": annotation.page,
        "region": {"x": place.x, "y": place.y, "width": place.width, "height": place.height},
        "meaning": annotation.meaning.value,
        "comment": annotation.comment,
        "author": {"id": annotation.author_id, "name": annotation.author_name},
        "changed_by": {"id": annotation.changed_by_id, "name": annotation.changed_by_name},
        "changed_at": annotation.changed_at.isoformat(),
        "version": annotation.version,
        "revision": annotation.revision,
        "removed": annotation.removed,
    }


def manifest_body(dossier: Dossier, pages: tuple[Page, ...]) -> dict[str, object]:
    """Return the dossier's progress and pages."""
    return {
        "status": dossier.status.value,
        "page_count": dossier.page_count,
        "revision": dossier.revision,
        "outline": [
            {"level": entry.level, "title": entry.title, "page": entry.page} for entry in dossier.outline
        ],
        "pages": [
            {
                "number": page.number,
                "width_pt": page.width_pt,
                "height_pt": page.height_pt,
                "problem": page.problem.value if page.problem else None,
            }
            for page in pages
        ],
    }


async def _may(action: Action, case_id: CaseId, identity: Identity, tx: CaseFilesTx) -> bool:
    try:
        await find_case_with_files(case_id, identity, action, tx)
    except (NotAllowed, FileClosedDuringInvestigation):
        return False
    return True


def _number(request: web.Request) -> int:
    text = request.match_info["number"]
    if not text.isascii() or not text.isdecimal() or not 1 <= int(text[:6]) <= PAGES_MAX:
        raise NotFound
    return int(text[:6])
