"""The demo's dossier: fictional papers, scanned as real ones are — 300 dpi, noise, a little askew.

Run as a module it writes the file; the server does that once for a data directory, in a process of its own
and of low priority, after it listens. Papers with seals are colour JPEG, the others CCITT group 4.
"""

import asyncio
import io
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from server.demo.dossier_text import Paper, papers
from server.pdf.renderer import Renderer
from server.pdf.sandbox import die_with_parent

A4_PX = (2480, 3508)
"""At 300 dpi."""
A4_PT = (595, 842)
_MARGIN_PX = (340, 330)
_FONT_PX = 50
_LINE_PX = 86
_SKEW_DEGREES = 0.6
_NOISE = 5.0
_JPEG_QUALITY = 68
_SEED = 300

Pixels = NDArray[np.uint8]


def dossier_pdf(font: bytes, chosen: Sequence[Paper]) -> bytes:
    """Return the scanned papers as one PDF with an outline; the same bytes for the same papers."""
    scanner = _Scanner(font)
    pdf = _Pdf()
    for paper in chosen:
        for index, lines in enumerate(paper.pages):
            pdf.add(scanner.scan(lines, in_colour=paper.in_colour), paper if index == 0 else None)
    return pdf.finished()


@dataclass(frozen=True, slots=True)
class _Scan:
    """One image of a page, encoded for a PDF."""

    stream: bytes
    dictionary: str


class _Scanner:
    """Draws a page's lines and scans it."""

    def __init__(self, font: bytes) -> None:
        self._text = ImageFont.truetype(io.BytesIO(font), _FONT_PX)
        self._heading = ImageFont.truetype(io.BytesIO(font), _FONT_PX * 2)
        self._dice = np.random.default_rng(_SEED)
        grain = self._dice.normal(0, _NOISE, (A4_PX[1] + 256, A4_PX[0] + 256))
        self._grain = grain.astype(np.int16)

    def scan(self, lines: Sequence[str], *, in_colour: bool) -> _Scan:
        gray = self._askew(self._typed(lines))
        return self._colour(gray) if in_colour else self._bitonal(gray)

    def _typed(self, lines: Sequence[str]) -> Pixels:
        page = Image.new("L", A4_PX, 250)
        draw = ImageDraw.Draw(page)
        heading, *rest = lines
        left, top = _MARGIN_PX
        if heading:
            width = draw.textlength(heading, font=self._heading)
            draw.text(((A4_PX[0] - width) / 2, top - 140), heading, font=self._heading, fill=30)
        for number, line in enumerate(rest):
            draw.text((left, top + number * _LINE_PX), line, font=self._text, fill=45)
        return np.asarray(page, np.uint8)

    def _askew(self, page: Pixels) -> Pixels:
        angle = float(self._dice.uniform(-_SKEW_DEGREES, _SKEW_DEGREES))
        turn = cv2.getRotationMatrix2D((A4_PX[0] / 2, A4_PX[1] / 2), angle, 1)
        turned = cv2.warpAffine(page, turn, A4_PX, flags=cv2.INTER_LINEAR, borderValue=(235,))
        across, down = (int(each) for each in self._dice.integers(0, 256, 2))
        grain = self._grain[down : down + A4_PX[1], across : across + A4_PX[0]]
        return np.asarray(np.clip(turned.astype(np.int16) + grain, 0, 255), np.uint8)

    def _colour(self, gray: Pixels) -> _Scan:
        """Yellowish paper with a red seal and a thumb print."""
        page = np.asarray(cv2.merge([np.clip(gray, 0, 238), np.clip(gray, 0, 247), gray]), np.uint8)
        seal = (int(self._dice.integers(1500, 2000)), int(self._dice.integers(2700, 3000)))
        red = (70, 60, 200)
        cv2.circle(page, seal, 210, red, 14, cv2.LINE_AA)
        cv2.drawMarker(page, seal, red, cv2.MARKER_STAR, 150, 10)
        for size in (60, 44, 28, 12):
            cv2.ellipse(page, (700, 3120), (size, int(size * 1.35)), 12, 0, 360, red, 6, cv2.LINE_AA)
        _, encoded = cv2.imencode(".jpg", page, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
        return _Scan(encoded.tobytes(), "/BitsPerComponent 8/ColorSpace/DeviceRGB/Filter/DCTDecode")

    def _bitonal(self, gray: Pixels) -> _Scan:
        specks = gray.copy()
        specks[self._dice.integers(0, A4_PX[1], 400), self._dice.integers(0, A4_PX[0], 400)] = 0
        page = Image.fromarray(specks).point([255 if value > 150 else 0 for value in range(256)]).convert("1")  # noqa: PLR2004 - between ink and paper
        out = io.BytesIO()
        page.save(out, "TIFF", compression="group4", tiffinfo={_TIFF_ROWS_PER_STRIP: A4_PX[1]})
        content = out.getvalue()
        tags = Image.open(io.BytesIO(content)).getexif()
        start, size = _first(tags[_TIFF_STRIP_OFFSETS]), _first(tags[_TIFF_STRIP_BYTE_COUNTS])
        return _Scan(
            content[start : start + size],
            "/BitsPerComponent 1/ColorSpace/DeviceGray/Filter/CCITTFaxDecode"
            f"/DecodeParms<</K -1/BlackIs1 true/Columns {A4_PX[0]}/Rows {A4_PX[1]}>>",
        )


_TIFF_STRIP_OFFSETS, _TIFF_ROWS_PER_STRIP, _TIFF_STRIP_BYTE_COUNTS = 273, 278, 279


def _first(value: int | tuple[int, ...]) -> int:
    return value[0] if isinstance(value, tuple) else value


class _Pdf:
    """Writes a PDF of one image a page (PDF 32000-1 §7), with an outline of sections and papers."""

    def __init__(self) -> None:
        self._objects: dict[int, bytes] = {}
        self._pages: list[int] = []
        self._marks: list[tuple[Paper, int]] = []
        self._next = 4  # 1 to 3 are catalogue, page tree and outline

    def add(self, scan: _Scan, paper: Paper | None) -> None:
        image, content, page = self._new(), self._new(), self._new()
        size = f"/Width {A4_PX[0]}/Height {A4_PX[1]}"
        self._objects[image] = _stream(f"/Type/XObject/Subtype/Image{size}{scan.dictionary}", scan.stream)
        self._objects[content] = _stream("", f"q {A4_PT[0]} 0 0 {A4_PT[1]} 0 0 cm /I Do Q".encode())
        self._objects[page] = (
            f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 {A4_PT[0]} {A4_PT[1]}]/Contents {content} 0 R"
            f"/Resources<</XObject<</I {image} 0 R>>>>>>"
        ).encode()
        self._pages.append(page)
        if paper is not None:
            self._marks.append((paper, page))

    def finished(self) -> bytes:
        kids = " ".join(f"{page} 0 R" for page in self._pages)
        self._objects[1] = b"<</Type/Catalog/Pages 2 0 R/Outlines 3 0 R>>"
        self._objects[2] = f"<</Type/Pages/Kids[{kids}]/Count {len(self._pages)}>>".encode()
        self._outline()
        out = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
        offsets = {}
        for number, body in sorted(self._objects.items()):
            offsets[number] = len(out)
            out += f"{number} 0 obj\n".encode() + body + b"\nendobj\n"
        start = len(out)
        out += f"xref\n0 {len(offsets) + 1}\n0000000000 65535 f \n".encode()
        out += "".join(f"{offset:010} 00000 n \n" for _, offset in sorted(offsets.items())).encode()
        out += f"trailer<</Size {len(offsets) + 1}/Root 1 0 R>>\nstartxref\n{start}\n%%EOF\n".encode()
        return bytes(out)

    def _outline(self) -> None:
        """Write the outline tree: sections, and the papers below each (§12.3.3)."""
        sections: dict[str, list[tuple[str, int]]] = {}
        for paper, page in self._marks:
            sections.setdefault(paper.section, []).append((paper.title, page))
        branches = [(title, inner[0][1], inner) for title, inner in sections.items()]
        numbers = [self._new() for _ in branches]
        for index, (title, page, inner) in enumerate(branches):
            leaves = [self._new() for _ in inner]
            for place, (name, target) in enumerate(inner):
                self._objects[leaves[place]] = _entry(
                    name, target, parent=numbers[index], siblings=leaves, place=place
                )
            below = f"/First {leaves[0]} 0 R/Last {leaves[-1]} 0 R/Count {len(leaves)}"
            self._objects[numbers[index]] = _entry(
                title, page, parent=3, siblings=numbers, place=index, below=below
            )
        self._objects[3] = (
            f"<</Type/Outlines/First {numbers[0]} 0 R/Last {numbers[-1]} 0 R/Count {len(numbers)}>>".encode()
        )

    def _new(self) -> int:
        self._next += 1
        return self._next - 1


def _entry(  # noqa: PLR0913 - what an outline item consists of
    title: str, page: int, *, parent: int, siblings: Sequence[int], place: int, below: str = ""
) -> bytes:
    name = title.encode("utf-16-be").hex().upper()
    before = f"/Prev {siblings[place - 1]} 0 R" if place > 0 else ""
    after = f"/Next {siblings[place + 1]} 0 R" if place + 1 < len(siblings) else ""
    return f"<</Title<FEFF{name}>/Parent {parent} 0 R/Dest[{page} 0 R/Fit]{before}{after}{below}>>".encode()


def _stream(dictionary: str, content: bytes) -> bytes:
    head = f"<<{dictionary}/Length {len(content)}>>\nstream\n".encode()
    return head + content + b"\nendstream"


async def _font() -> bytes:
    renderer = Renderer()
    try:
        return await renderer.chinese_font()
    finally:
        await renderer.close()


def main(path: Path) -> None:
    """Write the dossier to `path`, leaving the processors to others."""
    os.nice(10)
    cv2.setNumThreads(1)
    path.write_bytes(dossier_pdf(asyncio.run(_font()), papers()))


if __name__ == "__main__":
    die_with_parent()
    main(Path(sys.argv[1]))
