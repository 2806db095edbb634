"""What is asked of dossiers: find them through the actor, note who saw which page."""

from dataclasses import dataclass
from typing import ClassVar

from server.casefiles.model import Dossier, Page, PageViewed, Viewer
from server.casefiles.policy import check_file_access
from server.casefiles.ports import CaseFilesTx
from server.cases.model import Case
from server.cases.service.records import find_case
from server.kernel.clock import Clock
from server.kernel.errors import N_, DomainError, Kind, NotFound
from server.kernel.identity import Identity
from server.kernel.ids import CaseId, DossierId
from server.kernel.permissions import Action


class PageNotReady(DomainError):
    """The page is not split off yet."""

    kind: ClassVar[Kind] = Kind.UNAVAILABLE
    code: ClassVar[str] = "page-not-ready"
    title: ClassVar[str] = N_("这一页还在处理")
    advice: ClassVar[str] = N_("处理好后会自动显示，您不用做什么。")


class PageUnreadable(DomainError):
    """The page can't be shown; the others can."""

    kind: ClassVar[Kind] = Kind.CONFLICT
    code: ClassVar[str] = "page-unreadable"
    title: ClassVar[str] = N_("这一页无法显示")
    advice: ClassVar[str] = N_("其他页不受影响。请核对原件，必要时重新扫描这一页后上传。")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadableDossier:
    """A dossier that the actor may read, with its case."""

    case: Case
    dossier: Dossier


async def find_case_with_files(case_id: CaseId, identity: Identity, action: Action, tx: CaseFilesTx) -> Case:
    """Return the case if `identity` may do `action` with its files.

    Raises:
        NotFound: the case is none of theirs.
        NotAllowed: it is theirs, but the action is not.
        FileClosedDuringInvestigation: nobody may yet.
    """
    case = await find_case(case_id, identity, action, tx)
    check_file_access(case)
    return case


async def find_dossier(
    case_id: CaseId, dossier_id: DossierId, identity: Identity, action: Action, tx: CaseFilesTx
) -> ReadableDossier:
    """Return the dossier of the case if `identity` may do `action` with it.

    Raises:
        NotFound: the case is none of theirs, or has no such dossier.
        NotAllowed: it is theirs, but the action is not.
        FileClosedDuringInvestigation: nobody may yet.
    """
    case = await find_case_with_files(case_id, identity, action, tx)
    dossier = await tx.casefiles.dossier(dossier_id)
    if dossier is None or dossier.case_id != case.id:
        raise NotFound
    return ReadableDossier(case=case, dossier=dossier)


async def may_watch_dossier(identity: Identity, dossier_id: DossierId, tx: CaseFilesTx) -> bool:
    """Tell whether `identity` may hear that something happened to the dossier."""
    dossier = await tx.casefiles.dossier(dossier_id)
    if dossier is None:
        return False
    try:
        await find_case_with_files(dossier.case_id, identity, Action.READ_DOSSIER, tx)
    except DomainError:
        return False
    return True


async def page_to_show(found: ReadableDossier, number: int, tx: CaseFilesTx) -> Page:
    """Return a page that has an image.

    Raises:
        NotFound: the dossier has no such page.
        PageNotReady: it is not split off yet.
        PageUnreadable: it failed.
    """
    page = await tx.casefiles.page(found.dossier.id, number)
    if page is None:
        count = found.dossier.page_count
        if count is None or 1 <= number <= count:
            raise PageNotReady
        raise NotFound
    if page.problem is not None:
        raise PageUnreadable
    return page


def viewer(found: ReadableDossier, identity: Identity, clock: Clock) -> Viewer:
    """Return whose name the page bears."""
    return Viewer(name=identity.name, at=clock.now(), case_number=found.case.number)


async def note_view(found: ReadableDossier, number: int, identity: Identity, tx: CaseFilesTx) -> None:
    """Log that the page was shown to the actor, and remember where they are.

    Raises:
        NotFound: the dossier has no such page.
    """
    if not 1 <= number <= (found.dossier.page_count or 0):
        raise NotFound
    tx.record(
        PageViewed(actor=identity.actor, case_id=found.case.id, dossier_id=found.dossier.id, page=number)
    )
    if identity.account_id is not None:
        await tx.casefiles.put_place(found.dossier.id, identity.account_id, number)
