"""What pages show of dossiers, in the words of the reader."""

from collections.abc import Mapping
from dataclasses import dataclass

from server.casefiles.model import Dossier, DossierStatus
from server.casefiles.ports import CaseFilesTx
from server.casefiles.service import find_case_with_files
from server.kernel.errors import N_
from server.kernel.identity import Identity
from server.kernel.ids import AccountId, CaseId, DossierId
from server.kernel.permissions import Action
from server.pdf.manifest import DocumentProblem, PageProblem

FAILURES: Mapping[DocumentProblem, str] = {
    DocumentProblem.EMPTY: N_("文件是空的。请核对选中的文件，重新扫描或拷贝后上传。"),
    DocumentProblem.NOT_PDF: N_("这不是 PDF 文件。请把扫描件存成 PDF 后上传。"),
    DocumentProblem.ENCRYPTED: N_("文件有打开密码。请向送卷单位索取密码，去掉密码另存后上传。"),
    DocumentProblem.DAMAGED: N_("文件已损坏，打不开。请重新拷贝原件后上传，并核对校验值。"),
    DocumentProblem.NO_PAGES: N_("文件里没有任何页面。请核对选中的文件后重新上传。"),
    DocumentProblem.TOO_MANY_PAGES: N_("超过 5000 页。请分册后分别上传。"),
    DocumentProblem.TOO_COMPLEX: N_(
        "打开文件所需的时间或内存超过限度。请用扫描仪重新生成普通的 PDF 后上传。"
    ),
}
"""What is wrong with a whole file, and how to mend it."""

PAGE_FAILURES: Mapping[PageProblem, str] = {
    PageProblem.DAMAGED: N_("这一页的数据已损坏。请核对原件，必要时重新扫描这一页后上传。"),
    PageProblem.TOO_COMPLEX: N_("这一页过于复杂，无法显示。请核对原件，必要时重新扫描这一页后上传。"),
}
"""What is wrong with one page, and how to mend it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DossierRow:
    """A dossier as a list shows it."""

    id: DossierId
    href: str
    title: str
    source: str
    """Who sent it in."""
    sha256: str
    size_bytes: int
    pages: int
    """0 until they are counted."""
    pages_ready: int
    pages_failed: int
    state: str
    """`splitting`, `ready` or `failed`."""
    failure: str
    """Message id; empty unless `failed`."""
    annotations: int
    last_page: int
    """Where the reader was last; 0 if they never opened it."""


async def dossier_rows(case_id: CaseId, identity: Identity, tx: CaseFilesTx) -> tuple[DossierRow, ...]:
    """Return the case's dossiers as rows, in the order in which they came.

    Raises:
        NotFound: the case is none of theirs.
        NotAllowed: it is theirs, but its files are not for their role.
        FileClosedDuringInvestigation: nobody may read them yet.
    """
    await find_case_with_files(case_id, identity, Action.READ_DOSSIER, tx)
    found = await tx.casefiles.dossiers_of(case_id)
    ids = frozenset(dossier.id for dossier in found)
    counts = await tx.casefiles.page_counts(ids)
    notes = await tx.casefiles.annotation_counts(ids)
    places = await tx.casefiles.places(ids, identity.account_id or AccountId(""))
    senders = await tx.people.accounts(frozenset(dossier.received_from for dossier in found))
    return tuple(
        DossierRow(
            id=dossier.id,
            href=f"/cases/{case_id}/dossiers/{dossier.id}",
            title=dossier.title,
            source=sender.name if (sender := senders.get(dossier.received_from)) else "",
            sha256=dossier.sha256,
            size_bytes=dossier.size_bytes,
            pages=dossier.page_count or 0,
            pages_ready=counts.get(dossier.id, (0, 0))[0],
            pages_failed=counts.get(dossier.id, (0, 0))[1],
            state=_state(dossier),
            failure=FAILURES[dossier.problem] if dossier.problem else "",
            annotations=notes.get(dossier.id, 0),
            last_page=places.get(dossier.id, 0),
        )
        for dossier in found
    )


def _state(dossier: Dossier) -> str:
    states = {
        DossierStatus.RECEIVED: "splitting",
        DossierStatus.READY: "ready",
        DossierStatus.REFUSED: "failed",
    }
    return states[dossier.status]
