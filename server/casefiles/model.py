"""Values of case files: uploads on their way, dossiers, their pages, and what lawyers write on them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType

from typing_extensions import override

from server.kernel.events import Event
from server.kernel.ids import AccountId, AnnotationId, CaseId, DossierId, UploadId
from server.pdf.manifest import DocumentProblem, OutlineEntry, PageKind, PageProblem

Percent = NewType("Percent", float)
"""0–100 of the page's width (x, width) or height (y, height) as displayed; the origin is its top left."""


class DossierStatus(StrEnum):
    """How far a dossier has come."""

    RECEIVED = "received"
    """Whole and hashed; its pages are being split off."""
    READY = "ready"
    """Every page is served, or shows its own error."""
    REFUSED = "refused"
    """The file is of no use; `problem` says why."""


class PageSize(StrEnum):
    """At which size a page is asked for."""

    READING = "reading"
    PREVIEW = "preview"
    THUMBNAIL = "thumbnail"


class Meaning(StrEnum):
    """What an annotation marks; each has its own fixed colour."""

    FACT = "fact"
    """黄 事实"""
    DOUBT = "doubt"
    """红 疑点"""
    FAVOURABLE = "favourable"
    """绿 有利"""
    PROCEDURE = "procedure"
    """蓝 程序"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file on its way in; `offset` bytes of it are acknowledged."""

    id: UploadId
    case_id: CaseId
    account_id: AccountId
    title: str
    filename: str
    length_bytes: int
    offset: int
    expected_sha256: str | None
    """What the sender says the hash is, hexadecimal."""
    created_at: datetime
    expires_at: datetime
    """When its bytes are forgotten unless more come before."""
    dossier_id: DossierId | None = None
    """The dossier that it became; None until it is whole."""

    @property
    def original_key(self) -> str:
        """Object key under which it is joined once it is whole, and which the dossier keeps."""
        return f"doc/{self.id}/original"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """A volume of a case file: one scanned document."""

    id: DossierId
    case_id: CaseId
    title: str
    filename: str
    size_bytes: int
    sha256: str
    status: DossierStatus
    received_at: datetime
    received_from: AccountId
    problem: DocumentProblem | None = None
    page_count: int | None = None
    """None until the document was opened."""
    outline: tuple[OutlineEntry, ...] = ()
    revision: int = 0
    """Counts changes of its annotations; each change bears the number that it made."""

    @property
    def original_key(self) -> str:
        """Object key of the file as it was sent."""
        return f"doc/{self.id}/original"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of a dossier, ready or failed."""

    dossier_id: DossierId
    number: int
    """Counted from 1."""
    problem: PageProblem | None = None
    kind: PageKind | None = None
    width_pt: float = 595.0
    """As displayed, in points (1/72 inch); A4 where the page could not be read."""
    height_pt: float = 842.0
    width_px: int = 0
    """Of the stored image."""
    height_px: int = 0
    image_type: str = ""
    """Media type of the stored image."""

    @property
    def image_key(self) -> str:
        """Object key of the page's stored image."""
        return f"doc/{self.dossier_id}/p/{self.number:05d}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """A rectangle on a page."""

    x: Percent
    """From the page's left edge to the region's."""
    y: Percent
    """From the page's top edge to the region's."""
    width: Percent
    height: Percent


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """A marked region with a comment; kept, emptied of its words, after it was removed."""

    id: AnnotationId
    dossier_id: DossierId
    page: int
    region: Region
    meaning: Meaning
    comment: str
    author_id: AccountId
    author_name: str
    created_at: datetime
    changed_by_id: AccountId
    changed_by_name: str
    changed_at: datetime
    idempotency_key: str
    """Chosen by the author's browser, so that a repeated request makes one annotation."""
    version: int = 1
    """Counts the changes of this annotation, from 1."""
    revision: int = 0
    """The dossier's revision at its last change."""
    removed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """Whose name a served page bears."""

    name: str
    at: datetime
    case_number: str


class PictureUnreadable(Exception):
    """The stored image can't be decoded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """An encoded image."""

    content: bytes
    media_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DossierEvent(Event):
    """Something that happened to a dossier; told on its case's topic and its own."""

    case_id: str
    dossier_id: str

    @property
    @override
    def subject(self) -> str:
        return f"dossier:{self.dossier_id}"

    @property
    @override
    def topics(self) -> tuple[str, ...]:
        return (f"case:{self.case_id}", f"dossier:{self.dossier_id}")


@dataclass(frozen=True, slots=True, kw_only=True)
class DossierReceived(DossierEvent):
    """A file arrived whole."""

    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DossierOpened(DossierEvent):
    """Its pages were counted."""

    page_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DossierReady(DossierEvent):
    """All its pages were split off."""

    failed_pages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DossierRefused(DossierEvent):
    """It turned out to be of no use."""

    problem: str


class DossierRemoved(DossierEvent):
    """A refused file was taken away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageViewed(DossierEvent):
    """A page was shown to somebody (not merely prefetched)."""

    page: int

    @property
    @override
    def topics(self) -> tuple[str, ...]:
        return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnotationEvent(Event):
    """Something that happened to an annotation; told to those who read the dossier."""

    case_id: str
    dossier_id: str
    annotation_id: str
    revision: int

    @property
    @override
    def subject(self) -> str:
        return f"annotation:{self.annotation_id}"

    @property
    @override
    def topics(self) -> tuple[str, ...]:
        return (f"dossier:{self.dossier_id}",)


class AnnotationMade(AnnotationEvent):
    """A region was marked."""


class AnnotationChanged(AnnotationEvent):
    """Its words or meaning were changed."""


class AnnotationRemoved(AnnotationEvent):
    """It was taken away by its author."""
