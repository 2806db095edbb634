"""Launches Chromium: one process a person, so that each has a camera and a microphone of their own."""

import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from playwright.async_api import Browser, Playwright, async_playwright

from tests.browser import chromium
from tests.browser.devices import Devices

FLAGS = (
    # The tests open their own pages only, and there is no sandbox for root or inside most containers.
    "--no-sandbox",
    "--autoplay-policy=no-user-gesture-required",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
)


@dataclass(frozen=True, slots=True)
class Launcher:
    """Starts browsers, and keeps them until it ends itself."""

    playwright: Playwright
    started: AsyncExitStack

    async def launch(self, devices: Devices | None = None, *extra: str) -> Browser:
        """A current Chromium, with that person's camera and microphone."""
        flags = devices.flags if devices else ()
        return await self._launch(chromium.current(), *flags, *extra)

    async def launch_old(self, *extra: str) -> Browser:
        """The oldest Chromium that the pages are made for."""
        return await self._launch(chromium.old(), *extra)

    async def _launch(self, found: chromium.Chromium, *flags: str) -> Browser:
        browser = await self.playwright.chromium.launch(
            executable_path=found.executable,
            args=[*FLAGS, *flags],
            env={**os.environ, **found.environment},
        )
        self.started.push_async_callback(browser.close)
        return browser


@asynccontextmanager
async def launching() -> AsyncIterator[Launcher]:
    """Gives a launcher whose browsers end with the context."""
    # Playwright's own Node lacks a library on a bare Debian.
    os.environ.setdefault("PLAYWRIGHT_NODEJS_PATH", str(chromium.node()))
    async with async_playwright() as playwright, AsyncExitStack() as started:
        yield Launcher(playwright, started)
