"""Opens a document with MuPDF, tells what each page is made of, and turns it into one image.

Runs only in the sandboxed child (`server.pdf.worker`).
"""

import io
from pathlib import Path
from typing import Any

import pymupdf
from PIL import Image

from server.pdf import jpeg
from server.pdf.manifest import (
    DocumentInfo,
    DocumentProblem,
    DocumentRefused,
    ImageType,
    OutlineEntry,
    PageKind,
    PageProblem,
    PageRefused,
    PreparedPage,
)
from server.pdf.wire import OUTLINE_ENTRIES_MAX, PAGES_MAX, SIDE_PT_MAX, clean_title

READING_DPI = 150
LONG_SIDE_PX_MAX = 3600
LONG_SIDE_PX_MIN = 800
JPEG_QUALITY = 82
COVERS_RATIO = 0.97
"""A scan that leaves at most this much of the page bare in either direction still covers it."""
HEADER_WITHIN_BYTES = 1024
"""PDF 32000-1 Annex H: the header may stand anywhere in the first 1024 bytes."""
_GRAY_LEVELS = 4
_PLAIN_COLOUR_SPACES = frozenset({"DeviceRGB", "DeviceGray", "ICCBased", "CalRGB", "CalGray"})
_FAULTS = (RuntimeError, ValueError, TypeError, KeyError, IndexError, OverflowError, SystemError, OSError)
"""What MuPDF's binding raises on damaged input, and what Pillow adds."""


class Document:
    """An opened PDF."""

    def __init__(self, path: Path) -> None:
        """Open the file at `path`.

        Raises:
            DocumentRefused: it is of no use, and why.
        """
        with path.open("rb") as file:
            head = file.read(HEADER_WITHIN_BYTES)
        if not head:
            raise DocumentRefused(DocumentProblem.EMPTY)
        if b"%PDF-" not in head:
            raise DocumentRefused(DocumentProblem.NOT_PDF)
        pymupdf.TOOLS.mupdf_display_errors(False)  # noqa: FBT003 - the binding takes it by position
        pymupdf.TOOLS.mupdf_display_warnings(False)  # noqa: FBT003
        try:
            self._pdf = pymupdf.open(str(path), filetype="pdf")
            self.info = self._read_info()
        except _FAULTS as error:
            raise DocumentRefused(DocumentProblem.DAMAGED) from error
        except MemoryError as error:
            raise DocumentRefused(DocumentProblem.TOO_COMPLEX) from error

    def _read_info(self) -> DocumentInfo:
        if self._pdf.needs_pass:
            raise DocumentRefused(DocumentProblem.ENCRYPTED)
        page_count = self._pdf.page_count
        if page_count < 1:
            raise DocumentRefused(DocumentProblem.NO_PAGES)
        if page_count > PAGES_MAX:
            raise DocumentRefused(DocumentProblem.TOO_MANY_PAGES)
        return DocumentInfo(page_count=page_count, outline=self._outline(page_count))

    def _outline(self, page_count: int) -> tuple[OutlineEntry, ...]:
        try:
            entries = self._pdf.get_toc(simple=True)
        except _FAULTS:
            return ()
        return tuple(
            OutlineEntry(level=max(1, level), title=clean_title(title), page=page)
            for level, title, page in entries[:OUTLINE_ENTRIES_MAX]
            if 1 <= page <= page_count
        )

    def prepare(self, number: int) -> PreparedPage:
        """Turn page `number` (from 1) into one image.

        Raises:
            PageRefused: it can't be, and why.
        """
        try:
            page = self._pdf[number - 1]
            if not (0 < page.rect.width <= SIDE_PT_MAX and 0 < page.rect.height <= SIDE_PT_MAX):
                raise PageRefused(PageProblem.DAMAGED)
            kind, xref = self._classify(page)
            if kind is PageKind.JPEG1:
                return self._raw(page, xref)
            return self._rendered(page, kind)
        except _FAULTS as error:
            raise PageRefused(PageProblem.DAMAGED) from error
        except MemoryError as error:
            raise PageRefused(PageProblem.TOO_COMPLEX) from error

    def _classify(self, page: pymupdf.Page) -> tuple[PageKind, int]:
        """Return the page's kind, and the image's object number where it has exactly one image."""
        drawn = [what for what, _box in page.get_bboxlog() if what != "ignore-text"]
        if not any(what in {"fill-image", "fill-imgmask"} for what in drawn):
            return PageKind.VECTOR, 0
        alone = len(drawn) == 1 and page.first_annot is None and page.first_widget is None
        image = self._only_image(page) if alone else None
        if image is None:
            return PageKind.MIXED, 0
        return self._kind_of_image(page, image), image["xref"]

    def _only_image(self, page: pymupdf.Page) -> dict[str, Any] | None:
        """Return what MuPDF knows of the one image drawn, with its object number."""
        listed = self._pdf.get_page_images(page.number, full=True)
        if len(listed) == 1:
            return {**page.get_image_info()[0], "xref": listed[0][0]}
        # Pages that share one list of images: decoding tells which is meant.
        infos = page.get_image_info(xrefs=True)
        return infos[0] if len(infos) == 1 and infos[0]["xref"] else None

    def _kind_of_image(self, page: pymupdf.Page, image: dict[str, Any]) -> PageKind:
        """Tell the kind of a page that draws one `image` and nothing else."""
        filters = self._key(image["xref"], "Filter").strip("[]").split("/")[1:]
        match [name.strip() for name in filters]:
            case ["DCTDecode"] if self._is_plain(page, image):
                return PageKind.JPEG1
            case ["JPXDecode"]:
                return PageKind.JPX
            case _ if image["bpc"] == 1:
                return PageKind.G4
            case _:
                return PageKind.MIXED

    def _is_plain(self, page: pymupdf.Page, image: dict[str, Any]) -> bool:
        """Tell whether the raw stream of the one image, shown upright, is what the page looks like."""
        xref = image["xref"]
        extras = ("SMask", "Mask", "Decode", "DecodeParms", "ImageMask")
        if page.rotation or any(self._key(xref, name) not in {"null", "false"} for name in extras):
            return False
        return _covers(page.rect, image) and self._is_plain_stream(page, image)

    def _is_plain_stream(self, page: pymupdf.Page, image: dict[str, Any]) -> bool:
        xref = image["xref"]
        space = next((entry[5] for entry in self._pdf.get_page_images(page.number) if entry[0] == xref), "")
        frame = jpeg.read_frame(self._pdf.xref_stream_raw(xref))
        return (
            space in _PLAIN_COLOUR_SPACES
            and frame is not None
            and frame.is_plain
            and (frame.width_px, frame.height_px) == (image["width"], image["height"])
        )

    def _key(self, xref: int, name: str) -> str:
        return str(self._pdf.xref_get_key(xref, name)[1])

    def _raw(self, page: pymupdf.Page, xref: int) -> PreparedPage:
        stream = self._pdf.xref_stream_raw(xref)
        frame = jpeg.read_frame(stream)
        if frame is None:
            raise PageRefused(PageProblem.DAMAGED)
        return PreparedPage(
            kind=PageKind.JPEG1,
            width_pt=page.rect.width,
            height_pt=page.rect.height,
            width_px=frame.width_px,
            height_px=frame.height_px,
            image_type=ImageType.JPEG,
            image=stream,
        )

    def _rendered(self, page: pymupdf.Page, kind: PageKind) -> PreparedPage:
        rect = page.rect
        long_side_pt = max(rect.width, rect.height)
        long_side_px = min(LONG_SIDE_PX_MAX, max(LONG_SIDE_PX_MIN, long_side_pt * READING_DPI / 72))
        scale = long_side_px / long_side_pt
        bitonal = kind is PageKind.G4
        pixels = page.get_pixmap(
            matrix=pymupdf.Matrix(scale, scale),
            colorspace=pymupdf.csGRAY if bitonal else pymupdf.csRGB,
            alpha=False,
        )
        picture = Image.frombytes("L" if bitonal else "RGB", (pixels.width, pixels.height), pixels.samples)
        return PreparedPage(
            kind=kind,
            width_pt=rect.width,
            height_pt=rect.height,
            width_px=pixels.width,
            height_px=pixels.height,
            image_type=ImageType.PNG if bitonal else ImageType.JPEG,
            image=_four_grays(picture) if bitonal else _jpeg(picture),
        )


def _covers(page: pymupdf.Rect, image: dict[str, Any]) -> bool:
    """Tell whether an upright image fills the page and is not cut off by its edges."""
    width, skew_y, skew_x, height, _x, _y = image["transform"]
    if skew_x or skew_y or width <= 0 or height <= 0:
        return False
    shown = pymupdf.Rect(image["bbox"]) & page
    least = min(shown.width / page.width, shown.height / page.height)
    most = max(width / page.width, height / page.height)
    return bool(least >= COVERS_RATIO and most <= 1 / COVERS_RATIO)


def _jpeg(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=JPEG_QUALITY)
    return out.getvalue()


def _four_grays(picture: Image.Image) -> bytes:
    """Encode gray as a 2-bit PNG: a bitonal scan at reading size needs no more, and a third of the bytes."""
    step = 255 // (_GRAY_LEVELS - 1)
    indexed = picture.point([min(_GRAY_LEVELS - 1, (value + step // 2) // step) for value in range(256)])
    indexed = Image.frombytes("P", indexed.size, indexed.tobytes())
    indexed.putpalette([level * step for level in range(_GRAY_LEVELS) for _ in range(3)])
    out = io.BytesIO()
    indexed.save(out, "PNG", bits=2)
    return out.getvalue()
