"""What is known of a document and its pages; the words that parent and child process share."""

from dataclasses import dataclass
from enum import StrEnum


class PageKind(StrEnum):
    """How a page is drawn, which decides how it is served."""

    JPEG1 = "jpeg1"
    """Exactly one baseline JPEG covers the page upright: its raw stream is the page."""
    G4 = "g4"
    """One bitonal image."""
    JPX = "jpx"
    """One JPEG 2000 image."""
    MIXED = "mixed"
    """Several images, or an image with something over it."""
    VECTOR = "vector"
    """Text and lines, no image."""


class DocumentProblem(StrEnum):
    """Why a whole file is of no use."""

    EMPTY = "empty"
    NOT_PDF = "not_pdf"
    ENCRYPTED = "encrypted"
    DAMAGED = "damaged"
    NO_PAGES = "no_pages"
    TOO_MANY_PAGES = "too_many_pages"
    TOO_COMPLEX = "too_complex"
    """It took more time or memory than any honest scan needs."""


class PageProblem(StrEnum):
    """Why one page can't be shown; the others can."""

    DAMAGED = "damaged"
    TOO_COMPLEX = "too_complex"


class ImageType(StrEnum):
    """Media types of prepared pages."""

    JPEG = "image/jpeg"
    PNG = "image/png"


@dataclass(frozen=True, slots=True, kw_only=True)
class OutlineEntry:
    """A line of the document's own table of contents."""

    level: int
    """1 is outermost."""
    title: str
    page: int
    """Counted from 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentInfo:
    """An opened document."""

    page_count: int
    outline: tuple[OutlineEntry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedPage:
    """A page as one image that can be served by decoding alone."""

    kind: PageKind
    width_pt: float
    """Of the page as displayed, in points (1/72 inch)."""
    height_pt: float
    width_px: int
    """Of the image."""
    height_px: int
    image_type: ImageType
    image: bytes


class DocumentRefused(Exception):
    """The document can't be opened."""

    def __init__(self, problem: DocumentProblem) -> None:
        """Keep why."""
        super().__init__(problem)
        self.problem = problem


class PageRefused(Exception):
    """The page can't be prepared."""

    def __init__(self, problem: PageProblem) -> None:
        """Keep why."""
        super().__init__(problem)
        self.problem = problem
