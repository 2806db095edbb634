"""Makes the picture in the README: `.venv/bin/python -m tests.browser.screenshot`."""

import asyncio
import tempfile
from pathlib import Path

from playwright.async_api import Page

from server.http.identity import SESSION_COOKIE
from server.kernel.identity import Role
from tests.browser.launcher import launching
from tests.browser.province import Province, province

PICTURE = Path(__file__).parents[2] / "docs" / "screenshot.png"
RECIPIENT = "张某"
"""Of the case that two lawyers share."""


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with province(Path(folder)) as demo, launching() as launcher:
            page = await (await launcher.launch()).new_page(viewport={"width": 1280, "height": 860})
            await _open_a_case(demo, page)
            await page.evaluate("() => document.fonts.ready")
            await page.screenshot(path=PICTURE)


async def _open_a_case(demo: Province, page: Page) -> None:
    """Opens the case of the story as its lead lawyer."""
    token = (await demo.sessions())[Role.LAWYER]
    assert token is not None
    await page.context.add_cookies([{"name": SESSION_COOKIE, "value": token, "url": demo.address}])
    await page.goto(demo.address)
    await page.get_by_role("link", name=RECIPIENT).first.click()
    await page.wait_for_load_state()


if __name__ == "__main__":
    asyncio.run(main())
