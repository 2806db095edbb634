"""tus 1.0 over HTTP: uploads of dossiers, created in a case, resumed after any break."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from email.utils import format_datetime
from typing import Concatenate, ParamSpec

from aiohttp import ClientPayloadError, web
from aiohttp.http_exceptions import HttpProcessingError

from server.casefiles import tus
from server.casefiles.model import Upload
from server.casefiles.upkeep import Upkeep
from server.casefiles.uploads import Uploads
from server.http.i18n import Catalogue
from server.http.identity import identity_of
from server.http.pace import Pace
from server.http.pages import see_other
from server.http.problems import STATUS, problem_json
from server.http.routing import Route
from server.kernel.errors import DomainError
from server.kernel.ids import CaseId, DossierId, UploadId
from server.kernel.permissions import Action

P = ParamSpec("P")
Handle = Callable[Concatenate["UploadHandlers", web.Request, P], Awaitable[web.StreamResponse]]

_UPLOADS = "/cases/{case_id}/uploads"
_DOSSIERS = "/cases/{case_id}/dossiers"
SILENCE_S = 30.0
"""A body that sends nothing for so long has ended; what came of it is kept."""
_STATUS = {
    tus.TusVersionUnsupported: 412,
    tus.UploadChecksumMismatch: tus.STATUS_CHECKSUM_MISMATCH,
    tus.UploadHeaderInvalid: 400,
}
"""Where tus names another status than the kind of refusal has."""


def _speaking_tus(handle: Handle[[]]) -> Handle[[]]:
    """Check the version of a request, and put ours on each answer, refusals included."""

    async def checked(self: "UploadHandlers", request: web.Request) -> web.StreamResponse:
        try:
            tus.check_version(request.headers)
            response = await handle(self, request)
        except DomainError as error:
            status = _STATUS.get(type(error), STATUS[error.kind])
            response = problem_json(error, request, self.catalogue, status)
        response.headers["Tus-Resumable"] = tus.VERSION
        response.headers["Tus-Version"] = tus.VERSION
        return response

    return checked


class UploadHandlers:
    """Serves uploads to those who may add dossiers to the case."""

    def __init__(self, *, uploads: Uploads, upkeep: Upkeep, catalogue: Catalogue) -> None:
        """Keep what takes the files in, what takes them away, and what words the refusals."""
        self._uploads = uploads
        self._upkeep = upkeep
        self.catalogue = catalogue

    def routes(self) -> tuple[Route, ...]:
        """Return the routes."""
        one = f"{_UPLOADS}/{{upload_id}}"
        return (
            Route("OPTIONS", _UPLOADS, self.tell_abilities, Action.VISIT),
            Route("POST", _UPLOADS, self.create, Action.ADD_DOSSIER, pace=Pace.COSTLY),
            Route("HEAD", one, self.tell_offset, Action.ADD_DOSSIER),
            Route("PATCH", one, self.append, Action.ADD_DOSSIER),
            Route("DELETE", one, self.take_back, Action.ADD_DOSSIER),
            Route("POST", f"{one}/take-back", self.take_back_by_form, Action.ADD_DOSSIER),
            Route("POST", f"{_DOSSIERS}/{{dossier_id}}/remove", self.remove_refused, Action.ADD_DOSSIER),
        )

    async def tell_abilities(self, _request: web.Request) -> web.Response:
        """Tell version, extensions and limits (tus: core, OPTIONS); of the case it tells nothing."""
        return web.Response(
            status=204,
            headers={
                "Tus-Resumable": tus.VERSION,
                "Tus-Version": tus.VERSION,
                "Tus-Extension": tus.EXTENSIONS,
                "Tus-Max-Size": str(self._uploads.max_bytes),
                "Tus-Checksum-Algorithm": tus.CHECKSUM_ALGORITHMS,
            },
        )

    @_speaking_tus
    async def create(self, request: web.Request) -> web.StreamResponse:
        """Begin an upload (tus: creation)."""
        case_id = CaseId(request.match_info["case_id"])
        creation = tus.parse_creation(request.headers, max_bytes=self._uploads.max_bytes)
        upload = await self._uploads.create(case_id, creation, identity_of(request))
        headers = {"Location": f"/cases/{case_id}/uploads/{upload.id}"}
        return web.Response(status=201, headers=headers | _progress(upload))

    @_speaking_tus
    async def tell_offset(self, request: web.Request) -> web.StreamResponse:
        """Tell how much is acknowledged (tus: core, HEAD)."""
        upload = await self._uploads.state(*_place(request), identity_of(request))
        length = {"Upload-Length": str(upload.length_bytes), "Cache-Control": "no-store"}
        return web.Response(status=200, headers=length | _progress(upload))

    @_speaking_tus
    async def append(self, request: web.Request) -> web.StreamResponse:
        """Take bytes (tus: core, PATCH)."""
        patch = tus.parse_patch(request.headers)
        upload = await self._uploads.append(
            *_place(request),
            patch,
            _body(request),
            identity_of(request),
            stop=lambda: request.content.set_exception(ConnectionResetError("a newer request took over")),
        )
        return web.Response(status=204, headers=_progress(upload))

    @_speaking_tus
    async def take_back(self, request: web.Request) -> web.StreamResponse:
        """Forget an upload (tus: termination)."""
        await self._uploads.take_back(*_place(request), identity_of(request))
        return web.Response(status=204)

    async def take_back_by_form(self, request: web.Request) -> web.StreamResponse:
        """Forget an upload from the list of those that were left unfinished."""
        case_id, upload_id = _place(request)
        await self._uploads.take_back(case_id, upload_id, identity_of(request))
        return see_other(f"/cases/{case_id}/dossiers")

    async def remove_refused(self, request: web.Request) -> web.StreamResponse:
        """Take a file away that turned out to be of no use."""
        case_id = CaseId(request.match_info["case_id"])
        dossier_id = DossierId(request.match_info["dossier_id"])
        await self._upkeep.remove_refused(case_id, dossier_id, identity_of(request))
        return see_other(f"/cases/{case_id}/dossiers")


async def _body(request: web.Request) -> AsyncIterator[bytes]:
    """Yield what arrives; a lost connection ends the body early, and what came before counts."""
    while True:
        try:
            async with asyncio.timeout(SILENCE_S):
                chunk = await request.content.readany()
        except (OSError, ClientPayloadError, HttpProcessingError, web.RequestPayloadError):
            return
        if not chunk:
            return
        yield chunk


def _place(request: web.Request) -> tuple[CaseId, UploadId]:
    return CaseId(request.match_info["case_id"]), UploadId(request.match_info["upload_id"])


def _progress(upload: Upload) -> dict[str, str]:
    """Tell the offset and until when it is kept (RFC 9110 §5.6.7); once whole, where the dossier is."""
    headers = {"Upload-Offset": str(upload.offset)}
    if upload.dossier_id is None:
        headers["Upload-Expires"] = format_datetime(upload.expires_at, usegmt=True)
    if upload.dossier_id is not None:
        headers["Dossier-Location"] = f"/cases/{upload.case_id}/dossiers/{upload.dossier_id}"
    return headers
