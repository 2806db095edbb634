"""What an annotation may be: pure rules of regions, comments and versions."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar

from server.casefiles.model import Annotation, Meaning, Percent, Region
from server.kernel.errors import N_, DomainError, Kind
from server.kernel.identity import Identity
from server.kernel.ids import AccountId

SIDE_MIN = 0.2
"""Percent: about half a millimetre on A4; less is a click, not a region."""
COMMENT_LENGTH_MAX = 4000


class RegionOutsidePage(DomainError):
    """The rectangle is empty or leaves the page."""

    code: ClassVar[str] = "region-outside-page"
    title: ClassVar[str] = N_("标注区域超出页面")
    advice: ClassVar[str] = N_("请在页面范围内重新框选，区域不能太小。")


class AnnotationStale(DomainError):
    """Somebody else changed the annotation first; the answer carries their text, the form keeps one's own."""

    kind: ClassVar[Kind] = Kind.CONFLICT
    code: ClassVar[str] = "annotation-stale"
    title: ClassVar[str] = N_("这条批注刚被他人修改")
    advice: ClassVar[str] = N_("下面同时列出对方的文字和您写的文字，请合并后再保存。")

    def __init__(self, current: Annotation) -> None:
        """Keep the annotation as it is now."""
        super().__init__()
        self.current = current


class AnnotationGone(DomainError):
    """The annotation was removed meanwhile."""

    kind: ClassVar[Kind] = Kind.CONFLICT
    code: ClassVar[str] = "annotation-gone"
    title: ClassVar[str] = N_("这条批注已被删除")
    advice: ClassVar[str] = N_("您写的文字仍在本页，需要时可以新建一条批注。")


class NotTheAuthor(DomainError):
    """Only its author may remove an annotation."""

    kind: ClassVar[Kind] = Kind.FORBIDDEN
    code: ClassVar[str] = "not-the-author"
    title: ClassVar[str] = N_("只有作者可以删除批注")
    advice: ClassVar[str] = N_("请与作者商量，或修改批注的文字。")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """New words for an annotation, written while looking at `version` of it."""

    meaning: Meaning
    comment: str
    version: int


def region(*, x: float, y: float, width: float, height: float) -> Region:
    """Make a region from percentages of the page, rounded to hundredths; origin top left.

    Raises:
        RegionOutsidePage: it is empty, leaves the page, or is no number.
    """
    sides = [round(side, 2) for side in (x, y, width, height)]
    x, y, width, height = sides
    inside = x >= 0 and y >= 0 and x + width <= 100.005 and y + height <= 100.005  # noqa: PLR2004 - percent
    if not inside or not min(width, height) >= SIDE_MIN:
        raise RegionOutsidePage
    return Region(x=Percent(x), y=Percent(y), width=Percent(width), height=Percent(height))


def changed(annotation: Annotation, change: Change, *, identity: Identity, now: datetime) -> Annotation:
    """Return the annotation with new words, one version on.

    Raises:
        AnnotationGone: it was removed.
        AnnotationStale: it is not at the version that was read any more.
    """
    if annotation.removed:
        raise AnnotationGone
    if annotation.version != change.version:
        raise AnnotationStale(annotation)
    return replace(
        annotation,
        meaning=change.meaning,
        comment=change.comment,
        version=change.version + 1,
        changed_by_id=identity.account_id or AccountId(""),
        changed_by_name=identity.name,
        changed_at=now,
    )


def removed(annotation: Annotation, *, version: int, identity: Identity, now: datetime) -> Annotation:
    """Return the annotation emptied of its words.

    Raises:
        NotTheAuthor: somebody else made it.
        AnnotationStale: it was changed since it was read.
    """
    if identity.account_id != annotation.author_id:
        raise NotTheAuthor
    emptying = Change(meaning=annotation.meaning, comment="", version=version)
    return replace(changed(annotation, emptying, identity=identity, now=now), removed=True)
