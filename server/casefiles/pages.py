"""Serves page images: stored stream → reduced, marked, encoded, off the event loop."""

import asyncio
from typing import TYPE_CHECKING

from server.casefiles.model import Page, PageSize, Picture, PictureUnreadable, Viewer
from server.casefiles.service import PageUnreadable
from server.kernel.ids import CaseId
from server.kernel.objects import ObjectStore
from server.pdf.renderer import Renderer

if TYPE_CHECKING:
    from server.casefiles.watermark import Watermark

AT_ONCE = 4
"""Pages that are decoded at the same time; more would only wait for the processors."""


class PagePictures:
    """Makes what a viewer gets of a page."""

    def __init__(self, *, objects: ObjectStore, renderer: Renderer) -> None:
        """Keep where the images are, and who has the font of the mark."""
        self._objects = objects
        self._renderer = renderer
        self._watermark: asyncio.Task[Watermark] | None = None
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def picture(self, case_id: CaseId, page: Page, size: PageSize, viewer: Viewer) -> Picture:
        """Return the page at `size`, marked for `viewer`; without a mark no page is served.

        Raises:
            PageUnreadable: the stored image can't be decoded.
        """
        watermark = await self.warm_up()
        async with self._slots:
            image = b"".join([block async for block in self._objects.of(case_id).read(page.image_key)])
            try:
                return await asyncio.to_thread(
                    watermark.apply, image, width_px=page.width_px, size=size, viewer=viewer
                )
            except PictureUnreadable as error:
                raise PageUnreadable from error

    async def warm_up(self) -> "Watermark":
        """Fetch the font once; a failure is tried again by the next caller."""
        if self._watermark is None or (self._watermark.done() and self._watermark.exception() is not None):
            self._watermark = asyncio.create_task(self._make_watermark(), name="watermark-font")
        return await asyncio.shield(self._watermark)

    async def _make_watermark(self) -> "Watermark":
        return await asyncio.to_thread(_loaded, await self._renderer.chinese_font())


def _loaded(font: bytes) -> "Watermark":
    from server.casefiles.watermark import Watermark  # noqa: PLC0415 - OpenCV would hold up every start

    return Watermark(font)
