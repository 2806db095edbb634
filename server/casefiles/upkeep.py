"""Clears away what is of no use: uploads that were given up, bytes that belong to none, refused files."""

from typing import ClassVar

import structlog

from server.casefiles.model import DossierRemoved, DossierStatus
from server.casefiles.ports import CaseFilesTx
from server.casefiles.service import ReadableDossier, find_dossier
from server.casefiles.uploads import KEPT_FOR, Uploads
from server.kernel.clock import Clock
from server.kernel.errors import N_, DomainError, Kind
from server.kernel.identity import Identity
from server.kernel.ids import CaseId, DossierId, UploadId
from server.kernel.objects import ObjectStore
from server.kernel.permissions import Action
from server.kernel.transaction import Units

log = structlog.get_logger()

EVERY_S = 3600.0
"""How often expired uploads are looked for."""


class DossierInUse(DomainError):
    """The file was not refused: lawyers read it and write on it."""

    kind: ClassVar[Kind] = Kind.CONFLICT
    code: ClassVar[str] = "dossier-in-use"
    title: ClassVar[str] = N_("只能移除打不开的文件")
    advice: ClassVar[str] = N_("这一册正在处理或已经可以阅读，没有移除。请刷新页面查看最新状态。")


class Upkeep:
    """Forgets and removes."""

    def __init__(
        self, *, units: Units[CaseFilesTx], objects: ObjectStore, uploads: Uploads, clock: Clock
    ) -> None:
        """Keep where records and bytes are."""
        self._units = units
        self._objects = objects
        self._uploads = uploads
        self._clock = clock

    async def sweep(self) -> None:
        """Forget the uploads to which nothing came for too long, and bytes of which no record tells."""
        async with self._units.reading() as tx:
            expired = await tx.casefiles.expired_uploads(self._clock.now())
        for upload in expired:
            try:
                await self._uploads.forget_if_expired(upload.id)
            except Exception:
                log.exception("an upload could not be forgotten; the others are", upload=upload.id)
        for draft in await self._objects.unfinished(untouched_s=KEPT_FOR.total_seconds()):
            async with self._units.reading() as tx:
                upload_of_draft = await tx.casefiles.upload(UploadId(draft))
            if upload_of_draft is None or upload_of_draft.dossier_id is not None:
                await self._objects.discard(draft)

    async def remove_refused(self, case_id: CaseId, dossier_id: DossierId, identity: Identity) -> None:
        """Take a file away that turned out to be of no use; its bytes go first, so that none is left over.

        Raises:
            NotFound: there is none, or it is none of theirs.
            NotAllowed: it is theirs, but they may not add dossiers.
            DossierInUse: it is of use.
        """
        async with self._units.reading() as tx:
            found = await find_dossier(case_id, dossier_id, identity, Action.ADD_DOSSIER, tx)
            pages = await tx.casefiles.pages(dossier_id)
        _check_refused(found)
        for key in (*(page.image_key for page in pages), found.dossier.original_key):
            await self._objects.of(case_id).delete(key)
        async with self._units.transaction() as tx:
            await find_dossier(case_id, dossier_id, identity, Action.ADD_DOSSIER, tx)
            await tx.casefiles.remove_dossier(dossier_id)
            tx.record(DossierRemoved(actor=identity.actor, case_id=case_id, dossier_id=dossier_id))


def _check_refused(found: ReadableDossier) -> None:
    if found.dossier.status is not DossierStatus.REFUSED:
        raise DossierInUse
