"""Browsers for the tests."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser

from tests.browser.launcher import Launcher, launching


@pytest.fixture
async def launcher() -> AsyncIterator[Launcher]:
    async with launching() as ready:
        yield ready


@pytest.fixture
async def browser(launcher: Launcher) -> Browser:
    return await launcher.launch()
