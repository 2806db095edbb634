"""Case files on the database."""

from datetime import datetime

from sqlalchemy import case, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from typing_extensions import override

from server.casefiles.model import Annotation, Dossier, DossierStatus, Page, Upload
from server.casefiles.ports import CaseFileStore
from server.kernel.ids import AccountId, AnnotationId, CaseId, DossierId, UploadId
from server.pdf.manifest import DocumentProblem, OutlineEntry
from storage.mapping import all_of, one_of, values_of
from storage.tables import casefiles as tables


class SqlCaseFiles(CaseFileStore):
    """Keeps case files in tables."""

    def __init__(self, connection: AsyncConnection) -> None:
        """Work within the transaction of `connection`."""
        self._connection = connection

    @override
    async def add_upload(self, upload: Upload) -> None:
        await self._connection.execute(insert(tables.upload).values(values_of(upload)))

    @override
    async def upload(self, upload_id: UploadId) -> Upload | None:
        query = select(tables.upload).where(tables.upload.c.id == upload_id)
        return one_of(Upload, (await self._connection.execute(query)).one_or_none())

    @override
    async def save_upload(self, upload: Upload) -> None:
        matches = tables.upload.c.id == upload.id
        await self._connection.execute(update(tables.upload).where(matches).values(values_of(upload)))

    @override
    async def remove_upload(self, upload_id: UploadId) -> None:
        await self._connection.execute(delete(tables.upload).where(tables.upload.c.id == upload_id))

    @override
    async def whole_uploads(self) -> tuple[Upload, ...]:
        query = select(tables.upload).where(
            tables.upload.c.dossier_id.is_(None), tables.upload.c.offset == tables.upload.c.length_bytes
        )
        return all_of(Upload, await self._connection.execute(query))

    @override
    async def unfinished_uploads(self, account_id: AccountId) -> tuple[Upload, ...]:
        columns = tables.upload.c
        query = select(tables.upload).where(columns.account_id == account_id, columns.dossier_id.is_(None))
        order = (columns.created_at, columns.id)
        return all_of(Upload, await self._connection.execute(query.order_by(*order)))

    @override
    async def expired_uploads(self, before: datetime) -> tuple[Upload, ...]:
        columns = tables.upload.c
        query = select(tables.upload).where(columns.dossier_id.is_(None), columns.expires_at <= before)
        return all_of(Upload, await self._connection.execute(query.order_by(columns.expires_at)))

    @override
    async def add_dossier(self, dossier: Dossier) -> None:
        await self._connection.execute(insert(tables.dossier).values(values_of(dossier)))

    @override
    async def dossier(self, dossier_id: DossierId) -> Dossier | None:
        query = select(tables.dossier).where(tables.dossier.c.id == dossier_id)
        return one_of(Dossier, (await self._connection.execute(query)).one_or_none())

    @override
    async def note_opened(
        self, dossier_id: DossierId, *, page_count: int, outline: tuple[OutlineEntry, ...]
    ) -> None:
        matches = tables.dossier.c.id == dossier_id
        values = {"page_count": page_count, "outline": outline}
        await self._connection.execute(update(tables.dossier).where(matches).values(values))

    @override
    async def note_status(
        self, dossier_id: DossierId, status: DossierStatus, *, problem: DocumentProblem | None
    ) -> None:
        matches = tables.dossier.c.id == dossier_id
        values = {"status": status, "problem": problem}
        await self._connection.execute(update(tables.dossier).where(matches).values(values))

    @override
    async def remove_dossier(self, dossier_id: DossierId) -> None:
        for table in (tables.upload, tables.page, tables.annotation, tables.reading_place):
            await self._connection.execute(delete(table).where(table.c.dossier_id == dossier_id))
        await self._connection.execute(delete(tables.dossier).where(tables.dossier.c.id == dossier_id))

    @override
    async def dossiers_of(self, case_id: CaseId) -> tuple[Dossier, ...]:
        query = select(tables.dossier).where(tables.dossier.c.case_id == case_id)
        order = (tables.dossier.c.received_at, tables.dossier.c.id)
        return all_of(Dossier, await self._connection.execute(query.order_by(*order)))

    async def all_dossiers(self) -> tuple[Dossier, ...]:
        """Return every case's dossiers, for what looks the store over."""
        query = select(tables.dossier).order_by(tables.dossier.c.id)
        return all_of(Dossier, await self._connection.execute(query))

    @override
    async def dossiers_to_split(self) -> tuple[DossierId, ...]:
        query = select(tables.dossier.c.id).where(tables.dossier.c.status == DossierStatus.RECEIVED)
        rows = await self._connection.execute(query.order_by(tables.dossier.c.received_at))
        return tuple(DossierId(row.id) for row in rows)

    @override
    async def next_revision(self, dossier_id: DossierId) -> int:
        revision = tables.dossier.c.revision
        counting = update(tables.dossier).where(tables.dossier.c.id == dossier_id)
        result = await self._connection.execute(counting.values(revision=revision + 1).returning(revision))
        return int(result.scalar_one())

    @override
    async def add_page(self, page: Page) -> None:
        await self._connection.execute(insert(tables.page).values(values_of(page)))

    @override
    async def page(self, dossier_id: DossierId, number: int) -> Page | None:
        query = select(tables.page).where(
            tables.page.c.dossier_id == dossier_id, tables.page.c.number == number
        )
        return one_of(Page, (await self._connection.execute(query)).one_or_none())

    @override
    async def pages(self, dossier_id: DossierId) -> tuple[Page, ...]:
        query = select(tables.page).where(tables.page.c.dossier_id == dossier_id)
        return all_of(Page, await self._connection.execute(query.order_by(tables.page.c.number)))

    @override
    async def page_counts(self, dossier_ids: frozenset[DossierId]) -> dict[DossierId, tuple[int, int]]:
        failed = func.sum(case((tables.page.c.problem.is_not(None), 1), else_=0))
        query = (
            select(tables.page.c.dossier_id, func.count().label("done"), failed.label("failed"))
            .where(tables.page.c.dossier_id.in_(dossier_ids))
            .group_by(tables.page.c.dossier_id)
        )
        rows = await self._connection.execute(query)
        return {DossierId(row.dossier_id): (int(row.done), int(row.failed)) for row in rows}

    @override
    async def add_annotation(self, annotation: Annotation) -> None:
        await self._connection.execute(insert(tables.annotation).values(values_of(annotation)))

    @override
    async def annotation(self, annotation_id: AnnotationId) -> Annotation | None:
        query = select(tables.annotation).where(tables.annotation.c.id == annotation_id)
        return one_of(Annotation, (await self._connection.execute(query)).one_or_none())

    @override
    async def annotation_by_key(
        self, dossier_id: DossierId, author_id: AccountId, idempotency_key: str
    ) -> Annotation | None:
        query = select(tables.annotation).where(
            tables.annotation.c.dossier_id == dossier_id,
            tables.annotation.c.author_id == author_id,
            tables.annotation.c.idempotency_key == idempotency_key,
        )
        return one_of(Annotation, (await self._connection.execute(query)).one_or_none())

    @override
    async def save_annotation(self, annotation: Annotation) -> None:
        matches = tables.annotation.c.id == annotation.id
        await self._connection.execute(update(tables.annotation).where(matches).values(values_of(annotation)))

    @override
    async def annotations(self, dossier_id: DossierId, *, after_revision: int = -1) -> tuple[Annotation, ...]:
        query = select(tables.annotation).where(
            tables.annotation.c.dossier_id == dossier_id, tables.annotation.c.revision > after_revision
        )
        found = all_of(Annotation, await self._connection.execute(query))
        return tuple(sorted(found, key=lambda each: (each.page, each.region.y, each.region.x, each.id)))

    @override
    async def annotation_counts(self, dossier_ids: frozenset[DossierId]) -> dict[DossierId, int]:
        query = (
            select(tables.annotation.c.dossier_id, func.count().label("notes"))
            .where(tables.annotation.c.dossier_id.in_(dossier_ids), ~tables.annotation.c.removed)
            .group_by(tables.annotation.c.dossier_id)
        )
        rows = await self._connection.execute(query)
        return {DossierId(row.dossier_id): int(row.notes) for row in rows}

    @override
    async def put_place(self, dossier_id: DossierId, account_id: AccountId, page: int) -> None:
        place = tables.reading_place
        matches = (place.c.dossier_id == dossier_id) & (place.c.account_id == account_id)
        await self._connection.execute(delete(place).where(matches))
        await self._connection.execute(
            insert(place).values(dossier_id=dossier_id, account_id=account_id, page=page)
        )

    @override
    async def places(self, dossier_ids: frozenset[DossierId], account_id: AccountId) -> dict[DossierId, int]:
        place = tables.reading_place
        query = select(place).where(place.c.dossier_id.in_(dossier_ids), place.c.account_id == account_id)
        rows = await self._connection.execute(query)
        return {DossierId(row.dossier_id): int(row.page) for row in rows}
