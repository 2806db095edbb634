"""Makes valid values of case files with one line."""

from server.casefiles.model import Annotation, Dossier, DossierStatus, Meaning, Percent, Region
from server.kernel.identity import Identity
from server.kernel.ids import AccountId, AnnotationId, CaseId, DossierId, new_id
from tests.fakes.clock import SetClock


def annotation(
    *, author: Identity, dossier_id: DossierId | None = None, page: int = 1, comment: str = "核对同步录音录像"
) -> Annotation:
    now = SetClock().now()
    author_id = author.account_id or AccountId(new_id())
    return Annotation(
        id=AnnotationId(new_id()),
        dossier_id=dossier_id or DossierId(new_id()),
        page=page,
        region=Region(x=Percent(12), y=Percent(11.7), width=Percent(62), height=Percent(3.9)),
        meaning=Meaning.DOUBT,
        comment=comment,
        author_id=author_id,
        author_name=author.name,
        created_at=now,
        changed_by_id=author_id,
        changed_by_name=author.name,
        changed_at=now,
        idempotency_key=new_id(),
    )


def dossier(case_id: CaseId, *, received_from: AccountId, title: str = "诉讼证据卷 第一册") -> Dossier:
    return Dossier(
        id=DossierId(new_id()),
        case_id=case_id,
        title=title,
        filename="证据卷.pdf",
        size_bytes=1000,
        sha256="0" * 64,
        status=DossierStatus.RECEIVED,
        received_at=SetClock().now(),
        received_from=received_from,
    )
