"""What a viewer gets: the right page, at the right size, with a mark that is there and hides nothing."""

import asyncio
import functools
import io
from datetime import UTC, datetime

import numpy as np
import pytest
from PIL import Image

from server.casefiles.model import PageSize, PictureUnreadable, Viewer
from server.casefiles.watermark import Watermark, mark_text, reduction
from server.pdf.renderer import Renderer
from tests import documents

VIEWER = Viewer(name="周某", at=datetime(2026, 9, 28, 1, 12, 40, tzinfo=UTC), case_number="LB-2026-0007")
OTHER = Viewer(name="林某", at=datetime(2026, 9, 28, 1, 12, 40, tzinfo=UTC), case_number="LB-2026-0007")
A4_AT_300_DPI = (2480, 3508)


@functools.cache
def chinese_font() -> bytes:
    async def ask() -> bytes:
        renderer = Renderer()
        font = await renderer.chinese_font()
        await renderer.close()
        return font

    return asyncio.run(ask())


@pytest.fixture(scope="module")
def watermark() -> Watermark:
    return Watermark(chinese_font())


def scan(colour: str = "white", form: str = "JPEG") -> bytes:
    return documents.encoded(Image.new("RGB", A4_AT_300_DPI, colour), form)


def gray(content: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(content)).convert("L"))


def bitonal(*, mark: int = 3) -> bytes:
    image = documents.picture(width_px=1240, height_px=1754, mode="L", mark=mark)
    indexed = Image.frombytes("P", image.size, image.point(lambda value: value // 85).tobytes())
    indexed.putpalette([level * 85 for level in range(4) for _ in range(3)])
    return documents.encoded(indexed, "PNG", bits=2)


def test_the_mark_says_who_when_and_which_case() -> None:
    assert mark_text(VIEWER) == "周某 2026-09-28 09:12 LB-2026-0007"


@pytest.mark.parametrize(
    ("size", "expected"),
    [(PageSize.READING, (1240, 1754)), (PageSize.PREVIEW, (620, 877)), (PageSize.THUMBNAIL, (310, 439))],
)
def test_a_300_dpi_scan_is_reduced_while_decoding(
    watermark: Watermark, size: PageSize, expected: tuple[int, int]
) -> None:
    picture = watermark.apply(scan(), width_px=A4_AT_300_DPI[0], size=size, viewer=VIEWER)
    assert picture.media_type == "image/jpeg"
    assert Image.open(io.BytesIO(picture.content)).size == expected


@pytest.mark.parametrize("size", PageSize)
@pytest.mark.parametrize("colour", ["white", "black", "gray"])
def test_the_mark_shows_on_paper_and_on_photographs(
    watermark: Watermark, size: PageSize, colour: str
) -> None:
    plain = gray(scan(colour))[0, 0]
    marked = gray(watermark.apply(scan(colour), width_px=2480, size=size, viewer=VIEWER).content)
    changed = np.abs(marked.astype(int) - int(plain)) > 25
    assert 0.005 < changed.mean() < 0.3 or colour == "gray"
    for rows in np.array_split(changed, 4):
        assert any(part.any() for part in np.array_split(rows, 3, axis=1)) or colour == "gray"


def test_two_viewers_get_different_marks(watermark: Watermark) -> None:
    first = watermark.apply(scan(), width_px=2480, size=PageSize.READING, viewer=VIEWER)
    second = watermark.apply(scan(), width_px=2480, size=PageSize.READING, viewer=OTHER)
    assert np.abs(gray(first.content).astype(int) - gray(second.content)).max() > 40


def test_ink_stays_darker_than_the_mark(watermark: Watermark) -> None:
    page = documents.encoded(documents.picture(width_px=2480, height_px=3508, mark=5), "JPEG")
    marked = gray(watermark.apply(page, width_px=2480, size=PageSize.READING, viewer=VIEWER).content)
    block = marked[890:1000, 330:600]
    assert np.quantile(block, 0.98) < 110
    assert marked[200:400, 330:600].min() > 150


@pytest.mark.parametrize("size", PageSize)
def test_a_bitonal_page_stays_in_four_grays_and_bears_the_mark(watermark: Watermark, size: PageSize) -> None:
    picture = watermark.apply(bitonal(), width_px=1240, size=size, viewer=VIEWER)
    assert picture.media_type == "image/png"
    image = Image.open(io.BytesIO(picture.content))
    assert image.mode == "P"
    assert set(np.unique(gray(picture.content))) <= {0, 85, 170, 255}
    assert (gray(picture.content) == 170).mean() > 0.003


@pytest.mark.parametrize("content", [b"", b"noise" * 100, b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0"])
def test_an_unreadable_image_is_named(watermark: Watermark, content: bytes) -> None:
    with pytest.raises(PictureUnreadable):
        watermark.apply(content, width_px=2480, size=PageSize.READING, viewer=VIEWER)


@pytest.mark.parametrize(
    ("width_px", "reading", "preview", "thumbnail"),
    [(100, 1, 1, 1), (620, 1, 1, 2), (1240, 1, 2, 4), (1654, 1, 2, 8), (2480, 2, 4, 8), (4960, 4, 8, 8)],
)
def test_the_reduction_leaves_enough(width_px: int, reading: int, preview: int, thumbnail: int) -> None:
    expected = [reading, preview, thumbnail]
    assert [reduction(width_px, size) for size in PageSize] == expected
