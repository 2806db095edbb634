"""What case files need of the outside: a store of their records."""

from datetime import datetime
from typing import Protocol

from server.casefiles.model import Annotation, Dossier, DossierStatus, Page, Upload
from server.cases.ports import CasesTx
from server.kernel.ids import AccountId, AnnotationId, CaseId, DossierId, UploadId
from server.pdf.manifest import DocumentProblem, OutlineEntry


class CaseFileStore(Protocol):
    """Keeps uploads, dossiers, pages and annotations."""

    async def add_upload(self, upload: Upload) -> None:
        """Store a new upload."""
        ...

    async def upload(self, upload_id: UploadId) -> Upload | None:
        """Return the upload, if there is one."""
        ...

    async def save_upload(self, upload: Upload) -> None:
        """Store the upload's present state."""
        ...

    async def remove_upload(self, upload_id: UploadId) -> None:
        """Forget the upload."""
        ...

    async def whole_uploads(self) -> tuple[Upload, ...]:
        """Return uploads that have all their bytes but are no dossier yet."""
        ...

    async def unfinished_uploads(self, account_id: AccountId) -> tuple[Upload, ...]:
        """Return a person's uploads that are no dossier yet, the earliest first."""
        ...

    async def expired_uploads(self, before: datetime) -> tuple[Upload, ...]:
        """Return the uploads that are no dossier yet and were to be forgotten before that moment."""
        ...

    async def add_dossier(self, dossier: Dossier) -> None:
        """Store a new dossier."""
        ...

    async def dossier(self, dossier_id: DossierId) -> Dossier | None:
        """Return the dossier, if there is one."""
        ...

    async def note_opened(
        self, dossier_id: DossierId, *, page_count: int, outline: tuple[OutlineEntry, ...]
    ) -> None:
        """Store what opening the document told."""
        ...

    async def note_status(
        self, dossier_id: DossierId, status: DossierStatus, *, problem: DocumentProblem | None
    ) -> None:
        """Store how far the dossier has come."""
        ...

    async def remove_dossier(self, dossier_id: DossierId) -> None:
        """Forget a dossier that was refused, with the upload from which it came and its pages."""
        ...

    async def dossiers_of(self, case_id: CaseId) -> tuple[Dossier, ...]:
        """Return a case's dossiers in the order in which they were received."""
        ...

    async def dossiers_to_split(self) -> tuple[DossierId, ...]:
        """Return the dossiers whose pages are not all split off, the first received first."""
        ...

    async def next_revision(self, dossier_id: DossierId) -> int:
        """Count one more change of the dossier's annotations and return the new number."""
        ...

    async def add_page(self, page: Page) -> None:
        """Store a page, ready or failed."""
        ...

    async def page(self, dossier_id: DossierId, number: int) -> Page | None:
        """Return a page, None before it was split off."""
        ...

    async def pages(self, dossier_id: DossierId) -> tuple[Page, ...]:
        """Return the pages split off so far, in order."""
        ...

    async def page_counts(self, dossier_ids: frozenset[DossierId]) -> dict[DossierId, tuple[int, int]]:
        """Return how many pages of each dossier were split off, and how many of these failed."""
        ...

    async def add_annotation(self, annotation: Annotation) -> None:
        """Store a new annotation."""
        ...

    async def annotation(self, annotation_id: AnnotationId) -> Annotation | None:
        """Return the annotation, removed or not."""
        ...

    async def annotation_by_key(
        self, dossier_id: DossierId, author_id: AccountId, idempotency_key: str
    ) -> Annotation | None:
        """Return what an author's earlier request with this key made."""
        ...

    async def save_annotation(self, annotation: Annotation) -> None:
        """Store the annotation's present state."""
        ...

    async def annotations(self, dossier_id: DossierId, *, after_revision: int = -1) -> tuple[Annotation, ...]:
        """Return annotations changed after a revision, by page and place; removed ones too."""
        ...

    async def annotation_counts(self, dossier_ids: frozenset[DossierId]) -> dict[DossierId, int]:
        """Return how many annotations, not removed, each dossier has."""
        ...

    async def put_place(self, dossier_id: DossierId, account_id: AccountId, page: int) -> None:
        """Remember at which page a reader is."""
        ...

    async def places(self, dossier_ids: frozenset[DossierId], account_id: AccountId) -> dict[DossierId, int]:
        """Return at which page of each dossier the reader was last."""
        ...


class CaseFilesTx(CasesTx, Protocol):
    """A unit of work with the case files in it, and the cases to which they belong."""

    @property
    def casefiles(self) -> CaseFileStore:
        """The case files."""
        ...
