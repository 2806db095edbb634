"""Chromium 92 stands for the browsers of 麒麟 and 统信 desktops: what the build makes, it understands."""

import re
from pathlib import Path

import pytest
from playwright.async_api import ConsoleMessage, Error

from tests.browser.launcher import Launcher
from tests.faults.serving import serving

DIST = Path(__file__).parents[2] / "web" / "dist"
UNKNOWN_TO_IT = re.compile(r"@layer|@container|:has\(|color-mix\(|oklch\(|(?<![-\w])(?:dvh|svh)\b")


def test_no_style_needs_a_newer_browser() -> None:
    sheets = list(DIST.glob("assets/*.css"))
    assert sheets
    for sheet in sheets:
        assert not set(UNKNOWN_TO_IT.findall(sheet.read_text(encoding="utf-8"))), sheet.name


async def test_the_first_pages_run_without_an_error(launcher: Launcher, tmp_path: Path) -> None:
    complaints: list[str] = []

    def note_error(error: Error) -> None:
        complaints.append(str(error))

    def note_message(message: ConsoleMessage) -> None:
        # What the server refuses is another test's matter.
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            complaints.append(message.text)

    browser = await launcher.launch_old()
    page = await browser.new_page()
    page.on("pageerror", note_error)
    page.on("console", note_message)
    async with serving(tmp_path) as served:
        await page.goto(served.address)
        drawn = await page.evaluate("() => getComputedStyle(document.querySelector('.btn')).borderRadius")
        assert drawn != "0px", "the style sheet did not arrive"
        # Playwright's own clicks ask the page for what this browser lacks.
        async with page.expect_navigation():
            await page.evaluate("() => document.querySelector('button.person').click()")
        await page.wait_for_load_state("networkidle")
        assert not page.url.endswith("/choose")
    assert not complaints


@pytest.mark.parametrize("width_px", [360, 1280])
async def test_no_page_scrolls_sideways(launcher: Launcher, tmp_path: Path, width_px: int) -> None:
    browser = await launcher.launch_old()
    page = await browser.new_page(viewport={"width": width_px, "height": 800})
    async with serving(tmp_path) as served:
        for path in ("/choose", "/sign-in"):
            await page.goto(f"{served.address}{path}")
            overflow_px = await page.evaluate("() => document.documentElement.scrollWidth - innerWidth")
            assert overflow_px <= 0, path
