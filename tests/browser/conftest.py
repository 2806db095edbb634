"""Browsers for the tests."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, expect

from tests.browser.launcher import Launcher, launching

expect.set_options(timeout=30_000)
"""Milliseconds: what a busy machine may take to show what was asked for."""


@pytest.fixture
async def launcher() -> AsyncIterator[Launcher]:
    async with launching() as ready:
        yield ready


@pytest.fixture
async def browser(launcher: Launcher) -> Browser:
    return await launcher.launch()
