"""PDF files made for tests: sound scans of each kind, and every way of being bad."""

import io
import zlib

import pymupdf
from PIL import Image, ImageDraw

A4_PT = (595.0, 842.0)


def picture(*, width_px: int = 620, height_px: int = 877, mode: str = "RGB", mark: int = 0) -> Image.Image:
    """A white page with a black block, whose place tells `mark` (0-9), and a red stamp."""
    image = Image.new(mode, (width_px, height_px), "white")
    draw = ImageDraw.Draw(image)
    top = height_px * mark // 10
    draw.rectangle((width_px // 4, top, width_px // 2, top + height_px // 12), fill="black")
    if mode == "RGB":
        draw.ellipse((width_px * 0.7, height_px * 0.8, width_px * 0.9, height_px * 0.95), fill=(200, 20, 20))
    return image


def encoded(image: Image.Image, form: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def scan(pages: int = 3, *, form: str = "JPEG", **options: object) -> bytes:
    """A document of `pages` scans, page n marked with (n - 1) % 10."""
    with pymupdf.open() as pdf:
        for number in range(pages):
            image = picture(mark=number % 10, mode="1" if form == "TIFF" else "RGB")
            page = pdf.new_page(width=A4_PT[0], height=A4_PT[1])
            page.insert_image(page.rect, stream=encoded(image, form, **options), keep_proportion=False)
        return bytes(pdf.tobytes())


def g4_scan() -> bytes:
    """One CCITT group 4 page, written by hand: the filter's stream comes out of a TIFF."""
    image = picture(mode="1", mark=2, height_px=800)  # one strip of the TIFF
    tiff = Image.open(io.BytesIO(encoded(image, "TIFF", compression="group4")))
    start, size = tiff.tag_v2[273][0], tiff.tag_v2[279][0]  # type: ignore[attr-defined]
    stream = encoded(image, "TIFF", compression="group4")[start : start + size]
    width, height = image.size
    head = (
        f"<</Type/XObject/Subtype/Image/Width {width}/Height {height}/BitsPerComponent 1"
        f"/ColorSpace/DeviceGray/Filter/CCITTFaxDecode"
        f"/DecodeParms<</K -1/Columns {width}/Rows {height}/BlackIs1 true>>/Length {len(stream)}>>"
    )
    return by_hand([(head, stream)], b"q 595 0 0 842 0 0 cm /I0 Do Q")


def born_digital() -> bytes:
    with pymupdf.open() as pdf:
        page = pdf.new_page()
        page.insert_text((72, 100), "起诉意见书", fontname="china-s", fontsize=20)
        page = pdf.new_page()
        page.insert_text((72, 100), "证据目录", fontname="china-s", fontsize=20)
        pdf.set_toc([[1, "起诉意见书", 1], [2, "证据\x00目录", 2]])
        return bytes(pdf.tobytes())


AES_256 = 5
"""PyMuPDF's code of the encryption."""


def encrypted() -> bytes:
    with pymupdf.open() as pdf:
        pdf.new_page()
        return bytes(pdf.tobytes(encryption=AES_256, owner_pw="owner", user_pw="user"))


def with_a_note() -> bytes:
    """A scan with an annotation over it: the raw stream is not all that is to be seen."""
    with pymupdf.open(stream=scan(1), filetype="pdf") as pdf:
        pdf[0].add_text_annot((100, 100), "注意")
        return bytes(pdf.tobytes())


def rotated() -> bytes:
    with pymupdf.open(stream=scan(1), filetype="pdf") as pdf:
        pdf[0].set_rotation(90)
        return bytes(pdf.tobytes())


def by_hand(images: list[tuple[str, bytes]], content: bytes, *, media_box: str = "0 0 595 842") -> bytes:
    """A one-page PDF from raw image objects and a content stream."""
    names = " ".join(f"/I{index} {index + 5} 0 R" for index in range(len(images)))
    bodies = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        (
            f"<</Type/Page/Parent 2 0 R/MediaBox[{media_box}]/Contents 4 0 R"
            f"/Resources<</XObject<<{names}>>>>>>"
        ).encode(),
        b"<</Length %d>>\nstream\n%s\nendstream" % (len(content), content),
        *(head.encode() + b"\nstream\n" + stream + b"\nendstream" for head, stream in images),
    ]
    out = bytearray(b"%PDF-1.7\n")
    offsets = []
    for number, body in enumerate(bodies, start=1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(bodies) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(bodies) + 1, start)
    return bytes(out)


def operator_bomb() -> bytes:
    """A small file whose one page draws for minutes: a shaded fill, millions of times over."""
    content = b"q 1 0 0 RG " + b"0 0 m 595 842 l 595 0 l 0 842 l h B " * 400_000 + b"Q"
    return by_hand([], content)


def with_a_bomb_between() -> bytes:
    """Three pages; the second never ends."""
    with pymupdf.open(stream=scan(2), filetype="pdf") as pdf, pymupdf.open("pdf", operator_bomb()) as bomb:
        pdf.insert_pdf(bomb, start_at=1)
        return bytes(pdf.tobytes())


def with_a_page_too_large() -> bytes:
    """Three pages; the second claims a width that no paper has."""
    with pymupdf.open(stream=scan(3), filetype="pdf") as pdf:
        pdf.xref_set_key(pdf[1].xref, "MediaBox", "[0 0 90000 842]")
        return bytes(pdf.tobytes())


def huge_claim() -> bytes:
    """A JPEG that claims 65500 × 65500 pixels in its head."""
    stream = bytearray(encoded(picture(), "JPEG"))
    at = stream.index(b"\xff\xc0") + 5
    stream[at : at + 4] = (65500).to_bytes(2, "big") * 2
    head = (
        "<</Type/XObject/Subtype/Image/Width 65500/Height 65500/BitsPerComponent 8/ColorSpace/DeviceRGB"
        f"/Filter/DCTDecode/Length {len(stream)}>>"
    )
    return by_hand([(head, bytes(stream))], b"q 595 0 0 842 0 0 cm /I0 Do Q")


NO_PAGES = b"""%PDF-1.7
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj
trailer<</Root 1 0 R>>"""

MALFORMED: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "empty"),
    "plain text": ("这不是 PDF".encode(), "not_pdf"),
    "zip": (b"PK\x03\x04" + b"\0" * 100, "not_pdf"),
    "header only": (b"%PDF-1.7\n", "damaged"),
    "header and noise": (b"%PDF-1.7\n" + zlib.compress(b"noise") * 50, "damaged"),
    "no pages": (NO_PAGES, "no_pages"),
    "encrypted": (encrypted(), "encrypted"),
}
