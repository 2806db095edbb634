"""A stored page image becomes what one viewer gets: reduced, marked with who looks at it when, encoded.

Pure and blocking: run it in a thread (cv2 lets the other threads run). Decoding at a reduced size skips
most of a JPEG's work (20 ms for an A4 page at 300 dpi); the mark is darker than paper and lighter than ink,
so it shows on both without covering a stroke.
"""

import io
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from server.casefiles.model import PageSize, Picture, PictureUnreadable, Viewer
from server.kernel.clock import CHINA

Pixels = NDArray[np.uint8]

WIDTHS_PX = {PageSize.READING: 1240, PageSize.PREVIEW: 620, PageSize.THUMBNAIL: 240}
"""The widths aimed at; A4 at 300 dpi is 2480 wide, so these are a half, a quarter and about a tenth."""
ENOUGH = 0.8
"""A reduction is taken if it leaves at least this much of the width aimed at."""
JPEG_QUALITY = 75
PIXELS_MAX = 80_000_000
_REDUCTIONS = {1: 0, 2: 1, 4: 2, 8: 3}
_REDUCED_COLOR = (
    cv2.IMREAD_COLOR,
    cv2.IMREAD_REDUCED_COLOR_2,
    cv2.IMREAD_REDUCED_COLOR_4,
    cv2.IMREAD_REDUCED_COLOR_8,
)
_ON_PAPER = 196
"""Gray of the mark where the page is lighter."""
_ON_INK = 72
"""Gray of the mark where the page is darker, as on a photograph."""
_TILT_DEGREES = 24
_GRAY_STEP = 85
"""Between the four grays of a bitonal page."""


@dataclass(frozen=True, slots=True)
class Tile:
    """The mark, to be laid over and over: `paper` is white but for it, `ink` black but for it."""

    paper: Pixels
    ink: Pixels


class Watermark:
    """Marks pages with a viewer's name, the time and the case."""

    def __init__(self, font: bytes) -> None:
        """Write with the TrueType `font`, which must have Chinese glyphs."""
        self._font = font
        self._tile = lru_cache(maxsize=64)(self._make_tile)

    def apply(self, image: bytes, *, width_px: int, size: PageSize, viewer: Viewer) -> Picture:
        """Return the page at `size` with the viewer's mark.

        Args:
            image: the stored image, JPEG or 2-bit PNG.
            width_px: its width, from the page's record.
            size: what is asked for.
            viewer: who looks.

        Raises:
            PictureUnreadable: `image` can't be decoded, or is larger than any page.
        """
        if image[:4] == b"\x89PNG":
            return self._bitonal(image, size, viewer)
        pixels = _decode(image, _REDUCED_COLOR[_REDUCTIONS[reduction(width_px, size)]])
        marked = self._mark(pixels, viewer)
        done, encoded = cv2.imencode(".jpg", marked, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
        if not done:
            raise PictureUnreadable
        return Picture(content=encoded.tobytes(), media_type="image/jpeg")

    def _bitonal(self, image: bytes, size: PageSize, viewer: Viewer) -> Picture:
        """Keep a bitonal scan in four grays: a third of a JPEG's bytes."""
        pixels = _decode(image, cv2.IMREAD_GRAYSCALE)
        factor = reduction(pixels.shape[1], size)
        if factor > 1:
            height, width = pixels.shape[0] // factor, pixels.shape[1] // factor
            pixels = np.asarray(cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
        marked = self._mark(pixels, viewer)
        levels = ((marked.astype(np.uint16) + _GRAY_STEP // 2) // _GRAY_STEP).astype(np.uint8)
        indexed = Image.frombytes("P", (levels.shape[1], levels.shape[0]), levels.tobytes())
        indexed.putpalette([level * _GRAY_STEP for level in range(4) for _ in range(3)])
        out = io.BytesIO()
        indexed.save(out, "PNG", bits=2)
        return Picture(content=out.getvalue(), media_type="image/png")

    def _mark(self, pixels: Pixels, viewer: Viewer) -> Pixels:
        height, width = pixels.shape[:2]
        tile = self._tile(mark_text(viewer), max(11, width // 72))
        channels = pixels.shape[2] if pixels.ndim > 2 else 1  # noqa: PLR2004 - rows, columns, channels
        paper = _laid(tile.paper, height, width, channels)
        ink = _laid(tile.ink, height, width, channels)
        return np.asarray(cv2.max(cv2.min(pixels, paper), ink), np.uint8)

    def _make_tile(self, text: str, font_px: int) -> Tile:
        font = ImageFont.truetype(io.BytesIO(self._font), font_px)
        left, top, right, bottom = font.getbbox(text)
        words = Image.new("L", (int(right - left) + font_px, int(bottom - top) + 4), 0)
        ImageDraw.Draw(words).text((-left, 2 - top), text, font=font, fill=255)
        words = words.rotate(_TILT_DEGREES, expand=True, resample=Image.Resampling.BICUBIC)
        strength = np.zeros((words.height + 3 * font_px, words.width + font_px), np.float32)
        strength[: words.height, : words.width] = np.asarray(words, np.float32) / 255
        paper = (255 - strength * (255 - _ON_PAPER)).astype(np.uint8)
        ink = (np.roll(strength, strength.shape[0] // 2, axis=0) * _ON_INK).astype(np.uint8)
        return Tile(paper=paper, ink=ink)


def mark_text(viewer: Viewer) -> str:
    """Return the words of the mark: name, China's time to the minute, case number."""
    return f"{viewer.name} {viewer.at.astimezone(CHINA):%Y-%m-%d %H:%M} {viewer.case_number}"


def reduction(width_px: int, size: PageSize) -> int:
    """Return by how much (1, 2, 4 or 8) an image of `width_px` is reduced for `size`."""
    least = WIDTHS_PX[size] * ENOUGH
    return max(factor for factor in _REDUCTIONS if factor == 1 or width_px / factor >= least)


def _decode(image: bytes, flags: int) -> Pixels:
    try:
        pixels = cv2.imdecode(np.frombuffer(image, np.uint8), flags)
    except cv2.error as error:
        raise PictureUnreadable from error
    if pixels is None or pixels.shape[0] * pixels.shape[1] > PIXELS_MAX:
        raise PictureUnreadable
    return np.asarray(pixels, np.uint8)


def _laid(tile: Pixels, height: int, width: int, channels: int) -> Pixels:
    """Repeat `tile` over height × width, for each channel."""
    times = (-(-height // tile.shape[0]), -(-width // tile.shape[1]))
    whole = np.tile(tile, times)[:height, :width]
    return whole if channels == 1 else np.asarray(cv2.merge([whole] * channels), np.uint8)
