"""From an original to pages: opens it in a sandboxed process, stores one image a page, tells how far it is.

What is left to do stands in the database: a dossier that is `received`, and the pages that it lacks. A lost
job or a killed process loses nothing; `resume` finds the rest.
"""

import asyncio
from collections.abc import AsyncIterator

import structlog

from server.casefiles.model import Dossier, DossierOpened, DossierReady, DossierRefused, DossierStatus, Page
from server.casefiles.ports import CaseFilesTx
from server.kernel.clock import Clock
from server.kernel.events import Bus, Notification
from server.kernel.ids import DossierId
from server.kernel.objects import KeyMissing, ObjectDamaged, ObjectStore
from server.kernel.transaction import Turns, Units
from server.pdf import manifest
from server.pdf.manifest import DocumentProblem
from server.pdf.renderer import OpenDocument, ProcessLost, Renderer

log = structlog.get_logger()

ACTOR = "system:ingest"
LOOK_AGAIN_S = 10.0
"""How often what is left to do is looked for."""
PROGRESS_EVERY_S = 0.5


class Ingest:
    """Splits dossiers into pages, one dossier at a time."""

    def __init__(  # noqa: PLR0913 - the composition names each
        self,
        *,
        units: Units[CaseFilesTx],
        turns: Turns,
        objects: ObjectStore,
        renderer: Renderer,
        bus: Bus,
        clock: Clock,
    ) -> None:
        """Keep what is read, written and told."""
        self._units = units
        self._turns = turns
        self._objects = objects
        self._renderer = renderer
        self._bus = bus
        self._clock = clock
        self._one_at_a_time = asyncio.Lock()
        self._document: OpenDocument | None = None
        self._stopping = False

    async def stop(self) -> None:
        """Leave off at once; the next start goes on."""
        self._stopping = True
        if self._document is not None:
            await self._document.close()
        async with self._one_at_a_time:
            """Whoever held it has left off."""

    async def resume(self) -> None:
        """Split what was left unfinished, at the start and whenever a job failed or got lost since."""
        async with self._units.reading() as tx:
            left = await tx.casefiles.dossiers_to_split()
        for dossier_id in left:
            if self._stopping:
                return
            try:
                await self.split(dossier_id)
            except Exception:
                log.exception("a dossier could not be split; the others go on", dossier=dossier_id)

    async def split(self, dossier_id: str) -> None:
        """Split off the pages that the dossier lacks; nothing to do, or another worker at it, is well."""
        async with self._one_at_a_time, self._turns.alone(f"split:{dossier_id}") as mine:
            async with self._units.reading() as tx:
                dossier = await tx.casefiles.dossier(DossierId(dossier_id))
                done = {page.number for page in await tx.casefiles.pages(DossierId(dossier_id))}
            if not mine or self._stopping or dossier is None or dossier.status is not DossierStatus.RECEIVED:
                return
            try:
                async with (
                    self._objects.of(dossier.case_id).as_file(dossier.original_key) as path,
                    self._renderer.document(path) as document,
                ):
                    self._document = document
                    await self._split(dossier, document, done)
            except manifest.DocumentRefused as refused:
                if not self._stopping:
                    await self._refuse(dossier, refused.problem)
            except KeyMissing:
                raise
            except ObjectDamaged:
                log.exception("an original is not what was stored", dossier=dossier_id)
                await self._refuse(dossier, DocumentProblem.DAMAGED)
            except ProcessLost:
                log.exception("no render process can be started", dossier=dossier_id)
            finally:
                self._document = None

    async def _split(self, dossier: Dossier, document: OpenDocument, done: set[int]) -> None:
        info = await document.open()
        await self._note_opened(dossier, info)
        told_at = self._clock.monotonic_s()
        for number in range(1, info.page_count + 1):
            if number in done:
                continue
            page = await self._page(dossier, number, document)
            if self._stopping:
                return
            async with self._units.transaction() as tx:
                await tx.casefiles.add_page(page)
            if self._clock.monotonic_s() - told_at >= PROGRESS_EVERY_S:
                told_at = self._clock.monotonic_s()
                await self._tell_progress(dossier)
        await self._note_ready(dossier.id)

    async def _page(self, dossier: Dossier, number: int, document: OpenDocument) -> Page:
        try:
            prepared = await self._prepared(number, document)
        except manifest.PageRefused as refused:
            return Page(dossier_id=dossier.id, number=number, problem=refused.problem)
        page = Page(
            dossier_id=dossier.id,
            number=number,
            kind=prepared.kind,
            width_pt=round(prepared.width_pt, 2),
            height_pt=round(prepared.height_pt, 2),
            width_px=prepared.width_px,
            height_px=prepared.height_px,
            image_type=prepared.image_type.value,
        )
        await self._objects.of(dossier.case_id).put(page.image_key, _once(prepared.image))
        return page

    async def _prepared(self, number: int, document: OpenDocument) -> manifest.PreparedPage:
        """Prepare a page; one that took its process with it gets a second chance in a fresh one."""
        try:
            return await document.page(number)
        except manifest.PageRefused as refused:
            if self._stopping or refused.problem is not manifest.PageProblem.TOO_COMPLEX:
                raise
            return await document.page(number)

    async def _note_opened(self, dossier: Dossier, info: manifest.DocumentInfo) -> None:
        async with self._units.transaction() as tx:
            await tx.casefiles.note_opened(dossier.id, page_count=info.page_count, outline=info.outline)
            tx.record(
                DossierOpened(
                    actor=ACTOR,
                    case_id=dossier.case_id,
                    dossier_id=dossier.id,
                    page_count=info.page_count,
                )
            )

    async def _note_ready(self, dossier_id: DossierId) -> None:
        async with self._units.transaction() as tx:
            dossier = await tx.casefiles.dossier(dossier_id)
            if dossier is None:
                return
            counts = await tx.casefiles.page_counts(frozenset({dossier_id}))
            await tx.casefiles.note_status(dossier_id, DossierStatus.READY, problem=None)
            tx.record(
                DossierReady(
                    actor=ACTOR,
                    case_id=dossier.case_id,
                    dossier_id=dossier_id,
                    failed_pages=counts.get(dossier_id, (0, 0))[1],
                )
            )

    async def _refuse(self, dossier: Dossier, problem: DocumentProblem) -> None:
        async with self._units.transaction() as tx:
            await tx.casefiles.note_status(dossier.id, DossierStatus.REFUSED, problem=problem)
            tx.record(
                DossierRefused(
                    actor=ACTOR, case_id=dossier.case_id, dossier_id=dossier.id, problem=problem.value
                )
            )

    async def _tell_progress(self, dossier: Dossier) -> None:
        """Tell open pages; progress is no fact for the log."""
        for topic in (f"case:{dossier.case_id}", f"dossier:{dossier.id}"):
            await self._bus.publish(Notification(topic, "DossierProgressed", f"dossier:{dossier.id}"))


async def _once(content: bytes) -> AsyncIterator[bytes]:
    yield content
