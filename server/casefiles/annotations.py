"""Writing on pages: make, change and remove annotations, and tell what changed since."""

from dataclasses import dataclass, replace

from server.casefiles.annotating import Change, changed, removed
from server.casefiles.model import (
    Annotation,
    AnnotationChanged,
    AnnotationMade,
    AnnotationRemoved,
    Meaning,
    Region,
)
from server.casefiles.ports import CaseFilesTx
from server.casefiles.service import ReadableDossier
from server.kernel.clock import Clock
from server.kernel.errors import NotFound
from server.kernel.identity import Identity
from server.kernel.ids import AccountId, AnnotationId, new_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotate:
    """Mark a region and say why."""

    page: int
    region: Region
    meaning: Meaning
    comment: str
    idempotency_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeAnnotation:
    """Give an annotation new words; every lawyer of the case may."""

    annotation_id: AnnotationId
    change: Change


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveAnnotation:
    """Take an annotation away; only its author may."""

    annotation_id: AnnotationId
    version: int
    """The one that was read."""


async def annotate(
    command: Annotate, found: ReadableDossier, identity: Identity, tx: CaseFilesTx, clock: Clock
) -> Annotation:
    """Make an annotation; a repeated key returns what its first request made.

    Raises:
        NotFound: the dossier has no such page.
    """
    author_id = identity.account_id or AccountId("")
    dossier = found.dossier
    earlier = await tx.casefiles.annotation_by_key(dossier.id, author_id, command.idempotency_key)
    if earlier is not None:
        return earlier
    if not 1 <= command.page <= (dossier.page_count or 0):
        raise NotFound
    now = clock.now()
    annotation = Annotation(
        id=AnnotationId(new_id()),
        dossier_id=dossier.id,
        page=command.page,
        region=command.region,
        meaning=command.meaning,
        comment=command.comment,
        author_id=author_id,
        author_name=identity.name,
        created_at=now,
        changed_by_id=author_id,
        changed_by_name=identity.name,
        changed_at=now,
        idempotency_key=command.idempotency_key,
        revision=await tx.casefiles.next_revision(dossier.id),
    )
    await tx.casefiles.add_annotation(annotation)
    tx.record(
        AnnotationMade(
            actor=identity.actor,
            case_id=found.case.id,
            dossier_id=dossier.id,
            annotation_id=annotation.id,
            revision=annotation.revision,
        )
    )
    return annotation


async def change_annotation(
    command: ChangeAnnotation, found: ReadableDossier, identity: Identity, tx: CaseFilesTx, clock: Clock
) -> Annotation:
    """Give an annotation new words; every lawyer of the case may.

    Raises:
        NotFound: the dossier has no such annotation.
        AnnotationStale: it was changed since it was read.
        AnnotationGone: it was removed.
    """
    annotation = await _annotation(command.annotation_id, found, tx)
    after = changed(annotation, command.change, identity=identity, now=clock.now())
    after = replace(after, revision=await tx.casefiles.next_revision(found.dossier.id))
    await tx.casefiles.save_annotation(after)
    tx.record(
        AnnotationChanged(
            actor=identity.actor,
            case_id=found.case.id,
            dossier_id=found.dossier.id,
            annotation_id=after.id,
            revision=after.revision,
        )
    )
    return after


async def remove_annotation(
    command: RemoveAnnotation, found: ReadableDossier, identity: Identity, tx: CaseFilesTx, clock: Clock
) -> Annotation:
    """Take an annotation away; only its author may. What is left of it tells other readers so.

    Raises:
        NotFound: the dossier has no such annotation.
        NotTheAuthor: somebody else made it.
        AnnotationStale: it was changed since it was read.
        AnnotationGone: it was removed before.
    """
    annotation = await _annotation(command.annotation_id, found, tx)
    after = removed(annotation, version=command.version, identity=identity, now=clock.now())
    after = replace(after, revision=await tx.casefiles.next_revision(found.dossier.id))
    await tx.casefiles.save_annotation(after)
    tx.record(
        AnnotationRemoved(
            actor=identity.actor,
            case_id=found.case.id,
            dossier_id=found.dossier.id,
            annotation_id=after.id,
            revision=after.revision,
        )
    )
    return after


async def _annotation(annotation_id: AnnotationId, found: ReadableDossier, tx: CaseFilesTx) -> Annotation:
    annotation = await tx.casefiles.annotation(annotation_id)
    if annotation is None or annotation.dossier_id != found.dossier.id:
        raise NotFound
    return annotation
